//! API keys on disk. Their secrets never come here, only what the caller made of them; what a scope means is for the caller
//! to know.

use event::{Moment, Subject, limit};
use rusqlite::{Connection, ErrorCode, Row, params};

use crate::row::damaged;

/// A key that is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Its name; no two keys have the same.
    pub name: String,
    /// What it may do, as a word that the caller knows.
    pub scope: String,
    /// The hash of its secret.
    pub hash: String,
    /// From where it may be used; empty means from anywhere.
    pub networks: Vec<Subject>,
    /// When it was made.
    pub created: Moment,
}

/// A key as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// Its number.
    pub id: i64,
    /// Its name; no two keys have the same.
    pub name: String,
    /// What it may do, as a word that the caller knows.
    pub scope: String,
    /// The hash of its secret.
    pub hash: String,
    /// From where it may be used; empty means from anywhere.
    pub networks: Vec<Subject>,
    /// When it was made.
    pub created: Moment,
    /// When it was last used.
    pub last_used: Option<Moment>,
}

/// What came of adding a key.
pub(crate) enum Added {
    /// It has this number.
    As(i64),
    /// Another key has its name.
    NameTaken,
    /// There are as many as there may be.
    TooMany,
}

/// All keys, oldest first.
pub(crate) fn all(conn: &Connection) -> rusqlite::Result<Vec<KeyRow>> {
    conn.prepare_cached("SELECT id, name, scope, hash, networks, created, last_used FROM keys ORDER BY id")?
        .query_map([], key)?
        .collect()
}

/// Adds a key.
pub(crate) fn add(conn: &Connection, key: &NewKey) -> rusqlite::Result<Added> {
    let keys: i64 = conn.query_row("SELECT count(*) FROM keys", [], |row| row.get(0))?;
    if usize::try_from(keys).unwrap_or(0) >= limit::KEYS {
        return Ok(Added::TooMany);
    }
    let networks: Vec<String> = key.networks.iter().map(Subject::to_string).collect();
    let added = conn.execute(
        "INSERT INTO keys (name, scope, hash, networks, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![key.name, key.scope, key.hash, networks.join(" "), key.created.millis()],
    );
    match added {
        Ok(_) => Ok(Added::As(conn.last_insert_rowid())),
        Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Ok(Added::NameTaken)
        }
        Err(cause) => Err(cause),
    }
}

/// Takes a key away; tells whether it was there.
pub(crate) fn remove(conn: &Connection, id: i64) -> rusqlite::Result<bool> {
    Ok(conn.execute("DELETE FROM keys WHERE id = ?1", [id])? > 0)
}

/// Notes the last use of several keys in one transaction.
pub(crate) fn touch(conn: &mut Connection, used: &[(i64, Moment)]) -> rusqlite::Result<()> {
    let transaction = conn.transaction()?;
    for (id, at) in used {
        transaction
            .prepare_cached(
                "UPDATE keys SET last_used = ?2 WHERE id = ?1 AND (last_used IS NULL OR last_used < ?2)",
            )?
            .execute([*id, at.millis()])?;
    }
    transaction.commit()
}

fn key(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    let networks = row.get_ref(4)?.as_str()?.split_whitespace().map(str::parse);
    Ok(KeyRow {
        id: row.get(0)?,
        name: row.get(1)?,
        scope: row.get(2)?,
        hash: row.get(3)?,
        networks: networks.collect::<Result<_, _>>().map_err(|_| damaged(4, "a list of networks"))?,
        created: Moment::from_millis(row.get(5)?),
        last_used: row.get::<_, Option<i64>>(6)?.map(Moment::from_millis),
    })
}
