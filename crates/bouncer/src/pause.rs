//! How long to wait before the next attempt. Pure.

use std::time::Duration;

use event::limit::BOUNCER_PAUSE_SECONDS;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(BOUNCER_PAUSE_SECONDS);

/// Grows with each attempt that fails.
#[derive(Debug, Default)]
pub struct Pause {
    last: Option<Duration>,
}

impl Pause {
    /// An attempt succeeded.
    pub fn end(&mut self) {
        self.last = None;
    }

    /// An attempt failed: how long to wait. Where waiting mends nothing (`hopeless`), at once the longest.
    pub fn next(&mut self, hopeless: bool) -> Duration {
        let next = match self.last {
            _ if hopeless => LONGEST,
            None => FIRST,
            Some(last) => (last * 2).min(LONGEST),
        };
        self.last = Some(next);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_begin_anew() {
        let mut pause = Pause::default();
        let spans: Vec<u64> = (0..8).map(|_| pause.next(false).as_secs()).collect();
        assert_eq!(spans, [1, 2, 4, 8, 16, 32, 60, 60]);
        pause.end();
        assert_eq!(pause.next(false).as_secs(), 1);
        assert_eq!(pause.next(true), LONGEST);
    }
}
