//! The rows: what is written for each change, as fail2ban writes it, and what is looked up. Opens no file and decides no time.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use event::limit;

use super::change::{Change, Row};
use super::found::Found;
use super::held::{Held, Muster, Span};

/// How many times its own length a ban is remembered after it, as with fail2ban.
const OUTDATED: i64 = 3;

/// Rows read at a time: a matter of milliseconds, for which nobody else can write.
const READ: i64 = 5000;

/// All or nothing. Which of the changes are bans that somebody had deleted: they are not written.
pub fn write(
    conn: &mut Connection,
    changes: &[Change],
    held: &Held,
    found: Option<&Found>,
) -> rusqlite::Result<Vec<usize>> {
    let step = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut deleted = Vec::new();
    for (at, change) in changes.iter().enumerate() {
        match change {
            Change::On(jail) => switch_on(&step, jail)?,
            Change::Off(jail) => {
                step.prepare_cached("UPDATE jails SET enabled = 0 WHERE name = ?")?.execute([jail])?;
            }
            Change::Ban(row) | Change::Stood(row) => ban(&step, row, held.get(&row.jail, &row.ip))?,
            Change::Restored(row) | Change::Stands(row) => {
                let is_restored = matches!(change, Change::Restored(_));
                let misses = found.map(|found| found.misses(&step, row, is_restored)).transpose()?;
                if misses == Some(true) {
                    forget(&step, &row.jail, &row.ip)?;
                    deleted.push(at);
                } else {
                    ban(&step, row, held.get(&row.jail, &row.ip))?;
                }
            }
            Change::Unban { jail, ip } => forget(&step, jail, ip)?,
            Change::Over { .. } => {}
            Change::Read(offset) => {
                know(&step, &offset.jail)?;
                step.prepare_cached(
                    "INSERT OR REPLACE INTO logs(jail, path, firstlinemd5, lastfilepos) VALUES(?, ?, ?, ?)",
                )?
                .execute(params![
                    offset.jail,
                    offset.path,
                    offset.first_line_md5,
                    i64::try_from(offset.offset).unwrap_or(i64::MAX)
                ])?;
            }
        }
    }
    step.commit()?;
    Ok(deleted)
}

/// Jails are off until they start.
pub fn switch_off_all(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute("UPDATE jails SET enabled = 0 WHERE enabled != 0", []).map(drop)
}

fn switch_on(step: &Transaction<'_>, jail: &str) -> rusqlite::Result<()> {
    let new =
        step.prepare_cached("INSERT OR IGNORE INTO jails(name, enabled) VALUES(?, 1)")?.execute([jail])?;
    if new == 0 {
        step.prepare_cached("UPDATE jails SET enabled = 1 WHERE name = ? AND enabled != 1")?
            .execute([jail])?;
    }
    Ok(())
}

/// A row of a jail that is not there would be refused.
fn know(step: &Transaction<'_>, jail: &str) -> rusqlite::Result<()> {
    step.prepare_cached("INSERT OR IGNORE INTO jails(name, enabled) VALUES(?, 0)")?.execute([jail]).map(drop)
}

/// A ban that stood already, as far as is known or as the database says, has its row; a new one gets one more. The plus keeps SQLite
/// from the index by jail and time: the bans of a flood have both in common.
fn ban(step: &Transaction<'_>, row: &Row, known: Option<Span>) -> rusqlite::Result<()> {
    know(step, &row.jail)?;
    let stood_since = known.map_or(row.since, |span| span.since);
    let stood = step
        .prepare_cached(
            "UPDATE bans SET timeofban = ?4, bantime = ?5, bancount = max(bancount, ?6)
             WHERE jail = ?1 AND ip = ?2 AND +timeofban = ?3",
        )?
        .execute(params![row.jail, row.ip, stood_since, row.since, row.ban_time, row.ban_count])?;
    if stood == 0 {
        step.prepare_cached(
            "INSERT INTO bans(jail, ip, timeofban, bantime, bancount, data) VALUES(?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![row.jail, row.ip, row.since, row.ban_time, row.ban_count, row.data])?;
    }
    // What is known of the same ban is more than a restored one tells.
    step.prepare_cached(
        "INSERT INTO bips(ip, jail, timeofban, bantime, bancount, data) VALUES(?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT(ip, jail) DO UPDATE SET bantime = ?4, bancount = max(bancount, ?5),
            data = CASE WHEN timeofban = ?3 THEN data ELSE ?6 END, timeofban = ?3",
    )?
    .execute(params![row.ip, row.jail, row.since, row.ban_time, row.ban_count, row.data])?;
    Ok(())
}

fn forget(step: &Transaction<'_>, jail: &str, ip: &str) -> rusqlite::Result<()> {
    step.prepare_cached("DELETE FROM bips WHERE jail = ? AND ip = ?")?.execute([jail, ip])?;
    step.prepare_cached("DELETE FROM bans WHERE jail = ? AND ip = ?")?.execute([jail, ip])?;
    Ok(())
}

/// A ban that ought to have a row: its jail, whom, and when.
pub type Due = (Box<str>, Box<str>, Span);

/// Which bans that hold have no row any more. Few rows are read at a time, so that others can write in between. They may number the rows
/// anew meanwhile: what is not met on the way is looked up by name before it counts as missing.
pub fn missing(conn: &mut Connection, held: &mut Held, now: i64) -> rusqlite::Result<Vec<Due>> {
    let mut muster = held.muster();
    let mut next = Some(i64::MIN);
    while let Some(from) = next {
        next = see(conn, from, &mut muster)?;
    }
    absent(conn, held.unseen(now))
}

/// Meets some rows from this one on; the first row behind them, if there may be any.
fn see(conn: &Connection, from: i64, muster: &mut Muster<'_>) -> rusqlite::Result<Option<i64>> {
    let mut part = conn.prepare_cached(
        "SELECT jail, ip, timeofban, rowid FROM bans WHERE rowid >= ? ORDER BY rowid LIMIT ?",
    )?;
    let mut rows = part.query([from, READ])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        // What another program wrote may be of any kind.
        if let (ValueRef::Text(jail), ValueRef::Text(ip), ValueRef::Integer(since)) =
            (row.get_ref(0)?, row.get_ref(1)?, row.get_ref(2)?)
        {
            muster.meet(jail, ip, since);
        }
        count += 1;
        if count == READ {
            return Ok(row.get::<_, i64>(3)?.checked_add(1));
        }
    }
    Ok(None)
}

fn absent(conn: &mut Connection, mut due: Vec<Due>) -> rusqlite::Result<Vec<Due>> {
    let is_empty = !conn.query_row("SELECT EXISTS(SELECT 1 FROM bans)", [], |row| row.get::<_, bool>(0))?;
    if is_empty {
        return Ok(due);
    }
    let mut absent = Vec::new();
    while !due.is_empty() {
        let rest = due.split_off(due.len().min(limit::FAIL2BAN_DATABASE_BATCH));
        let step = conn.transaction()?;
        let mut known = step.prepare_cached(
            "SELECT EXISTS(SELECT 1 FROM bans WHERE jail = ? AND ip = ? AND +timeofban = ?)",
        )?;
        for one in std::mem::replace(&mut due, rest) {
            if !known.query_row(params![one.0, one.1, one.2.since], |row| row.get::<_, bool>(0))? {
                absent.push(one);
            }
        }
    }
    Ok(absent)
}

/// What is over for longer than `age` seconds. Unlike fail2ban, a ban that holds keeps its row: a panel shows it, and its absence would
/// mean that somebody deleted it. Tells whether there is more to do.
pub fn purge(conn: &mut Connection, now: i64, age: i64) -> rusqlite::Result<bool> {
    let before = now.saturating_sub(age.max(0));
    let batch = i64::try_from(limit::FAIL2BAN_DATABASE_BATCH).unwrap_or(i64::MAX);
    let step = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let bans = step.execute(
        "DELETE FROM bans WHERE rowid IN (SELECT rowid FROM bans
            WHERE timeofban < ?1 AND bantime != -1 AND timeofban + bantime <= ?2 LIMIT ?3)",
        [before, now, batch],
    )?;
    let bips = step.execute(
        "DELETE FROM bips WHERE rowid IN (SELECT rowid FROM bips
            WHERE timeofban < ?1 AND bantime != -1 AND timeofban + bantime * ?2 < ?1 LIMIT ?3)",
        [before, OUTDATED, batch],
    )?;
    let is_done = bans < limit::FAIL2BAN_DATABASE_BATCH && bips < limit::FAIL2BAN_DATABASE_BATCH;
    if is_done {
        step.execute(
            "DELETE FROM jails WHERE enabled = 0 AND NOT EXISTS(SELECT 1 FROM bans WHERE jail = jails.name)
                AND NOT EXISTS(SELECT 1 FROM bips WHERE jail = jails.name)",
            [],
        )?;
    }
    step.commit()?;
    Ok(!is_done)
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    fn ban(ip: &str, since: i64, ban_time: i64) -> Change {
        Change::Ban(Row {
            jail: "sshd".to_owned(),
            ip: ip.to_owned(),
            since,
            ban_time,
            ban_count: 1,
            data: Vec::new(),
        })
    }

    #[test]
    fn what_is_over_for_long_is_purged_and_what_holds_is_not() {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::bring_up(&mut conn, "memory".as_ref()).unwrap();
        let day = 86_400;
        let changes = [
            ban("192.0.2.1", 0, 600),
            ban("192.0.2.2", 0, -1),
            ban("192.0.2.3", 0, 9 * day),
            ban("192.0.2.4", 9 * day, 600),
            ban("192.0.2.5", 7 * day, day),
            Change::On("busy".to_owned()),
            Change::Off("gone".to_owned()),
        ];
        write(&mut conn, &changes, &Held::default(), None).unwrap();
        conn.execute("INSERT INTO jails VALUES('empty', 0)", []).unwrap();
        assert!(!purge(&mut conn, 8 * day + 100, day).unwrap());
        let told = |table: &str| -> Vec<String> {
            let mut all = conn.prepare(&format!("SELECT ip FROM {table} ORDER BY ip")).unwrap();
            all.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        assert_eq!(told("bans"), ["192.0.2.2", "192.0.2.3", "192.0.2.4"]);
        // A repeat offender is remembered for three times the length of its last ban.
        assert_eq!(told("bips"), ["192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"]);
        let jails: i64 = conn.query_row("SELECT count(*) FROM jails", [], |row| row.get(0)).unwrap();
        assert_eq!(jails, 2);
    }

    #[test]
    fn rows_that_are_there_are_not_missing() {
        let mut conn = Connection::open_in_memory().unwrap();
        schema::bring_up(&mut conn, "memory".as_ref()).unwrap();
        let mut held = Held::default();
        let changes: Vec<Change> =
            (0..12_000).map(|number| ban(&format!("id {number}"), number, -1)).collect();
        write(&mut conn, &changes, &held, None).unwrap();
        changes.iter().for_each(|change| held.take(change));
        assert!(missing(&mut conn, &mut held, 0).unwrap().is_empty());
        conn.execute("DELETE FROM bans WHERE timeofban % 4000 = 17", []).unwrap();
        conn.execute("UPDATE bans SET rowid = -rowid", []).unwrap();
        let mut gone: Vec<i64> =
            missing(&mut conn, &mut held, 0).unwrap().into_iter().map(|(_, _, span)| span.since).collect();
        gone.sort_unstable();
        assert_eq!(gone, [17, 4017, 8017]);
    }
}
