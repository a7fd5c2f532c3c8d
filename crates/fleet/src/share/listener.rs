//! The thread that listens: reads the streams from the saved position, holds every entry against the register, and hands on what is news,
//! together with the position behind it. It alone calls `Host::heard`, so what the program hears is in order.
//!
//! At each connection, and from time to time, it walks through the snapshot as well (`walk`). The stream alone would do while nothing is cut off
//! from it, but the walk costs little and makes every other case the same: a first start, a position that is gone, a Redis that came
//! back empty or with the data of an hour ago, a queue that was overrun.

use std::sync::Arc;
use std::time::Duration;

use event::{Moment, limit};
use redis::{Value, cmd, from_redis_value};

use crate::link::{Link, LinkError};
use crate::share::entry::{Entry, entries_in};
use crate::share::failures::{Counted, FailureRecord};
use crate::share::layout::{BAN, KIND, LIFT, RECORD};
use crate::share::position::{EntryId, Position};
use crate::share::record::{
    BanRecord, Ceiling, LiftRecord, Origins, SharedBan, SharedLift, Wild, ceiling_of,
};
use crate::share::register::Verdict;
use crate::share::stamp::{Offset, Stamp};
use crate::share::state::{Node, State, Which, is_due, is_same_end};
use crate::told::{Heard, Lifted};

/// How long Redis waits for an entry before it answers that there is none.
const BLOCK: Duration = Duration::from_millis(500);
/// How often the snapshot is walked through.
pub(crate) const WALK: Duration = Duration::from_secs(15 * 60);
/// How often a position is saved while nothing is heard that must be.
const SAVE: Duration = Duration::from_secs(10);

/// The thread's own.
pub(crate) struct Listener {
    pub(crate) node: Arc<Node>,
    /// Up to where the streams were read; `None` before the first start.
    position: Option<Position>,
    saved: Option<(Position, Moment)>,
    counted: Counted,
    pub(crate) origins: Origins,
    /// The walks so far, and those that came to their end.
    pub(crate) walks: u32,
    walked: u32,
    /// Up to when lifts are forgotten.
    pub(crate) forgotten: Stamp,
}

/// Why listening ends.
pub(crate) enum End {
    /// The program is stopping.
    Stopping,
    /// Redis is away.
    Lost(LinkError),
}

impl From<LinkError> for End {
    fn from(error: LinkError) -> Self {
        Self::Lost(error)
    }
}

impl Listener {
    pub(crate) fn new(node: Arc<Node>, position: Option<String>) -> Self {
        let position = position.and_then(|text| text.parse().ok());
        let saved = position.map(|position| (position, node.host.now()));
        let (counted, origins) = (Counted::default(), Origins::default());
        Self { node, position, saved, counted, origins, walks: 0, walked: 0, forgotten: Stamp(0) }
    }

    /// Until the end. A comparison is work for the program and for Redis, so one that fails time and again (no memory left in Redis, a
    /// right that is missing) is begun less and less often.
    pub(crate) fn run(mut self) {
        let mut strikes = 0;
        loop {
            let (begun, done) = (self.walks, self.walked);
            let Err(End::Lost(error)) = self.connected() else { return };
            let has_failed = self.walks > begun && self.walked == done;
            strikes = if has_failed { strikes + 1 } else { 0 };
            self.node.stands(Which::Listener, Some(error.to_string()));
            if self.node.pause(strikes) {
                return;
            }
        }
    }

    fn connected(&mut self) -> Result<(), End> {
        let node = self.node.clone();
        let mut link = Link::connect(&node.settings)?;
        node.measure(&mut link, 3)?;
        self.settle(&mut link)?;
        node.stands(Which::Listener, None);
        let mut last_walk = None;
        while node.state().stopping.is_none() {
            let now = node.host.now();
            if is_due(last_walk, WALK, now) || node.state().queue.must_compare {
                self.walk(&mut link)?;
                self.walked += 1;
                last_walk = Some(now);
            }
            self.read(&mut link, Some(BLOCK))?;
        }
        Err(End::Stopping)
    }

    /// Makes the position one from which this Redis can be read on. One past its end is from a Redis that has lost data since: decisions
    /// are read from the beginning, since they may be heard twice; failures from the end, since they may not.
    fn settle(&mut self, link: &mut Link) -> Result<(), End> {
        let keys = &self.node.keys;
        let last_of =
            |stream: &str| cmd("XREVRANGE").arg(stream).arg("+").arg("-").arg("COUNT").arg(1).clone();
        let answers = link.run(&[last_of(&keys.decisions), last_of(&keys.failures)])?;
        let mut last = answers
            .into_iter()
            .map(|answer| entries_in(answer).first().map(|entry| entry.id).unwrap_or_default());
        let (decisions, failures) = (last.next().unwrap_or_default(), last.next().unwrap_or_default());
        let read = self.position;
        let read_decisions = read.map_or(decisions, |read| read.decisions);
        let read_failures = read.and_then(|read| read.failures).unwrap_or(failures).min(failures);
        self.position = Some(Position {
            decisions: if read_decisions > decisions { EntryId::default() } else { read_decisions },
            failures: self.node.settings.fleet_counts.then_some(read_failures),
        });
        Ok(())
    }

    /// Reads what stands behind the position, and waits that long if nothing does.
    pub(crate) fn read(&mut self, link: &mut Link, wait: Option<Duration>) -> Result<(), End> {
        let Some(mut position) = self.position else { return Ok(()) };
        let node = self.node.clone();
        let keys = &node.keys;
        let mut command = cmd("XREAD");
        command.arg("COUNT").arg(limit::FLEET_BATCH);
        if let Some(wait) = wait {
            command.arg("BLOCK").arg(wait.as_millis().to_string());
        }
        command.arg("STREAMS").arg(&keys.decisions);
        if position.failures.is_some() {
            command.arg(&keys.failures);
        }
        command.arg(position.decisions.to_string());
        if let Some(failures) = position.failures {
            command.arg(failures.to_string());
        }
        let answer = link.wait(&command, wait.unwrap_or_default())?;
        let mut heard = Vec::new();
        for (stream, entries) in streams_in(answer) {
            let is_decisions = stream == keys.decisions.as_bytes();
            if let Some(last) = entries.last() {
                if is_decisions {
                    position.decisions = last.id;
                } else {
                    position.failures = Some(last.id);
                }
            }
            if is_decisions {
                heard.extend(self.decisions(&entries));
            } else {
                heard.extend(self.failures(&entries));
            }
        }
        self.position = Some(position);
        self.deliver(heard, false)
    }

    fn decisions(&mut self, entries: &[Entry]) -> Vec<Heard> {
        let host_now = self.node.host.now();
        let node = self.node.clone();
        let mut state = node.state();
        let offset = state.offset.unwrap_or_default();
        let now = offset.stamp(host_now);
        let mut heard = Vec::new();
        for entry in entries {
            let ceiling = ceiling_of(entry.id.millis, now);
            let record = entry.field(RECORD).ok_or(Wild::Shape);
            let read = match entry.field(KIND) {
                Some(kind) if kind == BAN.as_bytes() => record
                    .and_then(|record| BanRecord::read(record, ceiling, &mut self.origins))
                    .map(|ban| self.ban(&mut state, &ban, offset, now).into_iter().collect()),
                Some(kind) if kind == LIFT.as_bytes() => record
                    .and_then(|record| LiftRecord::read(record, ceiling, &mut self.origins))
                    .map(|lift| self.lift(&mut state, &lift, offset)),
                _ => Err(Wild::Shape),
            };
            match read {
                Ok(news) => heard.extend(news),
                Err(wild) => pass_over(&mut state, entry, wild),
            }
        }
        heard
    }

    /// What the program is to hear of a ban: nothing, if what it holds ends as the fleet has agreed.
    pub(crate) fn ban(
        &self,
        state: &mut State,
        ban: &SharedBan,
        offset: Offset,
        now: Stamp,
    ) -> Option<Heard> {
        state.met(&self.node.own, &ban.standing.origin, offset.moment(ban.standing.stamp.min(now)));
        let is_unknown = state.register.standing(&ban.key).is_none();
        match state.register.ban(&ban.key, ban.standing.clone()) {
            Verdict::Full => {
                state.passed_over += 1;
                return None;
            }
            Verdict::Lifted => return None,
            Verdict::News | Verdict::Known | Verdict::Older => {}
        }
        let standing = state.register.standing_mut(&ban.key)?;
        let is_told = !is_unknown && is_same_end(standing.told, standing.until);
        // The record of a ban that ends earlier does not tell why the other one holds; that one's comes, or came, by itself.
        if is_told || ban.standing.until < standing.until || standing.until <= now {
            return None;
        }
        standing.told = standing.until;
        Some(Heard::Banned { ban: ban.ban(offset), node: ban.standing.origin.name.to_string() })
    }

    /// What the program is to hear of a lift. A ban that was prolonged later than that stays, and the program, which knows only since when a
    /// ban stands, is not told of a lift that would end it.
    pub(crate) fn lift(&self, state: &mut State, lift: &SharedLift, offset: Offset) -> Vec<Heard> {
        let origin = &lift.tombstone.origin;
        state.met(&self.node.own, origin, offset.moment(lift.tombstone.stamp));
        let Some(lifting) = state.register.lift(&lift.key, lift.tombstone.clone()) else { return Vec::new() };
        if !lifting.outlived {
            return vec![heard_lift(lift, offset)];
        }
        let one = |jail| SharedLift { key: (lift.key.0, Some(jail)), tombstone: lift.tombstone.clone() };
        lifting.jails.into_iter().map(|jail| heard_lift(&one(jail), offset)).collect()
    }

    fn failures(&mut self, entries: &[Entry]) -> Vec<Heard> {
        let host_now = self.node.host.now();
        let node = self.node.clone();
        let mut state = node.state();
        let offset = state.offset.unwrap_or_default();
        let now = offset.stamp(host_now);
        let mut heard = Vec::new();
        for entry in entries {
            let Ceiling::Cut(written) = ceiling_of(entry.id.millis, now) else { continue };
            let text = |name| entry.field(name).and_then(|text| std::str::from_utf8(text).ok());
            let number = text("number").and_then(|number| number.parse().ok());
            let who = text("node").zip(text("boot")).zip(number);
            let origin =
                who.and_then(|((id, _), _)| self.origins.origin(id, text("name").unwrap_or(id)).ok());
            let (Some(((_, boot), number)), Some(origin)) = (who, origin) else {
                pass_over(&mut state, entry, Wild::Shape);
                continue;
            };
            if origin.id == self.node.own.id {
                continue;
            }
            state.met(&self.node.own, &origin, offset.moment(written.min(now)));
            if !self.counted.is_new(&origin.id, boot, number, host_now) {
                continue;
            }
            let record = entry.field(RECORD).unwrap_or_default();
            match FailureRecord::read(record, &origin.name, written, now, offset) {
                Err(wild) => pass_over(&mut state, entry, wild),
                Ok(failures) => {
                    for failure in failures {
                        match failure {
                            Ok(failure) => {
                                heard.push(Heard::Failed { failure, node: origin.name.to_string() });
                            }
                            Err(wild) => pass_over(&mut state, entry, wild),
                        }
                    }
                }
            }
        }
        heard
    }

    /// Hands on, with the position. Nothing heard is handed on too, now and then, or the same would be read again at the next start.
    pub(crate) fn deliver(&mut self, heard: Vec<Heard>, must_save: bool) -> Result<(), End> {
        let Some(position) = self.position else { return Ok(()) };
        let now = self.node.host.now();
        let saved = self.saved.filter(|(saved, _)| *saved == position);
        let is_late = is_due(self.saved.map(|(_, at)| at), SAVE, now);
        if heard.is_empty() && (saved.is_some() || !(must_save || is_late)) {
            return Ok(());
        }
        self.node.state().delivering = heard.iter().filter_map(lifted_subject).collect();
        let goes_on = self.node.host.heard(heard, position.to_string());
        self.node.state().delivering.clear();
        self.saved = Some((position, now));
        if goes_on { Ok(()) } else { Err(End::Stopping) }
    }
}

pub(crate) fn heard_lift(lift: &SharedLift, offset: Offset) -> Heard {
    let (subject, jail) = lift.key.clone();
    let SharedLift { tombstone, .. } = lift;
    let lifted = Lifted { subject, jail, at: offset.moment(tombstone.stamp), by: tombstone.by.to_string() };
    Heard::Lifted { lifted, node: tombstone.origin.name.to_string() }
}

fn lifted_subject(heard: &Heard) -> Option<event::Subject> {
    match heard {
        Heard::Lifted { lifted, .. } => Some(lifted.subject),
        _ => None,
    }
}

fn pass_over(state: &mut State, entry: &Entry, wild: Wild) {
    state.passed_over += 1;
    tracing::debug!("fleet: entry {} was passed over: {wild:?}", entry.id);
}

/// The streams in an answer to `XREAD`, with their entries.
fn streams_in(answer: Value) -> Vec<(Vec<u8>, Vec<Entry>)> {
    let pairs: Vec<(Value, Value)> = match answer {
        Value::Map(pairs) => pairs,
        Value::Array(streams) => {
            streams.into_iter().filter_map(|stream| from_redis_value(stream).ok()).collect()
        }
        _ => Vec::new(),
    };
    let named = |(name, entries)| Some((from_redis_value(name).ok()?, entries_in(entries)));
    pairs.into_iter().filter_map(named).collect()
}
