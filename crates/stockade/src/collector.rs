//! From blocks and entries to findings: runs the filters where the lines are read, so that only failures travel on, and
//! remembers for `status` when each source last matched and how far its clock is off.

use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use event::limit::{FAILURES_PER_MESSAGE, FILES};
use event::{Block, Entry, JailName, Moment, Origin, Position};
use filter::{Found, Kind, Scratch, Zone};

use crate::finder::{Finders, ForeignFailure};
use crate::message::{Finding, Findings, Message};
use crate::pace::Pace;

/// Without findings, positions are told this often: what is read twice after a crash has no failures in it.
const POSITIONS_EVERY: Duration = Duration::from_secs(1);

/// The engine is gone; there is nobody left to tell.
#[derive(Clone, Copy, Debug)]
pub struct Gone;

/// What a finder has found in a line.
#[derive(Debug)]
pub enum Heard<'f> {
    /// A filter of ours.
    Own {
        /// Whose.
        jail: &'f JailName,
        /// What.
        found: &'f Found<'f>,
        /// When.
        judged: filter::Judged,
    },
    /// fail2ban's patterns.
    Foreign(ForeignFailure),
}

/// What `status` shows of a source beside its reading.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    /// When a failure or success was last found in it.
    pub last_match: Option<Moment>,
    /// How far its lines' time was behind its arrival, in milliseconds.
    pub skew_millis: Option<i64>,
    /// How fast it speaks.
    pub pace: Pace,
}

impl Seen {
    /// The skew as it is shown.
    pub fn skew_seconds(&self) -> Option<f64> {
        self.skew_millis.map(|millis| millis as f64 / 1000.0)
    }
}

/// Collects what is found until it is time to tell the engine.
#[derive(Debug)]
pub struct Collector {
    engine: SyncSender<Message>,
    scratch: Scratch,
    origin: Origin,
    kept: Kept,
    positions: BTreeMap<String, Position>,
    told: Moment,
}

/// What was found and is not told yet, and what `status` wants to know of it.
#[derive(Debug, Default)]
struct Kept {
    found: Vec<Finding>,
    seen: HashMap<String, Seen>,
    last_success: Option<Moment>,
}

impl Collector {
    /// Tells `engine`.
    pub fn new(engine: SyncSender<Message>) -> Self {
        Self {
            engine,
            scratch: Scratch::default(),
            origin: Origin::Live,
            kept: Kept::default(),
            positions: BTreeMap::new(),
            told: Moment::default(),
        }
    }

    /// Judges a block of the file `path`.
    pub fn block(
        &mut self,
        path: &str,
        finders: &mut Finders,
        block: &Block<'_>,
        position: Position,
        zone: &Zone,
    ) -> Result<(), Gone> {
        self.turn_to(block.origin)?;
        let Self { scratch, kept, .. } = self;
        if block.origin == Origin::Live {
            let lines = memchr::memchr_iter(b'\n', block.text).count() as u64;
            kept.seen_mut(path).pace.add(lines, block.arrival);
        }
        finders.judge_block(block, scratch, zone, &mut |heard| kept.keep(heard, path));
        self.positions.insert(path.to_owned(), position);
        self.tell_if_many()
    }

    /// Judges an entry of the journal of that name for each set that listens to it.
    pub fn entry<'s>(
        &mut self,
        journal: &str,
        finders: impl Iterator<Item = &'s mut Finders>,
        entry: &Entry<'_>,
        position: Position,
    ) -> Result<(), Gone> {
        self.turn_to(entry.origin)?;
        let Self { scratch, kept, .. } = self;
        if entry.origin == Origin::Live {
            kept.seen_mut(journal).pace.add(1, entry.arrival);
        }
        // The journal's own time is the kernel's, not the service's: it needs no reading.
        let at = if entry.origin == Origin::Live { entry.arrival } else { entry.written.min(entry.arrival) };
        for finders in finders {
            finders.judge_entry(entry, at, scratch, &mut |heard| kept.keep(heard, journal));
        }
        self.positions.insert(journal.to_owned(), position);
        self.tell_if_many()
    }

    /// After each reading: tells findings at once, positions alone from time to time.
    pub fn after_reading(&mut self, now: Moment) -> Result<(), Gone> {
        let due = now.since(self.told) >= POSITIONS_EVERY && !self.positions.is_empty();
        if due || !self.kept.found.is_empty() {
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
        self.kept.seen.get(name).copied().unwrap_or_default()
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
        if self.kept.found.len() >= FAILURES_PER_MESSAGE { self.tell() } else { Ok(()) }
    }

    fn tell(&mut self) -> Result<(), Gone> {
        if self.positions.is_empty() {
            return Ok(());
        }
        let findings = Findings {
            origin: self.origin,
            found: std::mem::take(&mut self.kept.found),
            positions: std::mem::take(&mut self.positions).into_iter().collect(),
        };
        self.engine.send(Message::Found(findings)).map_err(|_| Gone)
    }
}

impl Kept {
    fn keep(&mut self, heard: Heard<'_>, source: &str) {
        match heard {
            Heard::Own { jail, found, judged } => self.keep_own(jail, found, &judged, source),
            Heard::Foreign(ForeignFailure { failure, ignored, skew_millis }) => {
                let at = failure.at;
                self.found.push(match ignored {
                    None => Finding::Failure(failure),
                    Some(by) => Finding::Ignored(failure, by),
                });
                self.note(source, at, skew_millis);
            }
        }
    }

    fn keep_own(&mut self, jail: &JailName, found: &Found<'_>, judged: &filter::Judged, source: &str) {
        let finding = match found.rule.kind {
            Kind::Ignore => return,
            Kind::Failure => found.failure(jail, self.behind_login(judged.at)).map(Finding::Failure),
            Kind::Success => {
                self.last_success = Some(judged.at);
                found.success(jail, judged.at).map(Finding::Success)
            }
        };
        self.found.extend(finding);
        self.note(source, judged.at, judged.skew_millis);
    }

    fn note(&mut self, source: &str, at: Moment, skew_millis: Option<i64>) {
        let seen = self.seen_mut(source);
        seen.last_match = Some(at);
        seen.skew_millis = skew_millis.or(seen.skew_millis);
    }

    fn seen_mut(&mut self, source: &str) -> &mut Seen {
        if !self.seen.contains_key(source) {
            // A glob over dated names finds new ones for ever.
            if self.seen.len() > FILES {
                self.seen.clear();
            }
            self.seen.insert(source.to_owned(), Seen::default());
        }
        self.seen.get_mut(source).expect("it was put there above")
    }

    /// Lines that arrive together have one time. Whoever fails behind a login must be later than it in the record too: a
    /// login clears all that is not later.
    fn behind_login(&self, at: Moment) -> Moment {
        if self.last_success == Some(at) { at.after(Duration::from_millis(1)) } else { at }
    }
}
