//! The rows: what is written for each change, as fail2ban writes it, and what is looked up. Opens no file and decides no time.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use event::limit;

use super::change::{Change, Row};
use super::held::{Held, Span};

/// How many times its own length a ban is remembered after it, as with fail2ban.
const OUTDATED: i64 = 3;

/// All or nothing.
pub fn write(conn: &mut Connection, changes: &[Change], held: &Held) -> rusqlite::Result<()> {
    let step = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for change in changes {
        match change {
            Change::On(jail) => switch_on(&step, jail)?,
            Change::Off(jail) => {
                step.prepare_cached("UPDATE jails SET enabled = 0 WHERE name = ?")?.execute([jail])?;
            }
            Change::Ban(row) => ban(&step, row, held.get(&row.jail, &row.ip))?,
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
    step.commit()
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

/// Which of `due` have no row any more. Few are looked up at a time, so that others can write in between.
pub fn missing(
    conn: &mut Connection,
    due: Vec<(Box<str>, Box<str>, Span)>,
) -> rusqlite::Result<Vec<(Box<str>, Box<str>)>> {
    let is_empty = !conn.query_row("SELECT EXISTS(SELECT 1 FROM bans)", [], |row| row.get::<_, bool>(0))?;
    if is_empty {
        return Ok(due.into_iter().map(|(jail, ip, _)| (jail, ip)).collect());
    }
    let mut missing = Vec::new();
    for part in due.chunks(limit::FAIL2BAN_DATABASE_BATCH) {
        let step = conn.transaction()?;
        let mut known = step.prepare_cached(
            "SELECT EXISTS(SELECT 1 FROM bans WHERE jail = ? AND ip = ? AND +timeofban = ?)",
        )?;
        for (jail, ip, span) in part {
            if !known.query_row(params![jail, ip, span.since], |row| row.get::<_, bool>(0))? {
                missing.push((jail.clone(), ip.clone()));
            }
        }
    }
    Ok(missing)
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
