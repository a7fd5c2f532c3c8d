//! What the counter answers: what became of one failure, and how a subject stands in a jail.

use std::time::Duration;

use event::{JailName, Moment, Offence, Subject};

/// What became of one failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation<'w> {
    /// It counts, and the limit is not reached.
    Counted {
        /// Failures in the window, this one included.
        failures: u32,
        /// How many make an offence.
        max_retry: u32,
    },
    /// It reached the limit. The failures that led to it are cleared.
    Offence(Offence),
    /// The subject is never blocked, so it is not counted either.
    Whitelisted {
        /// The entry that protects it.
        entry: &'w Subject,
        /// Where the entry comes from.
        origin: &'w str,
    },
    /// It happened more than `find_time` ago: no window that is still open contains it.
    TooOld,
    /// No limits were set for its jail, so there is nothing to count against.
    UnknownJail,
}

/// How a subject stands in a jail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The jail.
    pub jail: JailName,
    /// Failures in the window that count towards the next offence of any kind.
    pub failures: u32,
    /// The proven ones among all failures in the window; they alone decide whether an offence is proven.
    pub proven: u32,
    /// The oldest failure in the window.
    pub oldest: Moment,
    /// The newest failure in the window.
    pub newest: Moment,
    /// How many failures make an offence.
    pub max_retry: u32,
    /// Within which time.
    pub find_time: Duration,
}
