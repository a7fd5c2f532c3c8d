//! The store's file, read on another thread than the one that writes it: for the page, the API and the rehearsal of changed
//! settings. It writes nothing and keeps no writer waiting: the log ahead of the file lets both work side by side, each reading
//! sees one state that was committed.
//!
//! When the file was set aside as damaged, the next reading finds its successor.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use event::{Failure, JailName, Moment, Subject};
use rusqlite::{Connection, OpenFlags};

use crate::names::Names;
use crate::schema::{self, Owner};
use crate::tally::{self, StepRange};
use crate::top::{self, Top};
use crate::{ActionRow, AuditEntry, PastBan, StoreError, read};

/// A file that a `Sqlite` has open, for reading. A second one for a long reading costs little.
pub struct Archive {
    path: PathBuf,
    conn: Connection,
    file: Identity,
}

/// What tells a file from its successor of the same name.
type Identity = (u64, u64);

/// What each call allocates at most for pages of the file, in KiB.
const CACHE_KIB: i64 = 8 * 1024;

impl Archive {
    /// Opens the file for reading; `Sqlite::open` made it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let wrong = |cause| StoreError::from_sqlite(path, OPENING, cause);
        let file = identity(path)?;
        let conn = connect(path).map_err(wrong)?;
        match schema::owner(&conn).map_err(wrong)? {
            Owner::Ours(schema::VERSION) => Ok(Self { path: path.to_owned(), conn, file }),
            Owner::Newer(found) => {
                Err(StoreError::Newer { path: path.to_owned(), found, known: schema::VERSION })
            }
            // It is just being made or brought to the latest layout.
            Owner::Nobody | Owner::Ours(_) => Err(StoreError::InUse { path: path.to_owned() }),
            Owner::Foreign => Err(StoreError::Foreign { path: path.to_owned() }),
        }
    }

    /// Failures by jail in each of `steps` steps of length `step` from `from` on; jails without any are left out. They are kept in
    /// quarters of an hour, so `from` and `step` should be whole ones. Second tellings of an attempt do not count twice.
    pub fn failures_by_step(
        &mut self,
        from: Moment,
        step: Duration,
        steps: usize,
    ) -> Result<Vec<(JailName, Vec<u64>)>, StoreError> {
        let range = StepRange::new(from, step, steps);
        self.read("read the sums of failures", |conn, names| tally::failures(conn, names, range))
    }

    /// Bans made by jail in each step, those by hand included, in the step of their beginning. Prolonging a ban makes none.
    /// They are counted when they are recorded: the table of live bans has no order by time, and the audit has
    /// refusals and prolonged bans in it, and fewer rows than a flood has bans.
    pub fn bans_by_step(
        &mut self,
        from: Moment,
        step: Duration,
        steps: usize,
    ) -> Result<Vec<(JailName, Vec<u64>)>, StoreError> {
        let range = StepRange::new(from, step, steps);
        self.read("read the sums of bans", |conn, names| tally::bans(conn, names, range))
    }

    /// Who stands out among the failures recorded at or after `from`: at most `limit` of each kind. One call, because all three
    /// come from one pass over these failures.
    pub fn top(&mut self, from: Moment, limit: usize) -> Result<Top, StoreError> {
        self.read("sum up the recorded failures", |conn, names| top::top(conn, names, from, limit))
    }

    /// Tells every recorded failure at or after `moment`, oldest first. After an error some may have been told.
    pub fn failures_since(
        &mut self,
        moment: Moment,
        tell: &mut dyn FnMut(Failure),
    ) -> Result<(), StoreError> {
        self.follow()?;
        self.attempt("read the recorded failures", |conn, names| {
            read::failures_since(conn, names, moment, &mut *tell)
        })
    }

    /// What people did, newest first: the latest, or from before the action of that number on.
    pub fn actions(&mut self, before: Option<i64>, limit: usize) -> Result<Vec<ActionRow>, StoreError> {
        self.read("read the journal of actions", |conn, _| read::actions(conn, before, limit))
    }

    /// Whose bans somebody ended although they would still last at `now`, at most `limit`, the latest first.
    pub fn lifted_early(&mut self, now: Moment, limit: usize) -> Result<Vec<Subject>, StoreError> {
        self.read("read the history", |conn, _| read::lifted_early(conn, now, limit))
    }

    /// As `Store::evidence`.
    pub fn evidence(&mut self, subject: &Subject, limit: usize) -> Result<Vec<Failure>, StoreError> {
        self.read("read the recorded failures", |conn, names| read::evidence(conn, names, subject, limit))
    }

    /// As `Store::history`.
    pub fn history(&mut self, subject: Option<&Subject>, limit: usize) -> Result<Vec<PastBan>, StoreError> {
        self.read("read the history", |conn, names| read::history(conn, names, subject, limit))
    }

    /// As `Store::audit`.
    pub fn audit(&mut self, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        self.read("read the audit", |conn, names| read::audit(conn, names, None, limit))
    }

    /// One reading of one state. It is tried again if the file was replaced while it was read.
    fn read<T>(
        &mut self,
        doing: &'static str,
        mut what: impl FnMut(&Connection, &Names) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.follow()?;
        match self.attempt(doing, &mut what) {
            Err(_) if self.follow()? => self.attempt(doing, &mut what),
            outcome => outcome,
        }
    }

    fn attempt<T>(
        &mut self,
        doing: &'static str,
        mut what: impl FnMut(&Connection, &Names) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // The names and what refers to them have to be of one state.
        let outcome = self.conn.transaction().and_then(|transaction| {
            let names = Names::load(&transaction)?;
            what(&transaction, &names)
        });
        outcome.map_err(|cause| StoreError::from_sqlite(&self.path, doing, cause))
    }

    /// Opens the file anew if another one stands in its place; tells whether it did.
    fn follow(&mut self) -> Result<bool, StoreError> {
        let replaced = identity(&self.path)? != self.file;
        if replaced {
            *self = Self::open(&self.path)?;
        }
        Ok(replaced)
    }
}

const OPENING: &str = "open the database for reading";

fn identity(path: &Path) -> Result<Identity, StoreError> {
    let found = fs::metadata(path).map_err(|cause| StoreError::from_io(path, OPENING, cause))?;
    Ok((found.dev(), found.ino()))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_secs(2))?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(conn)
}
