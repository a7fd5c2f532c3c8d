//! What a file tells when it is opened again: which of the bans that stand had been written there and were deleted while nobody here
//! looked. What was never written, as before a crash, is not missed; nor is anything in a file that is new, or was another one's before.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, params};

use super::change::Row;

/// By what a file is known again. It stands where SQLite keeps a number for whoever uses a file, and where fail2ban keeps none, so that a
/// `VACUUM` or a deletion changes nothing about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seal {
    /// The file of this name was kept here before. Else nothing is missed in it.
    pub is_known: bool,
    /// What a file bears that was kept to the end the last time; 0 is none.
    pub last: i32,
    /// What it is to bear after this time.
    pub next: i32,
}

/// What is asked of the file while bans that stand are told to it.
pub struct Found {
    /// The jails that ran when the file was left. A fail2ban that had the file meanwhile and ended has switched them off; it may have purged
    /// bans that hold, and that is no deletion.
    running: BTreeSet<String>,
    /// Everything had been written to it.
    is_sealed: bool,
}

impl Found {
    /// Before anything in the file is changed.
    pub fn look(conn: &Connection, seal: Seal) -> rusqlite::Result<Self> {
        let found: i32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let mut running = conn.prepare("SELECT name FROM jails WHERE enabled = 1")?;
        let running = running.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(Self { running, is_sealed: seal.last != 0 && seal.last == found })
    }

    /// Whether the ban had been written and somebody deleted it. A ban is written to both tables in one go: if it stands in one of them only,
    /// it was deleted from the other. If it stands in neither, that is told only of a file to which all of the last time was
    /// written; `is_of_before` says that the ban is of that time for certain.
    pub fn misses(&self, step: &Transaction<'_>, row: &Row, is_of_before: bool) -> rusqlite::Result<bool> {
        let mut stands = step.prepare_cached(
            "SELECT EXISTS(SELECT 1 FROM bans WHERE jail = ?1 AND ip = ?2 AND +timeofban = ?3),
                (SELECT CAST(timeofban AS INTEGER) FROM bips WHERE jail = ?1 AND ip = ?2)",
        )?;
        let stands = stands.query_row(params![row.jail, row.ip, row.since], |found| {
            Ok((found.get::<_, bool>(0)?, found.get::<_, Option<i64>>(1)?))
        })?;
        Ok(match stands {
            (true, Some(_)) => false,
            (true, None) => self.running.contains(&row.jail),
            (false, Some(since)) => since == row.since && self.running.contains(&row.jail),
            (false, None) => self.is_sealed && is_of_before,
        })
    }

    /// What a jail tells that starts again later was not deleted before.
    pub fn forget(&mut self, jail: &str) {
        self.running.remove(jail);
    }
}

/// Makes the file bear `seal`.
pub fn set(conn: &Connection, seal: i32) -> rusqlite::Result<()> {
    let found: i32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found == seal { Ok(()) } else { conn.pragma_update(None, "user_version", seal) }
}
