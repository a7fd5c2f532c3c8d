//! What a list's thread waits for: its time, the end, or a change of the file that it reads. Reads no list.

use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

/// Ends all threads at once.
#[derive(Clone, Debug)]
pub struct Stop(Arc<OwnedFd>);

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// The time is over, or the file has changed.
    Look,
    /// Everything ends.
    Stopped,
}

impl Stop {
    /// Not yet.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    /// Now. It stays so: nobody reads the number.
    pub fn stop(&self) {
        // It can only fail once the number is as large as numbers get, and then it is not 0.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }
}

/// The directory of a file, watched for changes of that file.
#[derive(Debug)]
pub struct Watch {
    inotify: OwnedFd,
    name: OsString,
}

impl Watch {
    /// `None` where that cannot be done: then the file is looked at from time to time only.
    pub fn new(path: &Path) -> Option<Self> {
        let (directory, name) = (path.parent()?, path.file_name()?.to_owned());
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        let what = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::DELETE | WatchFlags::ONLYDIR;
        inotify::add_watch(&inotify, directory, what).ok()?;
        Some(Self { inotify, name })
    }

    /// Whether what has happened in the directory concerns the file.
    fn is_concerned(&self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut is_concerned = false;
        loop {
            match reader.next() {
                // An event without a name tells that some were lost.
                Ok(event) => {
                    is_concerned |=
                        event.file_name().is_none_or(|name| name.to_bytes() == self.name.as_encoded_bytes());
                    debug_assert!(!event.events().contains(ReadFlags::IGNORED) || is_concerned);
                }
                Err(Errno::INTR) => {}
                Err(_) => return is_concerned,
            }
        }
    }
}

/// Waits for so long at most. Changes of other files in the directory begin the wait anew, so it may take longer: what it ends with is a
/// look at a file, which the next change brings about anyway.
pub fn wait(stop: &Stop, watch: Option<&Watch>, span: Duration) -> Woken {
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX);
    let timeout = Timespec { tv_sec: seconds, tv_nsec: span.subsec_nanos().into() };
    loop {
        let stop = PollFd::new(&*stop.0, PollFlags::IN);
        let mut ends = vec![stop];
        ends.extend(watch.map(|watch| PollFd::new(&watch.inotify, PollFlags::IN)));
        match poll(&mut ends, Some(&timeout)) {
            Ok(0) => return Woken::Look,
            Ok(_) if !ends[0].revents().is_empty() => return Woken::Stopped,
            Ok(_) if watch.is_none_or(Watch::is_concerned) => return Woken::Look,
            Ok(_) | Err(Errno::INTR) => {}
            // A wait that cannot be done must not become a busy one.
            Err(_) => return Woken::Stopped,
        }
    }
}
