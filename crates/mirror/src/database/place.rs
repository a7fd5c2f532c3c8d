//! Where the database is: the file as it is opened, made or set aside, and the kernel's news about it. A file that another program
//! replaced or deleted is told from the one that is open by its number. It is never opened beside SQLite: closing it would drop
//! SQLite's locks.

use std::fs::{self, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use event::{Moment, limit};
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;

use super::schema;
use crate::MirrorError;

/// A database that is open.
pub struct Place {
    pub conn: Connection,
    pub path: PathBuf,
    /// Nothing of it had to be made.
    pub was_whole: bool,
    identity: Option<Identity>,
    /// None if the kernel has no more of them: then the file is looked at from time to time only.
    watch: Option<OwnedFd>,
    version: i64,
}

/// Which file it is, whatever its name.
type Identity = (u64, u64);

/// Prepared statements that are kept: more than there are.
const STATEMENTS: usize = 32;

impl Place {
    /// Opens the database or makes one. A damaged one is set aside, and told.
    pub fn open(path: &Path, now: Moment) -> Result<Self, MirrorError> {
        match Self::attempt(path) {
            Err(damage @ MirrorError::Damaged { .. }) => {
                let aside = set_aside(path, now)?;
                tracing::warn!("{damage}; it is {} now, and a new one is begun", aside.display());
                Self::attempt(path)
            }
            attempt => attempt,
        }
    }

    fn attempt(path: &Path) -> Result<Self, MirrorError> {
        let wrong = |cause| MirrorError::sqlite(path, "open fail2ban's database", cause);
        make_file(path)?;
        // Before the file is read, so that nothing is missed.
        let watch = watch(path);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = Connection::open_with_flags(path, flags).map_err(wrong)?;
        tune(&conn).map_err(wrong)?;
        let was_whole = schema::is_whole(&conn, path);
        schema::bring_up(&mut conn, path)?;
        let verdict: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(wrong)?;
        if verdict != "ok" {
            return Err(MirrorError::Damaged { path: path.to_owned(), cause: verdict });
        }
        let version = data_version(&conn).map_err(wrong)?;
        Ok(Self { conn, path: path.to_owned(), was_whole, identity: identity(path), watch, version })
    }

    /// Whether the name means another file by now, or none.
    pub fn is_replaced(&self) -> bool {
        identity(&self.path) != self.identity
    }

    /// Whether somebody else wrote since this was asked last.
    pub fn is_changed_by_others(&mut self) -> rusqlite::Result<bool> {
        let version = data_version(&self.conn)?;
        Ok(std::mem::replace(&mut self.version, version) != version)
    }

    /// What the kernel tells news by.
    pub fn watch(&self) -> Option<&OwnedFd> {
        self.watch.as_ref()
    }

    /// Takes the kernel's news; whether there was any.
    pub fn has_news(&self) -> bool {
        let Some(watch) = &self.watch else { return true };
        let mut buffer = [MaybeUninit::uninit(); 16 * 1024];
        let mut reader = inotify::Reader::new(watch, &mut buffer);
        let mut news = false;
        loop {
            match reader.next() {
                Ok(_) => news = true,
                Err(Errno::INTR) => {}
                Err(_) => return news,
            }
        }
    }
}

/// Moves a damaged database away, under a name as fail2ban's own backups have it.
pub fn set_aside(path: &Path, now: Moment) -> Result<PathBuf, MirrorError> {
    let time = Timestamp::from_millisecond(now.millis()).unwrap_or_default();
    let aside = beside(path, &format!(".{}", time.strftime("%Y%m%d-%H%M%S")));
    let wrong = |cause| MirrorError::io(path, "set the damaged database aside", cause);
    fs::rename(path, &aside).map_err(wrong)?;
    for part in ["-journal", "-wal", "-shm"] {
        // Most often there is none; without its database it means nothing.
        let _ = fs::remove_file(beside(path, part));
    }
    Ok(aside)
}

/// With the rights that fail2ban's own has: there may be log lines in it. Folders above are made as well, as by fail2ban.
fn make_file(path: &Path) -> Result<(), MirrorError> {
    let wrong = |cause| MirrorError::io(path, "make fail2ban's database", cause);
    match fs::metadata(path) {
        Ok(found) if found.is_file() => return Ok(()),
        Ok(_) => return Err(MirrorError::Foreign { path: path.to_owned() }),
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(wrong(cause)),
        Err(_) => {}
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(wrong)?;
    }
    match OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path) {
        // A journal without its database would be taken for one of the new file.
        Ok(_) => drop(fs::remove_file(beside(path, "-journal"))),
        Err(cause) => return Err(wrong(cause)),
    }
    Ok(())
}

fn tune(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.busy_timeout(Duration::from_secs(limit::FAIL2BAN_DATABASE_PATIENCE_SECONDS))?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // As fail2ban: what a power cut takes from a view is not worth waiting for the disk.
    conn.pragma_update(None, "synchronous", "OFF")?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    // Indexes are met in no order: with 100,000 bans, SQLite's usual 2 MiB would be read again and again.
    conn.pragma_update(None, "cache_size", -16 * 1024)?;
    // Others may read until the very moment of a commit.
    conn.pragma_update(None, "cache_spill", false)?;
    // fail2ban keeps the journal in memory, so that a kill within a commit breaks the file. No journal is left behind a commit here either,
    // and whoever may read the file alone can read it. A file in write-ahead mode that others have open stays so.
    conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
}

fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA data_version", [], |row| row.get(0))
}

fn identity(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// The folder of the file, and that of its name where that is a link to elsewhere: files come and go there, the journal among them.
fn watch(path: &Path) -> Option<OwnedFd> {
    let flags = WatchFlags::MODIFY
        | WatchFlags::CREATE
        | WatchFlags::DELETE
        | WatchFlags::MOVE
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF;
    let told = || -> Result<OwnedFd, Errno> {
        let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        for name in [path, real.as_path()] {
            inotify::add_watch(&watch, folder(name), flags)?;
        }
        Ok(watch)
    };
    told()
        .inspect_err(|cause| {
            tracing::warn!(
                "{}: cannot be watched: {cause}; it is looked at from time to time instead",
                path.display()
            );
        })
        .ok()
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
