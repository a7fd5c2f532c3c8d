//! Where lines go: a file, the standard outputs, syslog's socket, the journal's. A file is opened so that opening never waits, and
//! only ever appended to.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use dropin::LogTarget;
use rustix::fs::OFlags;

use super::line::Line;
use crate::MirrorError;

/// An open target.
pub enum Sink {
    File { path: PathBuf, file: File, is_torn: bool },
    Output,
    Error,
    Syslog { path: PathBuf, socket: UnixDatagram, facility: u8 },
    Journal { path: PathBuf, socket: UnixDatagram },
}

const JOURNAL: &str = "/run/systemd/journal/socket";

/// Names of facilities as Python's logging has them.
const FACILITIES: [(&str, u8); 21] = [
    ("KERN", 0),
    ("USER", 1),
    ("MAIL", 2),
    ("DAEMON", 3),
    ("AUTH", 4),
    ("SYSLOG", 5),
    ("LPR", 6),
    ("NEWS", 7),
    ("UUCP", 8),
    ("CRON", 9),
    ("AUTHPRIV", 10),
    ("FTP", 11),
    ("NTP", 12),
    ("LOCAL0", 16),
    ("LOCAL1", 17),
    ("LOCAL2", 18),
    ("LOCAL3", 19),
    ("LOCAL4", 20),
    ("LOCAL5", 21),
    ("LOCAL6", 22),
    ("LOCAL7", 23),
];

impl Sink {
    /// What the target names. A socket that nobody serves is an error.
    pub fn open(target: &LogTarget) -> Result<Self, MirrorError> {
        match target.name.to_ascii_uppercase().as_str() {
            // fail2ban leaves the log where it was; before the first target, that is the standard output.
            "STDOUT" | "SYSOUT" | "INHERITED" => Ok(Self::Output),
            "STDERR" => Ok(Self::Error),
            "SYSLOG" => {
                let told = target.syslog_socket.as_str();
                let path = PathBuf::from(if told == "auto" { "/dev/log" } else { told });
                let socket = connect(&path)?;
                Ok(Self::Syslog { path, socket, facility: facility(target) })
            }
            "SYSTEMD-JOURNAL" => {
                let path = PathBuf::from(JOURNAL);
                let socket = connect(&path)?;
                Ok(Self::Journal { path, socket })
            }
            _ => {
                let path = PathBuf::from(&target.name);
                let file = open_file(&path)?;
                Ok(Self::File { path, file, is_torn: false })
            }
        }
    }

    /// Whether lines are gathered and written at once, rather than sent one by one.
    pub fn gathers(&self) -> bool {
        !matches!(self, Self::Syslog { .. } | Self::Journal { .. })
    }

    /// Whole lines with their ends.
    pub fn write(&mut self, lines: &str) -> io::Result<()> {
        match self {
            Self::File { file, is_torn, .. } => {
                // A line that a full disk cut off is ended, so that it spoils no other.
                if *is_torn {
                    file.write_all(b"\n")?;
                }
                *is_torn = true;
                file.write_all(lines.as_bytes())?;
                *is_torn = false;
                Ok(())
            }
            Self::Output => {
                let mut output = io::stdout().lock();
                output.write_all(lines.as_bytes()).and_then(|()| output.flush())
            }
            Self::Error => io::stderr().lock().write_all(lines.as_bytes()),
            Self::Syslog { .. } | Self::Journal { .. } => Ok(()),
        }
    }

    /// One line, laid out.
    pub fn send(&mut self, line: &Line, laid: &str) -> io::Result<()> {
        match self {
            Self::Syslog { path, socket, facility } => {
                // Python's handler ends a message with a zero.
                let message = format!("<{}>{laid}\0", *facility * 8 + line.level.severity());
                send(socket, path, message.as_bytes())
            }
            Self::Journal { path, socket } => {
                let message = format!(
                    "MESSAGE={laid}\nPRIORITY={}\nLOGGER=fail2ban.{}\nSYSLOG_IDENTIFIER=fail2ban\n",
                    line.level.severity(),
                    line.part
                );
                send(socket, path, message.as_bytes())
            }
            _ => self.write(laid),
        }
    }

    /// A file that was moved away is made anew; the others stay.
    pub fn reopen(&mut self) -> Result<(), MirrorError> {
        if let Self::File { path, file, is_torn } = self {
            *file = open_file(path)?;
            *is_torn = false;
        }
        Ok(())
    }

    /// Its name, for messages.
    pub fn name(&self) -> &Path {
        match self {
            Self::File { path, .. } | Self::Syslog { path, .. } | Self::Journal { path, .. } => path,
            Self::Output => Path::new("STDOUT"),
            Self::Error => Path::new("STDERR"),
        }
    }
}

/// Whoever serves it may have begun anew: then it is connected to again, once.
fn send(socket: &mut UnixDatagram, path: &Path, message: &[u8]) -> io::Result<()> {
    match socket.send(message) {
        Err(cause) if cause.kind() != io::ErrorKind::WouldBlock => {
            *socket = UnixDatagram::unbound()?;
            socket.connect(path)?;
            socket.send(message).map(drop)
        }
        sent => sent.map(drop),
    }
}

fn connect(path: &Path) -> Result<UnixDatagram, MirrorError> {
    let made = UnixDatagram::unbound().and_then(|socket| socket.connect(path).map(|()| socket));
    made.map_err(|cause| MirrorError::io(path, "log to this socket", cause))
}

fn open_file(path: &Path) -> Result<File, MirrorError> {
    // A pipe that nobody reads is an error at once. New files as fail2ban's daemon makes them: addresses of users stand there.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path);
    opened.map_err(|cause| MirrorError::io(path, "open the log", cause))
}

fn facility(target: &LogTarget) -> u8 {
    let told = target.options.iter().rev().find(|(key, _)| key == "facility").map(|(_, told)| told);
    let known = told.and_then(|told| FACILITIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(told)));
    // As fail2ban, which says so in its log.
    known.map_or(3, |(_, number)| *number)
}
