//! What a LAPI has decided so far, about whom and until when. Knows no JSON and no network.
//!
//! There may be several decisions about one subject. A LAPI tells only the one that ends last, and tells one as deleted only when none is left,
//! whichever of them that is (seen with CrowdSec 1.4.6; a Stockade has one decision for each subject anyway). So the numbers of
//! decisions say nothing here, and whoever is told as deleted is free.

use std::collections::BTreeMap;

use event::{Moment, Subject};

use crate::entry::Entry;
use crate::lapi::Delta;

/// Ends that are so close to each other are one: the same decision, told twice, has another rest of its time.
const SAME_MILLIS: u64 = 1500;

/// The decisions that hold.
#[derive(Debug, Default)]
pub struct Held {
    ends: BTreeMap<Subject, Moment>,
}

impl Held {
    /// Takes `told` for everything there is. At most `most` subjects are kept; tells how many were not.
    pub fn replace(&mut self, told: &[Entry], most: usize, now: Moment) -> u64 {
        let before = std::mem::take(&mut self.ends);
        let mut left_out = 0;
        for (subject, until) in longest(told, now) {
            if self.ends.len() >= most {
                left_out += 1;
                continue;
            }
            let known = before.get(&subject).copied().filter(|known| is_same(*known, until));
            self.ends.insert(subject, known.unwrap_or(until));
        }
        left_out
    }

    /// Takes `deleted` out, then `told` in, and says what that comes to. What has run out by itself is among the deleted.
    pub fn change(&mut self, deleted: &[Subject], told: &[Entry], most: usize, now: Moment) -> Delta {
        let mut gone = BTreeMap::new();
        self.ends.retain(|subject, until| {
            let holds = *until > now;
            if !holds {
                gone.insert(*subject, *until);
            }
            holds
        });
        gone.extend(deleted.iter().filter_map(|subject| self.ends.remove_entry(subject)));
        let mut delta = Delta::default();
        for (subject, until) in longest(told, now) {
            let known = self.ends.get(&subject).copied().or_else(|| gone.get(&subject).copied());
            if !self.ends.contains_key(&subject) && self.ends.len() >= most {
                delta.left_out += 1;
                continue;
            }
            gone.remove(&subject);
            // What was said stays, so that many small steps are seen as the large one that they are.
            let said = known.filter(|known| is_same(*known, until));
            self.ends.insert(subject, said.unwrap_or(until));
            if said.is_none() {
                delta.new.push(Entry { subject, until });
            }
        }
        delta.deleted = gone.into_keys().collect();
        delta
    }

    /// Whether there is a decision about this subject.
    pub fn holds(&self, subject: &Subject) -> bool {
        self.ends.contains_key(subject)
    }

    /// Everybody, in order.
    pub fn entries(&self) -> Vec<Entry> {
        self.ends.iter().map(|(subject, until)| Entry { subject: *subject, until: *until }).collect()
    }
}

/// Each subject once. A LAPI that tells all of its decisions about one has the longest count.
fn longest(told: &[Entry], now: Moment) -> BTreeMap<Subject, Moment> {
    let mut ends = BTreeMap::new();
    for Entry { subject, until } in told.iter().filter(|one| one.until > now) {
        let end = ends.entry(*subject).or_insert(*until);
        *end = (*end).max(*until);
    }
    ends
}

fn is_same(one: Moment, other: Moment) -> bool {
    one.millis().abs_diff(other.millis()) <= SAME_MILLIS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(subject: &str, seconds: i64) -> Entry {
        Entry { subject: subject.parse().unwrap(), until: Moment::from_seconds(seconds) }
    }

    const START: Moment = Moment::from_seconds(0);
    const NOTHING: [&str; 0] = [];

    fn held(entries: &[Entry]) -> Held {
        let mut held = Held::default();
        held.replace(entries, 100, START);
        held
    }

    /// Who is deleted and told at a moment, and what comes of it in short.
    fn changed(held: &mut Held, deleted: &[&str], told: &[Entry], seconds: i64) -> Vec<String> {
        let deleted: Vec<Subject> = deleted.iter().map(|text| text.parse().unwrap()).collect();
        let delta = held.change(&deleted, told, 100, Moment::from_seconds(seconds));
        let gone = delta.deleted.iter().map(|subject| format!("-{subject}"));
        gone.chain(delta.new.iter().map(|new| format!("+{} {}", new.subject, new.until.seconds()))).collect()
    }

    #[test]
    fn deleted_and_new_in_one_answer_prolong() {
        let mut held = held(&[entry("192.0.2.1", 60)]);
        let prolonged = changed(&mut held, &["192.0.2.1"], &[entry("192.0.2.1", 120)], 30);
        assert_eq!(prolonged, ["+192.0.2.1 120"]);
        assert_eq!(held.entries(), [entry("192.0.2.1", 120)]);
        assert_eq!(changed(&mut held, &["192.0.2.1"], &[], 31), ["-192.0.2.1"]);
        assert_eq!(changed(&mut held, &["192.0.2.1"], &[], 32), NOTHING, "told once more");
        assert_eq!(changed(&mut held, &[], &[entry("192.0.2.1", 120)], 33), ["+192.0.2.1 120"]);
        assert_eq!(changed(&mut held, &[], &[entry("192.0.2.1", 50)], 34), ["+192.0.2.1 50"], "shortened");
        assert_eq!(changed(&mut held, &[], &[], 50), ["-192.0.2.1"], "its time is over");
        assert_eq!(changed(&mut held, &[], &[entry("192.0.2.1", 51)], 51), NOTHING, "over already");
    }

    #[test]
    fn of_several_decisions_the_longest_counts() {
        let mut held = held(&[entry("192.0.2.1", 90), entry("192.0.2.2", 90), entry("192.0.2.1", 60)]);
        assert_eq!(held.entries(), [entry("192.0.2.1", 90), entry("192.0.2.2", 90)]);
        let told = [entry("192.0.2.3", 70), entry("192.0.2.3", 80)];
        assert_eq!(
            changed(&mut held, &["192.0.2.2", "192.0.2.2"], &told, 1),
            ["-192.0.2.2", "+192.0.2.3 80"]
        );
    }

    #[test]
    fn who_is_told_again_is_no_news() {
        let mut held = held(&[entry("192.0.2.1", 60)]);
        let again = entry("192.0.2.1", 61);
        held.replace(&[again], 100, START);
        assert_eq!(held.entries(), [entry("192.0.2.1", 60)]);
        assert_eq!(changed(&mut held, &["192.0.2.1"], &[again], 1), NOTHING);
        // Ten steps of a second each are seen.
        let steps = (1..=10).flat_map(|step| changed(&mut held, &[], &[entry("192.0.2.1", 60 + step)], 1));
        assert_eq!(steps.count(), 5);
        assert_eq!(held.entries(), [entry("192.0.2.1", 70)]);
    }

    #[test]
    fn the_bound_holds() {
        let three = [entry("192.0.2.1", 60), entry("192.0.2.2", 60), entry("192.0.2.3", 60)];
        let mut held = Held::default();
        assert_eq!(held.replace(&three, 2, START), 1);
        assert_eq!(held.entries().len(), 2);
        let delta = held.change(&[], &three, 2, START);
        assert_eq!((delta.left_out, held.entries().len(), delta.new.len()), (1, 2, 0));
        let delta = held.change(&[three[0].subject], &three[1..], 2, START);
        assert_eq!((delta.left_out, held.entries()), (0, three[1..].to_vec()));
        assert_eq!(held.replace(&[entry("192.0.2.1", 0)], 2, START), 0, "what is over is no entry");
        assert!(held.entries().is_empty());
    }
}
