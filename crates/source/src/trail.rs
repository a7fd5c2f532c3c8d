//! One path of one spec: the file that is there now, and the older ones that were there and are not read to their end.
//!
//! Order is what this is about: an older file is drained before the next one is begun, and whoever still writes to the
//! older one is heard. Looks up no path; the source tells what was found there.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use event::limit::WAITING_ROTATIONS;
use event::{Moment, Origin, Position};

use crate::health::{FileHealth, FileState};
use crate::tail::{Identity, Past, Step, Tail};

/// What one turn of a trail gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The buffer begins with `len` bytes of whole lines.
    Lines { len: usize, origin: Origin, position: Position },
    /// Nothing to hand on, but there is more to read.
    More,
    /// Nothing to read until the kernel says so.
    Idle,
}

#[derive(Debug)]
pub(crate) struct Trail {
    pub(crate) path: PathBuf,
    pub(crate) health: FileHealth,
    /// A glob's trail ends with its file; a literal path's waits for the next one.
    pub(crate) ends_with_file: bool,
    /// Whether a file was ever opened here.
    pub(crate) began: bool,
    /// Whether its file was there when the spec was first looked for.
    pub(crate) present_before: bool,
    /// Whether the saved position was already looked up while the path was missing.
    pub(crate) looked_back: bool,
    /// Whether there are younger files than those that wait.
    pub(crate) behind: bool,
    /// Whether it stands in the source's queue of turns.
    pub(crate) queued: bool,
    /// The files to read, oldest first. The first is being read, the last is the newest that was found at the path.
    waiting: VecDeque<Tail>,
    /// The file before the first of `waiting`: read to its end, but who writes to it may not have noticed the rotation.
    previous: Option<Tail>,
    /// Given up, once what is left of it has been handed on.
    retiring: Option<Tail>,
    /// Done with; the source takes their watches off.
    dropped: Vec<Tail>,
}

impl Trail {
    pub(crate) fn new(spec: usize, path: PathBuf, ends_with_file: bool, now: Moment) -> Self {
        let health = FileHealth {
            spec,
            path: path.to_string_lossy().into_owned(),
            state: FileState::Missing { since: now },
            bytes: 0,
            lines: 0,
            cut_lines: 0,
            gaps: 0,
            last_read: None,
        };
        Self {
            path,
            health,
            ends_with_file,
            began: false,
            present_before: false,
            looked_back: false,
            behind: false,
            queued: false,
            waiting: VecDeque::new(),
            previous: None,
            retiring: None,
            dropped: Vec::new(),
        }
    }

    /// Takes the next step: what is left of a file given up, then late lines of the previous one, then the first waiting.
    pub(crate) fn turn(&mut self, buffer: &mut [u8], now: Moment) -> Turn {
        match self.try_turn(buffer) {
            Ok(Turn::Lines { len, origin, position }) => {
                self.health.bytes += len as u64;
                self.health.lines += memchr::memchr_iter(b'\n', &buffer[..len]).count() as u64;
                self.health.last_read = Some(now);
                Turn::Lines { len, origin, position }
            }
            Ok(other) => other,
            Err(error) => {
                self.health.state = FileState::Unreadable { reason: error.to_string() };
                for tail in self.tails_mut() {
                    tail.pending = false;
                }
                Turn::Idle
            }
        }
    }

    fn try_turn(&mut self, buffer: &mut [u8]) -> io::Result<Turn> {
        loop {
            if let Some(tail) = &mut self.retiring {
                let len = match tail.read(buffer, &mut self.health.cut_lines)? {
                    Step::Lines { len, origin } => return Ok(self.lines(len, origin)),
                    Step::More => return Ok(Turn::More),
                    Step::Drained => tail.rest(buffer)?,
                };
                if len > 0 {
                    return Ok(self.lines(len, Origin::Live));
                }
                self.dropped.extend(self.retiring.take());
            }
            if let Some(tail) = self.previous.as_mut().filter(|tail| tail.pending) {
                match tail.read(buffer, &mut self.health.cut_lines)? {
                    Step::Lines { len, origin } => return Ok(self.lines(len, origin)),
                    Step::More => return Ok(Turn::More),
                    Step::Drained => tail.pending = false,
                }
                if tail.is_unlinked() {
                    // Keeping it open would keep its space on the disk.
                    self.retiring = self.previous.take();
                    continue;
                }
            }
            let succeeded = self.successor_has_begun()?;
            let ends_here = self.ends_with_file && self.is_missing() && self.waiting.len() == 1;
            let Some(tail) = self.waiting.front_mut() else { return Ok(Turn::Idle) };
            if tail.pending || succeeded {
                match tail.read(buffer, &mut self.health.cut_lines)? {
                    Step::Lines { len, origin } => return Ok(self.lines(len, origin)),
                    Step::More => return Ok(Turn::More),
                    Step::Drained => tail.pending = false,
                }
            }
            if succeeded {
                self.retiring = self.previous.take();
                self.previous = self.waiting.pop_front();
            } else if ends_here && tail.is_unlinked() {
                self.retiring = self.waiting.pop_front();
            } else {
                return Ok(Turn::Idle);
            }
        }
    }

    /// A file found at the path is put behind those that wait.
    pub(crate) fn push(&mut self, tail: Tail) {
        self.began = true;
        self.waiting.push_back(tail);
    }

    /// Whether so many files wait that no more are to be opened for now.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() > WAITING_ROTATIONS
    }

    /// Whether younger files are to be looked for now that those that waited are read.
    pub(crate) fn take_behind(&mut self) -> bool {
        self.waiting.len() <= 1 && std::mem::take(&mut self.behind)
    }

    /// The file that was renamed away was renamed back before another one was begun.
    pub(crate) fn take_back(&mut self, identity: Identity) -> bool {
        if self.previous.as_ref().is_some_and(|tail| tail.identity() == identity) {
            self.waiting.extend(self.previous.take());
            return true;
        }
        let place = self.waiting.iter().position(|tail| tail.identity() == identity);
        let moved = place.and_then(|place| self.waiting.remove(place));
        let found = moved.is_some();
        self.waiting.extend(moved);
        found
    }

    /// The newest file that was found at the path.
    pub(crate) fn newest(&self) -> Option<&Tail> {
        self.waiting.back()
    }

    pub(crate) fn is_newest(&self, identity: Identity) -> bool {
        self.newest().is_some_and(|newest| newest.identity() == identity)
    }

    /// Whether it reads this file, under whatever name.
    pub(crate) fn holds(&self, identity: Identity) -> bool {
        self.tails().any(|tail| tail.identity() == identity)
    }

    /// The file of this watch may have changed.
    pub(crate) fn notice(&mut self, watch: i32) {
        for tail in self.tails_mut().filter(|tail| tail.watch == Some(watch)) {
            tail.pending = true;
        }
    }

    /// Any of its files may have changed.
    pub(crate) fn notice_all(&mut self) {
        for tail in self.tails_mut() {
            tail.pending = true;
        }
    }

    /// What was in a file of the trail before a truncation that was just noticed, and which file that is.
    pub(crate) fn take_past(&mut self) -> Option<(Identity, Past)> {
        self.tails_mut().find_map(|tail| Some((tail.identity(), tail.take_past()?)))
    }

    /// The copy that was made before the truncation is read to its end, and then the truncated file goes on.
    pub(crate) fn read_copy(&mut self, copy: Tail) {
        if self.retiring.is_none() && !self.holds(copy.identity()) {
            self.retiring = Some(copy);
        }
    }

    pub(crate) fn missing(&mut self, now: Moment) {
        if !self.is_missing() {
            self.health.state = FileState::Missing { since: now };
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self.health.state, FileState::Missing { .. })
    }

    /// Whether nothing is left to read or to wait for.
    pub(crate) fn is_over(&self) -> bool {
        self.ends_with_file && self.is_missing() && self.tails().next().is_none()
    }

    /// Where a restart would go on.
    pub(crate) fn position(&self) -> Option<Position> {
        self.waiting.front().or(self.previous.as_ref()).or(self.retiring.as_ref()).map(Tail::position)
    }

    /// The files that are done with.
    pub(crate) fn take_dropped(&mut self) -> Vec<Tail> {
        std::mem::take(&mut self.dropped)
    }

    /// Gives up every file.
    pub(crate) fn close(&mut self) {
        let all = self.retiring.take().into_iter().chain(self.previous.take()).chain(self.waiting.drain(..));
        self.dropped.extend(all);
    }

    fn lines(&self, len: usize, origin: Origin) -> Turn {
        match self.position() {
            Some(position) => Turn::Lines { len, origin, position },
            None => Turn::Idle,
        }
    }

    /// An empty new file does not end the old one: whoever writes is still with the old one then.
    fn successor_has_begun(&self) -> io::Result<bool> {
        for tail in self.waiting.iter().skip(1) {
            if tail.size()? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn tails(&self) -> impl Iterator<Item = &Tail> {
        self.retiring.iter().chain(&self.previous).chain(&self.waiting)
    }

    pub(crate) fn tails_mut(&mut self) -> impl Iterator<Item = &mut Tail> {
        self.retiring.iter_mut().chain(&mut self.previous).chain(&mut self.waiting)
    }
}
