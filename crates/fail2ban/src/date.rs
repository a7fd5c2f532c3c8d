//! Finds the date in a line as fail2ban does: by one `datepattern` or several, or by its default templates. It refuses to read a clock:
//! "now" and the zone are arguments.

mod field;
mod shown;
mod zone;
mod stamp;
mod search;
mod form;
mod template;
mod minute;
mod default;
mod detector;

use std::fmt;

use event::Moment;
use jiff::tz::TimeZone;

use detector::Detector;
use minute::{Minute, Written};
use template::Seen;

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
pub struct DateDetector {
    detector: Detector,
    /// The zone of dates that name none, in minutes from UTC.
    assumed: Option<i32>,
    minute: Minute,
}

impl DateDetector {
    /// For the value of `datepattern` (none: the default templates) and of `logtimezone`.
    pub fn new(pattern: Option<&str>, logtimezone: Option<&str>) -> Result<Self, DateError> {
        let assumed = match logtimezone {
            None => None,
            Some(name) => Some(
                zone::offset_minutes(name).ok_or_else(|| DateError::UnknownZone { zone: name.to_owned() })?,
            ),
        };
        let lines = pattern.unwrap_or_default().split('\n').map(str::trim).filter(|line| !line.is_empty());
        Ok(Self { detector: Detector::new(lines)?, assumed, minute: Minute::default() })
    }

    /// How often each template was chosen, by the name that fail2ban shows, in the present order.
    pub fn hits(&self) -> impl Iterator<Item = (u64, String)> {
        self.detector.hits().map(|(won, name)| (won, shown::name(name)))
    }

    /// The date in this line. A date without a zone is in `logtimezone`, or else in `zone`, which must always be the same; one without a
    /// year is the last such before `now`.
    pub fn find(&mut self, line: &str, now: Moment, zone: &TimeZone) -> Option<Found> {
        let (slot, seen) = self.detector.find(line, now)?;
        let at = self.moment(line, slot, &seen, now, zone);
        Some(Found { at, start: seen.cut.start, end: seen.cut.end })
    }

    /// Whether the date found last, which is of this line, is a whole number to fail2ban, as those with a zone are.
    pub fn is_whole(&self, line: &str) -> bool {
        let last = self.detector.last();
        last.is_some_and(|template| template.is_whole(line, self.assumed.is_some()))
    }

    fn moment(
        &mut self,
        line: &str,
        slot: usize,
        seen: &Seen,
        now: Moment,
        zone: &TimeZone,
    ) -> Option<Moment> {
        let cut = &seen.cut;
        if cut.is_empty() {
            return None;
        }
        let (template, assumed) = (self.detector.template(slot), self.assumed);
        let work_out = |line: &str| template.moment(line, seen, assumed, now, zone);
        if let Some((second, behind)) = seen.second() {
            let parts = [('<', &line[cut.start..second]), ('>', &line[behind..cut.end])].into_iter();
            return self.minute.moment(Written { template, second, parts }, line, now, work_out);
        }
        let Some(fields) = template.taken(seen) else { return work_out(line) };
        let second = fields.clone().find(|(letter, part)| *letter == 'S' && part.len() == 2);
        let Some((_, second)) = second else { return work_out(line) };
        // The fraction of a second says nothing to fail2ban either.
        let parts = fields.filter(|(letter, _)| !matches!(letter, 'S' | 'f'));
        let parts = parts.map(|(letter, part)| (letter, &line[part]));
        self.minute.moment(Written { template, second: second.start, parts }, line, now, work_out)
    }
}

/// Why a `datepattern` or a `logtimezone` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DateError {
    /// A `%` before a letter that stands for nothing.
    UnknownField {
        /// The pattern.
        pattern: String,
    },
    /// What the pattern comes to is no regular expression.
    BadPattern {
        /// The regular expression.
        pattern: String,
        /// Why.
        cause: String,
    },
    /// Two patterns that are one and the same.
    Twice {
        /// The second.
        pattern: String,
    },
    /// Neither an offset nor an abbreviation.
    UnknownZone {
        /// The zone.
        zone: String,
    },
}

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownField { pattern } => write!(
                f,
                "datepattern '{pattern}' has a % before something that is no field of a date; write %% for the sign"
            ),
            Self::BadPattern { pattern, cause } => {
                write!(f, "datepattern comes to '{pattern}', where {cause}")
            }
            Self::Twice { pattern } => write!(f, "datepattern '{pattern}' is there twice"),
            Self::UnknownZone { zone } => write!(
                f,
                "logtimezone '{zone}' is not known; write an offset such as UTC+0200, or an abbreviation such as CET"
            ),
        }
    }
}

impl std::error::Error for DateError {}

#[cfg(test)]
mod tests;
