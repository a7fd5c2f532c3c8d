//! A word with the server, and how its absence is told. It knows no command.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use dropin::client::{Client, ClientError};
use fail2ban::Value;
use fail2ban::beautifier::Fault;
use fail2ban::client::Unreachable;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Access, access};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::Name;

/// Why there is no answer.
pub enum NoAnswer {
    /// The server cannot be reached, or does not answer.
    Unreachable(Unreachable),
    /// What it answered is none.
    Nonsense(String),
}

/// Asks one question on a connection of its own.
pub fn ask(
    socket: &Path,
    command: &Value,
    patience: Option<Duration>,
) -> Result<Result<Value, Fault>, NoAnswer> {
    let absent = |cause: io::Error| NoAnswer::Unreachable(unreachable(socket, &cause));
    let mut client = Client::connect(socket, patience).map_err(absent)?;
    client.ask(command).map_err(|wrong| match wrong {
        ClientError::Io(cause) => NoAnswer::Unreachable(unreachable(socket, &cause)),
        other => NoAnswer::Nonsense(other.to_string()),
    })
}

fn unreachable(socket: &Path, cause: &io::Error) -> Unreachable {
    if !socket.exists() {
        return Unreachable::NoSocket;
    }
    if access(socket, Access::WRITE_OK).is_err() {
        return Unreachable::NotAllowed;
    }
    match cause.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Unreachable::Silent,
        io::ErrorKind::ConnectionReset => Unreachable::Refused(104, "Connection reset by peer".to_owned()),
        _ => {
            // The standard library puts the number behind the text.
            let text = cause.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_owned();
            Unreachable::Refused(cause.raw_os_error().unwrap_or(0), text)
        }
    }
}

/// A server whose end can be waited for.
pub struct Server(OwnedFd);

impl Server {
    /// The one whose number stands in this file, if it is one of ours or fail2ban's.
    pub fn numbered(pidfile: &str) -> Option<Self> {
        let number = fs::read_to_string(pidfile).ok()?.trim().parse().ok()?;
        let pid = Pid::from_raw(number)?;
        let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
        // A number that is left over may be anybody's by now.
        let is_ours = fs::read_link(format!("/proc/{number}/exe")).ok() == std::env::current_exe().ok();
        let words = fs::read(format!("/proc/{number}/cmdline")).ok()?;
        let is_known = is_ours || String::from_utf8_lossy(&words).contains(Name::Server.text());
        is_known.then_some(Self(process))
    }

    /// The one that listens here, by a connection that ends with it.
    pub fn connected(socket: &Path) -> Option<Self> {
        UnixStream::connect(socket).ok().map(|stream| Self(stream.into()))
    }

    /// Waits until it has ended; whether it has.
    pub fn ends_within(&self, patience: Duration) -> bool {
        let Ok(patience) = Timespec::try_from(patience) else { return false };
        // A process is readable when it has ended, and so is a connection on which nothing is ever said.
        poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&patience)).is_ok_and(|ready| ready > 0)
    }
}
