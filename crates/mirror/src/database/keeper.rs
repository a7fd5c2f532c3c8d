//! The database's thread: waits for what is told, for the kernel's news of the file, and for its timers; writes in batches, so that
//! other programs have their turn. What cannot be written now is tried again; what is told meanwhile waits in the queue.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TryRecvError};
use std::time::Duration;

use event::{Moment, limit};
use rusqlite::ErrorCode;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::bell::Bell;
use super::change::{Change, Row};
use super::found::{self, Found, Seal};
use super::held::Held;
use super::place::Place;
use super::{Deleted, Host, Lifted, Standing, place, rows};
use crate::MirrorError;
use crate::queue::Receiver;

/// What the thread is told.
pub enum Message {
    Changed(Change),
    Move(Option<PathBuf>, SyncSender<Result<(), MirrorError>>),
    /// Bans that are over are kept for so many seconds.
    Purge(i64),
    Settle(SyncSender<()>),
    Close(SyncSender<()>),
}

impl Message {
    /// What of memory it takes while it waits; none for what must not be lost.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Changed(change) => mem::size_of::<Self>() + change.bytes(),
            Self::Move(..) | Self::Purge(_) | Self::Settle(_) | Self::Close(_) => 0,
        }
    }
}

/// fail2ban's own.
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);
const PURGE_SECONDS: i64 = 24 * 60 * 60;

/// What others do is looked at this often at most, and a third of the time at most: each look at many bans takes its time.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOOK_SELDOM: u32 = 2;

/// Without news of it, the file is looked at this often; without the kernel's help, more often.
const LOOK_ANYHOW: Duration = Duration::from_secs(30);
const LOOK_UNAIDED: Duration = Duration::from_secs(2);

/// A few bans are gathered for so long, so that readers that do not wait for a lock find the file free nearly always.
const GATHER: Duration = Duration::from_millis(100);

/// After a failure.
const RETRY: Duration = Duration::from_secs(1);

pub struct Keeper {
    messages: Receiver<Message>,
    bell: Arc<Bell>,
    host: Box<dyn Host>,
    place: Option<Place>,
    /// Where it is to be, though it may not be there just now.
    wanted: Option<PathBuf>,
    held: Held,
    /// What the file told when it was opened, if it was kept before.
    found: Option<Found>,
    /// What it is to bear at the end.
    seal: i32,
    /// Taken from the queue, not yet written.
    pending: Vec<Change>,
    lost_before: u64,
    settling: Vec<SyncSender<()>>,
    /// There may be more in the queue than was taken from it.
    has_more: bool,
    has_news: bool,
    /// Others wrote, and it is not yet known what.
    is_changed: bool,
    /// The file that is open was told all that was known before it: until then, nothing is missed in it.
    is_told: bool,
    purge_seconds: i64,
    purge_at: Moment,
    look_at: Moment,
    look_anyhow_at: Moment,
    write_at: Moment,
    retry_at: Moment,
    is_in_trouble: bool,
    is_ending: bool,
}

impl Keeper {
    pub fn new(messages: Receiver<Message>, bell: Arc<Bell>, host: Box<dyn Host>, seal: i32) -> Self {
        let now = host.now();
        Self {
            messages,
            bell,
            host,
            place: None,
            wanted: None,
            held: Held::default(),
            found: None,
            seal,
            pending: Vec::new(),
            lost_before: 0,
            settling: Vec::new(),
            has_more: false,
            has_news: false,
            is_changed: false,
            is_told: false,
            purge_seconds: PURGE_SECONDS,
            purge_at: now.after(PURGE_EVERY),
            look_at: now,
            look_anyhow_at: now,
            write_at: now,
            retry_at: now,
            is_in_trouble: false,
            is_ending: false,
        }
    }

    /// Until nobody can tell it anything any more.
    pub fn run(mut self) {
        loop {
            self.wait();
            self.bell.heard();
            self.hear();
            self.look();
            let done = self.write();
            if done && mem::take(&mut self.has_more) {
                self.bell.ring();
            }
            if self.is_ending && (done || self.is_in_trouble) {
                self.leave(done);
                return;
            }
        }
    }

    /// Another file from now on. The jails that run, and their bans, are told to it.
    /// With a `seal`, what was deleted there meanwhile is missed.
    pub fn move_to(&mut self, path: Option<&Path>, seal: Option<Seal>) -> Result<(), MirrorError> {
        let place = path.map(|path| Place::open(path, self.host.now())).transpose()?;
        self.found = None;
        if let Some(place) = &place {
            let wrong = |cause| MirrorError::sqlite(&place.path, "switch its jails off", cause);
            let seal = seal.filter(|_| place.was_whole);
            self.found = seal.map(|seal| Found::look(&place.conn, seal)).transpose().map_err(wrong)?;
            // Until all is written: after a crash it tells nothing of what it ought to hold.
            found::set(&place.conn, 0).map_err(wrong)?;
            rows::switch_off_all(&place.conn).map_err(wrong)?;
        }
        self.wanted = path.map(Path::to_owned);
        self.place = place;
        self.has_news = false;
        self.is_changed = false;
        self.is_told = false;
        self.retry_at = self.host.now();
        self.tell_all();
        Ok(())
    }

    /// Everything that is known goes into the file that is open now.
    fn tell_all(&mut self) {
        let now = self.host.now().seconds();
        let mut all: Vec<Change> = self.held.running().map(|jail| Change::On(jail.to_owned())).collect();
        all.extend(self.held.due(now).into_iter().map(|(jail, ip, span)| {
            Change::Ban(Row {
                jail: jail.into(),
                ip: ip.into(),
                since: span.since,
                ban_time: span.ban_time,
                ban_count: span.ban_count,
                data: crate::legacy::write_data(0, &[], true),
            })
        }));
        all.append(&mut self.pending);
        self.pending = all;
    }

    fn wait(&self) {
        let now = self.host.now();
        // Nothing is written before that.
        let may_write_at = self.retry_at.max(self.write_at);
        let mut until = self.purge_at.max(may_write_at);
        if self.wanted.is_some() {
            until = until.min(self.look_anyhow_at);
        }
        if self.has_news {
            until = until.min(self.look_at);
        }
        if !self.pending.is_empty() || !self.settling.is_empty() {
            until = until.min(may_write_at);
        }
        let span = Timespec::try_from(until.since(now)).ok();
        let mut fds = vec![PollFd::new(&*self.bell, PollFlags::IN)];
        // News that is known of already is taken when it is its turn.
        if let Some(watch) = self.place.as_ref().and_then(Place::watch).filter(|_| !self.has_news) {
            fds.push(PollFd::new(watch, PollFlags::IN));
        }
        // An interruption is a wake-up like any other.
        let _ = poll(&mut fds, span.as_ref());
    }

    /// Takes a batch from the queue, if the last one is written.
    fn hear(&mut self) {
        while self.pending.len() < limit::FAIL2BAN_DATABASE_BATCH {
            match self.messages.try_recv() {
                Ok(Message::Changed(change)) => self.pending.push(change),
                Ok(Message::Purge(seconds)) => self.purge_seconds = seconds,
                Ok(Message::Settle(done)) => self.settling.push(done),
                Ok(Message::Move(path, answer)) => {
                    // What was told before belongs to the file of before.
                    self.write_pending();
                    let moved = self.move_to(path.as_deref(), None);
                    let _ = answer.send(moved);
                }
                Ok(Message::Close(answer)) => {
                    let done = self.write_pending();
                    self.leave(done);
                    let _ = answer.send(());
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.is_ending = true;
                    break;
                }
            }
        }
        self.has_more = self.pending.len() >= limit::FAIL2BAN_DATABASE_BATCH;
    }

    /// Looks at what others did, if it is time.
    fn look(&mut self) {
        let now = self.host.now();
        self.has_news |= self.place.as_ref().is_some_and(|place| place.watch().is_some() && place.has_news());
        let is_due = now >= self.look_anyhow_at || (self.has_news && now >= self.look_at);
        if self.wanted.is_none() || !is_due && self.settling.is_empty() {
            return;
        }
        self.has_news = false;
        self.look_at = now.after(LOOK_AGAIN);
        let is_aided = self.place.as_ref().is_some_and(|place| place.watch().is_some());
        self.look_anyhow_at = now.after(if is_aided { LOOK_ANYHOW } else { LOOK_UNAIDED });
        if self.place.as_ref().is_none_or(Place::is_replaced) {
            return self.begin_anew();
        }
        self.find_lifted();
        let end = self.host.now();
        self.look_at = end.after(LOOK_AGAIN.max(end.since(now) * LOOK_SELDOM));
    }

    /// Rows that are gone, though nobody here deleted them, are lifted bans.
    fn find_lifted(&mut self) {
        let now = self.host.now().seconds();
        let Some(place) = self.place.as_mut().filter(|_| self.is_told) else { return };
        let missing = place.is_changed_by_others().and_then(|is_changed| {
            self.is_changed |= is_changed;
            if self.is_changed { rows::missing(&mut place.conn, &mut self.held, now) } else { Ok(Vec::new()) }
        });
        let missing = match missing {
            Ok(missing) => {
                self.is_changed = false;
                missing
            }
            Err(cause) => {
                self.has_news = true;
                return self.stumble("look up its bans", cause);
            }
        };
        if missing.is_empty() || self.place.as_ref().is_some_and(Place::is_replaced) {
            return;
        }
        // First of all they are let in; the rest may take its time.
        let lifted = missing.iter().map(|(jail, ip, _)| Lifted { jail: (**jail).into(), ip: (**ip).into() });
        self.host.lifted(lifted.collect(), Deleted::Now);
        missing.iter().for_each(|(jail, ip, _)| self.held.drop_one(jail, ip));
        let forgotten =
            missing.into_iter().map(|(jail, ip, _)| Change::Unban { jail: jail.into(), ip: ip.into() });
        // Ahead of what waits, which may be a ban of later.
        let later = mem::replace(&mut self.pending, forgotten.collect());
        self.pending.extend(later);
    }

    /// Writes what waits. Whether nothing is left to be written.
    fn write(&mut self) -> bool {
        let now = self.host.now();
        let is_full = self.pending.len() >= limit::FAIL2BAN_DATABASE_BATCH;
        let is_asked = is_full || !self.settling.is_empty();
        if now < self.retry_at || (now < self.write_at && !is_asked) {
            return self.is_ending && self.write_pending();
        }
        if !self.write_pending() {
            return false;
        }
        self.compare_if_lost();
        if self.host.now() >= self.purge_at {
            self.purge();
        }
        if self.pending.is_empty() {
            for done in self.settling.drain(..) {
                // Whoever asked may have gone.
                let _ = done.try_send(());
            }
        }
        self.pending.is_empty()
    }

    /// All of it, in transactions that are not too long.
    fn write_pending(&mut self) -> bool {
        while !self.pending.is_empty() {
            let batch = self.pending.len().min(limit::FAIL2BAN_DATABASE_BATCH);
            let changes = &self.pending[..batch];
            let (held, found) = (&self.held, self.found.as_ref());
            let written = self.place.as_mut().map(|place| rows::write(&mut place.conn, changes, held, found));
            let deleted = match written.transpose() {
                Ok(deleted) => deleted.unwrap_or_default(),
                Err(cause) => {
                    self.stumble("write bans", cause);
                    return false;
                }
            };
            // Without a file, what is remembered is told when there is one.
            self.write_at = self.host.now().after(GATHER);
            self.take(batch, &deleted);
        }
        self.is_told = self.place.is_some();
        if self.is_told && mem::take(&mut self.is_in_trouble) {
            tracing::info!("fail2ban's database is kept up to date again");
        }
        true
    }

    /// So many changes are written, but for those that are bans that somebody had deleted.
    fn take(&mut self, batch: usize, deleted: &[usize]) {
        let mut lifted = Vec::new();
        for (at, change) in self.pending.drain(..batch).enumerate() {
            match change {
                Change::Restored(row) | Change::Stands(row) if deleted.binary_search(&at).is_ok() => {
                    lifted.push(Lifted { jail: row.jail, ip: row.ip });
                }
                change => {
                    if let (Change::Off(jail), Some(found)) = (&change, &mut self.found) {
                        found.forget(jail);
                    }
                    self.held.take(&change);
                }
            }
        }
        if !lifted.is_empty() {
            self.host.lifted(lifted, Deleted::Before);
        }
    }

    /// At the end. A file that was told everything bears the seal.
    fn leave(&mut self, is_done: bool) {
        let Some(place) = self.place.take() else { return };
        self.wanted = None;
        if !is_done || !self.is_told || self.messages.lost() != self.lost_before || place.is_replaced() {
            return;
        }
        if let Err(cause) = found::set(&place.conn, self.seal) {
            tracing::warn!("{}", MirrorError::sqlite(&place.path, "seal fail2ban's database", cause));
        }
    }

    /// After changes were lost, the whole is compared.
    fn compare_if_lost(&mut self) {
        let lost = self.messages.lost();
        if lost == self.lost_before {
            return;
        }
        let Some(standing) = self.host.standing() else { return };
        self.lost_before = lost;
        let rows = standing.iter().map(Standing::row).collect();
        self.pending = self.held.differences(rows, self.host.now().seconds());
        self.write_pending();
    }

    fn purge(&mut self) {
        let now = self.host.now();
        self.purge_at = now.after(PURGE_EVERY);
        let Some(place) = &mut self.place else { return };
        match rows::purge(&mut place.conn, now.seconds(), self.purge_seconds) {
            // The rest in the next turn: others have theirs first.
            Ok(true) => self.purge_at = now,
            Ok(false) => {}
            Err(cause) => self.stumble("delete what is too old", cause),
        }
    }

    /// The file is gone, or another one: all goes into what is there now.
    fn begin_anew(&mut self) {
        let Some(path) = self.wanted.clone() else { return };
        let is_news = self.place.take().is_some();
        match self.move_to(Some(&path), None) {
            Ok(()) => {
                tracing::warn!("{}: it was deleted, replaced or broken; it is made anew", path.display());
            }
            Err(cause) => {
                self.wanted = Some(path);
                self.look_anyhow_at = self.host.now().after(LOOK_UNAIDED);
                if is_news || !mem::replace(&mut self.is_in_trouble, true) {
                    tracing::error!("{cause}; it is tried again");
                }
            }
        }
    }

    /// Something failed: it is said once, and tried again. A file that is damaged or has lost its tables is set aside.
    fn stumble(&mut self, doing: &'static str, cause: rusqlite::Error) {
        let now = self.host.now();
        self.retry_at = now.after(RETRY);
        let Some(path) = self.wanted.clone() else { return };
        let is_busy =
            matches!(cause.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
        let is_broken =
            matches!(cause.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase));
        // That lifts nothing: the tables are made again, and told everything.
        let is_stripped = cause.to_string().contains("no such table");
        if !mem::replace(&mut self.is_in_trouble, true) {
            let wrong = MirrorError::sqlite(&path, doing, cause);
            let remedy = if is_busy { "another program holds it" } else { "look at it" };
            tracing::warn!("{wrong} ({remedy}); it is tried again");
        }
        if is_broken {
            self.place = None;
            match place::set_aside(&path, now) {
                Ok(aside) => tracing::warn!("{}: set aside as {}", path.display(), aside.display()),
                Err(cause) => tracing::error!("{cause}"),
            }
        }
        if is_broken || is_stripped {
            self.begin_anew();
        }
    }
}
