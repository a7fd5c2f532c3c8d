//! Why the store could not do something: which file, what was being done, what the cause is, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the store could not do something. A method that returns one has changed nothing.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// Something other than a plain file stands where the database should be. The operator must move it.
    NotAFile {
        /// Where.
        path: PathBuf,
    },
    /// The file is a sound SQLite database of some other program. The operator must name another directory.
    Foreign {
        /// Where.
        path: PathBuf,
    },
    /// A newer Stockade wrote the file. It is left untouched.
    Newer {
        /// Where.
        path: PathBuf,
        /// The version of its layout.
        found: i64,
        /// The latest version that this program knows.
        known: i64,
    },
    /// Another process has the file open.
    InUse {
        /// Where.
        path: PathBuf,
    },
    /// The file or its directory cannot be written.
    Unwritable {
        /// Where.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// The system's or SQLite's words.
        cause: String,
    },
    /// The disk is full. What is on it is sound; the batch can be committed again later.
    Full {
        /// Where.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// The content is damaged. `Store::mend` sets the file aside.
    Corrupt {
        /// Where.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// Another key has that name.
    KeyNameTaken {
        /// The name.
        name: String,
    },
    /// There are as many keys as there may be.
    TooManyKeys {
        /// How many.
        bound: usize,
    },
    /// A file operation failed.
    Io {
        /// Where.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// The system's words.
        cause: io::Error,
    },
    /// SQLite failed for a reason that none of the others covers.
    Failed {
        /// Where.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// SQLite's words.
        cause: rusqlite::Error,
    },
}

impl StoreError {
    /// Sorts SQLite's error by who can do something about it.
    pub(crate) fn from_sqlite(path: &Path, doing: &'static str, cause: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match (&cause, cause.sqlite_error_code()) {
            (_, Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)) => {
                Self::Corrupt { path, doing, cause: cause.to_string() }
            }
            // A value that we never write: something wrote over it.
            (
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..),
                _,
            ) => Self::Corrupt { path, doing, cause: cause.to_string() },
            (_, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)) => Self::InUse { path },
            (_, Some(ErrorCode::DiskFull)) => Self::Full { path, doing },
            (_, Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)) => {
                Self::Unwritable { path, doing, cause: cause.to_string() }
            }
            _ => Self::Failed { path, doing, cause },
        }
    }

    /// Sorts a file error in the same way.
    pub(crate) fn from_io(path: &Path, doing: &'static str, cause: io::Error) -> Self {
        let path = path.to_owned();
        match cause.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::NotFound => {
                Self::Unwritable { path, doing, cause: cause.to_string() }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, doing },
            _ => Self::Io { path, doing, cause },
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile { path } => {
                write!(
                    f,
                    "{} is not a plain file; move it away, or name another state directory",
                    path.display()
                )
            }
            Self::Foreign { path } => write!(
                f,
                "{} is a database of another program; move it away, or name another state directory",
                path.display()
            ),
            Self::Newer { path, found, known } => write!(
                f,
                "{} was written by a newer stockade (layout {found}, this program knows up to {known}); \
                 install that version again, or move the file away to start afresh",
                path.display()
            ),
            Self::InUse { path } => write!(
                f,
                "{} is in use by another process; stop the other stockade, or name another state directory",
                path.display()
            ),
            Self::Unwritable { path, doing, cause } => write!(
                f,
                "{}: cannot {doing}: {cause}; make the directory exist and writable for this user",
                path.display()
            ),
            Self::Full { path, doing } => {
                write!(f, "{}: cannot {doing}: the disk is full; free some space", path.display())
            }
            Self::Corrupt { path, doing, cause } => write!(
                f,
                "{}: cannot {doing}: the database is damaged ({cause}); it is set aside at the next start, \
                 check the disk",
                path.display()
            ),
            Self::KeyNameTaken { name } => {
                write!(f, "there is a key named '{name}' already; choose another name, or revoke that key")
            }
            Self::TooManyKeys { bound } => {
                write!(f, "there are {bound} keys, and there can be no more; revoke one that is not used")
            }
            Self::Io { path, doing, cause } => {
                write!(f, "{}: cannot {doing}: {cause}; check the disk", path.display())
            }
            Self::Failed { path, doing, cause } => write!(
                f,
                "{}: cannot {doing}: {cause}; if it persists, move the file away to start afresh",
                path.display()
            ),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { cause, .. } => Some(cause),
            Self::Failed { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
