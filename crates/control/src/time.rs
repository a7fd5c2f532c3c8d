//! Moments as people and programs read them.

use event::Moment;
use jiff::{Timestamp, fmt::temporal::DateTimePrinter};

/// RFC 3339 in UTC, with whole seconds.
pub fn rfc3339(moment: Moment) -> String {
    static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    let timestamp = Timestamp::from_second(moment.seconds()).unwrap_or(Timestamp::MAX);
    let mut text = String::new();
    // Writing to a String cannot fail; a time past the printer's range prints as the last one it knows.
    let _ = PRINTER.print_timestamp(&timestamp, &mut text);
    text
}

/// RFC 3339, or nothing for the end that never comes.
pub fn rfc3339_until(moment: Moment) -> Option<String> {
    (moment != Moment::NEVER).then(|| rfc3339(moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print_in_utc_and_never_does_not() {
        assert_eq!(rfc3339(Moment::from_seconds(1_795_348_800)), "2026-11-22T12:00:00Z");
        assert_eq!(rfc3339_until(Moment::NEVER), None);
    }
}
