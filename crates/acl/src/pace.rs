//! When a list is looked at next: the first change at once, further ones at most once in two seconds, failures again with growing pauses.
//! Pure arithmetic; what happened and what time it is are told.

use std::time::Duration;

use event::Moment;
use event::limit::{ACL_CHECK_SECONDS, ACL_RELOAD_SECONDS, ACL_RETRY_SECONDS};

const BETWEEN: Duration = Duration::from_secs(ACL_RELOAD_SECONDS);
const LONGEST: Duration = Duration::from_secs(ACL_RETRY_SECONDS);
const CHECK: Duration = Duration::from_secs(ACL_CHECK_SECONDS);

/// The pace of one program's lists.
#[derive(Debug, Default)]
pub struct Pace {
    is_wanted: bool,
    looked: Option<Moment>,
    /// When the last failure was, and how many there were in a row.
    failed: Option<(Moment, u32)>,
}

impl Pace {
    /// Something has changed.
    pub fn want(&mut self) {
        self.is_wanted = true;
    }

    /// How long nothing has to be done.
    pub fn wait(&self, now: Moment) -> Duration {
        let Some(looked) = self.looked else { return Duration::ZERO };
        let change = if self.is_wanted { BETWEEN } else { CHECK };
        left(looked, change, now).min(self.pause_left(now).unwrap_or(CHECK))
    }

    /// Whether the program may be told now, which failed before.
    pub fn may_tell(&self, now: Moment) -> bool {
        self.pause_left(now).is_none_or(|left| left.is_zero())
    }

    /// The lists were looked at, and so is what had changed.
    pub fn looked(&mut self, now: Moment) {
        self.is_wanted = false;
        self.looked = Some(now);
    }

    /// All is as wanted.
    pub fn done(&mut self) {
        self.failed = None;
    }

    /// Something is not.
    pub fn fail(&mut self, now: Moment) {
        let before = self.failed.map_or(0, |(_, times)| times);
        self.failed = Some((now, before.saturating_add(1)));
    }

    fn pause_left(&self, now: Moment) -> Option<Duration> {
        let (at, times) = self.failed?;
        let pause = BETWEEN.saturating_mul(1 << (times - 1).min(10)).min(LONGEST);
        Some(left(at, pause, now))
    }
}

/// What is left of `span`, which began at `start`. A clock that was set back far would make it longer than it is: then it is over.
fn left(start: Moment, span: Duration, now: Moment) -> Duration {
    let left = start.after(span).since(now);
    if left > span.saturating_mul(2) { Duration::ZERO } else { left.min(span) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Moment {
        Moment::from_millis(1_000_000 + millis)
    }

    fn millis(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn the_first_goes_at_once_and_the_next_after_two_seconds() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait(at(0)), Duration::ZERO);
        pace.looked(at(0));
        assert_eq!(pace.wait(at(1)), CHECK - millis(1));
        pace.want();
        assert_eq!(pace.wait(at(500)), millis(1500));
        assert_eq!(pace.wait(at(2000)), Duration::ZERO);
        pace.looked(at(2000));
        pace.want();
        assert_eq!(pace.wait(at(2001)), millis(1999), "a change during the look is not lost");
        assert_eq!(pace.wait(at(9000)), Duration::ZERO, "after a quiet time the next goes at once");
    }

    #[test]
    fn pauses_between_failures_grow_to_a_minute() {
        let mut pace = Pace::default();
        let mut pauses = Vec::new();
        for _ in 0..7 {
            pace.looked(at(0));
            pace.fail(at(0));
            pauses.push(pace.wait(at(0)).as_secs());
        }
        assert_eq!(pauses, [2, 4, 8, 16, 32, 60, 60]);
        assert!(!pace.may_tell(at(59_000)));
        assert!(pace.may_tell(at(60_000)));
        pace.want();
        assert_eq!(pace.wait(at(0)), BETWEEN, "the file is written all the same");
        pace.done();
        assert!(pace.may_tell(at(0)));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait() {
        let mut pace = Pace::default();
        pace.looked(at(0));
        pace.fail(at(0));
        pace.want();
        assert_eq!(pace.wait(at(-3_600_000)), Duration::ZERO);
        assert!(pace.may_tell(at(-3_600_000)));
    }
}
