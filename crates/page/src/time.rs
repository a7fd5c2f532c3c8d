//! Moments as people read them, always with the exact time behind it. The zone is the server's own: that is
//! the time in the logs.

use askama::Template;
use askama::filters::HtmlSafe;
use event::Moment;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::text::Text;

/// A `<time>` element.
#[derive(Clone, Debug, PartialEq, Eq, Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ datetime }}" title="{{ title }}"{% if counts_down %} data-until{% endif %}>{{ shown }}</time>"#
)]
pub struct Time {
    /// RFC 3339, UTC.
    pub datetime: String,
    /// In full, for the pointer that rests on it.
    pub title: String,
    /// As it stands on the page.
    pub shown: String,
    /// Whether the script counts it down.
    pub counts_down: bool,
}

// The template above escapes what it holds.
impl HtmlSafe for Time {}

impl Text {
    /// A moment of the past: "today 03:12", "yesterday 22:40", "12 Nov 14:00".
    pub fn past(&self, at: Moment, now: Moment) -> Time {
        let (then, present) = (zoned(at), zoned(now));
        let clock = then.strftime("%H:%M").to_string();
        let days = present.date().since(then.date()).map_or(i32::MAX, |span| span.get_days());
        let shown = match days {
            0 => self.with("time", clock).say("time-today"),
            1 => self.with("time", clock).say("time-yesterday"),
            _ if then.year() == present.year() => self
                .with("day", i32::from(then.day()))
                .with("month", self.month(&then))
                .with("time", clock)
                .say("time-day"),
            _ => self.date(&then),
        };
        Time { datetime: rfc3339(at), title: self.in_full(&then), shown, counts_down: false }
    }

    /// A moment of the past that came as RFC 3339; as it came if it is none.
    pub fn past_text(&self, at: &str, now: Moment) -> Time {
        match at.parse::<Timestamp>() {
            Ok(at) => self.past(Moment::from_millis(at.as_millisecond()), now),
            Err(_) => {
                let shown = at.to_owned();
                Time { datetime: String::new(), title: shown.clone(), shown, counts_down: false }
            }
        }
    }

    /// A moment of the past to the second, for lines of a log.
    pub fn past_exactly(&self, at: &str, now: Moment) -> Time {
        let mut time = self.past_text(at, now);
        if let Ok(at) = at.parse::<Timestamp>() {
            let seconds = zoned(Moment::from_millis(at.as_millisecond())).strftime(":%S").to_string();
            time.shown.push_str(&seconds);
        }
        time
    }

    /// When something ends: "in 41 min", "in 6 days 2 h". `None` for what does not end.
    pub fn until(&self, end: Moment, now: Moment) -> Option<Time> {
        if end == Moment::NEVER {
            return None;
        }
        let left = end.since(now).as_secs();
        let shown = self.with("span", self.span(left)).say("time-in");
        Some(Time { datetime: rfc3339(end), title: self.in_full(&zoned(end)), shown, counts_down: true })
    }

    fn month(&self, at: &Zoned) -> String {
        self.say(MONTHS[usize::try_from(at.month() - 1).unwrap_or(0)])
    }

    fn date(&self, at: &Zoned) -> String {
        let year = at.year().to_string();
        self.with("day", i32::from(at.day()))
            .with("month", self.month(at))
            .with("year", year)
            .say("time-date")
    }

    fn in_full(&self, at: &Zoned) -> String {
        format!("{} {}", self.date(at), at.strftime("%H:%M:%S %:z"))
    }
}

const MONTHS: [&str; 12] = [
    "month-january",
    "month-february",
    "month-march",
    "month-april",
    "month-may",
    "month-june",
    "month-july",
    "month-august",
    "month-september",
    "month-october",
    "month-november",
    "month-december",
];

/// The moment in the server's zone.
pub(crate) fn zoned(at: Moment) -> Zoned {
    timestamp(at).to_zoned(TimeZone::system())
}

fn timestamp(at: Moment) -> Timestamp {
    Timestamp::from_millisecond(at.millis()).unwrap_or(Timestamp::MAX)
}

fn rfc3339(at: Moment) -> String {
    // Whole seconds: nobody reads the rest, and the script does not need it.
    Timestamp::from_second(timestamp(at).as_second()).unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_counts_down_and_what_does_not_end_has_no_time() {
        let (text, now) = (Text::of_tag("en"), Moment::from_seconds(1_700_000_000));
        let until = text.until(Moment::from_seconds(1_700_002_460), now).unwrap();
        assert_eq!(until.shown.replace('\u{a0}', " "), "in 41 min");
        assert_eq!(until.datetime, "2023-11-14T22:54:20Z");
        assert!(until.to_string().contains(" data-until>"));
        assert_eq!(text.until(Moment::NEVER, now), None);
    }

    #[test]
    fn a_time_that_is_none_is_shown_as_it_came_and_escaped() {
        let shown = Text::of_tag("en").past_text("<b>", Moment::from_seconds(0)).to_string();
        assert!(!shown.contains("<b>"), "{shown}");
    }

    #[test]
    fn last_year_has_its_year() {
        let shown =
            Text::of_tag("ru").past(Moment::from_seconds(1_700_000_000), Moment::from_seconds(1_790_000_000));
        assert!(shown.shown.contains("ноя") && shown.shown.contains("2023"), "{shown:?}");
    }
}
