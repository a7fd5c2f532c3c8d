//! `fail2ban.sqlite3`, kept as fail2ban keeps it, for the programs that read it. A thread of its own writes; whoever tells it something
//! never waits. Rows that another program deletes are lifted bans, and handed to the `Host`. It is a view: what Stockade enforces
//! stands in its own store, so that a lost or damaged file costs nothing but the rows of bans that are over.

mod bell;
mod change;
mod schema;
mod rows;
mod held;
mod found;
mod place;
mod keeper;
mod history;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use dropin::Happening;
use event::{Moment, Subject, limit};

use crate::legacy::{LegacyBan, Offset};
use crate::queue::{Sender, queue};
use crate::{MirrorError, legacy};
use bell::Bell;
use change::{Change, Row};
pub use found::Seal;
pub use history::{History, Latest};
use keeper::{Keeper, Message};

/// What the database asks of whoever enforces. Called on the database's thread, which waits meanwhile.
pub trait Host: Send {
    /// The time.
    fn now(&self) -> Moment;

    /// Another program deleted these bans. They are out of the database already; they are to be lifted.
    fn lifted(&mut self, bans: Vec<Lifted>, deleted: Deleted);

    /// All bans that hold now; none if they cannot be told just now. Asked when changes were lost: see `Database::lost`.
    fn standing(&mut self) -> Option<Vec<Standing>>;
}

/// When another program deleted bans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// Just now.
    Now,
    /// While nobody here kept the database.
    Before,
}

/// A ban that another program deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lifted {
    /// Of which jail, by the name that fail2ban's configuration has for it.
    pub jail: String,
    /// Whom, as it stood in the database.
    pub ip: String,
}

/// A ban that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Of which jail, by the name that fail2ban's configuration has for it.
    pub jail: String,
    /// Whom.
    pub subject: Subject,
    /// Since when.
    pub since: Moment,
    /// Until when; `Moment::NEVER` for ever.
    pub until: Moment,
    /// How often this jail banned it before.
    pub earlier: u32,
    /// Failures that led to it.
    pub failures: u32,
}

/// The database. When it is dropped, what was told before is written yet.
pub struct Database {
    sender: Option<Sender<Message>>,
    bell: Arc<Bell>,
    lines: Arc<AtomicI64>,
    /// Where it is, for those who read it beside the thread.
    path: Arc<Mutex<Option<PathBuf>>>,
    /// Locked by nobody but the one who drops it: it makes the whole one that threads may share.
    ended: Mutex<Receiver<()>>,
}

impl Database {
    /// Opens the database or makes a new one, as fail2ban does. What is in it stays; jails are off until they start. A damaged
    /// file is set aside; one that is not fail2ban's is an error and stays as it is. `None` keeps none until `set_path`. By its `seal`, a
    /// file is known again, and what was deleted from it meanwhile.
    pub fn open(path: Option<&Path>, seal: Seal, host: Box<dyn Host>) -> Result<Self, MirrorError> {
        let (sender, messages) = queue(limit::FAIL2BAN_DATABASE_QUEUE_BYTES);
        let bell = Arc::new(Bell::new().map_err(|cause| no_bell(path, cause))?);
        let mut keeper = Keeper::new(messages, Arc::clone(&bell), host, seal.next);
        keeper.move_to(path, Some(seal).filter(|seal| seal.is_known))?;
        let (ending, ended) = mpsc::sync_channel(1);
        let started = thread::Builder::new().name("fail2ban.sqlite3".to_owned()).spawn(move || {
            keeper.run();
            let _ = ending.send(());
        });
        started.map_err(|cause| no_bell(path, cause))?;
        let lines = Arc::new(AtomicI64::new(10));
        let path = Arc::new(Mutex::new(path.map(Path::to_owned)));
        Ok(Self { sender: Some(sender), bell, lines, path, ended: Mutex::new(ended) })
    }

    /// What happened. A jail's bans stay in the database when the jail stops: they are told as expired then, before `Stopped`.
    pub fn tell(&self, happening: &Happening) {
        if let Some(change) = Change::of(happening, self.lines.load(Ordering::Relaxed)) {
            self.pass(Message::Changed(change));
        }
    }

    /// This row, by whom it names, is not to stand there any more, though nobody was let in.
    pub fn forget(&self, jail: &str, ip: &str) {
        self.pass(Message::Changed(Change::Unban { jail: jail.to_owned(), ip: ip.to_owned() }));
    }

    /// This row of before stands there under another name from now on.
    pub fn rename(&self, row: &LegacyBan, subject: &Subject) {
        let (jail, ip) = (row.jail.clone(), subject.to_string());
        let data = legacy::write_data(row.failures, &row.matches, true);
        let (since, ban_time, ban_count) = (row.since.seconds(), row.ban_time, row.ban_count);
        self.forget(&row.jail, &row.ip);
        self.pass(Message::Changed(Change::Stood(Row { jail, ip, since, ban_time, ban_count, data })));
    }

    /// How far a log was read. `legacy::first_line_checksum` makes its checksum.
    pub fn tell_offset(&self, offset: Offset) {
        self.pass(Message::Changed(Change::Read(offset)));
    }

    /// Keeps the bans in another file from now on, `None` in none. Waits until that is done or has failed.
    pub fn set_path(&self, path: Option<&Path>) -> Result<(), MirrorError> {
        let busy = || MirrorError::Busy { path: path.unwrap_or(Path::new("none")).to_owned() };
        let (answer, answered) = mpsc::sync_channel(1);
        self.pass(Message::Move(path.map(Path::to_owned), answer));
        let patience = Duration::from_secs(limit::FAIL2BAN_MIRROR_GRACE_SECONDS);
        let moved = answered.recv_timeout(patience).map_err(|_| busy())?;
        if moved.is_ok() {
            *self.path.lock().unwrap_or_else(PoisonError::into_inner) = path.map(Path::to_owned);
        }
        moved
    }

    /// What it tells of all bans of one address.
    pub fn history(&self) -> History {
        History { path: Arc::clone(&self.path), lines: Arc::clone(&self.lines) }
    }

    /// `dbmaxmatches`: how many lines of a ban are kept; `dbpurgeage`: for how many seconds bans that are over are.
    pub fn set_bounds(&self, max_matches: i64, purge_seconds: i64) {
        self.lines.store(max_matches, Ordering::Relaxed);
        self.pass(Message::Purge(purge_seconds));
    }

    /// Waits until all that was told before is written and what others did is seen; false if it took longer than `patience`.
    pub fn settle(&self, patience: Duration) -> bool {
        let (answer, answered) = mpsc::sync_channel(1);
        self.pass(Message::Settle(answer));
        answered.recv_timeout(patience).is_ok()
    }

    /// Writes what was told before, seals the file and leaves it; what is told from now on goes nowhere. False if it took longer than
    /// `FAIL2BAN_MIRROR_GRACE_SECONDS`.
    pub fn close(&self) -> bool {
        let (answer, answered) = mpsc::sync_channel(1);
        self.pass(Message::Close(answer));
        answered.recv_timeout(Duration::from_secs(limit::FAIL2BAN_MIRROR_GRACE_SECONDS)).is_ok()
    }

    /// Changes that found the queue full. The whole is compared after that, so that nothing stays amiss.
    pub fn lost(&self) -> u64 {
        self.sender.as_ref().map_or(0, Sender::lost)
    }

    fn pass(&self, message: Message) {
        let Some(sender) = &self.sender else { return };
        let bytes = message.bytes();
        sender.send(message, bytes);
        self.bell.ring();
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.sender = None;
        self.bell.ring();
        let _ = self
            .ended
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .recv_timeout(Duration::from_secs(limit::FAIL2BAN_MIRROR_GRACE_SECONDS));
    }
}

impl Standing {
    fn row(&self) -> Row {
        let span = legacy::write_data(self.failures, &[], true);
        Row::new(&self.jail, &self.subject, (self.since, self.until), self.earlier, span)
    }
}

fn no_bell(path: Option<&Path>, cause: impl Into<std::io::Error>) -> MirrorError {
    MirrorError::io(path.unwrap_or(Path::new("none")), "start what keeps it", cause.into())
}
