//! The end of patience, and the only clock of these tests. It bounds waits for events and measures them; nothing waits for it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use event::Moment;

/// How long something may take that should come soon: generous, since only a failing test pays for it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// When something began.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a wait for a real process needs a real clock to give up by"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The real time: CrowdSec's decisions end by it.
#[expect(clippy::disallowed_methods, reason = "a real LAPI tells how long its decisions last in real time")]
pub fn now() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// Waits until something is as wanted; `look` says what there is instead.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let began = Stopwatch::start();
    loop {
        match look() {
            Ok(found) => return found,
            Err(instead) if began.elapsed() > PATIENCE => {
                panic!("{what}: not within {PATIENCE:?}: {instead}")
            }
            Err(_) => std::thread::park_timeout(Duration::from_millis(10)),
        }
    }
}
