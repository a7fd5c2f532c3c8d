//! The `journalctl` process: started, read without waiting, ended. Knows nothing of entries.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use event::limit::EVIDENCE_BYTES;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

/// A running `journalctl`. It is killed and waited for when this is dropped.
#[derive(Debug)]
pub(crate) struct Journalctl {
    process: Child,
    stdout: ChildStdout,
    stderr: ChildStderr,
    /// The end of what it said on its standard error.
    said: Vec<u8>,
}

impl Journalctl {
    /// Starts it with these arguments, without a shell.
    pub(crate) fn start(arguments: &[OsString]) -> io::Result<Self> {
        let mut command = Command::new("journalctl");
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn()?;
        let (Some(stdout), Some(stderr)) = (process.stdout.take(), process.stderr.take()) else {
            return Err(io::Error::other("journalctl was started without pipes"));
        };
        let child = Self { process, stdout, stderr, said: Vec::new() };
        for fd in [child.stdout.as_fd(), child.stderr.as_fd()] {
            fcntl_setfl(fd, fcntl_getfl(fd)? | OFlags::NONBLOCK)?;
        }
        Ok(child)
    }

    /// Reads what is there; `None` if there is nothing yet, `Some(0)` at the end.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.stdout.read(buffer) {
            Ok(count) => Ok(Some(count)),
            Err(error) if is_for_later(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Takes what it says on its standard error, so that it never waits for us.
    pub(crate) fn listen(&mut self) {
        let mut text = [0; 1024];
        loop {
            match self.stderr.read(&mut text) {
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    self.said.extend_from_slice(&text[..count]);
                    let surplus = self.said.len().saturating_sub(EVIDENCE_BYTES);
                    self.said.drain(..surplus);
                }
            }
        }
    }

    /// Ends it, and tells why it had ended, if it had.
    pub(crate) fn end(mut self) -> String {
        // Both fail only if it has ended already.
        let _ = self.process.kill();
        let status = self.process.wait();
        self.listen();
        let said = String::from_utf8_lossy(&self.said);
        match status {
            Ok(status) if said.trim().is_empty() => format!("journalctl ended: {status}"),
            Ok(status) => format!("journalctl ended: {status}: {}", said.trim()),
            Err(error) => format!("journalctl ended: {error}"),
        }
    }

    /// The process's number, for `status` and for tests that end it.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn stdout(&self) -> BorrowedFd<'_> {
        self.stdout.as_fd()
    }
}

impl Drop for Journalctl {
    fn drop(&mut self) {
        // A child that is not waited for stays a zombie. Both fail only if that was done.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
