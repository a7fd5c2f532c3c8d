//! Wakes the database's thread from its wait for the kernel's news. Holds no message: those are in the queue.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::{Errno, read, write};

/// Rung by many, heard by one.
pub struct Bell {
    event: OwnedFd,
    /// One call to the kernel is enough until it is heard.
    is_rung: AtomicBool,
}

impl Bell {
    pub fn new() -> Result<Self, Errno> {
        let event = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { event, is_rung: AtomicBool::new(false) })
    }

    /// Behind whatever was put into the queue.
    pub fn ring(&self) {
        if !self.is_rung.swap(true, Ordering::AcqRel) {
            // It cannot be full: it is emptied before it may be rung again.
            let _ = write(&self.event, &1_u64.to_ne_bytes());
        }
    }

    /// Before the queue is looked at: what is put there later rings again.
    pub fn heard(&self) {
        let _ = read(&self.event, &mut [0; 8]);
        self.is_rung.store(false, Ordering::Release);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}
