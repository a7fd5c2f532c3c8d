//! How the actions did, for `status`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How one action did since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionHealth {
    /// Of which jail.
    pub jail: String,
    /// Which.
    pub action: String,
    /// Commands that were run.
    pub runs: u64,
    /// Commands that failed, were refused or took too long.
    pub failures: u64,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The end of what its last command printed. It may hold text of a log.
    pub last_output: String,
    /// What waits for the actions of this jail.
    pub waiting: usize,
    /// Bans that this jail's actions were not told of, because too much waited.
    pub missed: u64,
}

/// An action's health, as it is written and read.
#[derive(Clone, Debug, Default)]
pub struct Record(Arc<Mutex<ActionHealth>>);

impl Record {
    /// For an action.
    pub fn new(jail: &str, action: &str) -> Self {
        let made =
            ActionHealth { jail: jail.to_owned(), action: action.to_owned(), ..ActionHealth::default() };
        Self(Arc::new(Mutex::new(made)))
    }

    /// To write to.
    pub fn lock(&self) -> MutexGuard<'_, ActionHealth> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something failed.
    pub fn failed(&self, what: String) {
        let mut health = self.lock();
        health.failures += 1;
        health.last_error = Some(what);
    }
}
