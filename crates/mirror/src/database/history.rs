//! What the database tells of all bans of one address, put together as fail2ban does it for `<ipmatches>` and its kin. It is read beside
//! the one that keeps it, by threads that may wait, and never written.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use event::{Moment, limit};
use rusqlite::{Connection, params};

use crate::legacy;

/// Where to ask.
#[derive(Clone)]
pub struct History {
    pub(super) path: Arc<Mutex<Option<PathBuf>>>,
    pub(super) lines: Arc<AtomicI64>,
}

/// The ban that is asked about: it may not be written yet.
#[derive(Clone, Copy, Debug)]
pub struct Latest<'a> {
    /// Of which jail, by the name that fail2ban's configuration has for it.
    pub jail: &'a str,
    /// Whom, as it stands in the database.
    pub ip: &'a str,
    /// Since when.
    pub since: Moment,
    /// Failures that led to it.
    pub failures: u32,
    /// The lines that led to it, the oldest first. A log's text.
    pub lines: &'a [String],
}

/// What is read of a row.
type Noted = (u64, Vec<String>);

impl History {
    /// The failures of all bans of that address, by its jail or by all, and the last of their lines, the oldest first. None if there is no
    /// database or it cannot be read.
    pub fn merged(&self, latest: &Latest<'_>, is_over_all_jails: bool) -> Option<(u64, Vec<String>)> {
        let path = self.path.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let bans = legacy::connect(&path).and_then(|conn| noted(&conn, latest, is_over_all_jails));
        let told = |cause: &rusqlite::Error| {
            tracing::warn!("{}: earlier bans of {} cannot be read: {cause}", path.display(), latest.ip);
        };
        let bans = bans.inspect_err(told).ok()?;
        let most = usize::try_from(self.lines.load(Ordering::Relaxed)).unwrap_or(0);
        let most = most.min(limit::FAIL2BAN_DATABASE_MATCHES);
        let failures = bans.iter().map(|(failures, _)| failures).sum();
        // The latest stand first, and what is older is put before them while there is room.
        let mut lines: Vec<String> =
            bans.into_iter().flat_map(|(_, lines)| lines.into_iter().rev()).take(most).collect();
        lines.reverse();
        Some((failures, lines))
    }
}

/// The latest first; the one that is asked about with them, if it is not written yet.
fn noted(conn: &Connection, latest: &Latest<'_>, is_over_all_jails: bool) -> rusqlite::Result<Vec<Noted>> {
    // What another program wrote may be of any kind.
    let mut rows = conn.prepare(
        "SELECT jail, CAST(timeofban AS INTEGER), CASE WHEN length(data) <= ?4 THEN CAST(data AS BLOB) END FROM bans
         WHERE ip = ?1 AND (?2 OR jail = ?3) ORDER BY timeofban DESC LIMIT ?5",
    )?;
    let bounds = (limit::FAIL2BAN_DATABASE_DATA_BYTES as i64, limit::FAIL2BAN_DATABASE_MERGED as i64);
    let mut rows = rows.query(params![latest.ip, is_over_all_jails, latest.jail, bounds.0, bounds.1])?;
    let since = super::change::rounded(latest.since);
    let mut bans = Vec::new();
    let mut is_written = false;
    while let Some(row) = rows.next()? {
        let (jail, at): (String, i64) = (row.get(0)?, row.get(1)?);
        is_written |= jail == latest.jail && at == since;
        bans.push(legacy::read_data(&row.get::<_, Option<Vec<u8>>>(2)?.unwrap_or_default()));
    }
    if !is_written {
        bans.insert(0, (latest.failures.into(), latest.lines.to_vec()));
    }
    Ok(bans)
}
