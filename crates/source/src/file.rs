//! Files and globs, followed without polling: one inotify instance, one buffer, one turn for each file that has something.
//!
//! Holds the loop and who is followed. Which paths exist is `survey`, what was there before is `opening`, the order of a
//! path's files is `trail`, reading one is `tail`.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use event::limit::{FILES, READ_BYTES};
use event::{Block, Moment, Position};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::health::{FileHealth, FileState};
use crate::opening::{self, Opening};
use crate::pattern::Pattern;
use crate::spec::Spec;
use crate::tail::{Identity, Tail};
use crate::trail::{Trail, Turn};
use crate::watch::{Notice, TrailId, Watcher};
use crate::{FileSpec, SourceError, Waker};

/// Whole lines of one file.
#[derive(Debug)]
pub struct FileBlock<'a> {
    /// Index of the spec that the file belongs to.
    pub spec: usize,
    /// The path as the spec names it, links not resolved: the key under which `position` is to be saved.
    pub path: &'a str,
    /// The lines; they stand in the reader's buffer.
    pub block: Block<'a>,
    /// Where to go on after this block.
    pub position: Position,
}

/// Reads files as they grow, are rotated, vanish and appear.
#[derive(Debug)]
pub struct FileSource {
    specs: Vec<Spec>,
    trails: HashMap<TrailId, Trail>,
    next_trail: TrailId,
    /// Trails that may have something to read, in the order of their turns.
    ready: VecDeque<TrailId>,
    /// Specs whose names may have changed.
    changed: BTreeSet<usize>,
    /// Positions of paths that were not found yet.
    saved: HashMap<String, Position>,
    watcher: Watcher,
    waker: Waker,
    buffer: Vec<u8>,
    clock: fn() -> Moment,
}

impl FileSource {
    /// Opens what is there. `saved` is the last position of each path; what is missing is waited for.
    pub fn open(
        specs: Vec<FileSpec>,
        saved: HashMap<String, Position>,
        clock: fn() -> Moment,
    ) -> Result<Self, SourceError> {
        let mut source = Self {
            specs: Vec::new(),
            trails: HashMap::new(),
            next_trail: 0,
            ready: VecDeque::new(),
            changed: BTreeSet::new(),
            saved,
            watcher: Watcher::new()?,
            waker: Waker::new()?,
            buffer: vec![0; READ_BYTES],
            clock,
        };
        source.replace(specs)?;
        Ok(source)
    }

    /// Waits up to `timeout` (`None`: for ever) until there is something to read or the waker is poked; then gives each
    /// file that has something one turn. A turn is one block at most, so a huge file starves nobody. It may return with
    /// nothing handed on: the caller is expected to call it in a loop.
    pub fn read(
        &mut self,
        timeout: Option<Duration>,
        each: &mut dyn FnMut(FileBlock<'_>),
    ) -> Result<(), SourceError> {
        self.wait(if self.is_caught_up() { timeout } else { Some(Duration::ZERO) })?;
        self.take_notices()?;
        self.look_at_changed();
        for _ in 0..self.ready.len() {
            if let Some(id) = self.ready.pop_front() {
                self.turn(id, each);
            }
        }
        Ok(())
    }

    /// Whether everything that is known to be there has been read.
    pub fn is_caught_up(&self) -> bool {
        self.ready.is_empty() && self.changed.is_empty()
    }

    /// Follows `specs` instead. Files of a pattern that stays go on where they are; the old specs stay in force if one
    /// of the new ones is wrong.
    pub fn replace(&mut self, specs: Vec<FileSpec>) -> Result<(), SourceError> {
        let patterns: Vec<Pattern> = specs.iter().map(Pattern::parse).collect::<Result<_, _>>()?;
        let now = (self.clock)();
        let mut old = std::mem::take(&mut self.specs);
        (0..old.len()).for_each(|index| self.watcher.forget(index));
        for (FileSpec { pattern: text }, pattern) in specs.into_iter().zip(patterns) {
            let kept = old.iter().position(|spec| spec.text == text).map(|index| old.swap_remove(index));
            self.specs.push(kept.unwrap_or_else(|| Spec::new(text, pattern, now)));
        }
        for id in old.iter().flat_map(|spec| spec.trails.values()) {
            self.close(*id);
        }
        for (index, spec) in self.specs.iter().enumerate() {
            for id in spec.trails.values() {
                self.trails.entry(*id).and_modify(|trail| trail.health.spec = index);
            }
        }
        self.changed = (0..self.specs.len()).collect();
        self.look_at_changed();
        self.watcher.sweep();
        Ok(())
    }

    /// Has files that come with the next specs read from these positions on, whatever is known of them. One that is followed is read on where
    /// it is.
    pub fn begin_at(&mut self, positions: impl IntoIterator<Item = (String, Position)>) {
        for (path, position) in positions {
            if self.trails.values().all(|trail| trail.health.path != path) {
                self.saved.insert(path, position);
            }
        }
    }

    /// Where each path stands: what to save when the program ends, so that a file that was begun and not yet read from is
    /// known to the next start too.
    pub fn positions(&self) -> HashMap<String, Position> {
        let all = self.trails.values();
        all.filter_map(|trail| Some((trail.health.path.clone(), trail.position()?))).collect()
    }

    /// Makes `read` return, from any thread.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// One entry for each path, and one for each spec that has found nothing or too much, or is not heard.
    pub fn health(&self) -> Vec<FileHealth> {
        let mut all = Vec::new();
        for (index, spec) in self.specs.iter().enumerate() {
            all.extend(
                spec.trails.values().filter_map(|id| self.trails.get(id)).map(|trail| trail.health.clone()),
            );
            let state = match (&spec.unwatched, spec.unread) {
                (Some(reason), _) => FileState::Unreadable { reason: reason.clone() },
                (None, 0) if !spec.trails.is_empty() => continue,
                (None, 0) => FileState::Missing { since: spec.since },
                (None, unread) => FileState::OverBound { unread },
            };
            let health = Trail::new(index, PathBuf::from(&spec.text), false, spec.since).health;
            all.push(FileHealth { state, ..health });
        }
        all
    }

    fn wait(&self, timeout: Option<Duration>) -> Result<(), SourceError> {
        let mut fds = [
            PollFd::from_borrowed_fd(self.watcher.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(self.waker.as_fd(), PollFlags::IN),
        ];
        // A timeout too long for the kernel's clock is for ever.
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(SourceError::Kernel { call: "poll", source: errno.into() }),
        }
        if !fds[1].revents().is_empty() {
            self.waker.clear();
        }
        Ok(())
    }

    fn take_notices(&mut self) -> Result<(), SourceError> {
        let Self { watcher, trails, ready, changed, specs, .. } = self;
        watcher.notices(&mut |notice| match notice {
            Notice::Names { spec } => {
                changed.insert(spec);
            }
            Notice::Content { trail: id, watch } => {
                if let Some(trail) = trails.get_mut(&id) {
                    trail.notice(watch);
                    enqueue(ready, id, trail);
                }
            }
            Notice::Everything => {
                changed.extend(0..specs.len());
                for (id, trail) in trails.iter_mut() {
                    trail.notice_all();
                    enqueue(ready, *id, trail);
                }
            }
        })
    }

    fn turn(&mut self, id: TrailId, each: &mut dyn FnMut(FileBlock<'_>)) {
        let Some(trail) = self.trails.get_mut(&id) else { return };
        trail.queued = false;
        let arrival = (self.clock)();
        match trail.turn(&mut self.buffer, arrival) {
            Turn::Lines { len, origin, position } => {
                let block = Block { text: &self.buffer[..len], origin, arrival };
                each(FileBlock { spec: trail.health.spec, path: &trail.health.path, block, position });
                enqueue(&mut self.ready, id, trail);
            }
            Turn::More => {
                if let Some((truncated, past)) = trail.take_past()
                    && let Some(copy) = opening::copy_of(&trail.path, truncated, &past)
                {
                    trail.read_copy(copy);
                }
                enqueue(&mut self.ready, id, trail);
            }
            Turn::Idle if trail.is_over() => return self.close(id),
            Turn::Idle => {}
        }
        if trail.take_behind() {
            self.changed.insert(trail.health.spec);
        }
        self.settle(id);
    }

    fn look_at_changed(&mut self) {
        while let Some(index) = self.changed.pop_first() {
            self.look_for(index);
        }
    }

    /// Compares what matches the spec now with what is followed.
    fn look_for(&mut self, index: usize) {
        let Some(spec) = self.specs.get_mut(index) else { return };
        let now = (self.clock)();
        let paths = spec.logs(index, &mut self.watcher, &self.saved);
        spec.unread = 0;
        let found: HashSet<&PathBuf> = paths.iter().collect();
        for id in spec.trails.iter().filter(|(path, _)| !found.contains(path)).map(|(_, id)| id) {
            if let Some(trail) = self.trails.get_mut(id) {
                trail.missing(now);
                enqueue(&mut self.ready, *id, trail);
            }
        }
        for path in paths {
            self.look_at(index, path, now);
        }
        self.specs[index].surveyed = true;
    }

    /// Finds out whether the file at `path` is the one that is followed.
    fn look_at(&mut self, index: usize, path: PathBuf, now: Moment) {
        let spec = &self.specs[index];
        let (is_glob, first_time) = (spec.pattern.is_glob, !spec.surveyed);
        let known = spec.trails.get(&path).copied();
        let found = Tail::open(&path);
        if let (Ok(tail), Some(trail)) = (&found, known.and_then(|id| self.trails.get(&id)))
            && trail.is_newest(tail.identity())
            && trail.health.state == FileState::Following
        {
            return;
        }
        if let Ok(tail) = &found
            && is_glob
            && spec.trails.values().any(|id| Some(*id) != known && self.holds(*id, tail.identity()))
        {
            // Two of a glob's names for one file: it is read once.
            return;
        }
        let is_missing = matches!(&found, Err(error) if is_absence(error));
        let id = match known {
            Some(id) => id,
            None if is_missing && is_glob && !self.was_saved(&path) => return,
            None => match self.begin_trail(index, path, now) {
                Some(id) => id,
                None => return,
            },
        };
        let Some(trail) = self.trails.get_mut(&id) else { return };
        if first_time && !is_missing {
            trail.present_before = true;
        }
        let found = match found {
            Ok(tail) => Some(tail),
            Err(_) if is_missing => None,
            Err(error) => {
                trail.health.state = FileState::Unreadable { reason: error.to_string() };
                return;
            }
        };
        match &found {
            None => trail.missing(now),
            Some(_) => trail.health.state = FileState::Following,
        }
        enqueue(&mut self.ready, id, trail);
        if let Err(error) = self.go_on_with(index, id, found) {
            self.trails.entry(id).and_modify(|trail| {
                trail.health.state = FileState::Unreadable { reason: error.to_string() };
            });
        }
        self.watch_files(id);
        self.settle(id);
    }

    /// Puts the file found at the trail's path, and those that come before it, behind those that the trail reads.
    fn go_on_with(&mut self, index: usize, id: TrailId, found: Option<Tail>) -> io::Result<()> {
        let Some(trail) = self.trails.get_mut(&id) else { return Ok(()) };
        let opening = if trail.began {
            let Some(tail) = found else { return Ok(()) };
            if trail.is_newest(tail.identity()) || trail.take_back(tail.identity()) {
                return Ok(());
            }
            if trail.is_full() {
                trail.behind = true;
                return Ok(());
            }
            match trail.newest() {
                Some(newest) => opening::next(&trail.path, newest, tail),
                None => Opening { tails: vec![tail], gap: false, more: false },
            }
        } else {
            let remembered = &mut self.specs[index].remembered;
            let saved = match &found {
                Some(tail) => {
                    remembered.remove(&tail.identity()).or_else(|| self.saved.remove(&trail.health.path))
                }
                None if trail.looked_back => None,
                None => self.saved.get(&trail.health.path).cloned(),
            };
            trail.looked_back = true;
            opening::first(&trail.path, found, saved.as_ref(), trail.present_before)?
        };
        trail.health.gaps += u64::from(opening.gap && !opening.tails.is_empty());
        trail.behind |= opening.more;
        for tail in opening.tails {
            if !trail.holds(tail.identity()) {
                trail.push(tail);
            }
        }
        Ok(())
    }

    /// Puts a watch on every file of the trail that has none yet, before it is read: so no later write goes unnoticed.
    fn watch_files(&mut self, id: TrailId) {
        let Some(trail) = self.trails.get_mut(&id) else { return };
        let mut refused = None;
        for tail in trail.tails_mut().filter(|tail| tail.watch.is_none()) {
            match self.watcher.watch_file(tail.as_fd(), id) {
                Ok(watch) => tail.watch = Some(watch),
                Err(error) => refused = Some(error),
            }
        }
        if let Some(error) = refused {
            let reason =
                format!("read once, but it cannot be watched: {error}; raise fs.inotify.max_user_watches");
            trail.health.state = FileState::Unreadable { reason };
        }
    }

    fn begin_trail(&mut self, index: usize, path: PathBuf, now: Moment) -> Option<TrailId> {
        if self.trails.len() >= FILES {
            let idle = self
                .trails
                .iter()
                .find(|(_, trail)| trail.ends_with_file && trail.is_missing() && !trail.queued);
            let idle = idle.map(|(id, _)| *id);
            match idle {
                Some(id) => self.close(id),
                None => {
                    self.specs[index].unread += 1;
                    return None;
                }
            }
        }
        let id = self.next_trail;
        self.next_trail += 1;
        let spec = &mut self.specs[index];
        self.trails.insert(id, Trail::new(index, path.clone(), spec.pattern.is_glob, now));
        spec.trails.insert(path, id);
        Some(id)
    }

    /// Ends a trail; should its path be wanted again, it goes on where it was.
    fn close(&mut self, id: TrailId) {
        let Some(trail) = self.trails.get_mut(&id) else { return };
        if !trail.is_over()
            && let Some(position) = trail.position()
        {
            self.saved.insert(trail.health.path.clone(), position);
        }
        trail.close();
        self.settle(id);
        if let Some(trail) = self.trails.remove(&id) {
            let spec = self.specs.get_mut(trail.health.spec);
            spec.filter(|spec| spec.trails.get(&trail.path) == Some(&id))
                .map(|spec| spec.trails.remove(&trail.path));
        }
    }

    /// Takes the watches off the files that the trail is done with.
    fn settle(&mut self, id: TrailId) {
        let Some(trail) = self.trails.get_mut(&id) else { return };
        for tail in trail.take_dropped() {
            if let Some(watch) = tail.watch {
                self.watcher.unwatch_file(watch, id);
            }
            let spec = self.specs.get_mut(trail.health.spec);
            if let Some(spec) = spec {
                spec.remember(&tail);
            }
        }
    }

    fn was_saved(&self, path: &Path) -> bool {
        self.saved.contains_key(path.to_string_lossy().as_ref())
    }

    fn holds(&self, id: TrailId, identity: Identity) -> bool {
        self.trails.get(&id).is_some_and(|trail| trail.holds(identity))
    }
}

fn enqueue(ready: &mut VecDeque<TrailId>, id: TrailId, trail: &mut Trail) {
    if !trail.queued {
        trail.queued = true;
        ready.push_back(id);
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
