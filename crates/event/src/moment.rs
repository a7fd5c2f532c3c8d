//! A point in time in milliseconds since the Unix epoch. It is always handed in: this crate cannot ask for "now".

use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z. Arithmetic saturates, so no hostile timestamp can overflow it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// The far future: the end of a ban that does not end.
    pub const NEVER: Self = Self(i64::MAX);

    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This moment and `span` after it. `NEVER` stays `NEVER`.
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(saturating_millis(span)))
    }

    /// This moment and `span` before it.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(saturating_millis(span)))
    }

    /// How long ago `earlier` was; zero if it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

fn saturating_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Moment::NEVER.after(Duration::from_secs(1)), Moment::NEVER);
        assert_eq!(Moment::from_millis(i64::MIN).before(Duration::MAX), Moment::from_millis(i64::MIN));
        assert_eq!(Moment::from_seconds(5).since(Moment::from_seconds(9)), Duration::ZERO);
        assert_eq!(Moment::from_millis(-1).seconds(), -1);
    }
}
