//! How fast a source speaks: lines in the last full minute, and whether it is silent for longer than it ever is. A few numbers
//! for each source, whatever it says.

use std::time::Duration;

use event::Moment;

const MINUTE: i64 = 60_000;
/// Fewer lines say nothing about how often there are any.
const ENOUGH_LINES: u64 = 50;
/// Silence is a reason to look only past this, however busy the source was.
const LEAST_SILENCE: Duration = Duration::from_secs(60 * 60);
/// So many times the usual pause between two lines is no longer usual.
const UNUSUAL: u32 = 50;

/// Of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    minute: i64,
    in_this: u64,
    in_last: u64,
    lines: u64,
    first: Moment,
    last: Moment,
}

impl Pace {
    /// `lines` were read live.
    pub fn add(&mut self, lines: u64, now: Moment) {
        self.turn(now);
        self.in_this += lines;
        if self.lines == 0 {
            self.first = now;
        }
        self.lines += lines;
        self.last = now;
    }

    /// Lines in the last full minute.
    pub fn per_minute(mut self, now: Moment) -> u64 {
        self.turn(now);
        self.in_last
    }

    /// The lines an hour that it usually writes, if it has been silent for far longer than its pauses are.
    pub fn silent(&self, now: Moment) -> Option<Silence> {
        let heard = self.last.since(self.first);
        let pause = heard / u32::try_from(self.lines).unwrap_or(u32::MAX).max(1);
        let silent = now.since(self.last);
        let is_unusual = silent >= LEAST_SILENCE && silent >= pause.saturating_mul(UNUSUAL);
        (self.lines >= ENOUGH_LINES && is_unusual).then(|| {
            let hours = (heard.as_secs_f64() / 3600.0).max(1.0);
            Silence { since: self.last, usual_per_hour: (self.lines as f64 / hours).round() as u64 }
        })
    }

    fn turn(&mut self, now: Moment) {
        let minute = now.millis().div_euclid(MINUTE);
        if minute != self.minute {
            self.in_last = if minute == self.minute + 1 { self.in_this } else { 0 };
            (self.minute, self.in_this) = (minute, 0);
        }
    }
}

/// A silence that is not usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Since when.
    pub since: Moment,
    /// Lines an hour until then.
    pub usual_per_hour: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Moment {
        Moment::from_seconds(seconds)
    }

    #[test]
    fn the_last_full_minute_is_counted() {
        let mut pace = Pace::default();
        pace.add(3, at(61));
        pace.add(4, at(119));
        assert_eq!(pace.per_minute(at(119)), 0);
        assert_eq!(pace.per_minute(at(120)), 7);
        pace.add(1, at(121));
        assert_eq!((pace.per_minute(at(179)), pace.per_minute(at(180)), pace.per_minute(at(240))), (7, 1, 0));
    }

    #[test]
    fn only_an_unusual_silence_is_one() {
        let mut pace = Pace::default();
        for minute in 0..120 {
            pace.add(1, at(minute * 60));
        }
        let last = 119 * 60;
        assert_eq!(pace.silent(at(last + 3599)), None);
        let silence = pace.silent(at(last + 3600)).unwrap();
        assert_eq!((silence.since, silence.usual_per_hour), (at(last), 61));
        let mut rare = Pace::default();
        for hour in 0..60 {
            rare.add(1, at(hour * 3600));
        }
        assert_eq!(rare.silent(at(59 * 3600 + 48 * 3600)), None, "it speaks once an hour");
        assert!(rare.silent(at(59 * 3600 + 51 * 3600)).is_some());
        let mut few = Pace::default();
        few.add(49, at(0));
        assert_eq!(few.silent(at(1_000_000)), None);
    }
}
