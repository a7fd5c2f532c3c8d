//! Whom the names and files of `ignoreip` mean just now. Names are looked up and files are read on threads of its own, at once and again from time
//! to time, so that no reader and not the engine ever waits for it. Nothing comes here but what settings name: what a log line names is never
//! looked up.

mod book;
mod look;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use dropin::Ignorer;
use event::limit::{FAIL2BAN_IGNORED_NAMES, FAIL2BAN_LOOKUPS};
use event::{Subject, Whitelist};

use crate::clock;

use book::{Book, News, Turn};
use look::Looked;

/// All names and files that jails hold.
#[derive(Debug, Default)]
pub struct Directory {
    book: Mutex<Book>,
    /// Something is to be looked up, or was.
    changed: Condvar,
}

/// There are as many names and files as may be.
#[derive(Clone, Copy, Debug)]
pub struct Full;

/// A name or a file. It is forgotten when no jail holds it any more.
#[derive(Debug)]
pub struct Entry {
    key: Key,
    meaning: RwLock<Meaning>,
}

/// What is to be found out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The addresses of a name.
    Name(String),
    /// What stands in a file.
    File(PathBuf),
}

/// Who is meant.
#[derive(Debug, Default)]
struct Meaning {
    subjects: Whitelist,
    /// The names that stand in a file.
    names: Vec<Arc<Entry>>,
}

impl Directory {
    /// What this name or file means; that is found out once `begin` was called.
    pub fn entry(self: &Arc<Self>, key: Key) -> Result<Arc<Entry>, Full> {
        let mut book = self.book();
        let entry = match book.known(&key) {
            Some(entry) => entry,
            None if book.len() >= FAIL2BAN_IGNORED_NAMES => return Err(Full),
            None => book.add(key),
        };
        self.employ(&mut book);
        Ok(entry)
    }

    /// Looks up from now on.
    pub fn begin(self: &Arc<Self>) {
        let mut book = self.book();
        book.has_begun = true;
        self.employ(&mut book);
    }

    /// Looks everything up again.
    pub fn refresh(&self) {
        self.book().refresh();
        self.changed.notify_all();
    }

    /// Waits until each name and file was looked at once, but no longer than `patience`.
    pub fn settle(&self, patience: Duration) {
        let book = self.book();
        let unsettled = |book: &mut Book| book.has_begun && !book.is_settled();
        drop(self.changed.wait_timeout_while(book, patience, unsettled));
    }

    /// Threads are there for as many as are to be looked up, up to a bound.
    fn employ(self: &Arc<Self>, book: &mut Book) {
        while book.has_begun && book.threads < book.len().min(FAIL2BAN_LOOKUPS) {
            let directory = Arc::clone(self);
            // Like the threads that wait for signals, they end with the program.
            let begun = thread::Builder::new().name("ignoreip".to_owned()).spawn(move || directory.work());
            if let Err(cause) = begun {
                tracing::warn!(
                    "names in ignoreip are looked up by {} threads: no more can be had: {cause}",
                    book.threads
                );
                break;
            }
            book.threads += 1;
        }
        self.changed.notify_all();
    }

    fn work(self: Arc<Self>) {
        loop {
            let Turn { entry, seen } = self.turn();
            let looked = look::at(&entry.key, seen, |name| self.entry(Key::Name(name.to_owned())).ok());
            // Readers know it before whoever waits for it is told.
            let is_other = entry.set(&looked);
            let news = self.book().take(&entry.key, &looked, is_other, clock::now());
            news.iter().for_each(News::say);
            self.changed.notify_all();
        }
    }

    /// Waits for something to look up.
    fn turn(&self) -> Turn {
        let mut book = self.book();
        loop {
            let now = clock::now();
            if let Some(turn) = book.next(now) {
                return turn;
            }
            book = match book.wait(now) {
                Some(span) => match self.changed.wait_timeout(book, span) {
                    Ok((book, _)) => book,
                    Err(poisoned) => poisoned.into_inner().0,
                },
                None => self.changed.wait(book).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn new(key: Key) -> Self {
        Self { key, meaning: RwLock::default() }
    }

    /// What fail2ban would say of whom it means.
    pub fn ignorer(&self) -> Ignorer {
        match self.key {
            Key::Name(_) => Ignorer::Name,
            Key::File(_) => Ignorer::Address,
        }
    }

    /// Whether it means `subject`, or anybody in it.
    pub fn protects(&self, subject: &Subject) -> bool {
        let meaning = self.meaning.read().unwrap_or_else(PoisonError::into_inner);
        meaning.subjects.protects(subject).is_some()
            || meaning.names.iter().any(|name| name.protects(subject))
    }

    /// Takes up what was found; whether others are meant now. What is not found leaves it as it was.
    fn set(&self, looked: &Looked) -> bool {
        let Looked::Found { subjects, names, .. } = looked else { return false };
        let now = Meaning { subjects: subjects.clone(), names: names.clone() };
        let is_other = self.meaning.read().unwrap_or_else(PoisonError::into_inner).is_other(&now);
        let mut held = self.meaning.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *held, now);
        drop(held);
        // Whoever reads does not wait for it to be freed.
        drop(before);
        is_other
    }
}

impl Meaning {
    fn is_other(&self, other: &Self) -> bool {
        let keys = |one: &Self| one.names.iter().map(|name| name.key.clone()).collect::<Vec<_>>();
        self.subjects != other.subjects || keys(self) != keys(other)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}
