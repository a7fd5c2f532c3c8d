//! Why a list is not as wanted, or its program does not know of it: what, where, what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// See the file's head.
#[derive(Debug)]
pub enum Error {
    /// A list could not be written.
    Unwritten {
        /// The list.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Asterisk does not answer.
    Away {
        /// Its control socket, or the address of its manager interface.
        at: String,
        /// Why not.
        source: io::Error,
    },
    /// What `[asterisk]` gives as the manager interface's address is none.
    NoAddress {
        /// The text.
        text: String,
    },
    /// The file with the account's secret cannot be read, or holds none.
    NoSecret {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The manager interface does not let us in.
    LoginRefused {
        /// The account.
        user: String,
        /// Where.
        at: String,
        /// What Asterisk said.
        said: String,
    },
    /// Asterisk was told to read a list again, and did not.
    NotReloaded {
        /// Which of its modules.
        module: &'static str,
        /// What it said.
        said: String,
    },
    /// nginx's process cannot be found.
    NoMaster {
        /// The file that should name it.
        pid_file: PathBuf,
        /// Why not.
        reason: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unwritten { path, source } => write!(
                f,
                "cannot write {}: {source}; its directory must exist, and Stockade must be allowed to write there",
                path.display()
            ),
            Self::Away { at, source } => {
                write!(f, "asterisk does not answer at {at}: {source}; it is told as soon as it is back")
            }
            Self::NoAddress { text } => write!(
                f,
                "'{text}' is not the address of asterisk's manager interface; write e.g. '127.0.0.1:5038'"
            ),
            Self::NoSecret { path, reason } => write!(
                f,
                "no secret for asterisk's manager interface in {}: {reason}; the file must hold the secret alone",
                path.display()
            ),
            Self::LoginRefused { user, at, said } => write!(
                f,
                "asterisk's manager interface at {at} refuses '{user}': {said}; compare the secret and the account's `permit` with manager.conf"
            ),
            Self::NotReloaded { module, said } => write!(
                f,
                "asterisk did not reload '{module}' and said: {said}; an account of its manager interface needs `write = system`"
            ),
            Self::NoMaster { pid_file, reason } => write!(
                f,
                "cannot find nginx by {}: {reason}; it is told as soon as it runs, and `pid_file` must be the file of nginx's own `pid` setting",
                pid_file.display()
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unwritten { source, .. } | Self::Away { source, .. } => Some(source),
            _ => None,
        }
    }
}
