//! Names of jails and patterns, each with the small number that stands for it in a million rows. They come from the
//! configuration and the filters, never from a log line, so there are few and all of them are held in memory.

use std::collections::HashMap;

use event::JailName;
use rusqlite::{Connection, Row};

use crate::row::damaged;

/// The table `names`, in memory.
#[derive(Default)]
pub(crate) struct Names {
    numbers: HashMap<JailName, i64>,
    /// `JailName` serves for patterns too: what matters is that the text is shared.
    names: HashMap<i64, JailName>,
    /// Given out since the transaction began: void if it is rolled back.
    fresh: Vec<JailName>,
}

impl Names {
    /// Reads all of them.
    pub(crate) fn load(conn: &Connection) -> rusqlite::Result<Self> {
        let mut all = Self::default();
        let mut statement = conn.prepare("SELECT id, name FROM names")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            all.insert(row.get(0)?, JailName::new(row.get_ref(1)?.as_str()?));
        }
        Ok(all)
    }

    /// The number of a jail's name; it is given one if it has none yet.
    pub(crate) fn jail_number(&mut self, conn: &Connection, name: &JailName) -> rusqlite::Result<i64> {
        match self.numbers.get(name) {
            Some(number) => Ok(*number),
            None => self.add(conn, name.clone()),
        }
    }

    /// The number of a pattern's name.
    pub(crate) fn pattern_number(&mut self, conn: &Connection, name: &str) -> rusqlite::Result<i64> {
        // Building the key allocates, and this is called for every failure: still small beside the insert it is for.
        self.jail_number(conn, &JailName::new(name))
    }

    /// The name of the number in a column.
    pub(crate) fn name(&self, row: &Row<'_>, column: usize) -> rusqlite::Result<&JailName> {
        self.get(row.get(column)?).ok_or_else(|| damaged(column, "the number of a name"))
    }

    /// The name of a number.
    pub(crate) fn get(&self, number: i64) -> Option<&JailName> {
        self.names.get(&number)
    }

    /// The transaction holds: so do its numbers.
    pub(crate) fn keep(&mut self) {
        self.fresh.clear();
    }

    /// The transaction was rolled back: its numbers never were.
    pub(crate) fn undo(&mut self) {
        for name in self.fresh.drain(..) {
            if let Some(number) = self.numbers.remove(&name) {
                self.names.remove(&number);
            }
        }
    }

    fn add(&mut self, conn: &Connection, name: JailName) -> rusqlite::Result<i64> {
        conn.prepare_cached("INSERT INTO names (name) VALUES (?1)")?.execute([name.as_str()])?;
        let number = conn.last_insert_rowid();
        self.insert(number, name.clone());
        self.fresh.push(name);
        Ok(number)
    }

    fn insert(&mut self, number: i64, name: JailName) {
        self.names.insert(number, name.clone());
        self.numbers.insert(name, number);
    }
}
