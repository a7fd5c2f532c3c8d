//! From blocks and entries to findings: runs the filters where the lines are read, so that only failures travel on, and
//! remembers for `status` when each source last matched and how far its clock is off.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use event::limit::FAILURES_PER_MESSAGE;
use event::{Block, Entry, Moment, Origin, Position};
use filter::{FilterSet, Found, Kind, Scratch, Zone};

use crate::message::{Findings, Message};

/// Without findings, positions are told this often: what is read twice after a crash has no failures in it.
const POSITIONS_EVERY: Duration = Duration::from_secs(1);

/// The engine is gone; there is nobody left to tell.
#[derive(Clone, Copy, Debug)]
pub struct Gone;

/// What `status` shows of a source beside its reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// When a failure or success was last found in it.
    pub last_match: Option<Moment>,
    /// How far its lines' time was behind its arrival, in milliseconds.
    pub skew_millis: Option<i64>,
}

/// Collects what is found until it is time to tell the engine.
#[derive(Debug)]
pub struct Collector {
    engine: SyncSender<Message>,
    scratch: Scratch,
    origin: Origin,
    failures: Vec<event::Failure>,
    successes: Vec<event::Success>,
    positions: BTreeMap<String, Position>,
    told: Moment,
    seen: HashMap<String, Seen>,
}

impl Collector {
    /// Tells `engine`.
    pub fn new(engine: SyncSender<Message>) -> Self {
        Self {
            engine,
            scratch: Scratch::default(),
            origin: Origin::Live,
            failures: Vec::new(),
            successes: Vec::new(),
            positions: BTreeMap::new(),
            told: Moment::default(),
            seen: HashMap::new(),
        }
    }

    /// Judges a block of the file `path`.
    pub fn block(
        &mut self,
        path: &str,
        set: &FilterSet,
        block: &Block<'_>,
        position: Position,
        zone: &Zone,
    ) -> Result<(), Gone> {
        self.turn_to(block.origin)?;
        let Self { scratch, failures, successes, seen, .. } = self;
        set.judge_block(block.text, scratch, &mut |found| {
            let judged = found.judged(block.origin, block.arrival, zone);
            keep(&found, set, judged, path, seen, failures, successes);
        });
        self.positions.insert(path.to_owned(), position);
        self.tell_if_many()
    }

    /// Judges an entry of the journal for each set that listens to it.
    pub fn entry<'s>(
        &mut self,
        sets: impl Iterator<Item = &'s FilterSet>,
        entry: &Entry<'_>,
        position: Position,
    ) -> Result<(), Gone> {
        self.turn_to(entry.origin)?;
        let Self { scratch, failures, successes, seen, .. } = self;
        // The journal's own time is the kernel's, not the service's: it needs no reading.
        let at = if entry.origin == Origin::Live { entry.arrival } else { entry.written.min(entry.arrival) };
        let skew_millis = entry.arrival.millis().saturating_sub(entry.written.millis());
        let skew_millis = (entry.origin == Origin::Live).then_some(skew_millis);
        for set in sets {
            set.judge_message(entry.message, scratch, &mut |found| {
                let judged = Some(filter::Judged { at, skew_millis });
                keep(&found, set, judged, JOURNAL, seen, failures, successes);
            });
        }
        self.positions.insert(JOURNAL.to_owned(), position);
        self.tell_if_many()
    }

    /// After each reading: tells findings at once, positions alone from time to time.
    pub fn after_reading(&mut self, now: Moment) -> Result<(), Gone> {
        let due = now.since(self.told) >= POSITIONS_EVERY && !self.positions.is_empty();
        if due || !self.failures.is_empty() || !self.successes.is_empty() {
            self.told = now;
            return self.tell();
        }
        Ok(())
    }

    /// How long the reader may wait before positions must be told.
    pub fn patience(&self) -> Option<Duration> {
        (!self.positions.is_empty()).then_some(POSITIONS_EVERY)
    }

    /// What is known of the source `name`.
    pub fn seen(&self, name: &str) -> Seen {
        self.seen.get(name).copied().unwrap_or_default()
    }

    /// One message has one origin.
    fn turn_to(&mut self, origin: Origin) -> Result<(), Gone> {
        if self.origin != origin {
            self.tell()?;
            self.origin = origin;
        }
        Ok(())
    }

    fn tell_if_many(&mut self) -> Result<(), Gone> {
        if self.failures.len() >= FAILURES_PER_MESSAGE { self.tell() } else { Ok(()) }
    }

    fn tell(&mut self) -> Result<(), Gone> {
        if self.positions.is_empty() {
            return Ok(());
        }
        let findings = Findings {
            origin: self.origin,
            failures: std::mem::take(&mut self.failures),
            successes: std::mem::take(&mut self.successes),
            positions: std::mem::take(&mut self.positions).into_iter().collect(),
        };
        self.engine.send(Message::Found(findings)).map_err(|_| Gone)
    }
}

/// The journal's name as a source, and the key of its position.
pub const JOURNAL: &str = "journal";

fn keep(
    found: &Found<'_>,
    set: &FilterSet,
    judged: Option<filter::Judged>,
    source: &str,
    seen: &mut HashMap<String, Seen>,
    failures: &mut Vec<event::Failure>,
    successes: &mut Vec<event::Success>,
) {
    let Some(judged) = judged else { return };
    let jail = &set.jails()[found.jail].0;
    match found.rule.kind {
        Kind::Ignore => return,
        Kind::Failure => failures.extend(found.failure(jail, judged.at)),
        Kind::Success => successes.extend(found.success(jail, judged.at)),
    }
    if !seen.contains_key(source) {
        seen.insert(source.to_owned(), Seen::default());
    }
    if let Some(seen) = seen.get_mut(source) {
        seen.last_match = Some(judged.at);
        seen.skew_millis = judged.skew_millis.or(seen.skew_millis);
    }
}
