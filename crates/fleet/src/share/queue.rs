//! What waits to be told to the fleet, with a bound. Pure; whoever owns it sees to waking the teller.
//!
//! Each item carries when it was told and its `floor`: the stamp of what this node knew already and what it therefore decided after. So a
//! ban made after an unban is later than it, even if the clocks' error says otherwise.

use std::collections::{HashMap, VecDeque};

use event::{Ban, Moment, Subject, limit};

use crate::share::stamp::Stamp;
use crate::told::Lifted;

/// Something that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A ban.
    Ban {
        /// The ban.
        ban: Ban,
        /// When it was told.
        at: Moment,
        /// The lift that was known then: the ban is later.
        floor: Option<Stamp>,
    },
    /// A lift.
    Lift {
        /// The lift.
        lifted: Lifted,
        /// The ban that was known then: the lift is no earlier.
        floor: Option<Stamp>,
    },
}

/// What waits.
#[derive(Debug)]
pub(crate) struct Queue {
    items: VecDeque<Item>,
    lifts: usize,
    bans_max: usize,
    lifts_max: usize,
    /// The last ban and the last lift of each subject that waits: what is told in the same millisecond stays in order.
    last: HashMap<Subject, (Moment, Moment)>,
    /// How often something was given up.
    pub(crate) overrun: u64,
    /// Whether bans were given up since the last comparison of the whole.
    pub(crate) must_compare: bool,
}

impl Default for Queue {
    fn default() -> Self {
        Self::bounded(limit::FLEET_QUEUE, limit::FLEET_QUEUE_LIFTS)
    }
}

impl Queue {
    /// With these bounds.
    pub(crate) fn bounded(bans_max: usize, lifts_max: usize) -> Self {
        let (items, last) = (VecDeque::new(), HashMap::new());
        Self { items, lifts: 0, bans_max, lifts_max, last, overrun: 0, must_compare: false }
    }

    /// A ban was made or prolonged.
    pub(crate) fn ban(&mut self, ban: Ban, now: Moment, floor: Option<Stamp>) {
        if self.items.len() - self.lifts >= self.bans_max {
            self.overrun += 1;
            self.must_compare = true;
            return;
        }
        let (last_ban, last_lift) = self.last_of(ban.subject);
        let next = |moment: Moment| moment.after(std::time::Duration::from_millis(1));
        let at = now.max(next(last_lift)).max(last_ban);
        self.last.insert(ban.subject, (at, last_lift));
        self.items.push_back(Item::Ban { ban, at, floor });
    }

    /// A ban was lifted.
    pub(crate) fn lift(&mut self, lifted: &Lifted, now: Moment, floor: Option<Stamp>) {
        if self.lifts >= self.lifts_max {
            self.give_up_oldest_lift();
        }
        let (last_ban, last_lift) = self.last_of(lifted.subject);
        let at = lifted.at.min(now).max(last_ban).max(last_lift);
        self.last.insert(lifted.subject, (last_ban, at));
        self.lifts += 1;
        self.items.push_back(Item::Lift { lifted: Lifted { at, ..lifted.clone() }, floor });
    }

    /// The next ones, in order.
    pub(crate) fn take(&mut self, most: usize) -> Vec<Item> {
        let taken: Vec<_> = self.items.drain(..most.min(self.items.len())).collect();
        self.lifts -= taken.iter().filter(|item| matches!(item, Item::Lift { .. })).count();
        if self.items.is_empty() {
            self.last.clear();
        }
        taken
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    fn last_of(&self, subject: Subject) -> (Moment, Moment) {
        let never = Moment::from_millis(i64::MIN);
        self.last.get(&subject).copied().unwrap_or((never, never))
    }

    fn give_up_oldest_lift(&mut self) {
        let oldest = self.items.iter().position(|item| matches!(item, Item::Lift { .. }));
        if oldest.and_then(|oldest| self.items.remove(oldest)).is_some() {
            self.lifts -= 1;
            self.overrun += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use event::{JailName, Proof, Scope};

    use super::*;

    fn ban(last: u8) -> Ban {
        Ban {
            subject: format!("192.0.2.{last}").parse().unwrap(),
            jail: JailName::new("sshd"),
            scope: Scope::Jail,
            since: Moment::from_millis(1),
            until: Moment::NEVER,
            failures: 5,
            proof: Proof::Proven,
            reason: String::new(),
        }
    }

    fn lifted(last: u8, at: i64) -> Lifted {
        let (subject, at) = (ban(last).subject, Moment::from_millis(at));
        Lifted { subject, jail: None, at, by: String::new() }
    }

    fn at(item: &Item) -> i64 {
        match item {
            Item::Ban { at, .. } => at.millis(),
            Item::Lift { lifted, .. } => lifted.at.millis(),
        }
    }

    #[test]
    fn what_is_told_of_one_subject_in_one_millisecond_stays_in_order() {
        let mut queue = Queue::default();
        let now = Moment::from_millis(100);
        queue.ban(ban(1), now, None);
        queue.lift(&lifted(1, 100), now, None);
        queue.ban(ban(1), now, None);
        // A clock that was set back, and another subject, which has nothing to do with it.
        queue.lift(&lifted(1, 50), Moment::from_millis(50), None);
        queue.ban(ban(2), Moment::from_millis(50), None);
        let moments: Vec<_> = queue.take(10).iter().map(at).collect();
        assert_eq!(moments, [100, 100, 101, 101, 50]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn bans_are_given_up_for_a_comparison_and_lifts_from_the_oldest() {
        let mut queue = Queue::bounded(2, 2);
        let now = Moment::from_millis(100);
        for last in 0..4 {
            queue.ban(ban(last), now, None);
            queue.lift(&lifted(last, 100), now, None);
        }
        assert!(queue.must_compare);
        assert_eq!((queue.overrun, queue.len()), (4, 4));
        let subjects: Vec<_> = queue
            .take(10)
            .into_iter()
            .map(|item| match item {
                Item::Ban { ban, .. } => format!("ban {}", ban.subject),
                Item::Lift { lifted, .. } => format!("lift {}", lifted.subject),
            })
            .collect();
        assert_eq!(subjects, ["ban 192.0.2.0", "ban 192.0.2.1", "lift 192.0.2.2", "lift 192.0.2.3"]);
        queue.lift(&lifted(9, 100), now, None);
        assert_eq!(queue.take(1).len(), 1);
    }
}
