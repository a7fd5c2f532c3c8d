//! The running daemon: what it says on stderr is read as it comes, and it cannot be left behind.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use rustix::process::{Pid, Signal, kill_process};

use super::Deadline;

/// A child that was started as `stockade run`. Dropping it kills it.
pub struct Daemon {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Daemon {
    /// Starts `command` and reads along.
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("start the daemon");
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, lines, said: Vec::new() }
    }

    /// Waits for a line that contains `wanted`, and returns it.
    pub fn says(&mut self, wanted: &str) -> String {
        let deadline = Deadline::start();
        loop {
            match self.lines.recv_timeout(deadline.left()) {
                Ok(line) => {
                    self.said.push(line.clone());
                    if line.contains(wanted) {
                        return line;
                    }
                }
                Err(why) => panic!("no line '{wanted}' ({why}); it said:\n{}", self.said.join("\n")),
            }
        }
    }

    /// Waits for the line `ready`, which stands alone.
    pub fn ready(mut self) -> Self {
        assert_eq!(self.says("ready"), "ready");
        self
    }

    /// Everything that was waited through until now.
    pub fn said(&self) -> String {
        self.said.join("\n")
    }

    /// Sends SIGHUP.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    /// Asks it to stop (SIGTERM), and waits until it has; what it said to the end.
    pub fn stop(self) -> String {
        self.signal(Signal::TERM);
        let (status, said) = self.ends();
        assert!(status.success(), "{status}: {said}");
        said
    }

    /// Ends it in the middle of whatever it does (SIGKILL).
    pub fn kill(mut self) {
        self.child.kill().expect("kill our own child");
        self.child.wait().expect("wait for our own child");
    }

    /// Waits until it ends by itself; how it did, and everything that it said.
    pub fn ends(mut self) -> (ExitStatus, String) {
        let deadline = Deadline::start();
        loop {
            match self.lines.recv_timeout(deadline.left()) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("it does not end; it said:\n{}", self.said.join("\n"))
                }
            }
        }
        (self.child.wait().expect("wait for our own child"), self.said.join("\n"))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("signal our own child");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself; then waiting only takes it off the books.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
