//! The tables of fail2ban's database, version 4, and how older ones become such. A file of somebody else is refused.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::MirrorError;
use crate::legacy::{has_table, version};

/// What is there already stays. Column for column fail2ban's, so that it takes the file up again.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS fail2banDb(version INTEGER);
CREATE TABLE IF NOT EXISTS jails(name TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 1);
CREATE INDEX IF NOT EXISTS jails_name ON jails(name);
CREATE TABLE IF NOT EXISTS logs(jail TEXT NOT NULL, path TEXT, firstlinemd5 TEXT, lastfilepos INTEGER DEFAULT 0,
    FOREIGN KEY(jail) REFERENCES jails(name) ON DELETE CASCADE, UNIQUE(jail, path), UNIQUE(jail, path, firstlinemd5));
CREATE INDEX IF NOT EXISTS logs_path ON logs(path);
CREATE INDEX IF NOT EXISTS logs_jail_path ON logs(jail, path);
CREATE TABLE IF NOT EXISTS bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL,
    bancount INTEGER NOT NULL default 1, data JSON, FOREIGN KEY(jail) REFERENCES jails(name));
CREATE INDEX IF NOT EXISTS bans_jail_timeofban_ip ON bans(jail, timeofban);
CREATE INDEX IF NOT EXISTS bans_jail_ip ON bans(jail, ip);
CREATE INDEX IF NOT EXISTS bans_ip ON bans(ip);
CREATE TABLE IF NOT EXISTS bips(ip TEXT NOT NULL, jail TEXT NOT NULL, timeofban INTEGER NOT NULL, bantime INTEGER NOT NULL,
    bancount INTEGER NOT NULL default 1, data JSON, PRIMARY KEY(ip, jail), FOREIGN KEY(jail) REFERENCES jails(name));
CREATE INDEX IF NOT EXISTS bips_timeofban ON bips(timeofban);
CREATE INDEX IF NOT EXISTS bips_ip ON bips(ip);
INSERT INTO fail2banDb(version) SELECT 4 WHERE NOT EXISTS (SELECT 1 FROM fail2banDb);
";

/// Whether it is one of version 4 with the tables that bans stand in.
pub fn is_whole(conn: &Connection, path: &Path) -> bool {
    let has = |name| has_table(conn, name).is_ok_and(|has| has);
    has("bans") && has("bips") && has("jails") && version(conn, path).is_ok_and(|found| found == 4)
}

/// Makes a new file, or an older one, one of version 4.
pub fn bring_up(conn: &mut Connection, path: &Path) -> Result<(), MirrorError> {
    let wrong = |cause| MirrorError::sqlite(path, "make the tables of fail2ban's database", cause);
    let tables: i64 =
        conn.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).map_err(wrong)?;
    let found = if tables == 0 { 4 } else { version(conn, path)? };
    let step = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(wrong)?;
    if found < 4 {
        upgrade(&step, found).map_err(wrong)?;
    }
    step.execute_batch(TABLES).map_err(wrong)?;
    step.commit().map_err(wrong)
}

/// As fail2ban does it: bans without a length get -2, which is "not known".
fn upgrade(step: &Transaction<'_>, found: i64) -> rusqlite::Result<()> {
    if found < 2 && has_table(step, "logs")? {
        step.execute_batch("DROP INDEX IF EXISTS logs_path; DROP INDEX IF EXISTS logs_jail_path; ALTER TABLE logs RENAME TO logs_old;")?;
        step.execute_batch(TABLES)?;
        step.execute_batch(
            "INSERT OR IGNORE INTO jails(name, enabled) SELECT DISTINCT jail, 0 FROM logs_old;
             INSERT OR REPLACE INTO logs(jail, path, firstlinemd5, lastfilepos)
                SELECT jail, path, firstlinemd5, lastfilepos FROM logs_old; DROP TABLE logs_old;",
        )?;
    }
    let has_old_bans = has_table(step, "bans")?;
    if found < 3 && has_old_bans {
        step.execute_batch(
            "DROP INDEX IF EXISTS bans_jail_timeofban_ip; DROP INDEX IF EXISTS bans_jail_ip; DROP INDEX IF EXISTS bans_ip;
             ALTER TABLE bans RENAME TO bans_old;",
        )?;
        step.execute_batch(TABLES)?;
        step.execute_batch(
            "INSERT OR IGNORE INTO jails(name, enabled) SELECT DISTINCT jail, 0 FROM bans_old;
             INSERT INTO bans(jail, ip, timeofban, bantime, bancount, data)
                SELECT jail, ip, timeofban, -2, 1, data FROM bans_old; DROP TABLE bans_old;",
        )?;
    }
    step.execute_batch(TABLES)?;
    if has_old_bans {
        step.execute_batch(
            "INSERT OR IGNORE INTO jails(name, enabled) SELECT DISTINCT jail, 0 FROM bans;
             INSERT OR REPLACE INTO bips(ip, jail, timeofban, bantime, bancount, data)
                SELECT ip, jail, timeofban, bantime, bancount, data FROM bans WHERE ip IS NOT NULL ORDER BY timeofban;",
        )?;
    }
    step.execute_batch("UPDATE fail2banDb SET version = 4")
}
