//! Subnets of one bucket. The kernel refuses intervals that overlap, so of nested subnets only the widest live one
//! stands in the kernel; the narrower ones wait here and take its place when it ends or is lifted. Pure.

use std::collections::BTreeMap;

use event::{Moment, Subject};

use crate::difference::SLACK_MILLIS;

/// A step in the kernel's interval set. Deletions come before additions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NetStep {
    /// Take it out. It may have expired meanwhile.
    Delete { subject: Subject, owner: u16 },
    /// Put it in.
    Add { subject: Subject, owner: u16, until: Moment },
}

/// The subnets that are wanted and those that the kernel holds.
#[derive(Default)]
pub(crate) struct Nets {
    /// Every ban, by owner: two jails may ban the same subnet on all ports.
    wanted: BTreeMap<Subject, Vec<(u16, Moment)>>,
    held: BTreeMap<Subject, (u16, Moment)>,
    changed: bool,
}

impl Nets {
    /// Forgets everything and takes `held` as what the kernel has.
    pub(crate) fn restart(&mut self, held: impl IntoIterator<Item = (Subject, u16, Moment)>) {
        self.wanted.clear();
        self.held = held.into_iter().map(|(subject, owner, until)| (subject, (owner, until))).collect();
        self.changed = true;
    }

    /// Bans, or gives a ban another end.
    pub(crate) fn add(&mut self, subject: Subject, owner: u16, until: Moment) {
        let bans = self.wanted.entry(subject).or_default();
        bans.retain(|(other, _)| *other != owner);
        bans.push((owner, until));
        self.changed = true;
    }

    /// Ends a ban.
    pub(crate) fn remove(&mut self, subject: &Subject, owner: u16) {
        if let Some(bans) = self.wanted.get_mut(subject) {
            bans.retain(|(other, _)| *other != owner);
            if bans.is_empty() {
                self.wanted.remove(subject);
            }
            self.changed = true;
        }
    }

    /// How many bans wait behind another.
    pub(crate) fn covered(&self) -> usize {
        self.wanted.values().map(Vec::len).sum::<usize>().saturating_sub(self.held.len())
    }

    /// What must be done in the kernel.
    pub(crate) fn steps(&mut self, now: Moment) -> Vec<NetStep> {
        let due = self.held.values().any(|(_, until)| *until <= now);
        if !self.changed && !due {
            return Vec::new();
        }
        let target = self.target(now);
        let same = |subject: &Subject, owner: u16, until: Moment| {
            target.get(subject).is_some_and(|(other, end)| {
                *other == owner && until.millis().abs_diff(end.millis()) <= SLACK_MILLIS
            })
        };
        let mut steps: Vec<NetStep> = Vec::new();
        for (&subject, &(owner, until)) in &self.held {
            if !same(&subject, owner, until) {
                steps.push(NetStep::Delete { subject, owner });
            }
        }
        for (&subject, &(owner, until)) in &target {
            let kept = self.held.get(&subject).is_some_and(|(owner, until)| same(&subject, *owner, *until));
            if !kept {
                steps.push(NetStep::Add { subject, owner, until });
            }
        }
        steps
    }

    /// The kernel did the steps.
    pub(crate) fn done(&mut self, steps: &[NetStep]) {
        for step in steps {
            match *step {
                NetStep::Delete { subject, .. } => drop(self.held.remove(&subject)),
                NetStep::Add { subject, owner, until } => drop(self.held.insert(subject, (owner, until))),
            }
        }
        self.changed = false;
    }

    /// What the kernel holds, as far as we know.
    #[cfg(test)]
    fn held(&self) -> Vec<String> {
        self.held.keys().map(Subject::to_string).collect()
    }

    /// The widest live subnets, each with the ban that lasts longest. Bans that are over are forgotten.
    fn target(&mut self, now: Moment) -> BTreeMap<Subject, (u16, Moment)> {
        self.wanted.retain(|_, bans| {
            bans.retain(|(_, until)| *until > now);
            !bans.is_empty()
        });
        let mut target = BTreeMap::new();
        let mut widest: Option<Subject> = None;
        for (&subject, bans) in &self.wanted {
            if widest.is_some_and(|wider| wider.covers(&subject)) {
                continue;
            }
            widest = Some(subject);
            let longest = bans.iter().copied().max_by_key(|(owner, until)| (*until, *owner));
            target.extend(longest.map(|ban| (subject, ban)));
        }
        target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        text.parse().unwrap()
    }

    fn at(seconds: i64) -> Moment {
        Moment::from_seconds(seconds)
    }

    fn settle(nets: &mut Nets, now: i64) -> usize {
        let steps = nets.steps(at(now));
        nets.done(&steps);
        steps.len()
    }

    #[test]
    fn the_wider_stands_and_the_narrower_takes_its_place() {
        let mut nets = Nets::default();
        nets.add(subject("10.1.0.0/16"), 0, at(1000));
        nets.add(subject("10.2.0.0/16"), 0, at(50));
        settle(&mut nets, 0);
        nets.add(subject("10.0.0.0/8"), 0, at(100));
        assert_eq!(settle(&mut nets, 10), 3);
        assert_eq!(nets.held(), ["10.0.0.0/8"]);
        assert_eq!(nets.covered(), 2);
        assert_eq!(settle(&mut nets, 99), 0);
        assert_eq!(settle(&mut nets, 100), 2);
        assert_eq!(nets.held(), ["10.1.0.0/16"]);
    }

    #[test]
    fn lifting_the_wider_brings_back_the_narrower() {
        let mut nets = Nets::default();
        nets.add(subject("10.0.0.0/8"), 0, Moment::NEVER);
        nets.add(subject("10.1.0.0/16"), 0, at(1000));
        assert_eq!(settle(&mut nets, 0), 1);
        nets.remove(&subject("10.0.0.0/8"), 0);
        assert_eq!(settle(&mut nets, 1), 2);
        assert_eq!(nets.held(), ["10.1.0.0/16"]);
    }

    #[test]
    fn of_two_owners_the_longer_ban_stands() {
        let mut nets = Nets::default();
        nets.add(subject("10.0.0.0/8"), 1, at(100));
        settle(&mut nets, 0);
        nets.add(subject("10.0.0.0/8"), 2, at(50));
        assert_eq!(settle(&mut nets, 0), 0);
        nets.remove(&subject("10.0.0.0/8"), 1);
        assert_eq!(
            nets.steps(at(0)),
            [
                NetStep::Delete { subject: subject("10.0.0.0/8"), owner: 1 },
                NetStep::Add { subject: subject("10.0.0.0/8"), owner: 2, until: at(50) },
            ]
        );
    }
}
