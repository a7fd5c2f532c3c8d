//! What makes an offence in one jail, checked when it is set: a limit that could never or always be reached is refused.

use std::fmt;
use std::time::Duration;

use event::{JailName, limit};

/// `max_retry` failures within `find_time` are an offence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many failures, 1 to `limit::MAX_RETRY`.
    pub max_retry: u32,
    /// Within which time, at least a millisecond. Two failures exactly this far apart are still within it.
    pub find_time: Duration,
}

impl Limits {
    /// Whether the counter can hold to these limits in `jail`.
    pub(crate) fn check(self, jail: &JailName) -> Result<(), LimitsError> {
        if !(1..=limit::MAX_RETRY).contains(&self.max_retry) {
            return Err(LimitsError::MaxRetry { jail: jail.clone(), given: self.max_retry });
        }
        if self.find_time < Duration::from_millis(1) {
            return Err(LimitsError::FindTime { jail: jail.clone() });
        }
        Ok(())
    }

    /// `find_time` in milliseconds, cut to what a moment can express.
    pub(crate) fn find_millis(self) -> i64 {
        i64::try_from(self.find_time.as_millis()).unwrap_or(i64::MAX)
    }
}

/// Why limits were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitsError {
    /// `max_retry` is out of range.
    MaxRetry {
        /// The jail.
        jail: JailName,
        /// What was given.
        given: u32,
    },
    /// `find_time` is shorter than a millisecond.
    FindTime {
        /// The jail.
        jail: JailName,
    },
    /// There are as many jails as the table can tell apart.
    TooManyJails {
        /// The jail that is one too many.
        jail: JailName,
    },
}

impl fmt::Display for LimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MaxRetry { jail, given } => {
                write!(f, "jail '{jail}': max_retry {given} is out of range; write 1 to {}", limit::MAX_RETRY)
            }
            Self::FindTime { jail } => {
                write!(f, "jail '{jail}': find_time is shorter than a millisecond; write e.g. '10m'")
            }
            Self::TooManyJails { jail } => {
                write!(
                    f,
                    "jail '{jail}' is one too many: at most {} can be counted; remove one",
                    limit::JAILS
                )
            }
        }
    }
}

impl std::error::Error for LimitsError {}
