//! How a batch becomes one transaction. Statements are prepared once and kept.

use std::borrow::Cow;

use event::{Ban, Decision, Failure, Moment, Position, Refusal, Subject, Success, Unban, limit};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::names::Names;
use crate::row::{Key, address_bytes, deed_number, ending_number, proof_number, scope_number};
use crate::tally::{self, FailureSums};
use crate::{Action, Batch, Deed, Ending, MemoryChange, MemoryRow, PastBan};

/// Records a batch, all of it or nothing.
///
/// Rows go in by subject: what lies on one page of a table or an index is then touched at one time, which is what makes
/// a batch of many thousand scattered addresses fast. The order for one subject stays the order in which it happened.
pub(crate) fn commit(conn: &mut Connection, names: &mut Names, batch: &Batch) -> rusqlite::Result<()> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    record_failures(&transaction, names, &batch.failures)?;
    for success in &batch.cleared {
        clear(&transaction, names, success)?;
    }
    for past in &batch.past {
        record_past(&transaction, names, past)?;
    }
    record_decisions(&transaction, names, &batch.decisions)?;
    let mut expired: Vec<_> = batch.expired.iter().collect();
    expired.sort_by_key(|(subject, _)| *subject);
    for (subject, jail) in expired {
        let jail = names.jail_number(&transaction, jail)?;
        expire(&transaction, subject, jail, batch.at)?;
    }
    for (subject, jail) in &batch.let_off {
        let jail = names.jail_number(&transaction, jail)?;
        let_off(&transaction, subject, jail)?;
    }
    for change in &batch.memory {
        match change {
            MemoryChange::Remember(row) => remember(&transaction, names, row)?,
            MemoryChange::Forget(subject) => forget(&transaction, subject)?,
        }
    }
    for (key, position) in &batch.positions {
        record_position(&transaction, key, position, batch.at)?;
    }
    for action in &batch.actions {
        record_action(&transaction, action)?;
    }
    transaction.commit()
}

fn record_past(
    transaction: &Transaction<'_>,
    names: &mut Names,
    PastBan { ban, ended, ending }: &PastBan,
) -> rusqlite::Result<()> {
    let jail = names.jail_number(transaction, &ban.jail)?;
    transaction
        .prepare_cached(
            "INSERT INTO history (subject, jail, scope, since, until, failures, proof, reason, ended, ending)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            Key::of(&ban.subject),
            jail,
            scope_number(ban.scope),
            ban.since.millis(),
            ban.until.millis(),
            ban.failures,
            proof_number(ban.proof),
            ban.reason,
            ended.millis(),
            ending_number(*ending),
        ])
        .map(drop)
}

fn record_failures(
    transaction: &Transaction<'_>,
    names: &mut Names,
    failures: &[Failure],
) -> rusqlite::Result<()> {
    let mut failures: Vec<&Failure> = failures.iter().collect();
    failures.sort_by_key(|failure| failure.subject);
    let mut sums = FailureSums::default();
    for failure in failures {
        let jail = names.jail_number(transaction, &failure.jail)?;
        record_failure(transaction, names, failure, jail)?;
        sums.take(failure, jail);
    }
    sums.record(transaction)
}

fn record_decisions(
    transaction: &Transaction<'_>,
    names: &mut Names,
    decisions: &[Decision],
) -> rusqlite::Result<()> {
    for decision in decisions {
        note(transaction, names, decision)?;
    }
    let mut decisions: Vec<&Decision> = decisions.iter().collect();
    decisions.sort_by_key(|decision| match decision {
        Decision::Ban(ban) => ban.subject,
        Decision::Unban(unban) => unban.subject,
        Decision::Refused(refusal) => refusal.subject,
    });
    for decision in decisions {
        match decision {
            Decision::Ban(ban) => record_ban(transaction, names, ban)?,
            Decision::Unban(unban) => record_unban(transaction, names, unban)?,
            Decision::Refused(_) => {}
        }
    }
    Ok(())
}

/// Moves every ban that ended before `now` to the history.
pub(crate) fn expire_all(conn: &mut Connection, now: Moment) -> rusqlite::Result<()> {
    let transaction = conn.transaction()?;
    transaction.execute(
        "INSERT INTO history (subject, jail, scope, since, until, failures, proof, reason, ended, ending)
         SELECT subject, jail, scope, since, until, failures, proof, reason, until, ?2 FROM bans WHERE until <= ?1",
        params![now.millis(), ending_number(Ending::Expired)],
    )?;
    transaction.execute("DELETE FROM bans WHERE until <= ?1", [now.millis()])?;
    transaction.commit()
}

/// Sets or forgets a secret.
pub(crate) fn set_secret(conn: &Connection, name: &str, value: Option<&str>) -> rusqlite::Result<()> {
    match value {
        Some(value) => conn.execute("REPLACE INTO secrets (name, value) VALUES (?1, ?2)", [name, value]),
        None => conn.execute("DELETE FROM secrets WHERE name = ?1", [name]),
    }
    .map(drop)
}

fn record_failure(
    transaction: &Transaction<'_>,
    names: &mut Names,
    failure: &Failure,
    jail: i64,
) -> rusqlite::Result<()> {
    let pattern = names.pattern_number(transaction, &failure.pattern)?;
    transaction
        .prepare_cached(
            "INSERT INTO failures (at, subject, address, jail, pattern, count, proof, echo, account, line)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            failure.at.millis(),
            Key::of(&failure.subject),
            address_bytes(failure.address),
            jail,
            pattern,
            failure.count,
            proof_number(failure.proof),
            failure.echo,
            failure.account,
            failure.line,
        ])
        .map(drop)
}

fn clear(transaction: &Transaction<'_>, names: &mut Names, success: &Success) -> rusqlite::Result<()> {
    let jail = names.jail_number(transaction, &success.jail)?;
    transaction
        .prepare_cached(
            "DELETE FROM failures WHERE subject = ?1 AND jail = ?2 AND account = ?3 AND at <= ?4",
        )?
        .execute(params![Key::of(&success.subject), jail, success.account, success.at.millis()])
        .map(drop)
}

fn record_ban(transaction: &Transaction<'_>, names: &mut Names, ban: &Ban) -> rusqlite::Result<()> {
    let jail = names.jail_number(transaction, &ban.jail)?;
    // An earlier ban that had ended by then, but was not told as expired yet, must not vanish under the new one.
    expire(transaction, &ban.subject, jail, ban.since)?;
    // A ban that replaces a live one prolongs it: it was counted before.
    let prolonged = transaction
        .prepare_cached("SELECT 1 FROM bans WHERE subject = ?1 AND jail = ?2")?
        .exists(params![Key::of(&ban.subject), jail])?;
    if !prolonged {
        tally::record_ban(transaction, ban.since, jail)?;
    }
    transaction
        .prepare_cached(
            "REPLACE INTO bans (subject, jail, scope, since, until, failures, proof, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            Key::of(&ban.subject),
            jail,
            scope_number(ban.scope),
            ban.since.millis(),
            ban.until.millis(),
            ban.failures,
            proof_number(ban.proof),
            ban.reason,
        ])
        .map(drop)
}

fn record_unban(transaction: &Transaction<'_>, names: &mut Names, unban: &Unban) -> rusqlite::Result<()> {
    let jail = names.jail_number(transaction, &unban.jail)?;
    let subject = Key::of(&unban.subject);
    transaction
        .prepare_cached(
            "INSERT INTO history (subject, jail, scope, since, until, failures, proof, reason, ended, ending)
             SELECT subject, jail, scope, since, until, failures, proof, reason, ?3, ?4
             FROM bans WHERE subject = ?1 AND jail = ?2",
        )?
        .execute(params![subject, jail, unban.at.millis(), ending_number(Ending::Unbanned)])?;
    transaction
        .prepare_cached("DELETE FROM bans WHERE subject = ?1 AND jail = ?2")?
        .execute(params![subject, jail])
        .map(drop)
}

/// Writes a decision into the audit.
fn note(transaction: &Transaction<'_>, names: &mut Names, decision: &Decision) -> rusqlite::Result<()> {
    let (at, deed, subject, jail, text) = match decision {
        Decision::Ban(Ban { since, subject, jail, reason, .. }) => (since, Deed::Ban, subject, jail, reason),
        Decision::Unban(Unban { at, subject, jail, actor }) => (at, Deed::Unban, subject, jail, actor),
        Decision::Refused(Refusal { at, subject, jail, reason }) => {
            (at, Deed::Refused, subject, jail, reason)
        }
    };
    let jail = names.jail_number(transaction, jail)?;
    transaction
        .prepare_cached("INSERT INTO audit (at, deed, subject, jail, text) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![at.millis(), deed_number(deed), Key::of(subject), jail, text])
        .map(drop)
}

/// Moves one ban to the history if it has ended by `at`.
fn expire(transaction: &Transaction<'_>, subject: &Subject, jail: i64, at: Moment) -> rusqlite::Result<()> {
    let subject = Key::of(subject);
    let moved = transaction
        .prepare_cached(
            "INSERT INTO history (subject, jail, scope, since, until, failures, proof, reason, ended, ending)
             SELECT subject, jail, scope, since, until, failures, proof, reason, until, ?4
             FROM bans WHERE subject = ?1 AND jail = ?2 AND until <= ?3",
        )?
        .execute(params![subject, jail, at.millis(), ending_number(Ending::Expired)])?;
    if moved > 0 {
        transaction
            .prepare_cached("DELETE FROM bans WHERE subject = ?1 AND jail = ?2")?
            .execute(params![subject, jail])?;
    }
    Ok(())
}

/// Bans that are over, as if somebody had ended each of them.
fn let_off(transaction: &Transaction<'_>, subject: &Subject, jail: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("UPDATE history SET ending = ?3 WHERE subject = ?1 AND jail = ?2 AND ending = ?4")?
        .execute(params![
            Key::of(subject),
            jail,
            ending_number(Ending::Unbanned),
            ending_number(Ending::Expired)
        ])
        .map(drop)
}

fn remember(transaction: &Transaction<'_>, names: &mut Names, row: &MemoryRow) -> rusqlite::Result<()> {
    let mut jails = String::new();
    for jail in &row.jails {
        if !jails.is_empty() {
            jails.push(',');
        }
        jails.push_str(&names.jail_number(transaction, jail)?.to_string());
    }
    transaction
        .prepare_cached(
            "REPLACE INTO memory (subject, times, jails, last_until, last_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            Key::of(&row.subject),
            row.times,
            jails,
            row.last_until.millis(),
            row.last_at.millis()
        ])
        .map(drop)
}

fn forget(transaction: &Transaction<'_>, subject: &Subject) -> rusqlite::Result<()> {
    transaction.prepare_cached("DELETE FROM memory WHERE subject = ?1")?.execute([Key::of(subject)]).map(drop)
}

fn record_position(
    transaction: &Transaction<'_>,
    key: &str,
    position: &Position,
    at: Moment,
) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "REPLACE INTO positions (key, at, device, inode, offset, fingerprint, head_bytes, cursor)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    // SQLite's integers are signed: the numbers of 64 bits go in by their bits.
    match position {
        Position::File { device, inode, offset, fingerprint, head_bytes } => statement.execute(params![
            key,
            at.millis(),
            device.cast_signed(),
            inode.cast_signed(),
            offset.cast_signed(),
            fingerprint.cast_signed(),
            head_bytes,
            None::<&str>,
        ]),
        Position::Cursor { cursor } => statement.execute(params![
            key,
            at.millis(),
            None::<i64>,
            None::<i64>,
            None::<i64>,
            None::<i64>,
            None::<i64>,
            cursor,
        ]),
    }
    .map(drop)
}

fn record_action(transaction: &Transaction<'_>, action: &Action) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO actions (at, deed, actor, origin, subject, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            action.at.millis(),
            cut(&action.deed, limit::ACTION_TEXT_BYTES),
            cut(&action.actor, limit::ACTION_TEXT_BYTES),
            cut(&action.origin, limit::ACTION_TEXT_BYTES),
            cut(&action.subject, limit::ACTION_TEXT_BYTES),
            cut(&action.detail, limit::ACTION_DETAIL_BYTES),
        ])
        .map(drop)
}

/// At most `bytes` bytes of a text; one that was cut shows it.
fn cut(text: &str, bytes: usize) -> Cow<'_, str> {
    const MARK: &str = "…";
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    let kept = &text[..text.floor_char_boundary(bytes - MARK.len())];
    Cow::Owned(format!("{kept}{MARK}"))
}
