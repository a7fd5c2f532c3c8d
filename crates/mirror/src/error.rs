//! What can go wrong with fail2ban's database and log. It decides nothing about what happens then.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Something is wrong with fail2ban's database or log.
#[derive(Debug)]
pub enum MirrorError {
    /// The operating system refused.
    Io {
        /// The file or socket.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// Its words.
        cause: io::Error,
    },
    /// SQLite could not do it: the file is locked, full or may not be written.
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// Its words.
        cause: rusqlite::Error,
    },
    /// The database is damaged.
    Damaged {
        /// The database.
        path: PathBuf,
        /// What is wrong.
        cause: String,
    },
    /// The file is something else than fail2ban's database.
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer fail2ban wrote the database.
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// What keeps the database is busy for too long, or gone.
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// There is no such log level.
    Level {
        /// As it was told.
        told: String,
    },
    /// A log format cannot be used.
    Format {
        /// As it was told.
        told: String,
        /// What of it.
        part: String,
    },
}

impl MirrorError {
    pub(crate) fn io(path: &Path, doing: &'static str, cause: io::Error) -> Self {
        Self::Io { path: path.to_owned(), doing, cause }
    }

    /// Sorts SQLite's causes by what is to be done about them.
    pub(crate) fn sqlite(path: &Path, doing: &'static str, cause: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        let path = path.to_owned();
        match cause.sqlite_error_code() {
            Some(NotADatabase) => Self::Foreign { path },
            Some(DatabaseCorrupt) => Self::Damaged { path, cause: cause.to_string() },
            _ => Self::Sqlite { path, doing, cause },
        }
    }
}

impl fmt::Display for MirrorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, doing, cause } => {
                write!(
                    f,
                    "{}: could not {doing}: {cause}; look at its rights and at the disk",
                    path.display()
                )
            }
            Self::Sqlite { path, doing, cause } => write!(
                f,
                "{}: could not {doing}: {cause}; look at the file's rights, the disk, and who else uses it",
                path.display()
            ),
            Self::Damaged { path, cause } => write!(
                f,
                "{}: fail2ban's database is damaged: {cause}; repair it with sqlite3's '.recover', or move it away to begin a new one",
                path.display()
            ),
            Self::Foreign { path } => write!(
                f,
                "{}: this is not a database of fail2ban; name the right file in 'dbfile' of fail2ban.conf, or move this one away",
                path.display()
            ),
            Self::Newer { path, found } => write!(
                f,
                "{}: version {found} of fail2ban's database is not known here, up to 4 is; move it away to begin a new one",
                path.display()
            ),
            Self::Busy { path } => write!(
                f,
                "{}: the database was not taken up in time; look at the disk and at who else uses it",
                path.display()
            ),
            Self::Level { told } => write!(
                f,
                "log level '{told}' is not known; use CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG or a number"
            ),
            Self::Format { told, part } => write!(
                f,
                "log format '{told}': '{part}' is not known; use %(asctime)s, %(name)s, %(process)d, %(levelname)s, %(levelno)d, %(module)s, %(created)f, %(msecs)d and %(message)s"
            ),
        }
    }
}

impl Error for MirrorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Io { cause, .. } => Some(cause),
            Self::Sqlite { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
