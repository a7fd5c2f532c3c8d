//! The SQLite file: how it is opened, and what happens if it is damaged. What is written and read stands in `write`, `read`
//! and `prune`.
//!
//! Write-ahead logging with `synchronous = NORMAL`: a commit survives `kill -9` at any moment, because it is in the
//! kernel's hands when it returns. After a power cut the last moments may be missing, but never the order: what is there
//! is a state that once was. For as long as it is open no second store can be opened on the file, but `Archive`s can.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use event::{Failure, Moment, Subject, limit};
use rusqlite::{Connection, OpenFlags};

use crate::key::{self, Added};
use crate::lock::Lock;
use crate::names::Names;
use crate::schema::{self, Owner};
use crate::{AuditEntry, Batch, Deed, KeyRow, Loaded, NewKey, PastBan, Pruned, Store, StoreError};
use crate::{aside, prune, read, write};

/// An open store, what was in it, and whether a damaged predecessor had to be set aside.
pub struct Opened {
    /// The store.
    pub store: Sqlite,
    /// What was in it: empty if it is fresh.
    pub loaded: Loaded,
    /// Where the damaged file is now. The caller takes the bans from the kernel and commits them.
    pub set_aside: Option<PathBuf>,
    /// What was wrong with that file.
    pub damage: Option<StoreError>,
}

/// The store in one SQLite file.
pub struct Sqlite {
    path: PathBuf,
    conn: Connection,
    names: Names,
    /// Behind the connection, so that it is let go after that is closed. A store in memory needs none.
    lock: Option<Arc<Lock>>,
}

/// What stands for the path of a store without a file.
const IN_MEMORY: &str = ":memory:";

/// Prepared statements that are kept: more than there are in this crate.
const STATEMENTS: usize = 64;

/// How long closing waits for an archive that reads.
const PATIENCE_AT_END: Duration = Duration::from_millis(500);

/// When the whole file is checked before it is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    /// If the last run did not close it. What the start does not read is then looked at, too.
    IfLeftOpen,
    /// In any case.
    Always,
}

impl Sqlite {
    /// Opens or creates the file and loads what is in it. A damaged file is set aside and a fresh one begun; a file that
    /// is not ours, or that a newer program wrote, is an error and stays as it is.
    pub fn open(path: &Path, now: Moment) -> Result<Opened, StoreError> {
        look_at(path)?;
        Self::open_checked(path, now, Check::IfLeftOpen, Some(Arc::new(Lock::take(path)?)))
    }

    /// A store that is gone when the program ends: for a daemon that has to go on although its disk is full or cannot be
    /// written, and says so.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = PathBuf::from(IN_MEMORY);
        let wrong = |cause| StoreError::from_sqlite(Path::new(IN_MEMORY), "open a store in memory", cause);
        let mut conn = Connection::open_in_memory().map_err(wrong)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        schema::migrate(&mut conn, 0).map_err(wrong)?;
        Ok(Self { path, conn, names: Names::default(), lock: None })
    }

    fn open_checked(
        path: &Path,
        now: Moment,
        check: Check,
        lock: Option<Arc<Lock>>,
    ) -> Result<Opened, StoreError> {
        let (mut store, loaded, set_aside, damage) = match Self::attempt(path, now, check) {
            Err(damage @ StoreError::Corrupt { .. }) => {
                let set_aside = Some(aside::set_aside(path, now)?);
                let (store, loaded) = Self::attempt(path, now, Check::IfLeftOpen)?;
                (store, loaded, set_aside, Some(damage))
            }
            attempt => {
                let (store, loaded) = attempt?;
                (store, loaded, None, None)
            }
        };
        store.lock = lock;
        Ok(Opened { store, loaded, set_aside, damage })
    }

    fn attempt(path: &Path, now: Moment, check: Check) -> Result<(Self, Loaded), StoreError> {
        let wrong = |cause| StoreError::from_sqlite(path, "open the database", cause);
        let left_open = prepare_file(path)?;
        let mut conn = connect(path).map_err(wrong)?;
        let version = match schema::owner(&conn).map_err(wrong)? {
            Owner::Nobody => 0,
            Owner::Ours(version) => version,
            Owner::Newer(found) => {
                return Err(StoreError::Newer { path: path.to_owned(), found, known: schema::VERSION });
            }
            Owner::Foreign => return Err(StoreError::Foreign { path: path.to_owned() }),
        };
        // SQLite opens a file that it may not write for reading only, without a word.
        if conn.is_readonly("main").map_err(wrong)? {
            let cause = "the file is read-only".to_owned();
            return Err(StoreError::Unwritable { path: path.to_owned(), doing: "open the database", cause });
        }
        if left_open || check == Check::Always {
            check_pages(&conn, path)?;
        }
        begin_logging_ahead(&conn).map_err(wrong)?;
        schema::migrate(&mut conn, version).map_err(|cause| {
            StoreError::from_sqlite(path, "bring the database to the latest layout", cause)
        })?;
        let names = Names::load(&conn).map_err(wrong)?;
        let mut store = Self { path: path.to_owned(), conn, names, lock: None };
        let loaded = store.load(now)?;
        Ok((store, loaded))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn wrong(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
        move |cause| StoreError::from_sqlite(&self.path, doing, cause)
    }
}

impl Store for Sqlite {
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let outcome = write::commit(&mut self.conn, &mut self.names, batch);
        match outcome {
            Ok(()) => self.names.keep(),
            Err(_) => self.names.undo(),
        }
        outcome.map_err(self.wrong("record decisions"))
    }

    fn load(&mut self, now: Moment) -> Result<Loaded, StoreError> {
        write::expire_all(&mut self.conn, now)
            .and_then(|()| read::load(&self.conn, &self.names))
            .map_err(self.wrong("load the bans"))
    }

    fn failures_since(&self, moment: Moment, tell: &mut dyn FnMut(Failure)) -> Result<(), StoreError> {
        read::failures_since(&self.conn, &self.names, moment, tell)
            .map_err(self.wrong("read the recorded failures"))
    }

    fn evidence(&self, subject: &Subject, limit: usize) -> Result<Vec<Failure>, StoreError> {
        read::evidence(&self.conn, &self.names, subject, limit)
            .map_err(self.wrong("read the recorded failures"))
    }

    fn history(&self, subject: Option<&Subject>, limit: usize) -> Result<Vec<PastBan>, StoreError> {
        read::history(&self.conn, &self.names, subject, limit).map_err(self.wrong("read the history"))
    }

    fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        read::audit(&self.conn, &self.names, None, limit).map_err(self.wrong("read the audit"))
    }

    fn unbans(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        read::audit(&self.conn, &self.names, Some(Deed::Unban), limit).map_err(self.wrong("read the audit"))
    }

    fn secret(&self, name: &str) -> Result<Option<String>, StoreError> {
        read::secret(&self.conn, name).map_err(self.wrong("read a secret"))
    }

    fn set_secret(&mut self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        write::set_secret(&self.conn, name, value).map_err(self.wrong("record a secret"))
    }

    fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        key::all(&self.conn).map_err(self.wrong("read the keys"))
    }

    fn add_key(&mut self, key: &NewKey) -> Result<i64, StoreError> {
        match key::add(&self.conn, key).map_err(self.wrong("record a key"))? {
            Added::As(id) => Ok(id),
            Added::NameTaken => Err(StoreError::KeyNameTaken { name: key.name.clone() }),
            Added::TooMany => Err(StoreError::TooManyKeys { bound: limit::KEYS }),
        }
    }

    fn remove_key(&mut self, id: i64) -> Result<bool, StoreError> {
        key::remove(&self.conn, id).map_err(self.wrong("take a key away"))
    }

    fn touch_keys(&mut self, used: &[(i64, Moment)]) -> Result<(), StoreError> {
        key::touch(&mut self.conn, used).map_err(self.wrong("record the use of keys"))
    }

    fn prune(&mut self, now: Moment) -> Result<Pruned, StoreError> {
        prune::prune(&mut self.conn, now).map_err(self.wrong("delete what is too old"))
    }

    fn mend(&mut self, now: Moment) -> Result<Option<PathBuf>, StoreError> {
        if self.path == Path::new(IN_MEMORY) {
            return Ok(None);
        }
        let nowhere = Connection::open_in_memory().map_err(self.wrong("close the database"))?;
        // The file has to be closed before it is renamed: its lock and its log belong to the connection.
        drop(std::mem::replace(&mut self.conn, nowhere));
        let opened = Self::open_checked(&self.path, now, Check::Always, self.lock.clone())?;
        *self = opened.store;
        Ok(opened.set_aside)
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // SQLite folds the log into the file when the last connection closes, but an archive's may not write. An error leaves
        // the log to the next start, which reads it and checks the file.
        let _ = self.conn.busy_timeout(PATIENCE_AT_END);
        let _ = self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}

/// Tells whether there is a file yet.
fn look_at(path: &Path) -> Result<bool, StoreError> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(StoreError::NotAFile { path: path.to_owned() }),
        Ok(_) => Ok(true),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(cause) => Err(StoreError::from_io(path, "open the database", cause)),
    }
}

/// Creates the file if it is missing, readable for its owner only: SQLite would follow the umask, and there are
/// secrets in it. Tells whether the last run left the file open. A file that is there must not be opened here: closing it
/// would drop the locks that SQLite holds on it for an archive of this process.
fn prepare_file(path: &Path) -> Result<bool, StoreError> {
    if !look_at(path)? {
        let wrong = |cause| StoreError::from_io(path, "open the database", cause);
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(wrong)?;
    }
    Ok(fs::metadata(aside::write_ahead_log(path)).is_ok_and(|log| log.len() > 0))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // An archive that opens the file after a crash may be reading the log before us.
    conn.busy_timeout(Duration::from_secs(2))?;
    // Damage is noticed at the page where it is, instead of being read as data.
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -16 * 1024)?;
    Ok(conn)
}

fn begin_logging_ahead(conn: &Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    // Folding the log into the file waits for the disk, so `prune` does it, on its timer. A flood that fills 64 MiB in
    // between (pages of 4 KiB) has to wait; the log does not stay larger than that.
    conn.pragma_update(None, "wal_autocheckpoint", 16 * 1024)?;
    conn.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)
}

fn check_pages(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let doing = "check the database";
    let verdict: String = conn
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|cause| StoreError::from_sqlite(path, doing, cause))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(StoreError::Corrupt { path: path.to_owned(), doing, cause: verdict })
    }
}

#[cfg(test)]
mod tests {
    use event::{Ban, Decision, JailName, Proof, Scope};

    use super::*;

    #[test]
    fn a_full_disk_undoes_the_whole_batch_and_the_names_given_out_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stockade.db");
        let now = Moment::from_seconds(10);
        let mut store = Sqlite::open(&path, now).unwrap().store;
        let ban = |n: u8| Ban {
            subject: Subject::exactly([192, 0, 2, n].into()),
            jail: JailName::new("fresh"),
            scope: Scope::Jail,
            since: now,
            until: Moment::NEVER,
            failures: 3,
            proof: Proof::Proven,
            reason: "x".repeat(1000),
        };
        let batch = Batch { decisions: (0..99).map(|n| Decision::Ban(ban(n))).collect(), ..Batch::default() };
        // SQLite's own bound on the size of the file stands in for the disk's.
        let pages: i64 = store.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        store.conn.pragma_update(None, "max_page_count", pages + 2).unwrap();
        assert!(matches!(store.commit(&batch), Err(StoreError::Full { .. })));
        assert_eq!(store.load(now).unwrap(), Loaded::default());
        store.conn.pragma_update(None, "max_page_count", 1 << 30).unwrap();
        store.commit(&batch).unwrap();
        drop(store);
        let bans = Sqlite::open(&path, now).unwrap().loaded.bans;
        assert_eq!(bans.len(), 99);
        assert!(bans.iter().all(|ban| ban.jail.as_str() == "fresh"));
    }
}
