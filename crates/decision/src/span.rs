//! A length of time in words, for reasons that people read.

use std::time::Duration;

const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3600, "h"), (60, "min"), (1, "s")];

/// `10 min`, `1 h 30 min`, `2 days`: exact if it takes two units, else cut after the second one.
pub fn spoken(span: Duration) -> String {
    say(span, 2)
}

/// `3 h`, `5 min`: only the largest unit.
pub(crate) fn roughly(span: Duration) -> String {
    say(span, 1)
}

fn say(span: Duration, units: usize) -> String {
    let mut seconds = span.as_secs();
    if seconds == 0 && !span.is_zero() {
        return format!("{} ms", span.as_millis());
    }
    let mut words = Vec::new();
    for (length, unit) in UNITS {
        let (count, rest) = (seconds / length, seconds % length);
        if count > 0 || (words.is_empty() && length == 1) {
            let plural = if unit == "day" && count != 1 { "s" } else { "" };
            words.push(format!("{count} {unit}{plural}"));
        } else if !words.is_empty() {
            // `1 day 5 s` would pretend to be exact where `1 day 5 h` is cut.
            break;
        }
        seconds = rest;
        if words.len() == units {
            break;
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_as_people_say_them() {
        for (seconds, exact, rough) in [
            (0, "0 s", "0 s"),
            (59, "59 s", "59 s"),
            (600, "10 min", "10 min"),
            (5400, "1 h 30 min", "1 h"),
            (86_400, "1 day", "1 day"),
            (2_592_000, "30 days", "30 days"),
            (90_061, "1 day 1 h", "1 day"),
            (86_405, "1 day", "1 day"),
        ] {
            let span = Duration::from_secs(seconds);
            assert_eq!((spoken(span).as_str(), roughly(span).as_str()), (exact, rough));
        }
        assert_eq!(spoken(Duration::from_millis(250)), "250 ms");
    }
}
