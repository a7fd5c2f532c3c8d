//! What can go wrong in the arena. Each error keeps what was seen, since nobody can look again at a namespace that is gone.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// The arena's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the arena could not do what it was asked for.
#[derive(Debug)]
pub enum Error {
    /// Namespaces are made by root only.
    NotRoot,
    /// apt knows no archive to install Asterisk from.
    NoArchive,
    /// A program that the arena drives could not be started.
    NotStarted {
        /// What was to be started.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// A program ended with a failure.
    Failed {
        /// What ran.
        what: String,
        /// How it ended.
        status: String,
        /// What it said.
        said: String,
    },
    /// The awaited event did not come in time.
    Late {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
        /// What came instead.
        seen: Vec<String>,
    },
    /// A program ended before it did what was waited for.
    Ended {
        /// What was waited for.
        what: String,
        /// What the program said until then.
        seen: Vec<String>,
    },
    /// An operation on a file, a socket or a namespace failed.
    Io {
        /// The operation.
        op: &'static str,
        /// On what.
        subject: String,
        /// Why.
        source: io::Error,
    },
    /// A program's answer could not be read.
    Unreadable {
        /// Whose answer.
        what: String,
        /// The answer.
        said: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that has to be there is not.
    Missing {
        /// The file.
        path: PathBuf,
        /// What to do about it.
        remedy: &'static str,
    },
}

impl Error {
    /// For `map_err`: the operation and its object, with the reason still to come.
    pub fn io(op: &'static str, subject: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        let subject = subject.to_string();
        move |source| Self::Io { op, subject, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRoot => f.write_str("making network namespaces takes root; run this with sudo"),
            Self::NoArchive => f.write_str(
                "apt has no source labelled Debian, so there is nothing to install Asterisk 16 from; add Debian's archive to its sources",
            ),
            Self::NotStarted { what, source } => {
                write!(f, "{what} could not be started: {source}; run tests/setup.sh, and this as root")
            }
            Self::Failed { what, status, said } => write!(f, "{what} failed ({status}) and said: {said}"),
            Self::Late { what, waited, seen } => {
                write!(f, "no {what} within {} s; seen instead:\n{}", waited.as_secs_f32(), seen.join("\n"))
            }
            Self::Ended { what, seen } => write!(f, "it ended before {what}; it said:\n{}", seen.join("\n")),
            Self::Io { op, subject, source } => write!(f, "cannot {op} {subject}: {source}"),
            Self::Unreadable { what, said, reason } => {
                write!(f, "{what} answered what makes no sense ({reason}): {said}")
            }
            Self::Missing { path, remedy } => write!(f, "{} is not there; {remedy}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NotStarted { source, .. } | Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
