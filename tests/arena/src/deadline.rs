//! The end of patience, and the only place of the arena that reads a clock. It bounds waits for events; it is never
//! itself what a test waits for.

use std::time::{Duration, Instant};

/// How long a wait for something that should come at once may take: generous, since only a failing test pays for it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Until when to wait.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    started: Instant,
    patience: Duration,
}

impl Deadline {
    /// From now on for `patience`.
    #[expect(
        clippy::disallowed_methods,
        reason = "a wait for a real process needs a real clock to give up by"
    )]
    pub fn after(patience: Duration) -> Self {
        Self { started: Instant::now(), patience }
    }

    /// What is left of it; `None` once it has passed.
    pub fn left(&self) -> Option<Duration> {
        self.patience.checked_sub(self.started.elapsed()).filter(|left| !left.is_zero())
    }

    /// How long the wait was meant to take at most.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// How long the wait has taken so far.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
