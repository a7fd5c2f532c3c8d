//! What a LAPI has decided so far, by subject and by the number of the decision: one subject may stand under several, and goes only when
//! the last of them goes. Knows no JSON and no network.

use std::collections::{BTreeMap, BTreeSet};

use event::{Moment, Subject};

use crate::entry::Entry;
use crate::lapi::Delta;

/// One decision as an answer tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// About whom.
    pub subject: Subject,
    /// Its number; 0 where the LAPI has none.
    pub id: i64,
    /// Until when.
    pub until: Moment,
}

/// Ends that are so close to each other are one: the same decision, told twice, has another rest of its time.
const SAME_MILLIS: i64 = 1500;

/// The decisions that hold.
#[derive(Debug, Default)]
pub struct Held {
    /// Their ends, by subject and number.
    decisions: BTreeMap<(Subject, i64), Moment>,
    /// What the last answer deleted. CrowdSec counts in whole seconds and may say it once more with the next.
    just_deleted: BTreeSet<(Subject, i64)>,
}

impl Held {
    /// Takes `told` for everything there is. At most `most` decisions are kept; tells how many were not.
    pub fn replace(&mut self, told: &[Told], most: usize, now: Moment) -> u64 {
        let before = std::mem::take(&mut self.decisions);
        let mut left_out = 0;
        for one in told.iter().filter(|one| one.until > now) {
            let known = before.get(&(one.subject, one.id)).copied();
            let until = known.filter(|known| is_same(*known, one.until)).unwrap_or(one.until);
            left_out += u64::from(!self.insert(one, until, most));
        }
        left_out
    }

    /// Takes `deleted` out, then `told` in, and says what that comes to. What has run out by itself is among the deleted.
    pub fn change(&mut self, deleted: &[Told], told: &[Told], most: usize, now: Moment) -> Delta {
        let before = self.ends_of(deleted.iter().chain(told).map(|one| one.subject));
        let mut gone = self.run_out(now);
        let before_that = std::mem::take(&mut self.just_deleted);
        deleted.iter().for_each(|one| self.remove(one, &before_that));
        let mut delta = Delta::default();
        for one in told.iter().filter(|one| one.until > now) {
            delta.left_out += u64::from(!self.insert(one, one.until, most));
        }
        for (subject, before) in before {
            match (before, self.until(&subject)) {
                (Some(_), None) => {
                    gone.insert(subject);
                }
                (before, Some(until)) => {
                    gone.remove(&subject);
                    match before.filter(|before| is_same(*before, until)) {
                        // What was said stays, so that many small steps are seen as the large one that they are.
                        Some(before) => self.set_end(&subject, until, before),
                        None => delta.new.push(Entry { subject, until }),
                    }
                }
                (None, None) => {}
            }
        }
        delta.deleted = gone.into_iter().collect();
        delta
    }

    /// Whether there is a decision about this subject.
    pub fn holds(&self, subject: &Subject) -> bool {
        self.of(subject).next().is_some()
    }

    /// Everybody, in order, each with the end of the longest decision.
    pub fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(self.decisions.len());
        for ((subject, _), until) in &self.decisions {
            match entries.last_mut() {
                Some(last) if last.subject == *subject => last.until = last.until.max(*until),
                _ => entries.push(Entry { subject: *subject, until: *until }),
            }
        }
        entries
    }

    fn ends_of(&self, subjects: impl Iterator<Item = Subject>) -> BTreeMap<Subject, Option<Moment>> {
        subjects.map(|subject| (subject, self.until(&subject))).collect()
    }

    fn run_out(&mut self, now: Moment) -> BTreeSet<Subject> {
        let mut over = BTreeSet::new();
        self.decisions.retain(|(subject, _), until| {
            let holds = *until > now;
            if !holds {
                over.insert(*subject);
            }
            holds
        });
        over.retain(|subject| !self.holds(subject));
        over
    }

    /// CrowdSec tells only the longest decision about a subject, and its end only when no other holds. So the end of a decision that it
    /// never told of means that none is left.
    fn remove(&mut self, one: &Told, before_that: &BTreeSet<(Subject, i64)>) {
        let key = (one.subject, one.id);
        let is_known = self.decisions.remove(&key).is_some() || before_that.contains(&key);
        let is_first = self.just_deleted.insert(key);
        if !is_known && is_first {
            let known: Vec<i64> = self.of(&one.subject).map(|(id, _)| id).collect();
            for id in known {
                self.decisions.remove(&(one.subject, id));
                self.just_deleted.insert((one.subject, id));
            }
        }
    }

    fn insert(&mut self, one: &Told, until: Moment, most: usize) -> bool {
        let key = (one.subject, one.id);
        let has_room = self.decisions.len() < most || self.decisions.contains_key(&key);
        if has_room {
            // Without numbers, several decisions about a subject are one.
            let longest = self.decisions.get(&key).copied().filter(|_| one.id == 0);
            self.decisions.insert(key, longest.map_or(until, |longest| longest.max(until)));
        }
        has_room
    }

    fn set_end(&mut self, subject: &Subject, until: Moment, wanted: Moment) {
        let last = self.of(subject).find(|(_, end)| *end == until).map(|(id, _)| id);
        if let Some(id) = last {
            self.decisions.insert((*subject, id), wanted);
        }
    }

    fn until(&self, subject: &Subject) -> Option<Moment> {
        self.of(subject).map(|(_, until)| until).max()
    }

    fn of(&self, subject: &Subject) -> impl Iterator<Item = (i64, Moment)> {
        let range = self.decisions.range((*subject, i64::MIN)..=(*subject, i64::MAX));
        range.map(|((_, id), until)| (*id, *until))
    }
}

fn is_same(one: Moment, other: Moment) -> bool {
    one.millis().abs_diff(other.millis()) <= SAME_MILLIS as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(subject: &str, id: i64, seconds: i64) -> Told {
        Told { subject: subject.parse().unwrap(), id, until: Moment::from_seconds(seconds) }
    }

    fn entry(subject: &str, seconds: i64) -> Entry {
        Entry { subject: subject.parse().unwrap(), until: Moment::from_seconds(seconds) }
    }

    const START: Moment = Moment::from_seconds(0);

    /// `deleted` and `told` at a moment, and what comes of it in short.
    fn changed(held: &mut Held, deleted: &[Told], told: &[Told], seconds: i64) -> Vec<String> {
        let delta = held.change(deleted, told, 100, Moment::from_seconds(seconds));
        let gone = delta.deleted.iter().map(|subject| format!("-{subject}"));
        gone.chain(delta.new.iter().map(|new| format!("+{} {}", new.subject, new.until.seconds()))).collect()
    }

    #[test]
    fn deleted_and_new_in_one_answer_prolong() {
        let mut held = Held::default();
        held.replace(&[told("192.0.2.1", 7, 60)], 100, START);
        let prolonged = changed(&mut held, &[told("192.0.2.1", 7, 60)], &[told("192.0.2.1", 7, 120)], 30);
        assert_eq!(prolonged, ["+192.0.2.1 120"]);
        assert_eq!(changed(&mut held, &[told("192.0.2.1", 7, 0)], &[], 31), ["-192.0.2.1"]);
    }

    #[test]
    fn a_subject_goes_with_its_last_decision() {
        let mut held = Held::default();
        let left_out = held.replace(&[told("192.0.2.1", 1, 60), told("192.0.2.1", 2, 90)], 100, START);
        assert_eq!((held.entries(), left_out), (vec![entry("192.0.2.1", 90)], 0));
        assert_eq!(changed(&mut held, &[told("192.0.2.1", 1, 0)], &[], 1), [""; 0]);
        assert_eq!(
            changed(&mut held, &[], &[told("192.0.2.1", 3, 40)], 2),
            [""; 0],
            "a shorter one beside it"
        );
        assert_eq!(changed(&mut held, &[told("192.0.2.1", 2, 0)], &[], 3), ["+192.0.2.1 40"]);
        assert_eq!(changed(&mut held, &[], &[], 40), ["-192.0.2.1"], "its time is over");
        assert_eq!(changed(&mut held, &[told("192.0.2.1", 3, 0)], &[], 41), [""; 0]);
    }

    #[test]
    fn the_end_of_a_decision_never_told_ends_all() {
        let mut held = Held::default();
        held.replace(&[told("192.0.2.1", 5, 60), told("192.0.2.2", 6, 60)], 100, START);
        assert_eq!(changed(&mut held, &[told("192.0.2.1", 4, 0)], &[], 1), ["-192.0.2.1"]);
        assert_eq!(held.entries(), [entry("192.0.2.2", 60)]);
    }

    #[test]
    fn an_end_told_twice_does_not_end_what_came_since() {
        let mut held = Held::default();
        held.replace(&[told("192.0.2.1", 1, 60)], 100, START);
        let end = told("192.0.2.1", 1, 0);
        assert_eq!(changed(&mut held, &[end], &[], 1), ["-192.0.2.1"]);
        assert_eq!(changed(&mut held, &[end, end], &[told("192.0.2.1", 2, 60)], 2), ["+192.0.2.1 60"]);
        assert_eq!(changed(&mut held, &[end], &[], 3), [""; 0]);
        assert_eq!(changed(&mut held, &[told("192.0.2.1", 2, 0)], &[], 4), ["-192.0.2.1"]);
    }

    #[test]
    fn who_is_told_again_is_no_news() {
        let mut held = Held::default();
        held.replace(&[told("192.0.2.1", 1, 60)], 100, START);
        let again = Told { until: Moment::from_millis(61_000), ..told("192.0.2.1", 1, 0) };
        held.replace(&[again], 100, START);
        assert_eq!(held.entries(), [entry("192.0.2.1", 60)]);
        assert_eq!(changed(&mut held, &[again], &[again], 1), [""; 0]);
        // Ten steps of a second each are seen.
        let mut news = 0;
        for step in 1..=10 {
            news += changed(&mut held, &[again], &[told("192.0.2.1", 1, 60 + step)], 1).len();
        }
        assert_eq!(news, 5);
        assert_eq!(held.entries(), [entry("192.0.2.1", 70)]);
    }

    #[test]
    fn the_bound_holds() {
        let mut held = Held::default();
        let three = [told("192.0.2.1", 1, 60), told("192.0.2.2", 2, 60), told("192.0.2.3", 3, 60)];
        assert_eq!(held.replace(&three, 2, START), 1);
        assert_eq!(held.entries().len(), 2);
        let delta = held.change(&[], &three, 2, START);
        assert_eq!((delta.left_out, held.entries().len()), (1, 2));
        assert_eq!(held.replace(&[told("192.0.2.1", 1, 0)], 2, START), 0, "what is over is no entry");
        assert!(held.entries().is_empty());
    }

    #[test]
    fn without_numbers_the_longest_counts() {
        let mut held = Held::default();
        held.replace(&[told("192.0.2.1", 0, 90), told("192.0.2.1", 0, 60)], 100, START);
        assert_eq!(held.entries(), [entry("192.0.2.1", 90)]);
    }
}
