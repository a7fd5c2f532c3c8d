//! The systemd journal: one `journalctl --follow` for all streams together, started again where it ended.
//!
//! A child process and not libsystemd: a crash in a damaged journal file ends the child, not us.

mod child;
mod json;

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::time::Duration;

use event::limit::{JOURNAL_ENTRY_BYTES, JOURNAL_RESTART_SECONDS, LINE_BYTES, READ_BYTES};
use event::{Entry, Moment, Origin, Position};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::health::{JournalHealth, JournalState};
use crate::{SourceError, Waker};
use child::Journalctl;
pub(crate) use json::Fields;

/// Which entries a stream wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSpec {
    /// The caller's number for the stream.
    pub stream: usize,
    /// `FIELD=value`; any one is enough.
    pub matches: Vec<String>,
}

/// Where the journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalPlace {
    /// The system's own.
    System,
    /// The journal files in this directory.
    Directory(PathBuf),
    /// This journal file, or a glob.
    File(PathBuf),
}

/// One entry, and who wants it.
#[derive(Debug)]
pub struct JournalEntry<'a> {
    /// The streams that it matches, as numbered in their specs.
    pub streams: &'a [usize],
    /// The message with its time.
    pub entry: Entry<'a>,
    /// Where to go on after this entry.
    pub position: Position,
}

/// Reads the journal as it grows.
#[derive(Debug)]
pub struct JournalSource {
    streams: Vec<Stream>,
    place: JournalPlace,
    /// Without a cursor, what was written before this is not read.
    since: Moment,
    cursor: Option<String>,
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
    health: JournalHealth,
    waker: Waker,
    clock: fn() -> Moment,
}

#[derive(Debug)]
struct Stream {
    number: usize,
    matches: Vec<(String, String)>,
}

impl JournalSource {
    /// Goes on after `cursor`, or begins with what was written after `since`. That `journalctl` is missing is no error
    /// but a state: it is tried again.
    pub fn open(
        specs: Vec<JournalSpec>,
        cursor: Option<String>,
        since: Moment,
        place: JournalPlace,
        clock: fn() -> Moment,
    ) -> Result<Self, SourceError> {
        let health = JournalHealth {
            state: JournalState::Idle,
            entries: 0,
            bytes: 0,
            skipped: 0,
            restarts: 0,
            last_read: None,
        };
        let mut source = Self {
            streams: Vec::new(),
            place,
            since,
            cursor,
            opened: clock(),
            child: None,
            pause: None,
            failures: 0,
            buffer: vec![0; READ_BYTES],
            filled: 0,
            skipping: false,
            health,
            waker: Waker::new()?,
            clock,
        };
        source.replace(specs)?;
        Ok(source)
    }

    /// Waits up to `timeout` (`None`: for ever) until entries arrive or the waker is poked, and hands on those that have
    /// arrived. A child that has ended is started again from here, after a pause that grows while it gives nothing.
    pub fn read(
        &mut self,
        timeout: Option<Duration>,
        each: &mut dyn FnMut(JournalEntry<'_>),
    ) -> Result<(), SourceError> {
        if self.until_start() == Some(Duration::ZERO) {
            self.start();
        }
        let pause = self.until_start();
        self.wait(timeout.into_iter().chain(pause).min())?;
        let Some(child) = &mut self.child else { return Ok(()) };
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
        Ok(())
    }

    /// Reads for `specs` instead, from where it is.
    pub fn replace(&mut self, specs: Vec<JournalSpec>) -> Result<(), SourceError> {
        let streams = specs.into_iter().map(Stream::parse).collect::<Result<Vec<_>, _>>()?;
        let wanted_before = self.wanted();
        self.streams = streams;
        let wanted = self.wanted();
        if wanted == wanted_before && self.child.is_some() {
            return Ok(());
        }
        // What the old child has said and we have not read, the new one says again: it begins after our cursor.
        self.child = None;
        self.forget_unread();
        self.failures = 0;
        self.pause = None;
        self.health.state = JournalState::Idle;
        if !wanted.is_empty() {
            self.start();
        }
        Ok(())
    }

    /// Makes `read` return, from any thread.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// How it is doing.
    pub fn health(&self) -> JournalHealth {
        self.health.clone()
    }

    /// The process that reads for us, while there is one.
    pub fn process_id(&self) -> Option<u32> {
        self.child.as_ref().map(Journalctl::id)
    }

    /// Every match once, in order, so that the same wish is the same list.
    fn wanted(&self) -> Vec<(String, String)> {
        let mut all: Vec<_> = self.streams.iter().flat_map(|stream| stream.matches.iter().cloned()).collect();
        all.sort();
        all.dedup();
        all
    }

    fn arguments(&self) -> Vec<OsString> {
        let wanted = self.wanted();
        let fixed = ["--follow", "--no-tail", "--output=json", "--all", "--quiet", "--no-pager"];
        let mut arguments: Vec<OsString> = fixed.into_iter().map(OsString::from).collect();
        // The other fields are most of an entry, and we would only throw them away.
        let fields: Vec<&str> = wanted.iter().map(|(field, _)| field.as_str()).collect();
        arguments.push(format!("--output-fields=MESSAGE,{}", fields.join(",")).into());
        let option = |name: &str, path: &PathBuf| {
            let mut option = OsString::from(name);
            option.push(path);
            option
        };
        match &self.place {
            JournalPlace::System => {}
            JournalPlace::Directory(path) => arguments.push(option("--directory=", path)),
            JournalPlace::File(path) => arguments.push(option("--file=", path)),
        }
        match &self.cursor {
            Some(cursor) => arguments.push(format!("--after-cursor={cursor}").into()),
            None => arguments.push(format!("--since=@{}", self.since.seconds().max(0)).into()),
        }
        for (index, (field, value)) in wanted.iter().enumerate() {
            if index > 0 {
                arguments.push("+".into());
            }
            arguments.push(format!("{field}={value}").into());
        }
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

    /// How long until a child is to be started; `None` if one runs or none is wanted.
    fn until_start(&mut self) -> Option<Duration> {
        let now = (self.clock)();
        let (ended, pause) = self.pause.as_mut()?;
        // A clock that was set back must not make the pause longer.
        *ended = (*ended).min(now);
        Some(pause.saturating_sub(now.since(*ended)))
    }

    fn wait(&self, timeout: Option<Duration>) -> Result<(), SourceError> {
        let mut fds = vec![PollFd::from_borrowed_fd(self.waker.as_fd(), PollFlags::IN)];
        // Its standard error is not waited for: at its end it would be ready for ever, and it is read along.
        fds.extend(self.child.iter().map(|child| PollFd::from_borrowed_fd(child.stdout(), PollFlags::IN)));
        // A timeout too long for the kernel's clock is for ever.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(SourceError::Kernel { call: "poll", source: errno.into() }),
        }
        if !fds[0].revents().is_empty() {
            self.waker.clear();
        }
        Ok(())
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
        let message = fields.message().filter(|message| message.len() <= LINE_BYTES)?;
        let written = fields.written()?;
        let arrival = (self.clock)();
        let origin = if written < self.opened { Origin::CatchUp } else { Origin::Live };
        let wanted = self.streams.iter().filter(|stream| stream.wants(&fields));
        let streams: Vec<usize> = wanted.map(|stream| stream.number).collect();
        self.health.entries += 1;
        self.health.last_read = Some(arrival);
        each(JournalEntry {
            streams: &streams,
            entry: Entry { message, written, origin, arrival },
            position: Position::Cursor { cursor },
        });
        Some(())
    }

    fn forget_unread(&mut self) {
        self.filled = 0;
        self.skipping = false;
    }
}

impl Stream {
    fn parse(spec: JournalSpec) -> Result<Self, SourceError> {
        let parse = |text: String| {
            let parts = text.split_once('=').filter(|(field, _)| is_field(field));
            let parts = parts.map(|(field, value)| (field.to_owned(), value.to_owned()));
            parts.ok_or(SourceError::NotAMatch { text })
        };
        let matches = spec.matches.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { number: spec.stream, matches })
    }

    fn wants(&self, fields: &Fields) -> bool {
        self.matches.iter().any(|(field, value)| fields.has(field, value.as_bytes()))
    }
}

/// A journal field is capitals, digits and `_`; so a match can never be taken for an option.
fn is_field(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
