//! The thread that tells: takes what waits, stamps it with Redis' time, has it published, and says from time to time that this node
//! lives. What it took and could not tell it keeps in its hands and tells when Redis is back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use event::{Ban, Moment, limit};

use crate::link::{Link, LinkError};
use crate::share::beat::{self, BEAT};
use crate::share::failures::FailureRecord;
use crate::share::queue::Item;
use crate::share::record::{BanRecord, LiftRecord};
use crate::share::register::{LiftKey, Standing, Tombstone, Verdict};
use crate::share::script::{self, AHEAD, Count, Publication};
use crate::share::stamp::{Offset, Stamp};
use crate::share::state::{Node, SAME_END, State, Which, is_due, time_in};

/// How far the clocks may be from what was measured before what was told is stamped anew.
const STEP: Duration = Duration::from_secs(1);

/// What is decided after something is stamped so much later.
const STEP_UP: Duration = Duration::from_millis(1);

/// The thread's own.
pub(crate) struct Teller {
    node: Arc<Node>,
    /// Taken and not yet told.
    in_hand: Vec<Item>,
    /// Entries with failures, numbered and not yet told.
    counts: VecDeque<Count>,
    number: u64,
    counted_at: Option<Moment>,
    beat_at: Option<Moment>,
}

impl Teller {
    pub(crate) fn new(node: Arc<Node>) -> Self {
        let (in_hand, counts) = (Vec::new(), VecDeque::new());
        Self { node, in_hand, counts, number: 0, counted_at: None, beat_at: None }
    }

    /// Until the end.
    pub(crate) fn run(mut self) {
        loop {
            match self.connected() {
                Ok(()) => return,
                Err(error) => self.node.stands(Which::Teller, Some(error.to_string())),
            }
            if self.node.pause(0) {
                return;
            }
        }
    }

    fn connected(&mut self) -> Result<(), LinkError> {
        let node = self.node.clone();
        let mut link = Link::connect(&node.settings)?;
        node.measure(&mut link, 3)?;
        self.beat_at = None;
        node.stands(Which::Teller, None);
        while self.wait_for_work() {
            self.tell_decisions(&mut link)?;
            self.tell_failures(&mut link)?;
            if is_due(self.beat_at, BEAT, node.host.now()) {
                node.measure(&mut link, 1)?;
                beat::beat(&node, &mut link, self.beat_at)?;
                self.beat_at = Some(node.host.now());
            }
        }
        Ok(())
    }

    /// Waits until there is something to do. Whether there is; otherwise the end has come.
    fn wait_for_work(&self) -> bool {
        let mut state = self.node.state();
        loop {
            let now = self.node.host.now();
            let counts_due = self.counts_due(now) && (!state.sums.is_empty() || !self.counts.is_empty());
            let waits = state.queue.len() > 0 || !self.in_hand.is_empty();
            if waits || counts_due {
                let late = |deadline: Moment| now >= deadline;
                return !state.stopping.is_some_and(late);
            }
            if state.stopping.is_some() {
                return false;
            }
            if is_due(self.beat_at, BEAT, now) {
                return true;
            }
            let most =
                if state.sums.is_empty() && self.counts.is_empty() { Duration::from_secs(1) } else { pace() };
            state = self.node.wait(state, most);
        }
    }

    fn counts_due(&self, now: Moment) -> bool {
        is_due(self.counted_at, pace(), now)
    }

    fn tell_decisions(&mut self, link: &mut Link) -> Result<(), LinkError> {
        let mut offset = {
            let mut state = self.node.state();
            if self.in_hand.is_empty() {
                self.in_hand = state.queue.take(limit::FLEET_BATCH);
                state.in_hand = self.in_hand.len() as u64;
            }
            state.offset.unwrap_or_default()
        };
        if self.in_hand.is_empty() {
            return Ok(());
        }
        // The host's clock may have been set since Redis' was asked; then what was written is wrong, and is written again.
        for _ in 0..2 {
            let publications = self.stamped(offset);
            let commands = [script::time(&self.node.keys), script::publish(&self.node.keys, &publications)];
            let before = self.node.host.now();
            let answers = link.run(&commands)?;
            let after = self.node.host.now();
            let there = answers.into_iter().next().and_then(time_in);
            let measured = there.map_or(offset, |there| Offset::measured(before, there, after));
            // A slow answer says less: the measure may be wrong by half of the time that it took, and that is no step of a clock.
            let doubt = STEP + after.since(before) / 2;
            if u128::from(offset.stamp(after).apart(measured.stamp(after))) <= doubt.as_millis() {
                break;
            }
            offset = measured;
            self.retract(&publications, measured);
        }
        self.in_hand.clear();
        self.node.state().in_hand = 0;
        Ok(())
    }

    /// What is in hand, with stamps, as far as it is not overtaken. The register knows of it from here on.
    fn stamped(&self, offset: Offset) -> Vec<Publication> {
        let latest = offset.stamp(self.node.host.now()).plus(AHEAD / 2);
        let mut state = self.node.state();
        self.in_hand.iter().flat_map(|item| self.publications(&mut state, item, offset, latest)).collect()
    }

    /// What was stamped by a clock that has been set since is taken back.
    fn retract(&self, publications: &[Publication], measured: Offset) {
        let mut state = self.node.state();
        state.offset = Some(measured);
        for publication in publications {
            match publication {
                Publication::Ban(key, record) => state.register.retract_ban(key, Stamp(record.stamp)),
                Publication::Lift(key, record) => state.register.retract_lift(key, Stamp(record.stamp)),
            }
        }
    }

    fn publications(
        &self,
        state: &mut State,
        item: &Item,
        offset: Offset,
        latest: Stamp,
    ) -> Vec<Publication> {
        match item {
            Item::Ban { ban, at, floor } => {
                let above = floor.map_or(Stamp(0), |floor| floor.plus(STEP_UP));
                let stamp = offset.stamp(*at).min(latest).max(above);
                let shortened = self.shortened(state, ban, stamp, offset);
                let stamp = if shortened.is_some() { stamp.plus(STEP_UP) } else { stamp };
                shortened.into_iter().chain(self.banned(state, ban, stamp, offset)).collect()
            }
            Item::Lift { lifted, floor } => {
                let stamp = offset.stamp(lifted.at).min(latest).max(floor.unwrap_or_default());
                vec![self.lifted(state, (lifted.subject, lifted.jail.clone()), stamp, &lifted.by)]
            }
        }
    }

    fn banned(&self, state: &mut State, ban: &Ban, stamp: Stamp, offset: Offset) -> Option<Publication> {
        let until = end(offset.stamp(ban.until), stamp, ban.failures);
        let key = (ban.subject, ban.jail.clone());
        let standing = Standing { stamp, until, told: until, origin: self.node.own.clone(), seen: 0 };
        if state.register.ban(&key, standing.clone()) == Verdict::Lifted {
            return None;
        }
        // If the fleet has agreed on a later end, the program hears of it when this comes back from Redis.
        if let Some(known) = state.register.standing_mut(&key) {
            known.told = until;
        }
        Some(Publication::Ban(key, BanRecord::of(ban, &standing, offset)))
    }

    fn lifted(&self, state: &mut State, key: LiftKey, stamp: Stamp, by: &str) -> Publication {
        let tombstone = Tombstone { stamp, by: by.into(), origin: self.node.own.clone(), seen: 0 };
        // One that is no news may have been in hand when Redis went away: Redis knows.
        state.register.lift(&key, tombstone.clone());
        let record = LiftRecord::of(&key, &tombstone);
        Publication::Lift(key, record)
    }

    /// Of two bans the later end counts. So a ban that somebody shortens by hand lifts the longer one first.
    fn shortened(&self, state: &mut State, ban: &Ban, stamp: Stamp, offset: Offset) -> Option<Publication> {
        let key = (ban.subject, ban.jail.clone());
        let longer = state.register.standing(&key)?;
        let is_shorter = offset.stamp(ban.until).plus(SAME_END) < longer.until;
        if ban.failures != 0 || !is_shorter || longer.stamp > stamp {
            return None;
        }
        Some(self.lifted(state, (key.0, Some(key.1)), stamp, "a ban by hand with an earlier end"))
    }

    fn tell_failures(&mut self, link: &mut Link) -> Result<(), LinkError> {
        let now = self.node.host.now();
        if !self.counts_due(now) {
            return Ok(());
        }
        let (failures, offset) = {
            let mut state = self.node.state();
            // While an entry is in hand, the others go on being summed.
            let failures = if self.counts.is_empty() { state.sums.take() } else { Vec::new() };
            (failures, state.offset.unwrap_or_default())
        };
        if !failures.is_empty() {
            let records: Vec<_> = failures.iter().map(|failure| FailureRecord::of(failure, offset)).collect();
            self.number += 1;
            self.counts.push_back(Count {
                node: self.node.own.id.to_string(),
                name: self.node.own.name.to_string(),
                boot: self.node.boot.clone(),
                number: self.number,
                record: script::json(&records),
            });
        }
        while let Some(count) = self.counts.front() {
            link.run(&[script::count(&self.node.keys, count)])?;
            self.counts.pop_front();
            self.counted_at = Some(now);
        }
        Ok(())
    }
}

/// When a ban that was decided at `stamp` ends for the fleet: only one by hand may have no end.
pub(crate) fn end(until: Stamp, stamp: Stamp, failures: u32) -> Stamp {
    if until == Stamp::NEVER && failures == 0 { until } else { until.min(stamp.plus(limit::FLEET_LONGEST)) }
}

fn pace() -> Duration {
    Duration::from_secs(1) / limit::FLEET_FAILURES_A_SECOND
}
