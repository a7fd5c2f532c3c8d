//! The program around the lists: takes what is delivered.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use blocklist::{Delivery, Entry, Health, Host, Lists};
use config::{Blocklist, ListOrigin};
use event::{JailName, Moment};

use crate::deadline::{PATIENCE, now, until};

struct Taker(Mutex<Sender<Delivery>>);

impl Host for Taker {
    fn now(&self) -> Moment {
        now()
    }

    fn deliver(&self, delivery: Delivery) -> bool {
        self.0.lock().unwrap().send(delivery).is_ok()
    }
}

/// One list that runs.
pub struct Site {
    pub lists: Lists,
    deliveries: Receiver<Delivery>,
}

/// A list named `bad` with quick refreshing.
pub fn list(origin: ListOrigin) -> Blocklist {
    Blocklist {
        name: JailName::new("bad"),
        origin,
        refresh: Duration::from_millis(200),
        max_entries: 1000,
        ca_file: None,
    }
}

impl Site {
    pub fn start(list: Blocklist, directory: &Path) -> Self {
        let (sender, deliveries) = channel();
        let host = Arc::new(Taker(Mutex::new(sender)));
        let lists = Lists::start(&[list], directory.to_owned(), host).unwrap();
        Self { lists, deliveries }
    }

    /// What is delivered next.
    #[track_caller]
    pub fn entries(&self) -> Vec<Entry> {
        match self.deliveries.recv_timeout(PATIENCE) {
            Ok(delivery) => {
                assert_eq!(delivery.name.as_str(), "bad");
                assert!(delivery.entries.windows(2).all(|pair| pair[0].subject < pair[1].subject));
                delivery.entries
            }
            Err(_) => panic!("nothing is delivered: {:?}", self.health()),
        }
    }

    /// The same, as text.
    #[track_caller]
    pub fn next(&self) -> Vec<String> {
        self.entries().iter().map(|entry| entry.subject.to_string()).collect()
    }

    #[track_caller]
    pub fn nothing_more(&self) {
        assert_eq!(self.deliveries.try_recv().ok(), None);
    }

    pub fn health(&self) -> Health {
        self.lists.health().remove(0)
    }

    /// Waits for an error with this in it.
    #[track_caller]
    pub fn error(&self, part: &str) -> Health {
        until(part, || {
            let health = self.health();
            let is_there = health.error.as_ref().is_some_and(|text| text.contains(part));
            if is_there { Ok(health) } else { Err(format!("{:?}", health.error)) }
        })
    }

    /// Waits until all is well.
    #[track_caller]
    pub fn well(&self) -> Health {
        until("no error", || {
            let health = self.health();
            let is_well = health.error.is_none() && health.fetched.is_some();
            if is_well { Ok(health) } else { Err(format!("{:?}", health.error)) }
        })
    }
}
