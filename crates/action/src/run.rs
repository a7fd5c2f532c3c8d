//! The one place of the program that runs a shell. Its text is what an administrator wrote, with addresses and numbers of ours in it; whatever
//! comes from a log is in the environment. This module puts nothing into a text.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use event::Moment;
use event::limit::{FAIL2BAN_ACTION_CHILDREN, FAIL2BAN_ACTION_KILL_MILLIS, FAIL2BAN_ACTION_OUTPUT_BYTES};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::script::Script;

const SHELL: &str = "/bin/sh";

/// What fail2ban's own service runs with: what actions write, nobody else may read.
const UMASK: &str = "umask 0077\n";

/// Where programs are looked for if we ourselves were not told.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Of our own environment, what speaks to whoever started us and is no child's business.
const OURS: [&str; 6] =
    ["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "CREDENTIALS_DIRECTORY"];

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this number.
    Exited(i32),
    /// By a signal.
    Killed(i32),
    /// It took longer than this and was ended.
    TimedOut(Duration),
    /// The program ended, and it with it.
    Stopped,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(127) => f.write_str("ended with 127: a program of it was not found"),
            Self::Exited(code) => write!(f, "ended with {code}"),
            Self::Killed(signal) => write!(f, "was ended by signal {signal}"),
            Self::TimedOut(limit) => write!(f, "took longer than {} s and was ended", limit.as_secs()),
            Self::Stopped => f.write_str("was ended with the program"),
        }
    }
}

/// Runs commands, a bounded number at once.
pub struct Runner {
    now: fn() -> Moment,
    free: Mutex<usize>,
    freed: Condvar,
    /// Readable once all is to end.
    stop: PipeReader,
    stopper: Mutex<Option<PipeWriter>>,
}

impl Runner {
    /// With the clock by which time limits are kept.
    pub fn new(now: fn() -> Moment) -> io::Result<Arc<Self>> {
        let (stop, stopper) = io::pipe()?;
        Ok(Arc::new(Self {
            now,
            free: Mutex::new(FAIL2BAN_ACTION_CHILDREN),
            freed: Condvar::new(),
            stop,
            stopper: Mutex::new(Some(stopper)),
        }))
    }

    /// The time.
    pub fn now(&self) -> Moment {
        (self.now)()
    }

    /// Ends what runs, and lets nothing begin any more.
    pub fn stop(&self) {
        self.stopper.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.freed.notify_all();
    }

    /// Whether nothing begins any more.
    pub fn is_stopped(&self) -> bool {
        self.stopper.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Runs a command to its end; how it ended and the end of what it printed.
    pub fn run(&self, script: &Script, limit: Duration) -> io::Result<(End, String)> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 && !self.is_stopped() {
            free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        if self.is_stopped() {
            return Ok((End::Stopped, String::new()));
        }
        *free -= 1;
        drop(free);
        let done = self.attend(script, limit);
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.freed.notify_one();
        done
    }

    fn attend(&self, script: &Script, limit: Duration) -> io::Result<(End, String)> {
        let mut child = command(script).spawn()?;
        let watched = self.watch(&mut child, limit);
        // Whatever went wrong with watching it: it is not left behind.
        let end = match watched {
            Ok((None, printed)) => Ok((ended(&mut child)?, printed)),
            Ok((Some(end), printed)) => end_group(&mut child).map(|()| (end, printed)),
            Err(cause) => end_group(&mut child).and(Err(cause)),
        };
        end.map(|(end, printed)| (end, printed.text()))
    }

    /// Reads what it prints until it ends by itself, its time is over or everything ends.
    fn watch(&self, child: &mut Child, limit: Duration) -> io::Result<(Option<End>, Printed)> {
        let ending = pidfd_open(pid(child), PidfdFlags::empty())?;
        let mut pipes: Vec<OwnedFd> = Vec::new();
        pipes.extend(child.stdout.take().map(OwnedFd::from));
        pipes.extend(child.stderr.take().map(OwnedFd::from));
        for pipe in &pipes {
            rustix::fs::fcntl_setfl(pipe, rustix::fs::OFlags::NONBLOCK)?;
        }
        let mut printed = Printed::default();
        let until = self.now().after(limit);
        loop {
            let left = until.since(self.now()).min(limit);
            let ready = ready(ending.as_fd(), self.stop.as_fd(), &pipes, left)?;
            pipes.retain(|pipe| printed.read(pipe));
            if ready.has_ended {
                return Ok((None, printed));
            }
            if ready.must_stop {
                return Ok((Some(End::Stopped), printed));
            }
            if left.is_zero() {
                return Ok((Some(End::TimedOut(limit)), printed));
            }
        }
    }
}

struct Ready {
    has_ended: bool,
    must_stop: bool,
}

fn ready(
    ending: BorrowedFd<'_>,
    stop: BorrowedFd<'_>,
    pipes: &[OwnedFd],
    left: Duration,
) -> io::Result<Ready> {
    let mut watched = vec![PollFd::from_borrowed_fd(ending, PollFlags::IN)];
    watched.push(PollFd::from_borrowed_fd(stop, PollFlags::IN));
    watched.extend(pipes.iter().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
    // One millisecond more than is left, so that the limit is over when the wait is.
    let left = Timespec::try_from(left + Duration::from_millis(1)).ok();
    match poll(&mut watched, left.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(cause) => return Err(cause.into()),
    }
    let is_ready = |at: usize| !watched[at].revents().is_empty();
    Ok(Ready { has_ended: is_ready(0), must_stop: is_ready(1) })
}

fn command(script: &Script) -> Command {
    let mut command = Command::new(SHELL);
    command.arg("-c").arg(format!("{UMASK}{}", script.text));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that what it started can be ended with it.
    command.process_group(0);
    if std::env::var_os("PATH").is_none() {
        command.env("PATH", USUAL_PATH);
    }
    for name in OURS {
        command.env_remove(name);
    }
    command.envs(script.variables.iter().map(|(name, value)| (name, value)));
    command
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

fn ended(child: &mut Child) -> io::Result<End> {
    let status = child.wait()?;
    Ok(status.code().map_or_else(|| End::Killed(status.signal().unwrap_or(0)), End::Exited))
}

/// Ends the child and what it started: asked first, then not. The child is not waited for before, so that its group still is its own.
fn end_group(child: &mut Child) -> io::Result<()> {
    let group = pid(child);
    let _ = kill_process_group(group, Signal::TERM);
    if let Ok(ending) = pidfd_open(group, PidfdFlags::empty()) {
        let mut watched = [PollFd::new(&ending, PollFlags::IN)];
        let left = Timespec::try_from(Duration::from_millis(FAIL2BAN_ACTION_KILL_MILLIS)).ok();
        let _ = poll(&mut watched, left.as_ref());
    }
    let _ = kill_process_group(group, Signal::KILL);
    child.wait().map(drop)
}

/// The end of what was printed.
#[derive(Default)]
struct Printed(VecDeque<u8>);

impl Printed {
    /// Takes what is there; whether more may come.
    fn read(&mut self, pipe: &OwnedFd) -> bool {
        let mut buffer = [0; 4096];
        // As much as a pipe holds, so that one that prints without end does not keep us from looking at the time.
        for _ in 0..16 {
            match rustix::io::read(pipe, &mut buffer) {
                Ok(0) => return false,
                Ok(length) => {
                    self.0.extend(&buffer[..length]);
                    let past = self.0.len().saturating_sub(FAIL2BAN_ACTION_OUTPUT_BYTES);
                    self.0.drain(..past);
                }
                Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => return true,
                Err(_) => return false,
            }
        }
        true
    }

    fn text(mut self) -> String {
        let mut bytes = Vec::new();
        let _ = self.0.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
