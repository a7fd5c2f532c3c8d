//! Makes a source's `read` return, from any thread. Carries no message: what woke it up is the caller's business.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

use crate::SourceError;

/// Pokes a source that is waiting, or is about to wait.
#[derive(Clone, Debug)]
pub struct Waker {
    eventfd: Arc<OwnedFd>,
}

impl Waker {
    pub(crate) fn new() -> Result<Self, SourceError> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        match eventfd(0, flags) {
            Ok(fd) => Ok(Self { eventfd: Arc::new(fd) }),
            Err(errno) => Err(SourceError::Kernel { call: "eventfd", source: io::Error::from(errno) }),
        }
    }

    /// Makes the source's current `read` return, or the next one if none is going on.
    pub fn wake(&self) {
        // The only failure is a counter that is full, and then the source has been poked already.
        let _ = rustix::io::write(&*self.eventfd, &1u64.to_ne_bytes());
    }

    /// Forgets earlier pokes.
    pub(crate) fn clear(&self) {
        let mut count = [0; 8];
        // Fails only if nobody poked.
        let _ = rustix::io::read(&*self.eventfd, &mut count);
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.eventfd.as_fd()
    }
}
