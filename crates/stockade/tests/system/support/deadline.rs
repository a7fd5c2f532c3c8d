//! The end of patience, and the only clock of these tests. It bounds waits for events and measures them; nothing waits for
//! it.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// How long something may take that should come at once: generous, since only a failing test pays for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Until when to wait.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    started: Instant,
}

impl Deadline {
    /// From now on.
    #[expect(
        clippy::disallowed_methods,
        reason = "a wait for a real process needs a real clock to give up by"
    )]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// What is left; nothing once it has passed.
    pub fn left(&self) -> Duration {
        PATIENCE.saturating_sub(self.elapsed())
    }

    /// How long the wait has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Now, for the times that stand in log lines.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Waits until it is so; `what` names it in a message.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Deadline::start();
    while !is_so() {
        assert!(!deadline.left().is_zero(), "not in time: {what}");
    }
}
