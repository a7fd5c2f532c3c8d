//! How the tables lie on disk, and the steps from each older layout to the latest one. A step that was released is never
//! edited: a new one is added behind it, and `user_version` counts the steps that a file has taken.
//!
//! Compact where there are many rows: a subject is a few bytes (`row::Key`), a jail or a pattern is a number in `names`, a moment is an
//! integer in milliseconds. `bans` and `memory` are read as a whole and changed by key, so the key is the table.
//! `failures` grows at its end; its index by subject serves `evidence`. The one by time serves `failures_since` and pruning, and
//! holds what `top` sums up: half a million lines of logs are then not gone through for it. It repeats `id`, so that
//! failures of one moment come in the order of recording without being sorted.
//! The tallies are kept as failures and bans are recorded: their sums stay true when a flood has pushed out the rows themselves.

use rusqlite::{Connection, TransactionBehavior};

/// Marks the file as ours ("STKD"), so that no other program's database is ever taken over.
const APPLICATION_ID: i64 = 0x5354_4b44;

const STEPS: &[&str] = &[
    "
    CREATE TABLE names (
        id   INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE bans (
        subject  BLOB NOT NULL,
        jail     INTEGER NOT NULL,
        scope    INTEGER NOT NULL,
        since    INTEGER NOT NULL,
        until    INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        proof    INTEGER NOT NULL,
        reason   TEXT NOT NULL,
        PRIMARY KEY (subject, jail)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE history (
        id       INTEGER PRIMARY KEY,
        subject  BLOB NOT NULL,
        jail     INTEGER NOT NULL,
        scope    INTEGER NOT NULL,
        since    INTEGER NOT NULL,
        until    INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        proof    INTEGER NOT NULL,
        reason   TEXT NOT NULL,
        ended    INTEGER NOT NULL,
        ending   INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX history_by_subject ON history (subject);
    CREATE TABLE memory (
        subject    BLOB PRIMARY KEY NOT NULL,
        times      INTEGER NOT NULL,
        jails      TEXT NOT NULL,
        last_until INTEGER NOT NULL,
        last_at    INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE audit (
        id      INTEGER PRIMARY KEY,
        at      INTEGER NOT NULL,
        deed    INTEGER NOT NULL,
        subject BLOB NOT NULL,
        jail    INTEGER NOT NULL,
        text    TEXT NOT NULL
    ) STRICT;
    CREATE TABLE failures (
        id      INTEGER PRIMARY KEY,
        at      INTEGER NOT NULL,
        subject BLOB NOT NULL,
        address BLOB,
        jail    INTEGER NOT NULL,
        pattern INTEGER NOT NULL,
        count   INTEGER NOT NULL,
        proof   INTEGER NOT NULL,
        echo    INTEGER NOT NULL,
        account TEXT,
        line    TEXT NOT NULL
    ) STRICT;
    CREATE INDEX failures_by_subject ON failures (subject);
    CREATE INDEX failures_by_time ON failures (at);
    CREATE TABLE positions (
        key         TEXT PRIMARY KEY NOT NULL,
        at          INTEGER NOT NULL,
        device      INTEGER,
        inode       INTEGER,
        offset      INTEGER,
        fingerprint INTEGER,
        head_bytes  INTEGER,
        cursor      TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE secrets (
        name  TEXT PRIMARY KEY NOT NULL,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE actions (
        id      INTEGER PRIMARY KEY,
        at      INTEGER NOT NULL,
        deed    TEXT NOT NULL,
        actor   TEXT NOT NULL,
        origin  TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail  TEXT NOT NULL
    ) STRICT;
    -- A number is never given out twice: a page that is still open must not revoke another key than it shows.
    CREATE TABLE keys (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        name      TEXT NOT NULL UNIQUE,
        scope     TEXT NOT NULL,
        hash      TEXT NOT NULL,
        networks  TEXT NOT NULL,
        created   INTEGER NOT NULL,
        last_used INTEGER
    ) STRICT;
    CREATE TABLE failure_tally (
        slot     INTEGER NOT NULL,
        jail     INTEGER NOT NULL,
        echo     INTEGER NOT NULL,
        failures INTEGER NOT NULL,
        PRIMARY KEY (slot, jail, echo)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE ban_tally (
        slot INTEGER NOT NULL,
        jail INTEGER NOT NULL,
        bans INTEGER NOT NULL,
        PRIMARY KEY (slot, jail)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO failure_tally
        SELECT at / 900000, jail, echo, sum(count) FROM failures GROUP BY 1, 2, 3;
    INSERT INTO ban_tally
        SELECT since / 900000, jail, count(*)
        FROM (SELECT since, jail FROM bans UNION ALL SELECT since, jail FROM history) GROUP BY 1, 2;
    DROP INDEX failures_by_time;
    CREATE INDEX failures_by_time ON failures (at, id, jail, echo, count, subject, account);
",
];

/// The latest layout.
pub(crate) const VERSION: i64 = STEPS.len() as i64;

/// Whose file it is.
pub(crate) enum Owner {
    /// Nobody's yet: it is empty.
    Nobody,
    /// Ours, of a layout that we know; the layout's number.
    Ours(i64),
    /// Ours, of a later layout.
    Newer(i64),
    /// Another program's.
    Foreign,
}

/// Looks whose file it is, and changes nothing.
pub(crate) fn owner(conn: &Connection) -> rusqlite::Result<Owner> {
    let application: i64 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let things: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(match (application, version) {
        (0, 0) if things == 0 => Owner::Nobody,
        (APPLICATION_ID, version) if version > VERSION => Owner::Newer(version),
        (APPLICATION_ID, version) => Owner::Ours(version),
        _ => Owner::Foreign,
    })
}

/// Takes the steps that are still missing, all of them or none.
pub(crate) fn migrate(conn: &mut Connection, from: i64) -> rusqlite::Result<()> {
    if from == VERSION {
        return Ok(());
    }
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in STEPS.iter().skip(usize::try_from(from).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_first_layout_keeps_its_rows_and_they_are_in_the_tallies() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(STEPS[0]).unwrap();
        conn.execute_batch(
            "INSERT INTO names (name) VALUES ('sshd');
             INSERT INTO failures (at, subject, jail, pattern, count, proof, echo, line) VALUES
                 (900000, x'c000020180', 1, 1, 2, 1, 0, ''), (1799999, x'c000020180', 1, 1, 3, 1, 0, ''),
                 (1800000, x'c000020180', 1, 1, 4, 1, 1, '');
             INSERT INTO bans VALUES (x'c000020180', 1, 0, 900001, 1, 3, 1, '');
             INSERT INTO history VALUES (1, x'c000020180', 1, 0, 900002, 1, 3, 1, '', 1, 0);",
        )
        .unwrap();
        migrate(&mut conn, 1).unwrap();
        let rows = |query: &str| -> Vec<(i64, i64, i64)> {
            let mut statement = conn.prepare(query).unwrap();
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        assert_eq!(rows("SELECT slot, echo, failures FROM failure_tally"), [(1, 0, 5), (2, 1, 4)]);
        assert_eq!(rows("SELECT slot, jail, bans FROM ban_tally"), [(1, 1, 2)]);
        assert_eq!(rows("SELECT count(*), min(at), max(at) FROM failures"), [(3, 900_000, 1_800_000)]);
        assert!(matches!(owner(&conn).unwrap(), Owner::Ours(VERSION)));
    }

    #[test]
    fn failures_come_by_time_without_sorting_and_are_summed_up_without_their_lines() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, 0).unwrap();
        let plan = |query: &str| -> String {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let steps = statement.query_map([0], |row| row.get::<_, String>(3)).unwrap();
            steps.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
        };
        assert_eq!(plan(crate::top::QUERY), "SEARCH failures USING COVERING INDEX failures_by_time (at>?)");
        let since = crate::read::failures_since_query();
        assert_eq!(plan(&since), "SEARCH failures USING INDEX failures_by_time (at>?)");
    }
}
