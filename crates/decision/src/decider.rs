//! Decides about offences, and owns what decisions rest on: the live bans, the memory of offenders and of friends.
//! Counts nothing and carries nothing out.

use std::collections::HashMap;
use std::time::Duration;

use event::{
    Ban, Decision, JailName, Moment, Offence, Proof, Refusal, Scope, Subject, Success, Whitelist, limit,
};

use crate::aged::Aged;
use crate::bans::{Bans, Outline};
use crate::memory::Memory;
use crate::sentence::Sentence;
use crate::{BanTime, Decided, Outcome, Remembered, Settings, reason};

/// How much a decider may remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Live bans. At the bound, a new one is refused.
    pub bans: usize,
    /// Subjects that were banned before. At the bound, the one whose last offence is oldest is forgotten.
    pub offenders: usize,
    /// Subjects that logged in. At the bound, the one whose last success is oldest is forgotten.
    pub friends: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bans: limit::BANS, offenders: limit::REMEMBERED_OFFENDERS, friends: limit::REMEMBERED_FRIENDS }
    }
}

/// The judge and the register of bans.
#[derive(Debug)]
pub struct Decider {
    pub(crate) settings: Settings,
    pub(crate) bounds: Bounds,
    pub(crate) jails: HashMap<JailName, BanTime>,
    pub(crate) bans: Bans,
    pub(crate) memory: Memory,
    friends: Aged<()>,
}

impl Decider {
    /// Without jails, bans and memory.
    pub fn new(settings: Settings, bounds: Bounds) -> Self {
        let (memory, friends) = (Memory::new(bounds.offenders), Aged::new(bounds.friends));
        Self { settings, bounds, jails: HashMap::new(), bans: Bans::new(), memory, friends }
    }

    /// Takes new settings; live bans stay as they are.
    pub fn set_settings(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// Sets how long the bans of a jail last, a new or a known one; its live bans stay as they are.
    pub fn set_jail(&mut self, jail: &JailName, ban_time: BanTime) {
        self.jails.insert(jail.clone(), ban_time);
    }

    /// A jail is no more: it makes no new bans. Those it made run out in their time, unless they are lifted by command.
    pub fn remove_jail(&mut self, jail: &JailName) -> bool {
        self.jails.remove(jail).is_some()
    }

    /// Decides about `offence`. Hearing of the same offence twice, as after a crash, gives no second ban.
    pub fn judge(&mut self, offence: &Offence, whitelist: &Whitelist, now: Moment) -> Outcome {
        self.judge_at_length(offence, None, whitelist, now)
    }

    /// As `judge`; with a `length`, the ban is so long and closes the jail's ports, however often there was one before: for jails
    /// whose repeats follow a rule of their own.
    pub fn judge_at_length(
        &mut self,
        offence: &Offence,
        length: Option<BanTime>,
        whitelist: &Whitelist,
        now: Moment,
    ) -> Outcome {
        let Offence { jail, subject, .. } = offence;
        let refused = |reason| refused(subject, jail, now, reason);
        let Some(&ban_time) = self.jails.get(jail) else { return refused(reason::unknown_jail(jail)) };
        if let Some((entry, origin)) = whitelist.protects(subject) {
            return refused(reason::whitelisted(subject, entry, origin));
        }
        let (live, past) = (self.bans.get(subject, jail), self.memory.recall(subject));
        if is_replay(offence, live.as_ref(), past.as_ref()) {
            return Outcome::Replayed;
        }
        let quiet = self.settings.escalation.quiet;
        let past = past.filter(|past| offence.at <= past.last_until.after(quiet));
        if let Some(reason) = self.friendship(offence) {
            return refused(reason);
        }
        let sentence = match length {
            Some(length) => Sentence { length, until: length.end(offence.at), scope: Scope::Jail, times: 0 },
            None => self.sentence(offence, ban_time, live.as_ref(), past.as_ref()),
        };
        if sentence.until <= now {
            return Outcome::Over { until: sentence.until };
        }
        if let Some(Ban { subject, jail, until, .. }) =
            self.bans.around(subject).find(|ban| suffices(ban, offence, &sentence))
        {
            return Outcome::AlreadyBanned { subject, jail, until };
        }
        if live.is_none() && self.bans.len() >= self.bounds.bans {
            return refused(reason::full(self.bounds.bans));
        }
        Outcome::Decided(self.carry_out(offence, &sentence, live.as_ref(), past.as_ref()))
    }

    /// Remembers that `success.subject` logged in: claimed evidence will not ban it for a while. An unproven success
    /// proves nothing and is passed over.
    pub fn remember_success(&mut self, success: &Success) {
        let known = self.friends.get(&success.subject);
        if success.proof == Proof::Proven && known.is_none_or(|(at, ())| *at < success.at) {
            self.friends.put(success.subject, success.at, ());
        }
    }

    /// Takes the bans out that are over at `now`, in the order of their ends. A few rows of memory that nothing depends on
    /// any more go too, unsaid: the store may delete its own in the same way.
    pub fn expire(&mut self, now: Moment) -> Vec<Ban> {
        self.memory.purge(now.before(self.settings.escalation.quiet));
        let friends_since = now.before(self.settings.friend_time);
        self.friends.purge(|(at, ())| *at < friends_since);
        std::iter::from_fn(|| self.bans.take_ended(now)).collect()
    }

    /// Takes over what the store kept, at start. Says how many bans found no room.
    pub fn restore(
        &mut self,
        bans: impl IntoIterator<Item = Ban>,
        memory: impl IntoIterator<Item = Remembered>,
    ) -> usize {
        memory.into_iter().for_each(|row| self.memory.remember(&row));
        let mut without_room = 0;
        for ban in bans {
            if self.bans.len() < self.bounds.bans {
                self.bans.insert(&ban);
            } else {
                without_room += 1;
            }
        }
        without_room
    }

    /// How many bans are live.
    pub fn live(&self) -> usize {
        self.bans.len()
    }

    /// The live bans, in the order of their subjects.
    pub fn bans(&self) -> impl Iterator<Item = Ban> {
        self.bans.iter()
    }

    /// The live bans without their reasons, in the order of their subjects.
    pub fn outlines(&self) -> impl Iterator<Item = Outline> {
        self.bans.outlines()
    }

    /// The live bans that hit `subject`: its own and those of subnets around it, the widest first.
    pub fn bans_of(&self, subject: &Subject) -> Vec<Ban> {
        self.bans.around(subject).collect()
    }

    /// The live bans of addresses and subnets inside `subject`, without its own.
    pub fn bans_inside(&self, subject: &Subject) -> impl Iterator<Item = Ban> {
        self.bans.inside(subject)
    }

    /// What is remembered about `subject`, for `why`.
    pub fn remembered(&self, subject: &Subject) -> Option<Remembered> {
        self.memory.recall(subject)
    }

    /// Everything that is remembered about offenders.
    pub fn memory(&self) -> impl Iterator<Item = Remembered> {
        self.memory.iter()
    }

    /// How many offenders and how many friends are remembered.
    pub fn remembers(&self) -> (usize, usize) {
        (self.memory.len(), self.friends.len())
    }

    /// How many offenders and how many friends were forgotten for want of room since the start.
    pub fn evicted(&self) -> (u64, u64) {
        (self.memory.evicted(), self.friends.evicted())
    }

    /// Why claimed evidence does not ban the offender, if it logged in lately.
    fn friendship(&self, offence: &Offence) -> Option<String> {
        let (at, ()) = self.friends.get(&offence.subject).filter(|_| offence.proof == Proof::Claimed)?;
        let ago = offence.at.since(*at);
        (ago <= self.settings.friend_time).then(|| reason::friend(ago))
    }

    fn sentence(
        &self,
        offence: &Offence,
        ban_time: BanTime,
        live: Option<&Ban>,
        past: Option<&Remembered>,
    ) -> Sentence {
        let escalation = &self.settings.escalation;
        if offence.proof == Proof::Claimed {
            let length = ban_time.min(BanTime::For(self.settings.claimed_ban_time));
            return Sentence { length, until: length.end(offence.at), scope: Scope::Jail, times: 0 };
        }
        // Only what was banned before the offence makes it a repeat: lines come out of order, and may come twice.
        let before = past.filter(|past| past.last_at < offence.at);
        let elsewhere = before.is_some_and(|past| past.knows_other_than(&offence.jail));
        let known = before.map_or(0, |past| past.times);
        // Where all ports are closed, what still comes in was on its way: no reason to count the ban under way as past.
        let mut around = self.bans.around(&offence.subject);
        let closed = around.any(|ban| is_earned(&ban) && ban.scope == Scope::AllPorts);
        let earlier = if closed { known.saturating_sub(1) } else { known };
        let (length, times) = match live.filter(|live| is_earned(live)) {
            // One burst can reach the limit again before its first ban stands. That is the same ban, not a repeat.
            Some(live) => (length_of(live), earlier.max(1)),
            None => (escalation.length(ban_time, earlier), earlier.saturating_add(1)),
        };
        Sentence { length, until: length.end(offence.at), scope: escalation.scope(times, elsewhere), times }
    }

    fn carry_out(
        &mut self,
        offence: &Offence,
        sentence: &Sentence,
        live: Option<&Ban>,
        past: Option<&Remembered>,
    ) -> Decided {
        let ban = Ban {
            subject: offence.subject,
            jail: offence.jail.clone(),
            scope: live.map_or(sentence.scope, |live| live.scope.max(sentence.scope)),
            since: offence.at,
            until: sentence.until,
            failures: offence.failures,
            proof: offence.proof,
            reason: reason::offence(offence, sentence.times),
        };
        self.bans.insert(&ban);
        let memory = (offence.proof == Proof::Proven).then(|| Remembered {
            subject: ban.subject,
            times: past.map_or(sentence.times, |past| past.times.max(sentence.times)),
            jails: past.map_or_else(|| vec![ban.jail.clone()], |past| past.jails_then(&ban.jail)),
            last_at: past.map_or(offence.at, |past| past.last_at.max(offence.at)),
            last_until: past.map_or(ban.until, |past| past.last_until.max(ban.until)),
        });
        if let Some(row) = &memory {
            self.memory.remember(row);
        }
        Decided { decision: Decision::Ban(ban), memory }
    }
}

/// A ban that the jail made on proof, not one by hand and not one on claims.
fn is_earned(ban: &Ban) -> bool {
    ban.failures > 0 && ban.proof == Proof::Proven
}

fn length_of(ban: &Ban) -> BanTime {
    if ban.until == Moment::NEVER { BanTime::ForEver } else { BanTime::For(ban.until.since(ban.since)) }
}

/// Whether `offence` was decided before. Proven evidence is news to a ban that rests on claims only.
fn is_replay(offence: &Offence, live: Option<&Ban>, past: Option<&Remembered>) -> bool {
    live.is_some_and(|ban| offence.at <= ban.since && offence.proof <= ban.proof)
        || past.is_some_and(|past| past.settles(&offence.jail, offence.at))
}

/// Whether the live `ban` makes a new one needless. A ban is only prolonged by more than a tenth of its length: else a
/// stream of failures that were on their way would be a stream of writes.
fn suffices(ban: &Ban, offence: &Offence, sentence: &Sentence) -> bool {
    if ban.jail != offence.jail && ban.scope != Scope::AllPorts {
        return false;
    }
    if ban.proof != offence.proof {
        // Claims never touch a proven ban; proof always replaces claims.
        return ban.proof == Proof::Proven;
    }
    let slack = match sentence.length {
        BanTime::For(length) => length / 10,
        BanTime::ForEver => Duration::ZERO,
    };
    sentence.until <= ban.until.after(slack)
}

fn refused(subject: &Subject, jail: &JailName, at: Moment, reason: String) -> Outcome {
    let refusal = Refusal { subject: *subject, jail: jail.clone(), at, reason };
    Outcome::Decided(Decided { decision: Decision::Refused(refusal), memory: None })
}
