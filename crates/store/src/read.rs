//! What is read back: the start's whole tables, and the few rows that a person asks for.

use event::{Ban, Failure, Moment, Position, Subject};
use rusqlite::{Connection, Row, params};

use crate::names::Names;
use crate::row::{self, Key, damaged};
use crate::{Action, ActionRow, AuditEntry, Deed, Ending, Loaded, MemoryRow, PastBan};

const BAN_COLUMNS: &str = "subject, jail, scope, since, until, failures, proof, reason";
const FAILURE_COLUMNS: &str = "at, subject, address, jail, pattern, count, proof, echo, account, line";

/// Everything that the daemon starts from.
pub(crate) fn load(conn: &Connection, names: &Names) -> rusqlite::Result<Loaded> {
    Ok(Loaded {
        bans: all(conn, &format!("SELECT {BAN_COLUMNS} FROM bans"), |row| ban(row, names))?,
        memory: all(conn, "SELECT subject, times, jails, last_until, last_at FROM memory", |row| {
            memory(row, names)
        })?,
        positions: all(
            conn,
            "SELECT key, cursor, device, inode, offset, fingerprint, head_bytes FROM positions",
            position,
        )?,
    })
}

/// Recorded failures from `moment` on, by the time at which they happened.
pub(crate) fn failures_since(
    conn: &Connection,
    names: &Names,
    moment: Moment,
    tell: &mut dyn FnMut(Failure),
) -> rusqlite::Result<()> {
    let mut statement = conn.prepare_cached(&failures_since_query())?;
    let mut rows = statement.query([moment.millis()])?;
    while let Some(row) = rows.next()? {
        tell(failure(row, names)?);
    }
    Ok(())
}

/// In the order of an index, so that the first comes at once and nothing is held.
pub(crate) fn failures_since_query() -> String {
    format!("SELECT {FAILURE_COLUMNS} FROM failures WHERE at >= ?1 ORDER BY at, id")
}

/// The latest failures of a subject, newest first.
pub(crate) fn evidence(
    conn: &Connection,
    names: &Names,
    subject: &Subject,
    limit: usize,
) -> rusqlite::Result<Vec<Failure>> {
    // In the order of recording, which the index by subject gives for nothing.
    let query =
        format!("SELECT {FAILURE_COLUMNS} FROM failures WHERE subject = ?1 ORDER BY id DESC LIMIT ?2");
    conn.prepare_cached(&query)?
        .query_map(params![Key::of(subject), count(limit)], |row| failure(row, names))?
        .collect()
}

/// Whose bans were ended by somebody before `now` although they would still last, the latest first.
pub(crate) fn lifted_early(conn: &Connection, now: Moment, limit: usize) -> rusqlite::Result<Vec<Subject>> {
    conn.prepare_cached(
        "SELECT subject FROM history WHERE until > ?1 AND ending = ?2 GROUP BY subject ORDER BY max(id) DESC LIMIT ?3",
    )?
    .query_map(params![now.millis(), row::ending_number(Ending::Unbanned), count(limit)], |row| {
        row::subject(row, 0)
    })?
    .collect()
}

/// Ended bans of one subject or of all, newest first.
pub(crate) fn history(
    conn: &Connection,
    names: &Names,
    subject: Option<&Subject>,
    limit: usize,
) -> rusqlite::Result<Vec<PastBan>> {
    let which = if subject.is_some() { "WHERE subject = ?2" } else { "WHERE ?2 IS NULL" };
    let query = format!("SELECT {BAN_COLUMNS}, ended, ending FROM history {which} ORDER BY id DESC LIMIT ?1");
    conn.prepare_cached(&query)?
        .query_map(params![count(limit), subject.map(Key::of)], |row| {
            Ok(PastBan { ban: ban(row, names)?, ended: moment(row, 8)?, ending: row::ending(row, 9)? })
        })?
        .collect()
}

/// The latest lines of the audit, newest first: all, or those of one deed.
pub(crate) fn audit(
    conn: &Connection,
    names: &Names,
    deed: Option<Deed>,
    limit: usize,
) -> rusqlite::Result<Vec<AuditEntry>> {
    let which = if deed.is_some() { "WHERE deed = ?2" } else { "WHERE ?2 IS NULL" };
    let query = format!("SELECT at, deed, subject, jail, text FROM audit {which} ORDER BY id DESC LIMIT ?1");
    conn.prepare_cached(&query)?
        .query_map(params![count(limit), deed.map(row::deed_number)], |row| {
            Ok(AuditEntry {
                at: moment(row, 0)?,
                deed: row::deed(row, 1)?,
                subject: row::subject(row, 2)?,
                jail: names.name(row, 3)?.clone(),
                text: row.get(4)?,
            })
        })?
        .collect()
}

/// The latest actions before the one of that number, newest first.
pub(crate) fn actions(
    conn: &Connection,
    before: Option<i64>,
    limit: usize,
) -> rusqlite::Result<Vec<ActionRow>> {
    conn.prepare_cached(
        "SELECT id, at, deed, actor, origin, subject, detail FROM actions WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    )?
    .query_map([before.unwrap_or(i64::MAX), count(limit)], |row| {
        let action = Action {
            at: moment(row, 1)?,
            deed: row.get(2)?,
            actor: row.get(3)?,
            origin: row.get(4)?,
            subject: row.get(5)?,
            detail: row.get(6)?,
        };
        Ok(ActionRow { id: row.get(0)?, action })
    })?
    .collect()
}

/// A secret, if it was set.
pub(crate) fn secret(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let mut statement = conn.prepare_cached("SELECT value FROM secrets WHERE name = ?1")?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(|row| row.get(0)).transpose()
}

fn all<T>(
    conn: &Connection,
    query: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    conn.prepare(query)?.query_map([], read)?.collect()
}

fn ban(row: &Row<'_>, names: &Names) -> rusqlite::Result<Ban> {
    Ok(Ban {
        subject: row::subject(row, 0)?,
        jail: names.name(row, 1)?.clone(),
        scope: row::scope(row, 2)?,
        since: moment(row, 3)?,
        until: moment(row, 4)?,
        failures: row.get(5)?,
        proof: row::proof(row, 6)?,
        reason: row.get(7)?,
    })
}

fn memory(row: &Row<'_>, names: &Names) -> rusqlite::Result<MemoryRow> {
    let jails = row.get_ref(2)?.as_str()?;
    let jails = jails.split_terminator(',').map(|number| names.get(number.parse().ok()?).cloned());
    Ok(MemoryRow {
        subject: row::subject(row, 0)?,
        times: row.get(1)?,
        jails: jails.collect::<Option<_>>().ok_or_else(|| damaged(2, "a list of jails"))?,
        last_until: moment(row, 3)?,
        last_at: moment(row, 4)?,
    })
}

fn position(row: &Row<'_>) -> rusqlite::Result<(String, Position)> {
    let position = match row.get(1)? {
        Some(cursor) => Position::Cursor { cursor },
        None => Position::File {
            device: bits(row, 2)?,
            inode: bits(row, 3)?,
            offset: bits(row, 4)?,
            fingerprint: bits(row, 5)?,
            head_bytes: row.get(6)?,
        },
    };
    Ok((row.get(0)?, position))
}

fn failure(row: &Row<'_>, names: &Names) -> rusqlite::Result<Failure> {
    Ok(Failure {
        at: moment(row, 0)?,
        subject: row::subject(row, 1)?,
        address: row::address(row, 2)?,
        jail: names.name(row, 3)?.clone(),
        pattern: names.name(row, 4)?.as_str().into(),
        count: row.get(5)?,
        proof: row::proof(row, 6)?,
        echo: row.get(7)?,
        account: row.get(8)?,
        line: row.get(9)?,
    })
}

fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Moment> {
    row.get(column).map(Moment::from_millis)
}

/// A number of 64 bits, back from SQLite's signed integer.
fn bits(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(i64::cast_unsigned)
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
