//! One journal: its `journalctl`, from the start to the next start. It does not wait: who has several of them does.

use std::ffi::OsString;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use event::limit::{JOURNAL_ENTRY_BYTES, JOURNAL_RESTART_SECONDS, LINE_BYTES, READ_BYTES};
use event::{Entry, Moment, Origin, Position};

use super::child::Journalctl;
use super::wish::{Stream, Wanted};
use super::{Fields, JournalEntry, JournalPlace};
use crate::health::{JournalHealth, JournalState};

/// A journal that is read.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) place: JournalPlace,
    name: String,
    streams: Vec<Stream>,
    /// Without a cursor, what was written before this is not read.
    since: Moment,
    pub(super) cursor: Option<String>,
    /// Entries written before this are old.
    opened: Moment,
    child: Option<Journalctl>,
    /// When a child is to be started: when it ended, and the pause after that.
    pause: Option<(Moment, Duration)>,
    /// Ends of the child since an entry was last read.
    failures: u32,
    buffer: Vec<u8>,
    /// How much of `buffer` is filled; always begins at the start of an entry.
    filled: usize,
    /// The rest of an entry that is too long is left out.
    skipping: bool,
    /// An entry as a line.
    line: Vec<u8>,
    health: JournalHealth,
    clock: fn() -> Moment,
}

impl Branch {
    pub(super) fn new(
        place: JournalPlace,
        cursor: Option<String>,
        since: Moment,
        clock: fn() -> Moment,
    ) -> Self {
        let health = JournalHealth {
            source: place.name(),
            state: JournalState::Idle,
            entries: 0,
            bytes: 0,
            skipped: 0,
            restarts: 0,
            last_read: None,
        };
        Self {
            name: place.name(),
            place,
            streams: Vec::new(),
            since,
            cursor,
            opened: clock(),
            child: None,
            pause: None,
            failures: 0,
            buffer: vec![0; READ_BYTES],
            filled: 0,
            skipping: false,
            line: Vec::new(),
            health,
            clock,
        }
    }

    /// Reads for `streams` from now on, from where it is.
    pub(super) fn listen_for(&mut self, streams: Vec<Stream>) {
        let before = Wanted::of(&self.streams);
        self.streams = streams;
        if Wanted::of(&self.streams) == before && self.child.is_some() {
            return;
        }
        // What the old child has said and we have not read, the new one says again: it begins after our cursor.
        self.child = None;
        self.forget_unread();
        self.failures = 0;
        self.start();
    }

    /// It is not read at all, and says why.
    pub(super) fn refuse(&mut self, reason: String) {
        self.child = None;
        self.pause = None;
        self.health.state = JournalState::Stopped { since: (self.clock)(), reason };
    }

    /// What becomes ready when there is something to read.
    pub(super) fn readable(&self) -> Option<BorrowedFd<'_>> {
        self.child.as_ref().map(Journalctl::stdout)
    }

    /// Hands on what has arrived. At the child's end it is started again, after a pause that grows while it gives nothing.
    pub(super) fn read(&mut self, each: &mut dyn FnMut(JournalEntry<'_>)) {
        let Some(child) = &mut self.child else { return };
        child.listen();
        match child.read(&mut self.buffer[self.filled..]) {
            Ok(None) => {}
            Ok(Some(0)) | Err(_) => self.ended(),
            Ok(Some(count)) => {
                self.health.bytes += count as u64;
                self.filled += count;
                self.hand_on(each);
            }
        }
    }

    /// Starts the child if it is time to, and says how long until then; `None` if one runs or none is wanted.
    pub(super) fn start_if_due(&mut self) -> Option<Duration> {
        if self.until_start() == Some(Duration::ZERO) {
            self.start();
        }
        self.until_start()
    }

    pub(super) fn health(&self) -> JournalHealth {
        self.health.clone()
    }

    pub(super) fn process_id(&self) -> Option<u32> {
        self.child.as_ref().map(Journalctl::id)
    }

    fn arguments(&self) -> Vec<OsString> {
        let wanted = Wanted::of(&self.streams);
        let fixed = ["--follow", "--no-tail", "--output=json", "--all", "--quiet", "--no-pager"];
        let mut arguments: Vec<OsString> = fixed.into_iter().map(OsString::from).collect();
        arguments.push(wanted.output_fields());
        arguments.extend(self.place.options.iter().map(OsString::from));
        match &self.cursor {
            Some(cursor) => arguments.push(format!("--after-cursor={cursor}").into()),
            None => arguments.push(format!("--since=@{}", self.since.seconds().max(0)).into()),
        }
        arguments.extend(wanted.matches());
        arguments
    }

    fn start(&mut self) {
        self.pause = None;
        match Journalctl::start(&self.arguments()) {
            Ok(child) => {
                self.child = Some(child);
                self.health.state = JournalState::Following;
            }
            Err(error) => {
                let hint =
                    if error.kind() == io::ErrorKind::NotFound { "; is systemd installed?" } else { "" };
                self.stopped(format!("journalctl cannot be started: {error}{hint}"));
            }
        }
    }

    fn ended(&mut self) {
        let Some(child) = self.child.take() else { return };
        let reason = child.end();
        self.forget_unread();
        self.health.restarts += 1;
        if self.failures > 0 && reason.contains("cursor") {
            // It refuses the cursor, and would for ever.
            self.cursor = None;
        }
        self.stopped(reason);
    }

    fn stopped(&mut self, reason: String) {
        let now = (self.clock)();
        self.health.state = JournalState::Stopped { since: now, reason };
        let longest = Duration::from_secs(JOURNAL_RESTART_SECONDS);
        let pause = match self.failures {
            0 => Duration::ZERO,
            failures => Duration::from_millis(250).saturating_mul(1 << failures.min(16)).min(longest),
        };
        self.failures = self.failures.saturating_add(1);
        self.pause = Some((now, pause));
    }

    fn until_start(&mut self) -> Option<Duration> {
        let now = (self.clock)();
        let (ended, pause) = self.pause.as_mut()?;
        // A clock that was set back must not make the pause longer.
        *ended = (*ended).min(now);
        Some(pause.saturating_sub(now.since(*ended)))
    }

    /// Hands on the whole entries in the buffer and keeps the unfinished one.
    fn hand_on(&mut self, each: &mut dyn FnMut(JournalEntry<'_>)) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut rest = &buffer[..self.filled];
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if !std::mem::take(&mut self.skipping) && self.entry(line, each).is_none() {
                self.health.skipped += 1;
            }
        }
        let (start, kept) = (self.filled - rest.len(), rest.len());
        self.buffer = buffer;
        self.buffer.copy_within(start..start + kept, 0);
        self.filled = if self.skipping { 0 } else { kept };
        if self.filled == self.buffer.len() {
            self.make_room();
        }
    }

    /// An entry fills the whole buffer: it gets a larger one, or is left out.
    fn make_room(&mut self) {
        if self.buffer.len() < JOURNAL_ENTRY_BYTES {
            self.buffer.resize(JOURNAL_ENTRY_BYTES, 0);
            return;
        }
        self.health.skipped += 1;
        self.skipping = true;
        self.filled = 0;
    }

    /// `None` if the line is no entry that can be judged.
    fn entry(&mut self, line: &[u8], each: &mut dyn FnMut(JournalEntry<'_>)) -> Option<()> {
        let fields = Fields::parse(line).ok()?;
        let cursor = fields.cursor()?.to_owned();
        self.cursor = Some(cursor.clone());
        self.failures = 0;
        let wanted: Vec<&Stream> = self.streams.iter().filter(|stream| stream.wants(&fields)).collect();
        self.line.clear();
        let as_line = wanted.iter().any(|stream| stream.lines);
        if as_line {
            fields.line(&mut self.line);
        }
        // As a line, an entry is one even without a message.
        let message = fields.message().or(as_line.then_some(b"".as_slice()));
        let message = message.filter(|message| message.len().max(self.line.len()) <= LINE_BYTES)?;
        let written = fields.written()?;
        let arrival = (self.clock)();
        let origin = if written < self.opened { Origin::CatchUp } else { Origin::Live };
        let streams: Vec<usize> = wanted.iter().map(|stream| stream.number).collect();
        self.health.entries += 1;
        self.health.last_read = Some(arrival);
        let sent_micros = fields.sent_micros()?;
        each(JournalEntry {
            source: &self.name,
            streams: &streams,
            entry: Entry { message, line: &self.line, sent_micros, written, origin, arrival },
            position: Position::Cursor { cursor },
        });
        Some(())
    }

    fn forget_unread(&mut self) {
        self.filled = 0;
        self.skipping = false;
    }
}
