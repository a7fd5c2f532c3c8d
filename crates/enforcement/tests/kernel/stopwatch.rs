//! The tests' clock, and how long something takes. The tests print it; only bounds that matter to a user are asserted.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use event::Moment;

static START: OnceLock<Instant> = OnceLock::new();

/// Now. The kernel counts real time, so this clock runs with it.
#[allow(clippy::disallowed_methods, reason = "the kernel's timeouts run in real time")]
pub(crate) fn now() -> Moment {
    let start = START.get_or_init(Instant::now);
    Moment::from_seconds(1_800_000_000).after(start.elapsed())
}

/// What `work` returns, and how long it took.
#[allow(clippy::disallowed_methods, reason = "a measurement needs the clock; nothing is decided by it")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}
