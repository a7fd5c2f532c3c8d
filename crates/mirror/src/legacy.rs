//! What fail2ban left in its database: whom it had banned, for how long yet, how often before, and how far it had read its logs. Only
//! read: a journal that a killed fail2ban left is rolled back first, as any reader does it, and nothing else is changed.

mod data;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::Duration;

use event::{Moment, limit};
use md5::{Digest, Md5};
use rusqlite::{Connection, OpenFlags, Row};

use crate::MirrorError;

pub(crate) use data::{merged as read_data, write as write_data};

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Legacy {
    /// Bans that may hold yet, of all jails, the oldest first: `LegacyBan::until` says whether the jail as it is now still holds one.
    /// fail2ban itself takes up those of the jails that start, no matter which it had on before.
    pub bans: Vec<LegacyBan>,
    /// Bans that are over. What counts for bans that grow is how often there was one.
    pub past: Vec<LegacyBan>,
    /// How far logs were read.
    pub offsets: Vec<Offset>,
}

/// A ban of fail2ban's.
#[derive(Clone, Debug, PartialEq)]
pub struct LegacyBan {
    /// The jail.
    pub jail: String,
    /// Whom: an address or a network as text, or whatever else a filter finds.
    pub ip: String,
    /// Since when.
    pub since: Moment,
    /// For how many seconds; -1 is for ever, -2 is not known: as long as the jail bans.
    pub ban_time: i64,
    /// How often this jail banned it, this time counted.
    pub ban_count: u32,
    /// Failures that led to it.
    pub failures: u32,
    /// The lines that led to it, the oldest first, as far as they were kept. Attacker-controlled.
    pub matches: Vec<String>,
}

/// How far a log was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// By which jail.
    pub jail: String,
    /// Which file; `systemd-journal` is the journal, and the offset is a time.
    pub path: String,
    /// Checksum of its first line, in hexadecimal: SHA-1, in spite of the column's name; MD5 where Python 2 ran.
    pub first_line_md5: String,
    /// Bytes, or seconds since the epoch for the journal.
    pub offset: u64,
}

/// What of a jail decides how long its old bans hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// `bantime` in seconds; negative is for ever.
    pub ban_time: i64,
    /// `bantime.increment`
    pub grows: bool,
    /// `bantime.maxtime`, if there is one.
    pub max_time: Option<i64>,
}

impl LegacyBan {
    /// Until when fail2ban would hold it after a start at `now`, with the time already served; none if it would not.
    pub fn until(&self, terms: Terms, now: Moment) -> Option<Moment> {
        let (now, since) = (now.seconds(), self.since.seconds());
        if !terms.grows && terms.ban_time >= 0 && since <= now.saturating_sub(terms.ban_time) {
            return None;
        }
        let longest = if terms.grows { terms.max_time.unwrap_or(-1) } else { terms.ban_time };
        let ban_time = match self.ban_time {
            -2 => terms.ban_time,
            told if longest >= 0 && (told < 0 || told > longest) => longest,
            told => told,
        };
        if ban_time < 0 {
            return Some(Moment::NEVER);
        }
        let until = since.saturating_add(ban_time);
        (until > now).then(|| Moment::from_seconds(until))
    }
}

impl Offset {
    /// How far a jail has read the log that stands there today; none if there is none, or if it is shorter.
    pub fn of(jail: &str, path: &str, offset: u64) -> Option<Self> {
        let first_line_md5 = first_line_checksum(&first_line(path, offset)?);
        Some(Self { jail: jail.to_owned(), path: path.to_owned(), first_line_md5, offset })
    }

    /// Whether the log of today is the one of which this tells, and is at least so long. The journal never is.
    pub fn holds(&self) -> bool {
        first_line(&self.path, self.offset).is_some_and(|line| self.is_of(&line))
    }

    /// Whether a log with this first line, its end included, is meant.
    fn is_of(&self, first_line: &[u8]) -> bool {
        let told = self.first_line_md5.as_str();
        match told.len() {
            40 => sha1_smol::Sha1::from(first_line).digest().to_string() == told,
            32 => {
                Md5::digest(first_line).iter().map(|byte| format!("{byte:02x}")).collect::<String>() == told
            }
            _ => false,
        }
    }
}

/// The first line of a log that is at least so long.
fn first_line(path: &str, length: u64) -> Option<Vec<u8>> {
    let file = fs::File::open(path).ok()?;
    let is_long_enough = file.metadata().is_ok_and(|found| found.is_file() && found.len() >= length);
    let mut line = Vec::new();
    let mut start = BufReader::new(file.take(limit::LINE_BYTES as u64));
    (is_long_enough && start.read_until(b'\n', &mut line).is_ok()).then_some(line)
}

/// Checksum of a log's first line, its end included, as fail2ban's database has it.
pub fn first_line_checksum(first_line: &[u8]) -> String {
    sha1_smol::Sha1::from(first_line).digest().to_string()
}

/// Reads the database. One that is not there is an empty one; one that is damaged or is not fail2ban's is an error.
pub fn read(path: &Path, now: Moment) -> Result<Legacy, MirrorError> {
    match fs::metadata(path) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(Legacy::default()),
        Err(cause) => return Err(MirrorError::io(path, "look at the database", cause)),
        Ok(found) if !found.is_file() => return Err(MirrorError::Foreign { path: path.to_owned() }),
        // What fail2ban was killed over before it wrote anything.
        Ok(found) if found.len() == 0 => return Ok(Legacy::default()),
        Ok(_) => {}
    }
    let wrong = |cause| MirrorError::sqlite(path, "read fail2ban's database", cause);
    let conn = connect(path).map_err(wrong)?;
    let version = version(&conn, path)?;
    let mut legacy = Legacy::default();
    for ban in bans(&conn, version).map_err(wrong)? {
        let is_over = ban.ban_time >= 0 && ban.since.seconds().saturating_add(ban.ban_time) <= now.seconds();
        if is_over { legacy.past.push(ban) } else { legacy.bans.push(ban) }
    }
    if has_table(&conn, "logs").map_err(wrong)? {
        legacy.offsets = offsets(&conn).map_err(wrong)?;
    }
    Ok(legacy)
}

/// With the right to write, so that a journal left by a killed writer can be rolled back; where that is refused, without.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn =
        Connection::open_with_flags(path, flags).or_else(|_| Connection::open_with_flags(path, read_only))?;
    conn.busy_timeout(Duration::from_secs(limit::FAIL2BAN_DATABASE_PATIENCE_SECONDS))?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// The version of fail2ban's layout.
pub(crate) fn version(conn: &Connection, path: &Path) -> Result<i64, MirrorError> {
    let wrong = |cause| MirrorError::sqlite(path, "read the version of fail2ban's database", cause);
    let foreign = || MirrorError::Foreign { path: path.to_owned() };
    if !has_table(conn, "fail2banDb").map_err(wrong)? {
        return Err(foreign());
    }
    let found = conn.query_row("SELECT version FROM fail2banDb LIMIT 1", [], |row| row.get(0));
    let found: i64 = found.map_err(|cause| match cause {
        rusqlite::Error::QueryReturnedNoRows | rusqlite::Error::InvalidColumnType(..) => foreign(),
        cause => wrong(cause),
    })?;
    if found > 4 { Err(MirrorError::Newer { path: path.to_owned(), found }) } else { Ok(found) }
}

pub(crate) fn has_table(conn: &Connection, name: &str) -> rusqlite::Result<bool> {
    conn.query_row(
        "SELECT EXISTS(SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)",
        [name],
        |row| row.get(0),
    )
}

fn bans(conn: &Connection, version: i64) -> rusqlite::Result<Vec<LegacyBan>> {
    // Before version 4, there is one row for each time; before version 3, without its length.
    let (table, ban_time, ban_count) = match version {
        4.. => ("bips", "bantime", "bancount"),
        3 => ("bans", "bantime", "bancount"),
        _ => ("bans", "-2", "1"),
    };
    if !has_table(conn, table)? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare(&format!(
        "SELECT jail, ip, CAST(max(timeofban) AS INTEGER), CAST({ban_time} AS INTEGER), CAST({ban_count} AS INTEGER),
                CASE WHEN length(data) <= ?1 THEN CAST(data AS BLOB) END
         FROM {table} WHERE ip IS NOT NULL AND ip != '' GROUP BY jail, ip ORDER BY 3 DESC LIMIT ?2"
    ))?;
    let bounds = [bound(limit::FAIL2BAN_DATABASE_DATA_BYTES), bound(limit::BANS)];
    let mut bans: Vec<LegacyBan> = statement.query_map(bounds, ban_of)?.collect::<Result<_, _>>()?;
    bans.reverse();
    Ok(bans)
}

fn ban_of(row: &Row<'_>) -> rusqlite::Result<LegacyBan> {
    let data = row.get::<_, Option<Vec<u8>>>(5)?.map(|bytes| data::read(&bytes)).unwrap_or_default();
    Ok(LegacyBan {
        jail: row.get(0)?,
        ip: row.get(1)?,
        since: Moment::from_seconds(row.get(2)?),
        ban_time: row.get(3)?,
        ban_count: u32::try_from(row.get::<_, i64>(4)?.max(1)).unwrap_or(u32::MAX),
        failures: data.failures,
        matches: data.matches,
    })
}

fn offsets(conn: &Connection) -> rusqlite::Result<Vec<Offset>> {
    let mut statement = conn.prepare(
        "SELECT jail, path, coalesce(firstlinemd5, ''), max(coalesce(CAST(lastfilepos AS INTEGER), 0), 0)
         FROM logs WHERE path IS NOT NULL LIMIT ?1",
    )?;
    let rows = statement.query_map([bound(limit::FAIL2BAN_ENTRIES)], |row| {
        Ok(Offset {
            jail: row.get(0)?,
            path: row.get(1)?,
            first_line_md5: row.get(2)?,
            offset: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
        })
    })?;
    rows.collect()
}

fn bound(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_served_counts_as_fail2ban_counts_it() {
        let ban = |ban_time| LegacyBan {
            jail: "sshd".to_owned(),
            ip: "192.0.2.1".to_owned(),
            since: Moment::from_seconds(1000),
            ban_time,
            ban_count: 1,
            failures: 3,
            matches: Vec::new(),
        };
        let plain = Terms { ban_time: 600, grows: false, max_time: None };
        let now = Moment::from_seconds(1500);
        let until = |seconds| Some(Moment::from_seconds(seconds));
        assert_eq!(ban(600).until(plain, now), until(1600));
        assert_eq!(ban(400).until(plain, now), None);
        // What was banned for longer is held as long as the jail bans now, for ever too.
        assert_eq!(ban(86400).until(plain, now), until(1600));
        assert_eq!(ban(-1).until(plain, now), until(1600));
        assert_eq!(ban(-2).until(plain, now), until(1600));
        assert_eq!(ban(86400).until(plain, Moment::from_seconds(1600)), None);
        let endless = Terms { ban_time: -1, ..plain };
        assert_eq!(ban(-1).until(endless, now), Some(Moment::NEVER));
        assert_eq!(ban(600).until(endless, now), until(1600));
        // A jail whose bans grow holds what has grown, up to its maximum.
        let growing = Terms { grows: true, ..plain };
        assert_eq!(ban(86400).until(growing, Moment::from_seconds(5000)), until(87400));
        assert_eq!(ban(-1).until(growing, now), Some(Moment::NEVER));
        let capped = Terms { max_time: Some(3600), ..growing };
        assert_eq!(ban(86400).until(capped, now), until(4600));
        assert_eq!(ban(-1).until(capped, now), until(4600));
    }

    #[test]
    fn a_log_is_known_by_its_first_line() {
        let offset = |first_line_md5: &str| Offset {
            jail: "sshd".to_owned(),
            path: String::new(),
            first_line_md5: first_line_md5.to_owned(),
            offset: 0,
        };
        assert!(offset("22596363b3de40b06f981fb85d82312e8c0ed511").is_of(b"hello world\n"));
        assert!(offset("6f5902ac237024bdd0c176cb93063dc4").is_of(b"hello world\n"));
        assert!(!offset("6f5902ac237024bdd0c176cb93063dc4").is_of(b"hello world"));
        assert!(!offset("").is_of(b""));
    }
}
