//! The joint: a thread for each list, what they deliver, how they stand.

use std::path::PathBuf;
use std::sync::Arc;

use config::Blocklist;
use event::{JailName, Moment};

use crate::entry::Entry;

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
pub struct Lists {}

impl Lists {
    /// Starts the threads. `directory` is where the last good lists are kept.
    pub fn start(lists: &[Blocklist], directory: PathBuf, host: Arc<dyn Host>) -> std::io::Result<Self> {
        let _ = (lists, directory, host);
        Ok(Self {})
    }

    /// How they stand, in the order of the settings.
    pub fn health(&self) -> Vec<Health> {
        Vec::new()
    }

    /// Ends the threads.
    pub fn stop(&self) {}
}
