//! What is past its bounds is deleted, a few thousand rows a call, so that the engine never waits long. No statement here
//! names the table `bans`: a live ban is never pruned.

use std::time::Duration;

use event::{Moment, limit};
use rusqlite::{Connection, Transaction};

use crate::{Pruned, tally};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Deletes up to `limit::PRUNE_ROWS` rows of each kind that are too old or too many. When nothing is left to delete, the
/// write-ahead log is folded into the file: this is called from a timer, where waiting for the disk does the least harm.
pub(crate) fn prune(conn: &mut Connection, now: Moment) -> rusqlite::Result<Pruned> {
    let transaction = conn.transaction()?;
    let pruned = prune_within(&transaction, now, limit::PRUNE_ROWS)?;
    transaction.commit()?;
    if !pruned.more {
        conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
    }
    Ok(pruned)
}

fn prune_within(transaction: &Transaction<'_>, now: Moment, rows: u64) -> rusqlite::Result<Pruned> {
    let too_old = now.before(DAY * limit::RECORDED_FAILURE_DAYS);
    let aged = transaction
        .prepare_cached(
            "DELETE FROM failures WHERE id IN (SELECT id FROM failures WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )?
        .execute([too_old.millis(), number(rows)])? as u64;
    let failures = excess(transaction, "failures", limit::RECORDED_FAILURES)?.min(rows - aged);
    let history = excess(transaction, "history", limit::HISTORY_ROWS)?.min(rows);
    let audit = excess(transaction, "audit", limit::AUDIT_ROWS)?.min(rows);
    let actions = excess(transaction, "actions", limit::ACTION_ROWS)?.min(rows);
    let positions = excess(transaction, "positions", limit::POSITIONS)?.min(rows);
    let memory = excess(transaction, "memory", limit::REMEMBERED_OFFENDERS as u64)?.min(rows);
    delete(
        transaction,
        "DELETE FROM failures WHERE id IN (SELECT id FROM failures ORDER BY at LIMIT ?1)",
        failures,
    )?;
    delete(
        transaction,
        "DELETE FROM history WHERE id IN (SELECT id FROM history ORDER BY id LIMIT ?1)",
        history,
    )?;
    delete(transaction, "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?1)", audit)?;
    delete(
        transaction,
        "DELETE FROM actions WHERE id IN (SELECT id FROM actions ORDER BY id LIMIT ?1)",
        actions,
    )?;
    delete(
        transaction,
        "DELETE FROM positions WHERE key IN (SELECT key FROM positions ORDER BY at LIMIT ?1)",
        positions,
    )?;
    delete(
        transaction,
        "DELETE FROM memory WHERE subject IN (SELECT subject FROM memory ORDER BY last_at LIMIT ?1)",
        memory,
    )?;
    let tallies = prune_tally(transaction, "failure_tally", "slot, jail, echo", too_old, rows)?
        + prune_tally(transaction, "ban_tally", "slot, jail", too_old, rows)?;
    let failures = failures + aged;
    let more = tallies >= rows || [failures, history, audit, actions, positions, memory].contains(&rows);
    Ok(Pruned { failures, history, audit, actions, tallies, positions, memory, more })
}

/// Deletes sums that are too old, then the oldest of those that are too many.
fn prune_tally(
    transaction: &Transaction<'_>,
    table: &str,
    key: &str,
    too_old: Moment,
    rows: u64,
) -> rusqlite::Result<u64> {
    let oldest = |which: &str| {
        format!(
            "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} {which} ORDER BY {key} LIMIT ?1)"
        )
    };
    let aged = transaction
        .prepare_cached(&oldest("WHERE slot < ?2"))?
        .execute([number(rows), tally::slot(too_old)])? as u64;
    let surplus = excess(transaction, table, limit::TALLY_ROWS)?.min(rows - aged);
    delete(transaction, &oldest(""), surplus)?;
    Ok(aged + surplus)
}

/// By how many rows a table is past its bound. Counting walks the smallest index only.
fn excess(transaction: &Transaction<'_>, table: &str, bound: u64) -> rusqlite::Result<u64> {
    let rows: i64 = transaction.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?;
    Ok(u64::try_from(rows).unwrap_or(0).saturating_sub(bound))
}

/// Deletes `rows` rows by a statement that takes their number.
fn delete(transaction: &Transaction<'_>, statement: &str, rows: u64) -> rusqlite::Result<()> {
    if rows > 0 {
        transaction.prepare_cached(statement)?.execute([number(rows)])?;
    }
    Ok(())
}

fn number(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
