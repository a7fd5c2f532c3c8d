//! Finds the date in a line as fail2ban does: by one `datepattern` or several, or by its default templates. It refuses to read a clock:
//! "now" and the zone are arguments.

use event::Moment;
use jiff::tz::TimeZone;

/// A date that was found in a line. `start..end` is what fail2ban cuts out of the line before it looks for failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The moment. None: a template matched, but what it matched is empty (`{NONE}`) or no date that exists; the caller takes the last
    /// line's date or now.
    pub at: Option<Moment>,
    /// Where the date begins, in bytes.
    pub start: usize,
    /// Where it ends. Equal to `start` if an empty text was matched.
    pub end: usize,
}

/// Looks for dates in the lines of one log. It learns which template the log uses, so it must see the lines in order.
#[derive(Clone, Debug)]
pub struct DateDetector {}

/// Why a `datepattern` or a `logtimezone` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateError {}

impl DateDetector {
    /// For the value of `datepattern` (none: the default templates) and of `logtimezone`.
    pub fn new(pattern: Option<&str>, logtimezone: Option<&str>) -> Result<Self, DateError> {
        let _ = (pattern, logtimezone);
        Ok(Self {})
    }

    /// The date in this line. A date without a zone is in `logtimezone`, or else in `zone`; one without a year is the last such before `now`.
    pub fn find(&mut self, line: &str, now: Moment, zone: &TimeZone) -> Option<Found> {
        let _ = (line, now, zone);
        None
    }
}
