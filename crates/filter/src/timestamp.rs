//! The forms in which services write time, and what they mean.
//!
//! A form is a regular expression (for `<TIME>`) and a reader. "Now" is handed in, for the years that syslog leaves out.

use std::time::Duration;

use event::Moment;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Names of all forms, as `timestamps` in a filter lists them.
pub const FORM_NAMES: [&str; 8] =
    ["syslog", "iso8601", "clf", "slash", "asctime", "compact", "dashed-dmy", "epoch"];

/// A clock a little ahead of ours still means this year.
const AHEAD: Duration = Duration::from_secs(36 * 3600);

/// A form of timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `Nov  1 23:04:05`, with an optional year before the time or fraction behind it.
    Syslog,
    /// `2026-11-01T23:04:05.123+01:00`, `2026-11-01 23:04:05,123`.
    Iso8601,
    /// `01/Nov/2026:23:04:05 +0100`.
    Clf,
    /// `2026/11/01 23:04:05`.
    Slash,
    /// `Sun Nov  1 23:04:05.123456 2026`.
    Asctime,
    /// `20261101 23:04:05`, `261101 23:04:05`.
    Compact,
    /// `01-Nov-2026 23:04:05.123`.
    DashedDmy,
    /// `1793574245.123`.
    Epoch,
}

/// What a bare local time means: the zone of the host, and roughly when we are.
#[derive(Clone, Debug)]
pub struct Zone {
    /// The zone for times that name none.
    pub zone: TimeZone,
    /// For times without a year.
    pub now: Moment,
}

impl Form {
    /// The form of that name.
    pub fn named(name: &str) -> Option<Self> {
        const FORMS: [Form; 8] = [
            Form::Syslog,
            Form::Iso8601,
            Form::Clf,
            Form::Slash,
            Form::Asctime,
            Form::Compact,
            Form::DashedDmy,
            Form::Epoch,
        ];
        FORM_NAMES.iter().position(|known| *known == name).map(|index| FORMS[index])
    }

    /// What `<TIME>` captures.
    pub fn regex(self) -> &'static str {
        match self {
            Self::Syslog => r"[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d{1,9})?",
            Self::Iso8601 => {
                r"\d{4}-\d\d-\d\d[T ][ \d]?\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?(?:\d\d)?))?"
            }
            Self::Clf => r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?",
            Self::Slash => r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?",
            Self::Asctime => r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d(?:\.\d{1,9})? \d{4}",
            Self::Compact => r"(?:\d\d)?\d{6} [ \d]\d:\d\d:\d\d",
            Self::DashedDmy => r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d{1,9})?",
            Self::Epoch => r"\d{10}(?:\.\d{1,9})?",
        }
    }

    /// The moment that `text` means, if it is of this form.
    pub fn read(self, text: &[u8], zone: &Zone) -> Option<Moment> {
        let mut cursor = Cursor { text };
        let moment = match self {
            Self::Syslog => cursor.syslog(zone),
            Self::Iso8601 => cursor.iso8601(zone),
            Self::Clf => cursor.clf(zone),
            Self::Slash => cursor.slash(zone),
            Self::Asctime => cursor.asctime(zone),
            Self::Compact => cursor.compact(zone),
            Self::DashedDmy => cursor.dashed_dmy(zone),
            Self::Epoch => cursor.epoch(),
        }?;
        cursor.text.is_empty().then_some(moment)
    }
}

/// The moment that `text` means in the first of `forms` that reads it.
pub fn read(text: &[u8], forms: &[Form], zone: &Zone) -> Option<Moment> {
    forms.iter().find_map(|form| form.read(text, zone))
}

/// Reads from the front of a text.
struct Cursor<'t> {
    text: &'t [u8],
}

/// A time of day.
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
}

impl Cursor<'_> {
    fn syslog(&mut self, zone: &Zone) -> Option<Moment> {
        let month = self.month()?;
        self.byte(b' ')?;
        let day = self.day()?;
        self.byte(b' ')?;
        let year =
            if self.text.len() > 5 && self.text[4] == b' ' { Some(self.year_and_space()?) } else { None };
        let clock = self.clock()?;
        match year {
            Some(year) => local(year, month, day, &clock, zone),
            None => latest_past(month, day, &clock, zone),
        }
    }

    fn year_and_space(&mut self) -> Option<i16> {
        let year = self.number(4)?;
        self.byte(b' ')?;
        i16::try_from(year).ok()
    }

    fn iso8601(&mut self, zone: &Zone) -> Option<Moment> {
        let year = self.number(4)?;
        self.byte(b'-')?;
        let month = self.number(2)?;
        self.byte(b'-')?;
        let day = self.number(2)?;
        if self.byte(b'T').is_none() {
            self.byte(b' ')?;
        }
        let clock = self.clock()?;
        let zone = match self.offset()? {
            None => zone.zone.clone(),
            Some(offset) => TimeZone::fixed(offset),
        };
        in_zone(year as i16, month as i8, day as i8, &clock, &zone)
    }

    fn clf(&mut self, zone: &Zone) -> Option<Moment> {
        let day = self.number(2)?;
        self.byte(b'/')?;
        let month = self.month()?;
        self.byte(b'/')?;
        let year = self.number(4)?;
        self.byte(b':')?;
        let clock = self.clock()?;
        let zone = self.offset()?.map_or_else(|| zone.zone.clone(), TimeZone::fixed);
        in_zone(year as i16, month, day as i8, &clock, &zone)
    }

    fn slash(&mut self, zone: &Zone) -> Option<Moment> {
        let year = self.number(4)?;
        self.byte(b'/')?;
        let month = self.number(2)?;
        self.byte(b'/')?;
        let day = self.number(2)?;
        self.byte(b' ')?;
        let clock = self.clock()?;
        local(year as i16, month as i8, day as i8, &clock, zone)
    }

    fn asctime(&mut self, zone: &Zone) -> Option<Moment> {
        self.text = self.text.get(4..)?;
        let month = self.month()?;
        self.byte(b' ')?;
        let day = self.day()?;
        self.byte(b' ')?;
        let clock = self.clock()?;
        self.byte(b' ')?;
        let year = self.number(4)?;
        local(year as i16, month, day, &clock, zone)
    }

    fn compact(&mut self, zone: &Zone) -> Option<Moment> {
        let digits = self.text.iter().take_while(|b| b.is_ascii_digit()).count();
        let year = if digits == 8 { self.number(4)? } else { 2000 + self.number(2)? };
        let (month, day) = (self.number(2)?, self.number(2)?);
        self.byte(b' ')?;
        self.byte(b' ');
        let clock = self.clock()?;
        local(year as i16, month as i8, day as i8, &clock, zone)
    }

    fn dashed_dmy(&mut self, zone: &Zone) -> Option<Moment> {
        let day = self.number(2)?;
        self.byte(b'-')?;
        let month = self.month()?;
        self.byte(b'-')?;
        let year = self.number(4)?;
        self.byte(b' ')?;
        let clock = self.clock()?;
        local(year as i16, month, day as i8, &clock, zone)
    }

    fn epoch(&mut self) -> Option<Moment> {
        // Ten digits are more than 32 bits hold.
        let seconds = i64::from(self.number(5)?) * 100_000 + i64::from(self.number(5)?);
        let nanos = self.fraction()?;
        Some(Moment::from_millis(seconds * 1000 + i64::from(nanos / 1_000_000)))
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        let (first, rest) = self.text.split_first()?;
        (*first == wanted).then(|| self.text = rest)
    }

    /// Exactly `digits` digits, nine at most.
    fn number(&mut self, digits: usize) -> Option<u32> {
        let (number, rest) = self.text.split_at_checked(digits)?;
        let value = number
            .iter()
            .try_fold(0u32, |sum, b| b.is_ascii_digit().then(|| sum * 10 + u32::from(b - b'0')))?;
        self.text = rest;
        Some(value)
    }

    /// One or two digits, a space in place of the first allowed.
    fn day(&mut self) -> Option<i8> {
        self.byte(b' ');
        let digits = if self.text.get(1).is_some_and(u8::is_ascii_digit) { 2 } else { 1 };
        self.number(digits).map(|day| day as i8)
    }

    fn month(&mut self) -> Option<i8> {
        const MONTHS: &[u8; 36] = b"JanFebMarAprMayJunJulAugSepOctNovDec";
        let (name, rest) = self.text.split_at_checked(3)?;
        let index = MONTHS.chunks_exact(3).position(|month| month == name)?;
        self.text = rest;
        Some(index as i8 + 1)
    }

    /// `hh:mm:ss` with an optional fraction; the hour in one place or two, padded with a space or not (MariaDB does).
    fn clock(&mut self) -> Option<Clock> {
        self.byte(b' ');
        let hour_digits = if self.text.get(1) == Some(&b':') { 1 } else { 2 };
        let hour = self.number(hour_digits)? as i8;
        self.byte(b':')?;
        let minute = self.number(2)? as i8;
        self.byte(b':')?;
        let second = (self.number(2)? as i8).min(59);
        Some(Clock { hour, minute, second, nanos: self.fraction()? })
    }

    /// `.123` or `,123`, if it is there.
    fn fraction(&mut self) -> Option<i32> {
        if self.byte(b'.').is_none() && self.byte(b',').is_none() {
            return Some(0);
        }
        let digits = self.text.iter().take_while(|b| b.is_ascii_digit()).count();
        let value = self.number(digits.min(9))? as i32;
        Some(value * 10i32.pow(9 - digits.min(9) as u32))
    }

    /// `Z`, `UTC`, `+0100`, `+01:00`, `+01`, with an optional space before it; `Some(None)` where nothing stands.
    #[allow(clippy::option_option, reason = "absent and wrong are different answers")]
    fn offset(&mut self) -> Option<Option<Offset>> {
        if self.text.is_empty() {
            return Some(None);
        }
        self.byte(b' ');
        if self.byte(b'Z').is_some() {
            return Some(Some(Offset::UTC));
        }
        if let Some(rest) = self.text.strip_prefix(b"UTC") {
            self.text = rest;
            return Some(Some(Offset::UTC));
        }
        let sign = match self.text.split_first()? {
            (b'+', rest) => (self.text = rest, 1).1,
            (b'-', rest) => (self.text = rest, -1).1,
            _ => return None,
        };
        let hours = self.number(2)? as i32;
        self.byte(b':');
        let minutes = if self.text.is_empty() { 0 } else { self.number(2)? as i32 };
        Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().map(Some)
    }
}

fn local(year: i16, month: i8, day: i8, clock: &Clock, zone: &Zone) -> Option<Moment> {
    in_zone(year, month, day, clock, &zone.zone)
}

fn in_zone(year: i16, month: i8, day: i8, clock: &Clock, zone: &TimeZone) -> Option<Moment> {
    let time = DateTime::new(year, month, day, clock.hour, clock.minute, clock.second, clock.nanos).ok()?;
    let timestamp = zone.to_ambiguous_timestamp(time).compatible().ok()?;
    Some(Moment::from_millis(timestamp.as_millisecond()))
}

/// The latest such day that is not in the future: syslog leaves the year out.
fn latest_past(month: i8, day: i8, clock: &Clock, zone: &Zone) -> Option<Moment> {
    let now = jiff::Timestamp::from_millisecond(zone.now.millis()).ok()?;
    let year = zone.zone.to_datetime(now).year();
    // 29 February is at most eight years back.
    (0..=8)
        .filter_map(|back| local(year + 1 - back, month, day, clock, zone))
        .find(|at| *at <= zone.now.after(AHEAD))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        // 2026-11-22T12:00:00Z
        Zone { zone: TimeZone::UTC, now: Moment::from_seconds(1_795_348_800) }
    }

    fn read_as(form: &str, text: &str) -> Option<String> {
        let moment = Form::named(form).unwrap().read(text.as_bytes(), &zone())?;
        Some(jiff::Timestamp::from_millisecond(moment.millis()).unwrap().to_string())
    }

    #[test]
    fn every_form_reads_its_example() {
        for (form, text, wanted) in [
            ("syslog", "Nov  1 23:04:05", "2026-11-01T23:04:05Z"),
            ("syslog", "Dec 24 23:04:05", "2025-12-24T23:04:05Z"),
            ("syslog", "Nov 23 11:00:00", "2026-11-23T11:00:00Z"),
            ("syslog", "Feb 29 11:00:00", "2024-02-29T11:00:00Z"),
            ("syslog", "Nov  1 2024 23:04:05", "2024-11-01T23:04:05Z"),
            ("iso8601", "2026-11-01T23:04:05.123+01:00", "2026-11-01T22:04:05.123Z"),
            ("iso8601", "2026-11-01 23:04:05,123", "2026-11-01T23:04:05.123Z"),
            ("iso8601", "2026-11-01T23:04:05Z", "2026-11-01T23:04:05Z"),
            ("iso8601", "2026-11-01T23:04:05-0330", "2026-11-02T02:34:05Z"),
            ("iso8601", "2026-11-01  3:04:05", "2026-11-01T03:04:05Z"),
            ("clf", "01/Nov/2026:23:04:05 +0100", "2026-11-01T22:04:05Z"),
            ("slash", "2026/11/01 23:04:05", "2026-11-01T23:04:05Z"),
            ("asctime", "Sun Nov  1 23:04:05.123456 2026", "2026-11-01T23:04:05.123Z"),
            ("asctime", "Sun Nov 01 23:04:05 2026", "2026-11-01T23:04:05Z"),
            ("compact", "20261101 23:04:05", "2026-11-01T23:04:05Z"),
            ("compact", "261101  3:04:05", "2026-11-01T03:04:05Z"),
            ("dashed-dmy", "01-Nov-2026 23:04:05.123", "2026-11-01T23:04:05.123Z"),
            ("epoch", "1793574245.123", "2026-11-01T23:04:05.123Z"),
            ("epoch", "4294967296", "2106-02-07T06:28:16Z"),
        ] {
            assert_eq!(read_as(form, text).as_deref(), Some(wanted), "{form}: {text}");
            let pattern =
                regex_automata::meta::Regex::new(&format!("^(?:{})$", Form::named(form).unwrap().regex()));
            assert!(pattern.unwrap().is_match(text), "{form}: {text}");
        }
    }

    #[test]
    fn nonsense_has_no_time() {
        for (form, text) in [
            ("syslog", "Foo  1 23:04:05"),
            ("syslog", "Nov 31 23:04:05"),
            ("iso8601", "2026-13-01T00:00:00"),
            ("iso8601", "2026-11-01T25:00:00"),
            ("iso8601", "2026-11-01T20:00:00+9999"),
            ("epoch", "17935742"),
        ] {
            assert_eq!(read_as(form, text), None, "{form}: {text}");
        }
    }
}
