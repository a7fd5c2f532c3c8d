//! Why a source cannot work at all. A missing or unreadable file is no error: it is a state, see `health`.

use std::{fmt, io};

/// Why a source could not be opened or read.
#[derive(Debug)]
pub enum SourceError {
    /// The operator's pattern is not an absolute path.
    NotAbsolute {
        /// As written.
        pattern: String,
    },
    /// The operator's pattern is not a glob.
    NotAGlob {
        /// As written.
        pattern: String,
        /// The part between two slashes that is wrong.
        part: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A journal match that is not `FIELD=value`.
    NotAMatch {
        /// As written.
        text: String,
    },
    /// The kernel refused one of the objects that a source waits with.
    Kernel {
        /// The call.
        call: &'static str,
        /// The kernel's answer.
        source: io::Error,
    },
    /// A stream could not be read.
    Stream {
        /// The reader's answer.
        source: io::Error,
    },
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAbsolute { pattern } => {
                write!(f, "log '{pattern}' is not an absolute path; write e.g. '/var/log/auth.log'")
            }
            Self::NotAGlob { pattern, part, reason } => {
                write!(f, "log '{pattern}': '{part}' is not a glob: {reason}; write e.g. '/var/log/*.log'")
            }
            Self::NotAMatch { text } => {
                write!(f, "journal match '{text}' is not FIELD=value; write e.g. '_SYSTEMD_UNIT=ssh.service'")
            }
            Self::Kernel { call: "inotify_init", source } => write!(
                f,
                "no inotify instance for watching logs: {source}; raise fs.inotify.max_user_instances with sysctl"
            ),
            Self::Kernel { call, source } => write!(f, "{call} failed while waiting for logs: {source}"),
            Self::Stream { source } => write!(f, "the stream cannot be read: {source}"),
        }
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Kernel { source, .. } | Self::Stream { source } => Some(source),
            Self::NotAbsolute { .. } | Self::NotAGlob { .. } | Self::NotAMatch { .. } => None,
        }
    }
}
