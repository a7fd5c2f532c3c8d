//! The durable record: who is banned, who was, why, by whom, and how far the logs have been read.
//!
//! The engine hands over one `Batch` for each of its turns, and a batch is one transaction: failures and the position
//! up to which they were read become durable together, so that after a crash nothing is lost and nothing counted
//! twice. This crate decides nothing and reads no clock; it never deletes a live ban.

pub mod record;
pub mod key;
pub mod error;
pub mod sqlite;
pub mod archive;
mod schema;
mod lock;
mod aside;
mod row;
mod names;
mod write;
mod tally;
mod read;
pub mod top;
mod prune;

pub use archive::Archive;
pub use error::StoreError;
pub use key::{KeyRow, NewKey};
pub use record::{
    Action, ActionRow, AuditEntry, Batch, Deed, Ending, Loaded, MemoryChange, MemoryRow, PastBan, Pruned,
};
pub use sqlite::{Opened, Sqlite};
pub use top::{Top, TopAccount, TopNetwork, TopSubject};

use std::path::PathBuf;

use event::{Failure, Moment, Subject};

/// Where decisions become durable. A call that fails has changed nothing on the disk.
pub trait Store: Send {
    /// Records one batch, all of it or nothing.
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// What the daemon starts from. Bans that ended before `now` are moved to the history first.
    fn load(&mut self, now: Moment) -> Result<Loaded, StoreError>;

    /// Tells every recorded failure at or after `moment`, oldest first, to rebuild the windows at start.
    fn failures_since(&self, moment: Moment, tell: &mut dyn FnMut(Failure)) -> Result<(), StoreError>;

    /// The latest failures of exactly this subject, newest first, at most `limit`.
    fn evidence(&self, subject: &Subject, limit: usize) -> Result<Vec<Failure>, StoreError>;

    /// Ended bans of exactly this subject, or of all, newest first, at most `limit`.
    fn history(&self, subject: Option<&Subject>, limit: usize) -> Result<Vec<PastBan>, StoreError>;

    /// The latest decisions, newest first, at most `limit`.
    fn audit(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// The latest unbans of the audit, newest first, at most `limit`.
    fn unbans(&self, limit: usize) -> Result<Vec<AuditEntry>, StoreError>;

    /// A secret such as the administrator's password hash, if it was set.
    fn secret(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Sets a secret, or forgets it with `None`.
    fn set_secret(&mut self, name: &str, value: Option<&str>) -> Result<(), StoreError>;

    /// The API keys, oldest first.
    fn keys(&self) -> Result<Vec<KeyRow>, StoreError>;

    /// Adds a key and tells its number, which no other key ever had. `StoreError::KeyNameTaken` if another key has its name.
    fn add_key(&mut self, key: &NewKey) -> Result<i64, StoreError>;

    /// Takes a key away; tells whether it was there.
    fn remove_key(&mut self, id: i64) -> Result<bool, StoreError>;

    /// Notes when keys were last used. What is earlier than the use known, or of a key that is gone, is passed over.
    fn touch_keys(&mut self, used: &[(i64, Moment)]) -> Result<(), StoreError>;

    /// Deletes what is past its bounds, a bounded number of rows a call; `Pruned::more` asks for another call soon.
    fn prune(&mut self, now: Moment) -> Result<Pruned, StoreError>;

    /// To be called after `StoreError::Corrupt`: checks the whole file, sets it aside if it is damaged, and goes on
    /// with a fresh one; the caller then commits what it holds. `None` means that the file is sound after all. If mending
    /// itself fails, the store stays closed: every call fails until a later `mend` succeeds.
    fn mend(&mut self, now: Moment) -> Result<Option<PathBuf>, StoreError>;
}
