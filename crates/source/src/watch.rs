//! The inotify instance: which directory and which file concerns whom. Reads no file and decides nothing.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

use crate::SourceError;
use crate::pattern::Part;

/// Identifies a `Trail` within its source.
pub(crate) type TrailId = u64;

/// What an event means for the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The names that this spec looks for have changed.
    Names { spec: usize },
    /// The file of this watch, followed by this trail, was written to, truncated or unlinked.
    Content { trail: TrailId, watch: i32 },
    /// The kernel's queue ran over: anything may have changed.
    Everything,
}

#[derive(Debug)]
pub(crate) struct Watcher {
    inotify: OwnedFd,
    /// For each watched directory, who looks for which name in it.
    directories: HashMap<i32, Vec<(usize, Part)>>,
    /// For each watched file, who follows it: two specs may mean the same file.
    files: HashMap<i32, Vec<TrailId>>,
}

impl Watcher {
    pub(crate) fn new() -> Result<Self, SourceError> {
        match inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK) {
            Ok(inotify) => Ok(Self { inotify, directories: HashMap::new(), files: HashMap::new() }),
            Err(errno) => Err(SourceError::Kernel { call: "inotify_init", source: errno.into() }),
        }
    }

    /// Forgets what `spec` looked for; the kernel's watches stay until `sweep`, so that nothing is missed meanwhile.
    pub(crate) fn forget(&mut self, spec: usize) {
        for wants in self.directories.values_mut() {
            wants.retain(|(of, _)| *of != spec);
        }
    }

    /// Removes the kernel's watches on directories in which nobody looks for anything any more.
    pub(crate) fn sweep(&mut self) {
        let inotify = &self.inotify;
        self.directories.retain(|watch, wants| {
            if wants.is_empty() {
                // It is gone already if the directory is.
                let _ = inotify::remove_watch(inotify, *watch);
            }
            !wants.is_empty()
        });
    }

    /// `spec` looks for `part` in `directory`.
    pub(crate) fn watch_directory(
        &mut self,
        directory: &Path,
        spec: usize,
        part: &Part,
    ) -> Result<(), Errno> {
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::ONLYDIR;
        let watch = inotify::add_watch(&self.inotify, directory, flags)?;
        self.directories.entry(watch).or_default().push((spec, part.clone()));
        Ok(())
    }

    /// `trail` follows the open `file`. The watch goes through the descriptor, so that it is on the very file that was
    /// opened, whatever its path means by now.
    pub(crate) fn watch_file(&mut self, file: BorrowedFd<'_>, trail: TrailId) -> io::Result<i32> {
        let path = format!("/proc/self/fd/{}", file.as_raw_fd());
        let flags = WatchFlags::MODIFY | WatchFlags::ATTRIB;
        let watch = inotify::add_watch(&self.inotify, path, flags)?;
        let trails = self.files.entry(watch).or_default();
        if !trails.contains(&trail) {
            trails.push(trail);
        }
        Ok(watch)
    }

    pub(crate) fn unwatch_file(&mut self, watch: i32, trail: TrailId) {
        let Some(trails) = self.files.get_mut(&watch) else { return };
        trails.retain(|other| *other != trail);
        if trails.is_empty() {
            self.files.remove(&watch);
            // It is gone already if the file is.
            let _ = inotify::remove_watch(&self.inotify, watch);
        }
    }

    /// Hands on everything that has happened since the last call; does not wait.
    pub(crate) fn notices(&mut self, each: &mut dyn FnMut(Notice)) -> Result<(), SourceError> {
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut gone = Vec::new();
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                    notices_of(&self.directories, &self.files, event.wd(), event.events(), name, each);
                    if event.events().contains(ReadFlags::IGNORED) {
                        gone.push(event.wd());
                    }
                }
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(errno) => {
                    return Err(SourceError::Kernel { call: "read of inotify", source: errno.into() });
                }
            }
        }
        for watch in gone {
            self.directories.remove(&watch);
            self.files.remove(&watch);
        }
        Ok(())
    }
}

fn notices_of(
    directories: &HashMap<i32, Vec<(usize, Part)>>,
    files: &HashMap<i32, Vec<TrailId>>,
    watch: i32,
    flags: ReadFlags,
    name: Option<&OsStr>,
    each: &mut dyn FnMut(Notice),
) {
    if flags.contains(ReadFlags::QUEUE_OVERFLOW) {
        return each(Notice::Everything);
    }
    for trail in files.get(&watch).into_iter().flatten() {
        each(Notice::Content { trail: *trail, watch });
    }
    for (spec, part) in directories.get(&watch).into_iter().flatten() {
        // An event without a name is about the directory itself: it was moved, removed, or its mode changed.
        if name.is_none_or(|name| part.matches(name)) {
            each(Notice::Names { spec: *spec });
        }
    }
}

impl AsFd for Watcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
