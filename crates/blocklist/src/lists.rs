//! The joint: a thread for each list, what they deliver, how they stand. A list that cannot be fetched stays as it was, and is asked for
//! again after a pause that grows.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use config::Blocklist;
use event::limit::{BLOCKLISTS, LIST_KEPT_SECONDS, LIST_RETRY_SECONDS, LIST_STOP_SECONDS};
use event::{JailName, Moment};

use crate::entry::Entry;
use crate::kept::{self, Kept};
use crate::origin::{Fetched, Source};
use crate::wake::{Stop, Watch, Woken, wait};

/// The program around this crate. Calls come from this crate's own threads, and may wait.
pub trait Host: Send + Sync + 'static {
    /// The clock.
    fn now(&self) -> Moment;

    /// A list as it is now. `false`: the program is stopping.
    fn deliver(&self, delivery: Delivery) -> bool;
}

/// A whole list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub name: JailName,
    /// In the order of their subjects, each once.
    pub entries: Vec<Entry>,
}

/// How a list stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Which.
    pub name: JailName,
    /// Entries in force.
    pub entries: u64,
    /// Lines or decisions that were left out: no address, too wide, past the bound.
    pub left_out: u64,
    /// When it was last fetched, or found unchanged.
    pub fetched: Option<Moment>,
    /// Why the last attempt failed: what, where, what to do. The last good list stays in force.
    pub error: Option<String>,
}

/// The lists.
#[derive(Debug)]
pub struct Lists {
    health: Shared,
    stop: Stop,
    /// Closed once the last thread has ended; nothing is ever sent.
    ended: Mutex<Receiver<()>>,
}

type Shared = Arc<Mutex<Vec<Health>>>;

impl Lists {
    /// Starts the threads. `directory` is where the last good lists are kept.
    #[allow(clippy::needless_pass_by_value, reason = "whoever starts them has no more use for these")]
    pub fn start(lists: &[Blocklist], directory: PathBuf, host: Arc<dyn Host>) -> std::io::Result<Self> {
        let (stop, health) = (Stop::new()?, Shared::default());
        let (alive, ended) = channel::<()>();
        let started = Self { health: Arc::clone(&health), stop: stop.clone(), ended: Mutex::new(ended) };
        if !lists.is_empty() {
            // Without it, lists are in force all the same; that they are not kept is said with each of them.
            let _ = std::fs::create_dir_all(&directory);
        }
        for (place, list) in lists.iter().enumerate() {
            let mut stands =
                Health { name: list.name.clone(), entries: 0, left_out: 0, fetched: None, error: None };
            let is_startable = place < BLOCKLISTS && JailName::valid(list.name.as_str());
            if !is_startable {
                stands.error =
                    Some(format!("there may be {BLOCKLISTS} lists with plain names; leave one out"));
            }
            locked(&health).push(stands);
            if is_startable {
                let path = kept::path(&directory, &list.name);
                let keeper = Keeper::new(list.clone(), path, place, &health, Arc::clone(&host));
                let (stop, alive) = (stop.clone(), alive.clone());
                let name = format!("list {}", list.name);
                thread::Builder::new().name(name).spawn(move || keeper.run(&stop, alive))?;
            }
        }
        Ok(started)
    }

    /// How they stand, in the order of the settings.
    pub fn health(&self) -> Vec<Health> {
        locked(&self.health).clone()
    }

    /// Ends the threads, and waits until they have kept what they know. One that waits for an answer is left to itself: it ends with
    /// that, and delivers nothing any more.
    pub fn stop(&self) {
        self.stop.stop();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(Duration::from_secs(LIST_STOP_SECONDS));
    }
}

impl Drop for Lists {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The last good list as it is kept in `directory`: what a program that starts puts into force before anything is asked, so that a
/// restart lets nobody in. None if there is none of this origin.
pub fn last_known(list: &Blocklist, directory: &Path) -> Option<Vec<Entry>> {
    let kept = Kept::read(&kept::path(directory, &list.name), list.max_entries as usize).ok()??;
    (kept.origin == Source::new(list.clone()).name()).then_some(kept.entries)
}

/// Nobody panics while holding it, and health is worth showing whatever happened.
fn locked(health: &Mutex<Vec<Health>>) -> MutexGuard<'_, Vec<Health>> {
    health.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the source calls this version of its list.
fn version(kept: &Kept) -> (Option<&String>, Option<&String>, usize) {
    (kept.tag.as_ref(), kept.modified.as_ref(), kept.most)
}

/// Keeps one list.
struct Keeper {
    name: JailName,
    refresh: Duration,
    most: usize,
    path: PathBuf,
    source: Source,
    /// The list in force.
    known: Option<Kept>,
    /// When a list was last written to the disk, and whether that was the one in force.
    written: Option<Moment>,
    is_kept: bool,
    /// Attempts that failed, one after the other.
    failures: u32,
    place: usize,
    health: Shared,
    host: Arc<dyn Host>,
}

impl Keeper {
    fn new(list: Blocklist, path: PathBuf, place: usize, health: &Shared, host: Arc<dyn Host>) -> Self {
        Self {
            name: list.name.clone(),
            refresh: list.refresh,
            most: list.max_entries as usize,
            path,
            source: Source::new(list),
            known: None,
            written: None,
            is_kept: true,
            failures: 0,
            place,
            health: Arc::clone(health),
            host,
        }
    }

    /// `_alive` is closed with the end of the thread.
    fn run(mut self, stop: &Stop, _alive: Sender<()>) {
        let watch = self.source.file().and_then(Watch::new);
        let mut goes_on = self.take_kept();
        while goes_on {
            let now = self.host.now();
            let fetched = self.source.fetch(self.known.as_ref(), now);
            // Whoever has ended us meanwhile may have started another that keeps the same list.
            if wait(stop, None, Duration::ZERO) == Woken::Stopped {
                return;
            }
            goes_on = match fetched {
                Ok(fetched) => self.take(fetched, now),
                Err(text) => {
                    self.fail(text);
                    true
                }
            };
            if goes_on && wait(stop, watch.as_ref(), self.pause()) == Woken::Stopped {
                goes_on = false;
            }
        }
        if let Some(known) = self.known.take().filter(|_| !self.is_kept) {
            self.write(&known);
        }
    }

    /// The last good list, before anybody is asked.
    fn take_kept(&mut self) -> bool {
        let kept = match Kept::read(&self.path, self.most) {
            Ok(Some(kept)) if kept.origin == self.source.name() => kept,
            Ok(_) => return true,
            Err(cause) => {
                self.note(|stands| stands.error = Some(format!("the kept list cannot be read: {cause}")));
                return true;
            }
        };
        self.written = Some(kept.fetched);
        self.set(kept)
    }

    fn take(&mut self, fetched: Fetched, now: Moment) -> bool {
        if std::mem::take(&mut self.failures) > 0 {
            tracing::info!("blocklist {}: it can be fetched again", self.name);
        }
        self.note(|stands| (stands.fetched, stands.error) = (Some(now), None));
        let Fetched::List(mut kept) = fetched else { return true };
        kept.origin = self.source.name();
        let is_same = |known: &Kept| known.entries == kept.entries;
        let is_known = self.known.as_ref().is_some_and(is_same);
        self.keep(&kept, is_known);
        if is_known {
            self.note(|stands| stands.left_out = kept.left_out);
            self.known = Some(kept);
            return true;
        }
        self.set(kept)
    }

    /// Puts a list in force.
    fn set(&mut self, kept: Kept) -> bool {
        let now = self.host.now();
        let live = kept.entries.iter().filter(|entry| entry.until > now).copied();
        let entries: Vec<Entry> = live.collect();
        self.note(|stands| {
            stands.entries = entries.len() as u64;
            stands.left_out = kept.left_out;
            stands.fetched = Some(kept.fetched);
        });
        self.known = Some(kept);
        self.host.deliver(Delivery { name: self.name.clone(), entries })
    }

    /// Decisions come and go all the time, and those of an hour ago are worth little: a LAPI's list is written now and then only.
    fn keep(&mut self, kept: &Kept, is_known: bool) {
        let is_lasting = kept.entries.iter().all(|entry| entry.until == Moment::NEVER);
        let is_noted = is_known && self.known.as_ref().map(version) == Some(version(kept));
        let is_fresh = |written: Moment| {
            kept.fetched.since(written).as_secs() < LIST_KEPT_SECONDS && written <= kept.fetched
        };
        if is_noted {
            return;
        }
        self.is_kept = false;
        if is_lasting || !self.written.is_some_and(is_fresh) {
            self.write(kept);
        }
    }

    fn write(&mut self, kept: &Kept) {
        match kept.write(&self.path) {
            Ok(()) => (self.written, self.is_kept) = (Some(kept.fetched), true),
            Err(cause) => {
                let text = format!("{}: the list is in force but not kept: {cause}", self.path.display());
                tracing::warn!("blocklist {}: {text}", self.name);
                self.note(|stands| stands.error = Some(text));
            }
        }
    }

    fn fail(&mut self, text: String) {
        self.failures = self.failures.saturating_add(1);
        if locked(&self.health)[self.place].error.as_ref() != Some(&text) {
            tracing::warn!("blocklist {}: {text}", self.name);
        }
        self.note(|stands| stands.error = Some(text));
    }

    fn pause(&self) -> Duration {
        let Some(doublings) = self.failures.checked_sub(1) else { return self.refresh };
        let seconds = LIST_RETRY_SECONDS.saturating_mul(1 << doublings.min(32));
        Duration::from_secs(seconds).min(self.refresh)
    }

    fn note(&self, change: impl FnOnce(&mut Health)) {
        change(&mut locked(&self.health)[self.place]);
    }
}
