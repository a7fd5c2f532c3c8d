//! A child process that cannot be left behind: its lines are read as they come, and dropping it ends it.
//!
//! Only processes that were started here are ended, by their own process id.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};

use rustix::process::{Pid, Signal, kill_process};

use crate::deadline::Deadline;
use crate::{Error, Result};
use std::time::Duration;

/// A running child and what it has said so far, standard output and standard error together.
#[derive(Debug)]
pub struct Process {
    what: String,
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Process {
    /// Starts `command`; `what` names it in messages.
    pub fn start(what: &str, command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let not_started = |source| Error::NotStarted { what: what.to_owned(), source };
        let mut child = command.spawn().map_err(not_started)?;
        let (sender, lines) = channel();
        read_lines(child.stdout.take().expect("piped"), sender.clone());
        read_lines(child.stderr.take().expect("piped"), sender);
        Ok(Self { what: what.to_owned(), child, lines, seen: Vec::new() })
    }

    /// Follows a log from its beginning, through rotation, as a person would.
    pub fn follow(log: &Path) -> Result<Self> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "tail", "-n", "+1", "-F"]).arg(log);
        Self::start(&format!("tail of {}", log.display()), &mut command)
    }

    /// Waits for a line that `wanted` likes; `event` says in a message what that would have been.
    pub fn line(&mut self, event: &str, patience: Duration, wanted: impl Fn(&str) -> bool) -> Result<String> {
        let deadline = Deadline::after(patience);
        loop {
            match self.lines.recv_timeout(deadline.left().unwrap_or_default()) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if wanted(&line) {
                        return Ok(line);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Err(self.late(event, patience)),
                Err(RecvTimeoutError::Disconnected) => {
                    let what = format!("{event} ({})", self.what);
                    return Err(Error::Ended { what, seen: self.seen.clone() });
                }
            }
        }
    }

    /// Waits until the process has closed its output and ended; says how, and everything that it said.
    pub fn finish(mut self, patience: Duration) -> Result<(ExitStatus, String)> {
        let deadline = Deadline::after(patience);
        loop {
            match self.lines.recv_timeout(deadline.left().unwrap_or_default()) {
                Ok(line) => self.seen.push(line),
                Err(RecvTimeoutError::Timeout) => return Err(self.late("end", patience)),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.child.wait().map_err(Error::io("wait for", &self.what))?;
        Ok((status, self.seen.join("\n")))
    }

    /// Asks the process to stop (SIGTERM) and waits until it has.
    pub fn stop(self, patience: Duration) -> Result<(ExitStatus, String)> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)
            .map_err(|errno| Error::io("stop", &self.what)(errno.into()))?;
        self.finish(patience)
    }

    /// Everything that it said until now.
    pub fn said(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }

    fn late(&self, event: &str, waited: Duration) -> Error {
        Error::Late { what: format!("{event} from {}", self.what), waited, seen: self.seen.clone() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The child may have ended by itself; then there is nothing to end, and waiting only takes it off the books.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command to its end; an unsuccessful one is an error that holds what it said.
pub fn run(command: &mut Command) -> Result<String> {
    let what = describe(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|source| Error::NotStarted { what: what.clone(), source })?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let said = said + &String::from_utf8_lossy(&output.stderr);
    Err(Error::Failed { what, status: output.status.to_string(), said })
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A thread per stream: it ends when the stream does, which is when the last holder of the other end has ended.
fn read_lines(stream: impl Read + Send + 'static, sender: Sender<String>) {
    std::thread::spawn(move || {
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
            let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
            bytes.clear();
            if sender.send(line).is_err() {
                break;
            }
        }
    });
}
