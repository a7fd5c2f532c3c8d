//! The only clock of the program. Everything else is told what time it is.

use std::time::SystemTime;

use event::Moment;

/// Now.
#[allow(clippy::disallowed_methods, reason = "this is the place where the clock is read")]
pub fn now() -> Moment {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Moment::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
