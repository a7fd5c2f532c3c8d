//! Waits for a condition, never for time to pass.

use std::time::{Duration, Instant};

/// A point in time for measuring; nothing is decided by it.
#[allow(clippy::disallowed_methods, reason = "a measurement and a deadline need the clock")]
pub fn clock() -> Instant {
    Instant::now()
}

/// Asks until it holds. Panics with `what` after `seconds`.
#[track_caller]
pub fn until(what: &str, seconds: u64, mut holds: impl FnMut() -> bool) {
    let begin = clock();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(seconds), "not within {seconds} s: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
