//! Which names and files there are, when each is due, and what was said of it. Looks nothing up.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use event::Moment;
use event::limit::{FAIL2BAN_IGNORED_FILE_SECONDS, FAIL2BAN_LOOKUP_AGAIN_SECONDS, FAIL2BAN_LOOKUP_SECONDS};

use super::look::{Looked, Stamp};
use super::{Entry, Key};

/// All of them.
#[derive(Debug, Default)]
pub struct Book {
    /// Whether anything is looked up yet.
    pub has_begun: bool,
    /// How many threads look up.
    pub threads: usize,
    slots: BTreeMap<Key, Slot>,
}

#[derive(Debug)]
struct Slot {
    entry: Weak<Entry>,
    due: Moment,
    is_busy: bool,
    /// Whether an answer has come since it was to be looked up at once.
    is_settled: bool,
    was_found: bool,
    has_failed: bool,
    /// The file as it was when it was read.
    seen: Option<Stamp>,
}

/// What is to be looked up next.
#[derive(Debug)]
pub struct Turn {
    /// What.
    pub entry: Arc<Entry>,
    /// The file as it was read before.
    pub seen: Option<Stamp>,
}

impl Book {
    /// How many jails hold just now.
    pub fn len(&mut self) -> usize {
        self.slots.retain(|_, slot| slot.entry.strong_count() > 0);
        self.slots.len()
    }

    /// The entry of this key, if a jail holds it.
    pub fn known(&self, key: &Key) -> Option<Arc<Entry>> {
        self.slots.get(key)?.entry.upgrade()
    }

    /// A new one, due at once.
    pub fn add(&mut self, key: Key) -> Arc<Entry> {
        let entry = Arc::new(Entry::new(key.clone()));
        let slot = Slot {
            entry: Arc::downgrade(&entry),
            due: Moment::default(),
            is_busy: false,
            is_settled: false,
            was_found: false,
            has_failed: false,
            seen: None,
        };
        self.slots.insert(key, slot);
        entry
    }

    /// All are due at once.
    pub fn refresh(&mut self) {
        for slot in self.slots.values_mut() {
            (slot.due, slot.is_settled) = (Moment::default(), false);
        }
    }

    /// Whether all that was due at once was looked at.
    pub fn is_settled(&self) -> bool {
        self.slots.values().all(|slot| slot.is_settled || slot.entry.strong_count() == 0)
    }

    /// The one that is due first, if any is.
    pub fn next(&mut self, now: Moment) -> Option<Turn> {
        let idle = self.slots.values_mut().filter(|slot| !slot.is_busy && slot.entry.strong_count() > 0);
        let first = idle.min_by_key(|slot| slot.due).filter(|slot| slot.is_due(now))?;
        first.is_busy = true;
        // What is to be looked up at once while this look-up runs is looked up once more.
        first.due = Moment::NEVER;
        Some(Turn { entry: first.entry.upgrade()?, seen: first.seen })
    }

    /// How long nothing is due; `None`: until something is added.
    pub fn wait(&self, now: Moment) -> Option<Duration> {
        let idle = self.slots.values().filter(|slot| !slot.is_busy && slot.entry.strong_count() > 0);
        idle.map(|slot| slot.due.since(now)).min()
    }

    /// Notes what a look-up has found; what there is to say of it.
    pub fn take(&mut self, key: &Key, looked: &Looked, is_other: bool, now: Moment) -> Option<News> {
        let slot = self.slots.get_mut(key)?;
        slot.is_busy = false;
        let failed_before = std::mem::replace(&mut slot.has_failed, looked.is_failure());
        let held = slot.was_found;
        slot.was_found |= !looked.is_failure();
        if slot.due == Moment::NEVER {
            slot.is_settled = true;
            slot.due = now.after(pause(key, slot.was_found));
        }
        match looked {
            Looked::Same => None,
            Looked::Failed(_) if failed_before => None,
            Looked::Failed(cause) => {
                let until = if held { "whom it meant last is ignored" } else { "nobody is ignored by it" };
                Some(News::Bad(format!("ignoreip '{key}': {cause}; until it can be, {until}")))
            }
            Looked::Found { stamp, left_out, subjects, names } => {
                slot.seen = *stamp;
                let left_out = left_out.as_ref().map(|why| News::Bad(format!("ignoreip '{key}': {why}")));
                let shown = || News::Good(format!("ignoreip '{key}' means {}", shown(subjects, names)));
                left_out.filter(|_| is_other).or_else(|| (is_other || failed_before).then(shown))
            }
        }
    }
}

impl Slot {
    /// A clock that was set back must not make it wait for long.
    fn is_due(&self, now: Moment) -> bool {
        self.due <= now || (self.due != Moment::NEVER && self.due.since(now) > LONGEST)
    }
}

const LONGEST: Duration = Duration::from_secs(FAIL2BAN_LOOKUP_SECONDS);

fn pause(key: &Key, was_found: bool) -> Duration {
    Duration::from_secs(match key {
        Key::File(_) => FAIL2BAN_IGNORED_FILE_SECONDS,
        Key::Name(_) if was_found => FAIL2BAN_LOOKUP_SECONDS,
        Key::Name(_) => FAIL2BAN_LOOKUP_AGAIN_SECONDS,
    })
}

fn shown(subjects: &event::Whitelist, names: &[Arc<Entry>]) -> String {
    const MOST: usize = 8;
    let subjects = subjects.iter().map(|(subject, _)| subject.to_string());
    let all: Vec<String> = subjects.chain(names.iter().map(|name| name.key.to_string())).collect();
    match all.len() {
        0 => "nobody".to_owned(),
        count if count > MOST => format!("{} and {} more", all[..MOST].join(", "), count - MOST),
        _ => all.join(", "),
    }
}

/// What there is to say.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// That all is well.
    Good(String),
    /// That something is not.
    Bad(String),
}

impl News {
    /// Says it in the log.
    pub fn say(&self) {
        match self {
            Self::Good(text) => tracing::info!("{text}"),
            Self::Bad(text) => tracing::warn!("{text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use event::Whitelist;

    use super::*;

    const NOW: Moment = Moment::from_seconds(1_000_000);

    fn found(text: &str) -> Looked {
        let subject = (text.parse().unwrap(), String::new());
        Looked::Found { subjects: Whitelist::new([subject]), names: Vec::new(), stamp: None, left_out: None }
    }

    fn failed() -> Looked {
        Looked::Failed("the name cannot be looked up".to_owned())
    }

    #[test]
    fn a_name_is_settled_when_it_was_answered_and_due_again_in_five_minutes() {
        let mut book = Book::default();
        let key = Key::Name("office.example".to_owned());
        let _held = book.add(key.clone());
        assert!(book.next(NOW).is_some() && book.next(NOW).is_none() && !book.is_settled());
        let news = book.take(&key, &found("192.0.2.7"), true, NOW);
        assert_eq!(news, Some(News::Good("ignoreip 'office.example' means 192.0.2.7".to_owned())));
        assert!(book.is_settled());
        assert_eq!(book.wait(NOW), Some(LONGEST));
        assert!(book.next(NOW).is_none());
        assert!(book.next(NOW.after(LONGEST)).is_some());
    }

    #[test]
    fn what_is_asked_for_while_a_look_up_runs_is_looked_up_once_more() {
        let mut book = Book::default();
        let key = Key::Name("office.example".to_owned());
        let _held = book.add(key.clone());
        let _turn = book.next(NOW);
        book.refresh();
        let _ = book.take(&key, &found("192.0.2.7"), true, NOW);
        assert!(!book.is_settled());
        assert!(book.next(NOW).is_some());
    }

    #[test]
    fn a_name_that_is_not_found_is_said_once_and_tried_again_sooner() {
        let mut book = Book::default();
        let key = Key::Name("office.example".to_owned());
        let _held = book.add(key.clone());
        let mut look = |looked: &Looked, at: Moment| {
            drop(book.next(at).expect("it is due"));
            let news = book.take(&key, looked, false, at);
            (news.is_some(), book.wait(at).expect("it is due again"))
        };
        let again = Duration::from_secs(FAIL2BAN_LOOKUP_AGAIN_SECONDS);
        assert_eq!(look(&failed(), NOW), (true, again));
        let later = NOW.after(LONGEST);
        assert_eq!(look(&failed(), later), (false, again));
        assert_eq!(look(&found("192.0.2.7"), later.after(LONGEST)), (true, LONGEST));
        assert_eq!(look(&failed(), later.after(2 * LONGEST)), (true, LONGEST));
    }

    #[test]
    fn what_no_jail_holds_is_forgotten_and_a_clock_that_is_set_back_keeps_nothing_waiting() {
        let mut book = Book::default();
        let key = Key::Name("office.example".to_owned());
        let held = book.add(key.clone());
        drop(book.next(NOW));
        let _ = book.take(&key, &found("192.0.2.7"), true, NOW);
        assert!(book.next(NOW.before(2 * LONGEST)).is_some());
        drop(held);
        assert_eq!((book.len(), book.wait(NOW)), (0, None));
    }
}
