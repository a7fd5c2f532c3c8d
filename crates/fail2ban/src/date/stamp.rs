//! The fields of a date made one moment: years that are not written are guessed from now, and so are days. It refuses dates that do
//! not exist.

use event::Moment;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::zone::offset_minutes;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// What the fields said.
#[derive(Default)]
struct Fields {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    minute: i8,
    second: i8,
    weekday: Option<i16>,
    julian: Option<i16>,
    /// The week, and whether weeks begin on Mondays.
    week: Option<(i16, bool)>,
    offset: Option<i32>,
}

/// The moment of the fields, each a letter as in a date pattern and its text. Without a zone of its own it is in `assumed` (minutes from
/// UTC), or else in `zone`.
pub fn moment<'a>(
    fields: impl Iterator<Item = (char, &'a str)> + Clone,
    assumed: Option<i32>,
    now: Moment,
    zone: &TimeZone,
) -> Option<Moment> {
    let evening = fields.clone().any(|(letter, text)| letter == 'p' && text.eq_ignore_ascii_case("pm"));
    let mut read = Fields::default();
    for (letter, text) in fields {
        read.take(letter, text, evening)?;
    }
    let now = Timestamp::from_millisecond(now.millis()).ok()?.to_zoned(zone.clone()).datetime();
    let year = read.year.unwrap_or(now.year());
    if year < 1 {
        return None;
    }
    let (date, today) = read.date(year, now)?;
    let mut at = DateTime::from_parts(date, Time::new(read.hour, read.minute, read.second, 0).ok()?);
    let offset = read.offset.or(assumed);
    if let Some(minutes) = offset {
        at = at.checked_sub(minutes.minutes()).ok()?;
    }
    // A time alone that lies ahead was yesterday's.
    if today && at > now {
        at = at.checked_sub(1.day()).ok()?;
    }
    // A date without its year that lies ahead was last year's; a day is left for zones.
    if read.year.is_none() && at > now.checked_add(1.day()).ok()? {
        at = DateTime::from_parts(Date::new(year - 1, date.month(), date.day()).ok()?, at.time());
    }
    let zone = if offset.is_some() { TimeZone::UTC } else { zone.clone() };
    Some(Moment::from_seconds(at.to_zoned(zone).ok()?.timestamp().as_second()))
}

impl Fields {
    fn take(&mut self, letter: char, text: &str, evening: bool) -> Option<()> {
        let number = || text.trim().parse::<i16>().ok();
        let small = || text.trim().parse::<i8>().ok();
        let index = |names: &[&str]| {
            let start = text.get(..3)?.to_lowercase();
            names.iter().position(|name| **name == start)
        };
        match letter {
            'y' => self.year = number().map(|year| if year <= 2000 { year + 2000 } else { year }),
            'Y' => self.year = Some(number()?),
            'm' => self.month = Some(small()?),
            'b' | 'B' => self.month = Some(i8::try_from(index(&MONTHS)? + 1).ok()?),
            'd' => self.day = Some(small()?),
            'H' => self.hour = small()?,
            'I' => {
                let hour = small()? % 12;
                // Hours past twelve do not exist there; `%l` lets some of them through.
                self.hour = if small()? > 12 { small()? } else { hour } + if evening { 12 } else { 0 };
            }
            'M' => self.minute = small()?,
            'S' => self.second = small()?,
            'a' | 'A' => self.weekday = Some(i16::try_from(index(&DAYS)?).ok()?),
            'w' => self.weekday = Some((number()? + 6) % 7),
            'j' => self.julian = Some(number()?),
            'U' | 'W' => self.week = Some((number()?, letter == 'W')),
            'z' | 'Z' => self.offset = Some(offset_minutes(text)?),
            _ => {}
        }
        Some(())
    }

    /// The day, and whether nothing but the time was written.
    fn date(&self, year: i16, now: DateTime) -> Option<(Date, bool)> {
        if let (Some(month), Some(day)) = (self.month, self.day) {
            return Some((Date::new(year, month, day).ok()?, false));
        }
        let julian = self.julian.or_else(|| day_of_year(year, self.week?, self.weekday?));
        if let Some(julian) = julian {
            let day = Date::new(year, 1, 1).ok()?.checked_add(i64::from(julian - 1).days()).ok()?;
            return Some((day, false));
        }
        match (self.month, self.day) {
            (None, None) => Some((Date::new(year, now.month(), now.day()).ok()?, true)),
            _ => None,
        }
    }
}

/// The day of the year, from 1, that a weekday (0 is Monday) of a week of the year is.
fn day_of_year(year: i16, (week, from_monday): (i16, bool), weekday: i16) -> Option<i16> {
    let first = i16::from(Date::new(year, 1, 1).ok()?.weekday().to_monday_zero_offset());
    let shift = i16::from(!from_monday);
    let (first, weekday) = ((first + shift) % 7, (weekday + shift) % 7);
    Some(if week == 0 { 1 + weekday - first } else { 1 + (7 - first) % 7 + 7 * (week - 1) + weekday })
}
