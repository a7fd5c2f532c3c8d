//! The program around the threads: a clock, and what is wanted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use event::Moment;
use fleet::{Heard, Host, Wanted};

#[derive(Default)]
pub struct Program {
    pub wanted: Mutex<Wanted>,
    pub asked: AtomicU64,
}

#[allow(clippy::disallowed_methods, reason = "Redis's own clock runs in real time")]
pub fn now() -> Moment {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Moment::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// That many seconds from now.
pub fn in_seconds(seconds: u64) -> Moment {
    now().after(std::time::Duration::from_secs(seconds))
}

impl Host for Program {
    fn now(&self) -> Moment {
        now()
    }

    fn wanted(&self) -> Option<Wanted> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Some(self.wanted.lock().unwrap().clone())
    }

    fn heard(&self, _: Vec<Heard>, _: String) -> bool {
        true
    }
}
