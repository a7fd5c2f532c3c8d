//! The systemd journal, and others beside it: one `journalctl --follow` for all streams of each, started again where it ended.
//!
//! A child process and not libsystemd: a crash in a damaged journal file ends the child, not us.

mod child;
mod json;
mod wish;
mod branch;

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::time::Duration;

use event::limit::JOURNALS;
use event::{Entry, Moment, Position};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::health::JournalHealth;
use crate::{SourceError, Waker};
use branch::Branch;
pub use json::Fields;
use wish::Stream;
pub use wish::{JournalPlace, JournalWish, is_journal_match};

/// Which entries a stream wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSpec {
    /// The caller's number for the stream.
    pub stream: usize,
    /// What it wants.
    pub wish: JournalWish,
}

/// One entry, and who wants it.
#[derive(Debug)]
pub struct JournalEntry<'a> {
    /// The name of the journal's place.
    pub source: &'a str,
    /// The streams that it matches, as numbered in their specs.
    pub streams: &'a [usize],
    /// The message with its time.
    pub entry: Entry<'a>,
    /// Where to go on in its journal after this entry.
    pub position: Position,
}

/// Reads journals as they grow.
#[derive(Debug)]
pub struct JournalSource {
    branches: Vec<Branch>,
    /// Where to go on in journals that are not read at present, by the names of their places.
    cursors: HashMap<String, String>,
    /// How far back a journal without a cursor is read.
    lookback: Duration,
    waker: Waker,
    clock: fn() -> Moment,
}

impl JournalSource {
    /// Goes on after each journal's cursor, by the name of its place, or begins with what was written after `since`. That
    /// `journalctl` is missing is no error but a state: it is tried again.
    pub fn open(
        specs: Vec<JournalSpec>,
        cursors: HashMap<String, String>,
        since: Moment,
        clock: fn() -> Moment,
    ) -> Result<Self, SourceError> {
        let lookback = clock().since(since);
        let mut source = Self { branches: Vec::new(), cursors, lookback, waker: Waker::new()?, clock };
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
        let pause = self.branches.iter_mut().filter_map(Branch::start_if_due).min();
        self.wait(timeout.into_iter().chain(pause).min())?;
        self.branches.iter_mut().for_each(|branch| branch.read(each));
        Ok(())
    }

    /// Reads for `specs` instead, each journal from where it is.
    pub fn replace(&mut self, specs: Vec<JournalSpec>) -> Result<(), SourceError> {
        let mut wanted: Vec<(JournalPlace, Vec<Stream>)> = Vec::new();
        for JournalSpec { stream, wish } in specs {
            let stream = Stream::parse(stream, &wish)?;
            match wanted.iter_mut().find(|(place, _)| *place == wish.place) {
                Some((_, streams)) => streams.push(stream),
                None => wanted.push((wish.place, vec![stream])),
            }
        }
        for branch in
            self.branches.extract_if(.., |branch| !wanted.iter().any(|(place, _)| *place == branch.place))
        {
            self.cursors.extend(branch.cursor.map(|cursor| (branch.place.name(), cursor)));
        }
        for (at, (place, streams)) in wanted.into_iter().enumerate() {
            let branch = self.branch(place);
            if at < JOURNALS {
                branch.listen_for(streams);
            } else {
                branch.refuse(format!("it is left unread, since {JOURNALS} others are read"));
            }
        }
        Ok(())
    }

    /// Makes `read` return, from any thread.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// How each journal is doing.
    pub fn health(&self) -> Vec<JournalHealth> {
        self.branches.iter().map(Branch::health).collect()
    }

    /// The processes that read for us, while there are any.
    pub fn process_ids(&self) -> Vec<u32> {
        self.branches.iter().filter_map(Branch::process_id).collect()
    }

    fn branch(&mut self, place: JournalPlace) -> &mut Branch {
        let at = self.branches.iter().position(|branch| branch.place == place).unwrap_or_else(|| {
            let cursor = self.cursors.remove(&place.name());
            let since = (self.clock)().before(self.lookback);
            self.branches.push(Branch::new(place, cursor, since, self.clock));
            self.branches.len() - 1
        });
        &mut self.branches[at]
    }

    fn wait(&self, timeout: Option<Duration>) -> Result<(), SourceError> {
        let mut fds = vec![PollFd::from_borrowed_fd(self.waker.as_fd(), PollFlags::IN)];
        // Their standard error is not waited for: at its end it would be ready for ever, and it is read along.
        let readable = self.branches.iter().filter_map(Branch::readable);
        fds.extend(readable.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
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
}
