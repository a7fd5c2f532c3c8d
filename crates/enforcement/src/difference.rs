//! What must be written so that the kernel holds what is wanted: a merge of two sorted lists. Pure.

use std::cmp::Ordering;

use crate::plan::Record;

/// Ends that differ by no more than this are the same: the kernel counts in ticks, and reading takes time.
pub(crate) const SLACK_MILLIS: u64 = 2_000;

/// One step, with what it expects the kernel to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is not there; put it in.
    Put(Record),
    /// It is there with another end or owner; put this in its place.
    Replace(Record),
    /// It is there; take it out.
    Drop(Record),
}

impl Step {
    pub(crate) fn record(&self) -> &Record {
        match self {
            Self::Put(record) | Self::Replace(record) | Self::Drop(record) => record,
        }
    }
}

/// The steps from `held` to `wanted`. Both are sorted by set and key, each key once.
pub(crate) fn difference(wanted: &[Record], held: &[Record]) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut wanted, mut held) = (wanted.iter().peekable(), held.iter().peekable());
    loop {
        let order = match (wanted.peek(), held.peek()) {
            (None, None) => return steps,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(want), Some(have)) => (want.set, want.key).cmp(&(have.set, have.key)),
        };
        match order {
            Ordering::Less => steps.extend(wanted.next().map(|want| Step::Put(*want))),
            Ordering::Greater => steps.extend(held.next().map(|have| Step::Drop(*have))),
            Ordering::Equal => {
                if let (Some(want), Some(have)) = (wanted.next(), held.next())
                    && (want.owner != have.owner
                        || want.until.millis().abs_diff(have.until.millis()) > SLACK_MILLIS)
                {
                    steps.push(Step::Replace(*want));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Moment;
    use proptest::prelude::*;

    fn record(key: u64, owner: u16, seconds: i64) -> Record {
        Record { set: 0, owner, key, until: Moment::from_seconds(seconds) }
    }

    #[test]
    fn only_the_difference_is_written() {
        let wanted = [record(1, 0, 100), record(2, 0, 100), record(3, 0, 100), record(5, 1, 100)];
        let held = [record(1, 0, 102), record(2, 0, 103), record(4, 0, 100), record(5, 0, 100)];
        assert_eq!(
            difference(&wanted, &held),
            [Step::Replace(wanted[1]), Step::Put(wanted[2]), Step::Drop(held[2]), Step::Replace(wanted[3]),]
        );
    }

    #[test]
    fn without_end_is_not_the_same_as_a_late_end() {
        let never = Record { until: Moment::NEVER, ..record(1, 0, 0) };
        assert_eq!(difference(&[never], &[record(1, 0, 1_000_000)]), [Step::Replace(never)]);
        assert_eq!(difference(&[never], &[never]), []);
    }

    proptest! {
        #[test]
        fn the_steps_lead_from_held_to_wanted(
            wanted in prop::collection::btree_map(0u64..30, (0u16..2, 0i64..100), 0..20),
            held in prop::collection::btree_map(0u64..30, (0u16..2, 0i64..100), 0..20),
        ) {
            let list = |map: &std::collections::BTreeMap<u64, (u16, i64)>| -> Vec<Record> {
                map.iter().map(|(&key, &(owner, seconds))| record(key, owner, seconds)).collect()
            };
            let mut kernel = held.clone();
            for step in difference(&list(&wanted), &list(&held)) {
                let r = *step.record();
                let value = (r.owner, r.until.seconds());
                match step {
                    Step::Put(_) => prop_assert!(kernel.insert(r.key, value).is_none()),
                    Step::Replace(_) => prop_assert!(kernel.insert(r.key, value).is_some()),
                    Step::Drop(_) => prop_assert!(kernel.remove(&r.key).is_some()),
                }
            }
            prop_assert_eq!(kernel.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
            for (key, (owner, until)) in &wanted {
                prop_assert_eq!(kernel[key].0, *owner);
                prop_assert!(kernel[key].1.abs_diff(*until) <= 2);
            }
        }
    }
}
