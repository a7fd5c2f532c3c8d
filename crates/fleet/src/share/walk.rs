//! The walk through the snapshot: what stands there is held against the register, what this node knows beyond it is published, what is
//! over or cannot be is taken out. In steps of a few hundred fields, with a look at the streams between them, so that a
//! large snapshot keeps no fresh ban waiting.
//!
//! A ban that the program holds and the register does not know (after a restart, or after an overrun) was decided at `Ban::since` as far
//! as anybody knows: no later stamp is made up for it, so a lift that happened meanwhile wins.

use std::collections::HashMap;
use std::time::Duration;

use event::{Ban, Subject, limit};
use redis::{cmd, from_redis_value};

use crate::link::Link;
use crate::share::layout::HORIZON;
use crate::share::listener::{End, Listener, heard_lift};
use crate::share::record::{
    BanRecord, Ceiling, LiftRecord, SharedBan, SharedLift, ban_field, lift_field, plain,
};
use crate::share::register::{Key, Standing, Tombstone, Verdict};
use crate::share::script::{self, Publication, SLACK};
use crate::share::stamp::{Offset, Stamp};
use crate::share::state::{State, is_same_end, is_shared, jail_lifted};
use crate::share::teller::end;
use crate::told::{Heard, Wanted};

/// How long a ban that is over stays in the snapshot and in the register: as long as clocks may differ.
const GRACE: Duration = Duration::from_secs(60);

/// How much earlier a ban is taken to have been decided of which only `Ban::since` is known. In doubt, the lift was later.
const DOUBT: Duration = Duration::from_millis(100);

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// One walk.
struct Walk {
    number: u32,
    offset: Offset,
    now: Stamp,
    /// The program's bans that may be shared.
    held: HashMap<Subject, Vec<Ban>>,
    /// Bans by hand that end earlier than was published.
    moved: Vec<Ban>,
}

impl Listener {
    /// Walks.
    pub(crate) fn walk(&mut self, link: &mut Link) -> Result<(), End> {
        let Some(wanted) = self.node.host.wanted() else { return Err(End::Stopping) };
        self.walks += 1;
        let mut walk = self.prepared(wanted);
        let keys = self.node.keys.clone();
        self.steps(link, &keys.lifts, |listener, fields| listener.look_at_lifts(&walk, fields))?;
        self.steps(link, &keys.bans, |listener, fields| listener.look_at_bans(&walk, fields))?;
        self.settle_lifted(&mut walk)?;
        self.publish_missing(link, &walk)?;
        self.forget();
        self.deliver(Vec::new(), true)
    }

    /// What the program holds, ready to be compared.
    fn prepared(&mut self, wanted: Wanted) -> Walk {
        let host_now = self.node.host.now();
        let mut state = self.node.state();
        let offset = state.offset.unwrap_or_default();
        let must_compare = std::mem::take(&mut state.queue.must_compare);
        let mut walk = Walk {
            number: self.walks,
            offset,
            now: offset.stamp(host_now),
            held: HashMap::new(),
            moved: Vec::new(),
        };
        for lifted in wanted.lifted {
            let stamp = offset.stamp(lifted.at).min(walk.now);
            let origin = self.node.own.clone();
            let by = plain(&lifted.by, limit::FLEET_TEXT_BYTES).into();
            let key = (lifted.subject, jail_lifted(lifted.jail.as_ref()));
            state.register.lift(&key, Tombstone { stamp, by, origin, seen: 0 });
        }
        for ban in wanted.bans.into_iter().map(|held| held.ban).filter(|ban| is_shared(ban, host_now)) {
            walk.hold_against(&mut state, &ban, must_compare);
            walk.held.entry(ban.subject).or_default().push(ban);
        }
        walk
    }

    /// Goes through a hash. `look` says what the program is to hear, and what is to be taken out.
    fn steps(
        &mut self,
        link: &mut Link,
        hash: &str,
        mut look: impl FnMut(&mut Self, Fields) -> (Vec<Heard>, Fields),
    ) -> Result<(), End> {
        let mut cursor = b"0".to_vec();
        loop {
            let command = cmd("HSCAN").arg(hash).arg(&cursor).arg("COUNT").arg(limit::FLEET_BATCH).clone();
            let answer = link.run(&[command])?.pop();
            let (next, fields): (Vec<u8>, Fields) =
                answer.and_then(|answer| from_redis_value(answer).ok()).unwrap_or_default();
            let (heard, gone) = look(self, fields);
            if !gone.is_empty() {
                let is_lifts = hash == self.node.keys.lifts;
                let horizon = (is_lifts && self.forgotten > Stamp(0)).then_some(self.forgotten);
                link.run(&[script::forget(hash, horizon, &gone)])?;
            }
            self.deliver(heard, false)?;
            self.read(link, None)?;
            if next.is_empty() || next == b"0" {
                return Ok(());
            }
            if self.node.state().stopping.is_some() {
                return Err(End::Stopping);
            }
            cursor = next;
        }
    }

    fn look_at_lifts(&mut self, walk: &Walk, fields: Fields) -> (Vec<Heard>, Fields) {
        let oldest = walk.now.minus(limit::FLEET_LIFTS_KEPT).max(self.forgotten);
        let node = self.node.clone();
        let mut state = node.state();
        let (mut heard, mut gone) = (Vec::new(), Vec::new());
        for (field, value) in fields {
            if field == HORIZON.as_bytes() {
                continue;
            }
            let read = LiftRecord::read(&value, Ceiling::Refuse(walk.now.plus(SLACK)), &mut self.origins);
            let Some(mut lift) = read.ok().filter(|lift| lift_field(&lift.key).as_bytes() == field) else {
                state.passed_over += 1;
                gone.push((field, value));
                continue;
            };
            if lift.tombstone.stamp <= oldest {
                gone.push((field, value));
                continue;
            }
            lift.tombstone.seen = walk.number;
            // Of all that was ever lifted, the program hears only what may concern a ban that it holds.
            let matters =
                walk.held.contains_key(&lift.key.0) || state.register.latest_ban(&lift.key).is_some();
            let news = self.lift(&mut state, &lift, walk.offset);
            heard.extend(news.into_iter().filter(|_| matters));
        }
        (heard, gone)
    }

    fn look_at_bans(&mut self, walk: &Walk, fields: Fields) -> (Vec<Heard>, Fields) {
        let node = self.node.clone();
        let mut state = node.state();
        let (mut heard, mut gone) = (Vec::new(), Vec::new());
        for (field, value) in fields {
            let read = BanRecord::read(&value, Ceiling::Refuse(walk.now.plus(SLACK)), &mut self.origins);
            let Some(mut ban) = read.ok().filter(|ban| ban_field(&ban.key).as_bytes() == field) else {
                state.passed_over += 1;
                gone.push((field, value));
                continue;
            };
            let is_lifted =
                state.register.lifted(&ban.key).is_some_and(|lift| lift.stamp >= ban.standing.stamp);
            if is_lifted || ban.standing.until.plus(GRACE) < walk.now {
                gone.push((field, value));
                continue;
            }
            ban.standing.seen = walk.number;
            heard.extend(self.look_at_ban(&mut state, walk, &ban));
        }
        (heard, gone)
    }

    fn look_at_ban(&self, state: &mut State, walk: &Walk, ban: &SharedBan) -> Option<Heard> {
        let held = walk.ban(&ban.key).filter(|_| state.register.standing(&ban.key).is_none());
        if let Some(held) = held {
            let until = end(walk.offset.stamp(held.until), ban.standing.stamp, held.failures);
            if is_same_end(until, ban.standing.until) {
                // As in most cases after a restart: what the program holds is what stands there.
                state.register.ban(&ban.key, ban.standing.clone());
                return None;
            }
            self.settle_ban(state, walk, &ban.key);
        }
        self.ban(state, ban, walk.offset, walk.now)
    }

    /// Bans that the program holds and that were lifted while it could not hear it.
    fn settle_lifted(&mut self, walk: &mut Walk) -> Result<(), End> {
        let node = self.node.clone();
        let mut heard = Vec::new();
        let held: Vec<Key> =
            walk.held.values().flatten().map(|ban| (ban.subject, ban.jail.clone())).collect();
        for part in held.chunks(limit::FLEET_BATCH) {
            let mut state = node.state();
            for key in part {
                let lifted = self.settle_ban(&mut state, walk, key);
                heard.extend(lifted);
            }
        }
        for part in heard.chunks(limit::FLEET_BATCH) {
            self.deliver(part.to_vec(), false)?;
        }
        let now = node.host.now();
        let mut state = node.state();
        for ban in walk.moved.drain(..) {
            let key = (ban.subject, ban.jail.clone());
            if let Some(floor) = state.register.standing(&key).map(|standing| standing.stamp) {
                state.queue.ban(ban, now, Some(floor));
            }
        }
        node.woken.notify_all();
        Ok(())
    }

    /// Puts a held ban into the register, if it is not there. A lift, if it is lifted.
    fn settle_ban(&self, state: &mut State, walk: &Walk, key: &Key) -> Option<Heard> {
        let ban = walk.ban(key)?;
        if state.register.standing(key).is_some() {
            return None;
        }
        let stamp = walk.offset.stamp(ban.since).min(walk.now).minus(DOUBT);
        let until = end(walk.offset.stamp(ban.until), stamp, ban.failures);
        let standing = Standing { stamp, until, told: until, origin: self.node.own.clone(), seen: 0 };
        if state.register.ban(key, standing) != Verdict::Lifted {
            return None;
        }
        let mut lift = state.register.lifted(key)?.clone();
        // The program compares with `Ban::since`, and is not to find the ban a millisecond younger than its lift.
        lift.stamp = lift.stamp.max(walk.offset.stamp(ban.since));
        let (subject, jail) = (key.0, Some(key.1.clone()));
        let shared = SharedLift { key: (subject, jail), tombstone: lift };
        Some(heard_lift(&shared, walk.offset))
    }

    /// Publishes what this node knows and the snapshot does not, with the stamps and the nodes that it has.
    fn publish_missing(&mut self, link: &mut Link, walk: &Walk) -> Result<(), End> {
        let missing = {
            let state = self.node.state();
            let lifts = state.register.lifts().filter(|(_, lift)| lift.seen != walk.number);
            let lifts = lifts.map(|(key, lift)| Publication::Lift(key.clone(), LiftRecord::of(key, lift)));
            let bans = walk.held.values().flatten().filter_map(|ban| {
                let key = (ban.subject, ban.jail.clone());
                let standing = state.register.standing(&key)?;
                let is_missing = standing.seen != walk.number && standing.until > walk.now;
                is_missing.then(|| Publication::Ban(key, BanRecord::of(ban, standing, walk.offset)))
            });
            lifts.chain(bans).collect::<Vec<_>>()
        };
        for part in missing.chunks(limit::FLEET_BATCH) {
            link.run(&[script::publish(&self.node.keys, part)])?;
            self.read(link, None)?;
        }
        Ok(())
    }

    fn forget(&mut self) {
        let now = self.node.host.now();
        let mut state = self.node.state();
        let now = state.offset.unwrap_or_default().stamp(now);
        state.register.forget_bans(now.minus(GRACE));
        let kept_since = now.minus(limit::FLEET_LIFTS_KEPT);
        let edge = state.register.forget_lifts(kept_since, limit::FLEET_LIFTS);
        self.forgotten = self.forgotten.max(edge.unwrap_or_default());
    }
}

impl Walk {
    /// What the program holds against what the register knows of it.
    fn hold_against(&mut self, state: &mut State, ban: &Ban, must_compare: bool) {
        let key = (ban.subject, ban.jail.clone());
        let Some(standing) = state.register.standing_mut(&key) else { return };
        let until = end(self.offset.stamp(ban.until), standing.stamp, ban.failures);
        standing.told = until;
        if is_same_end(until, standing.until) {
            standing.told = standing.until;
        } else if until > standing.until {
            // The stamp stays: nobody knows when it was prolonged, and a lift may have come since.
            let longer = Standing { until, seen: 0, ..standing.clone() };
            state.register.ban(&key, longer);
        } else if must_compare && ban.failures == 0 {
            self.moved.push(ban.clone());
        }
    }

    fn ban(&self, key: &Key) -> Option<&Ban> {
        self.held.get(&key.0)?.iter().find(|ban| ban.jail == key.1)
    }
}
