//! What the fleet has agreed on: for each subject and jail the ban that holds, and the latest lift that covers it. A ban holds if and only
//! if it was decided later than every lift that covers it. Pure: no clock, no Redis.
//!
//! Of two bans, the later decision and the later end count, whoever wrote them: two nodes that ban the same attacker in the same
//! second, one for ten minutes and one for a week, agree on the week. Lifts are a register in which the last one wins. So the order in
//! which entries arrive, how often, and how late, makes no difference to who is banned. A lift stays behind as a tombstone, since
//! otherwise a late ban could not be told from a new one. At the same millisecond, the lift wins: a blocked customer is worse than
//! an attacker's second try. To shorten a ban is a lift and a ban (`teller`).
//!
//! One thing does depend on the order: a long ban, lifted, and a short one after it, where a node hears of the lift last. It keeps
//! the long end. The next walk through the snapshot finds the difference, and all take the longer end.

use std::collections::HashMap;
use std::sync::Arc;

use event::{JailName, Subject, limit};

use crate::share::stamp::Stamp;

/// Whose ban in which jail.
pub(crate) type Key = (Subject, JailName);
/// Whose bans were lifted in which jail, `None` for all.
pub(crate) type LiftKey = (Subject, Option<JailName>);

/// A node as it is named in records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Origin {
    /// Its id.
    pub(crate) id: Arc<str>,
    /// What people call it.
    pub(crate) name: Arc<str>,
}

/// A ban, as far as it must be known to judge others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// When it was decided.
    pub(crate) stamp: Stamp,
    /// When it ends.
    pub(crate) until: Stamp,
    /// When it ends by what the program around has said or been told.
    pub(crate) told: Stamp,
    /// Who decided that it ends then.
    pub(crate) origin: Origin,
    /// The last walk through the snapshot in which it was seen there.
    pub(crate) seen: u32,
}

/// A lift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tombstone {
    /// When it was decided.
    pub(crate) stamp: Stamp,
    /// Who asked for it.
    pub(crate) by: Box<str>,
    /// The node.
    pub(crate) origin: Origin,
    /// The last walk through the snapshot in which it was seen there.
    pub(crate) seen: u32,
}

/// What became of a ban that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It holds, and was decided later, or ends later, than what was known.
    News,
    /// It is exactly what was known.
    Known,
    /// What was known was decided later, or ends later.
    Older,
    /// It was lifted.
    Lifted,
    /// There is no room for it.
    Full,
}

/// What a lift did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lifting {
    /// The jails in which a ban ended.
    pub(crate) jails: Vec<JailName>,
    /// Whether a ban that was decided later stays.
    pub(crate) outlived: bool,
}

/// What the fleet has agreed on, as far as this node knows.
#[derive(Debug)]
pub(crate) struct Register {
    bans: HashMap<Subject, Vec<(JailName, Standing)>>,
    lifts: HashMap<LiftKey, Tombstone>,
    held: usize,
    bans_max: usize,
}

impl Default for Register {
    fn default() -> Self {
        Self { bans: HashMap::new(), lifts: HashMap::new(), held: 0, bans_max: limit::FLEET_BANS }
    }
}

impl Register {
    /// Puts a ban in.
    pub(crate) fn ban(&mut self, key: &Key, new: Standing) -> Verdict {
        if self.lifted(key).is_some_and(|lift| lift.stamp >= new.stamp) {
            return Verdict::Lifted;
        }
        let is_full = self.held >= self.bans_max;
        let bans = self.bans.entry(key.0).or_default();
        let Some((_, old)) = bans.iter_mut().find(|(jail, _)| *jail == key.1) else {
            if is_full {
                if bans.is_empty() {
                    self.bans.remove(&key.0);
                }
                return Verdict::Full;
            }
            bans.push((key.1.clone(), new));
            self.held += 1;
            return Verdict::News;
        };
        let (stamp, until) = (old.stamp.max(new.stamp), old.until.max(new.until));
        if (old.stamp, old.until) == (new.stamp, new.until) {
            old.seen = old.seen.max(new.seen);
            return Verdict::Known;
        }
        if (old.stamp, old.until) == (stamp, until) {
            return Verdict::Older;
        }
        // What stands in the snapshot is seen there only if it is all of what is known.
        old.seen = if (new.stamp, new.until) == (stamp, until) { new.seen } else { 0 };
        if new.until > old.until {
            old.origin = new.origin;
        }
        (old.stamp, old.until) = (stamp, until);
        Verdict::News
    }

    /// Puts a lift in; the bans that it covers are gone. `None` if it is no later than what was known.
    pub(crate) fn lift(&mut self, key: &LiftKey, new: Tombstone) -> Option<Lifting> {
        if let Some(old) = self.lifts.get_mut(key)
            && old.stamp >= new.stamp
        {
            if old.stamp == new.stamp {
                old.seen = old.seen.max(new.seen);
            }
            return None;
        }
        let mut lifting = Lifting::default();
        if let Some(bans) = self.bans.get_mut(&key.0) {
            bans.retain(|(jail, ban)| {
                let is_meant = key.1.as_ref().is_none_or(|lifted| lifted == jail);
                let is_over = is_meant && ban.stamp <= new.stamp;
                lifting.outlived |= is_meant && !is_over;
                if is_over {
                    lifting.jails.push(jail.clone());
                }
                !is_over
            });
            self.held -= lifting.jails.len();
            if bans.is_empty() {
                self.bans.remove(&key.0);
            }
        }
        self.lifts.insert(key.clone(), new);
        Some(lifting)
    }

    /// Takes a ban back that was put in with a wrong stamp.
    pub(crate) fn retract_ban(&mut self, key: &Key, stamp: Stamp) {
        if let Some(bans) = self.bans.get_mut(&key.0) {
            let before = bans.len();
            bans.retain(|(jail, ban)| *jail != key.1 || ban.stamp != stamp);
            self.held -= before - bans.len();
            if bans.is_empty() {
                self.bans.remove(&key.0);
            }
        }
    }

    /// Takes a lift back that was put in with a wrong stamp.
    pub(crate) fn retract_lift(&mut self, key: &LiftKey, stamp: Stamp) {
        if self.lifts.get(key).is_some_and(|lift| lift.stamp == stamp) {
            self.lifts.remove(key);
        }
    }

    /// The ban that holds.
    pub(crate) fn standing(&self, key: &Key) -> Option<&Standing> {
        self.bans.get(&key.0)?.iter().find(|(jail, _)| *jail == key.1).map(|(_, ban)| ban)
    }

    /// The ban that holds, to be changed.
    pub(crate) fn standing_mut(&mut self, key: &Key) -> Option<&mut Standing> {
        self.bans.get_mut(&key.0)?.iter_mut().find(|(jail, _)| *jail == key.1).map(|(_, ban)| ban)
    }

    /// The latest decision on bans of that subject which a lift of it would cover.
    pub(crate) fn latest_ban(&self, key: &LiftKey) -> Option<Stamp> {
        let covered = |jail: &JailName| key.1.as_ref().is_none_or(|lifted| lifted == jail);
        let bans = self.bans.get(&key.0)?.iter();
        bans.filter(|(jail, _)| covered(jail)).map(|(_, ban)| ban.stamp).max()
    }

    /// The latest lift that covers bans of that subject in that jail.
    pub(crate) fn lifted(&self, key: &Key) -> Option<&Tombstone> {
        let here = self.lifts.get(&(key.0, Some(key.1.clone())));
        let everywhere = self.lifts.get(&(key.0, None));
        [here, everywhere].into_iter().flatten().max_by_key(|lift| lift.stamp)
    }

    /// Every lift.
    pub(crate) fn lifts(&self) -> impl Iterator<Item = (&LiftKey, &Tombstone)> {
        self.lifts.iter()
    }

    /// Forgets bans that were over by then.
    pub(crate) fn forget_bans(&mut self, over: Stamp) {
        self.bans.retain(|_, bans| {
            bans.retain(|(_, ban)| ban.until > over);
            !bans.is_empty()
        });
        self.held = self.bans.values().map(Vec::len).sum();
    }

    /// Forgets lifts that were decided by `kept_since`, and the oldest of those past `most`. Says up to when lifts are forgotten, if
    /// any is.
    pub(crate) fn forget_lifts(&mut self, kept_since: Stamp, most: usize) -> Option<Stamp> {
        let mut edge = kept_since;
        if self.lifts.len() > most {
            let mut stamps: Vec<_> = self.lifts.values().map(|lift| lift.stamp).collect();
            let excess = stamps.len() - most - 1;
            edge = edge.max(*stamps.select_nth_unstable(excess).1);
        }
        let before = self.lifts.len();
        self.lifts.retain(|_, lift| lift.stamp > edge);
        (self.lifts.len() < before).then_some(edge)
    }
}

#[cfg(test)]
pub(crate) mod tests;
