//! Who is to be kept out, as the origin says, and what an answer changes of it. Pure. An answer is looked at as a whole before
//! anything of it is done: what it takes out and puts in again at once is a change of the end, and no gap.

use std::collections::HashMap;

use blocklist::Entry;
use event::{Moment, Subject};

/// Ends that differ by no more are the same: an origin that tells spans tells them a little differently each time.
const SLACK_MILLIS: u64 = 2_000;

/// Wider subnets are left out: they are a mistake, and the host would speak to nobody. The main job has the same bounds.
const WIDEST_IPV4: u8 = 8;
const WIDEST_IPV6: u8 = 19;

/// Who is to be kept out, and until when.
#[derive(Debug)]
pub struct Wanted {
    until: HashMap<Subject, Moment>,
    most: usize,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Lets in.
    Lift(Subject),
    /// Keeps out who was not kept out before.
    Ban(Subject, Moment),
    /// Gives another end.
    Prolong(Subject, Moment),
}

/// What an answer leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// In the order of subjects.
    pub steps: Vec<Step>,
    /// Entries that were left out: too wide, over already, or past the bound.
    pub left_out: u64,
}

impl Wanted {
    /// Nobody yet, and at most so many.
    pub fn new(most: usize) -> Self {
        Self { until: HashMap::new(), most }
    }

    /// Takes over what the kernel holds.
    pub fn take_over(&mut self, held: impl IntoIterator<Item = (Subject, Moment)>) {
        for (subject, until) in held.into_iter().take(self.most) {
            let known = self.until.entry(subject).or_insert(until);
            *known = until.max(*known);
        }
    }

    /// The origin wants these and nobody else.
    pub fn replace(&mut self, entries: &[Entry], now: Moment) -> Steps {
        let (new, left_out) = longest(entries, now);
        let gone: Vec<Subject> =
            self.until.keys().filter(|subject| !new.contains_key(subject)).copied().collect();
        self.carry(&gone, new, left_out, now)
    }

    /// The origin wants `deleted` no more, and `new` from now on.
    pub fn change(&mut self, deleted: &[Subject], entries: &[Entry], now: Moment) -> Steps {
        let (new, left_out) = longest(entries, now);
        let gone: Vec<Subject> =
            deleted.iter().filter(|subject| !new.contains_key(subject)).copied().collect();
        self.carry(&gone, new, left_out, now)
    }

    /// Who is over was let in by the kernel: taking out means nothing then, and putting in is a new ban.
    fn carry(
        &mut self,
        gone: &[Subject],
        new: HashMap<Subject, Moment>,
        left_out: u64,
        now: Moment,
    ) -> Steps {
        let mut done = Steps { steps: Vec::new(), left_out };
        for subject in gone {
            if self.until.remove(subject).is_some_and(|until| until > now) {
                done.steps.push(Step::Lift(*subject));
            }
        }
        for (subject, until) in new {
            match self.until.get(&subject) {
                Some(known) if *known > now && same(*known, until) => continue,
                Some(known) if *known > now => done.steps.push(Step::Prolong(subject, until)),
                None if self.until.len() >= self.most => {
                    done.left_out += 1;
                    continue;
                }
                Some(_) | None => done.steps.push(Step::Ban(subject, until)),
            }
            self.until.insert(subject, until);
        }
        done.steps.sort_unstable_by_key(Step::subject);
        done
    }

    /// Forgets who is over; says how many. The kernel has let them in by itself.
    pub fn forget_ended(&mut self, now: Moment) -> usize {
        let before = self.until.len();
        self.until.retain(|_, until| *until > now);
        before - self.until.len()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Subject, Moment)> {
        self.until.iter().map(|(subject, until)| (*subject, *until))
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.until.len()
    }
}

impl Step {
    /// Whom it concerns.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Lift(subject) | Self::Ban(subject, _) | Self::Prolong(subject, _) => *subject,
        }
    }
}

/// Each subject once, with the latest of its ends, and how many entries are left out.
fn longest(entries: &[Entry], now: Moment) -> (HashMap<Subject, Moment>, u64) {
    let mut new = HashMap::with_capacity(entries.len());
    let mut left_out = 0;
    for Entry { subject, until } in entries {
        if *until <= now || is_too_wide(subject) {
            left_out += 1;
            continue;
        }
        let end = new.entry(*subject).or_insert(*until);
        *end = (*end).max(*until);
    }
    (new, left_out)
}

fn is_too_wide(subject: &Subject) -> bool {
    subject.prefix_bits() < if subject.is_ipv4() { WIDEST_IPV4 } else { WIDEST_IPV6 }
}

fn same(one: Moment, other: Moment) -> bool {
    one.millis().abs_diff(other.millis()) <= SLACK_MILLIS
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_seconds(1000);

    fn who(text: &str) -> Subject {
        text.parse().unwrap()
    }

    fn entry(text: &str, seconds: i64) -> Entry {
        Entry { subject: who(text), until: Moment::from_seconds(1000 + seconds) }
    }

    fn at(seconds: i64) -> Moment {
        Moment::from_seconds(1000 + seconds)
    }

    #[test]
    fn what_is_taken_out_and_put_in_again_is_another_end() {
        let mut wanted = Wanted::new(10);
        wanted.replace(&[entry("192.0.2.1", 60)], NOW);
        let steps = wanted.change(&[who("192.0.2.1")], &[entry("192.0.2.1", 3600)], NOW).steps;
        assert_eq!(steps, [Step::Prolong(who("192.0.2.1"), at(3600))]);
        let steps = wanted.change(&[who("192.0.2.1")], &[entry("192.0.2.1", 3601)], NOW).steps;
        assert_eq!(steps, [], "a span that is told a little differently changes nothing");
    }

    #[test]
    fn a_whole_answer_takes_out_what_it_does_not_name() {
        let mut wanted = Wanted::new(10);
        wanted.take_over([(who("192.0.2.1"), at(60)), (who("192.0.2.2"), at(60))]);
        let steps = wanted.replace(&[entry("192.0.2.2", 61), entry("2001:db8::/64", 60)], NOW).steps;
        assert_eq!(steps, [Step::Lift(who("192.0.2.1")), Step::Ban(who("2001:db8::/64"), at(60))]);
        assert_eq!(wanted.change(&[who("192.0.2.9")], &[], NOW), Steps::default());
    }

    #[test]
    fn who_is_over_is_neither_lifted_nor_prolonged() {
        let mut wanted = Wanted::new(10);
        wanted.replace(&[entry("192.0.2.1", 60), entry("192.0.2.2", 60)], NOW);
        assert_eq!(wanted.change(&[who("192.0.2.1")], &[], at(60)).steps, []);
        let steps = wanted.change(&[who("192.0.2.2")], &[entry("192.0.2.2", 90)], at(60)).steps;
        assert_eq!(steps, [Step::Ban(who("192.0.2.2"), at(90))]);
    }

    #[test]
    fn of_several_decisions_the_longest_counts() {
        let mut wanted = Wanted::new(10);
        let entries = [entry("192.0.2.1", 60), entry("192.0.2.1", 3600), entry("192.0.2.1", 5)];
        assert_eq!(wanted.replace(&entries, NOW).steps, [Step::Ban(who("192.0.2.1"), at(3600))]);
    }

    #[test]
    fn what_is_over_too_wide_or_too_much_is_left_out() {
        let mut wanted = Wanted::new(2);
        let entries = [
            entry("0.0.0.0/0", 60),
            entry("::/0", 60),
            entry("10.0.0.0/8", 60),
            entry("192.0.2.1", 0),
            entry("192.0.2.2", 60),
            entry("192.0.2.3", 60),
        ];
        let steps = wanted.replace(&entries, NOW);
        assert_eq!((steps.steps.len(), steps.left_out, wanted.len()), (2, 4, 2));
        assert_eq!(wanted.forget_ended(at(60)), 2);
        assert_eq!(wanted.iter().count(), 0);
    }
}
