//! Durations as people write them: `90`, `90s`, `10m`, `2h`, `1d`, `1w`, `1h30m`. A number without a unit is seconds.

use std::time::Duration;

/// A ban without end. `Moment::after` makes `Moment::NEVER` of it.
pub const FOREVER: Duration = Duration::MAX;

const UNITS: [(char, u64); 5] =
    [('w', 7 * 24 * 60 * 60), ('d', 24 * 60 * 60), ('h', 60 * 60), ('m', 60), ('s', 1)];

/// Nobody means a longer one; whoever wants a ban without end writes `forever`.
const LONGEST_SECONDS: u64 = 100 * 366 * 24 * 60 * 60;

/// Reads a duration; `None` if it is none, or is longer than a hundred years. Units stand from large to small, each at most
/// once; blanks between the parts are allowed.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return seconds(text.parse().ok()?);
    }
    let mut total: u64 = 0;
    let mut rest = text;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at(digits);
        let letter = behind.chars().next()?;
        let (_, length) = units.find(|(unit, _)| *unit == letter)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*length)?)?;
        rest = behind[letter.len_utf8()..].trim_start();
    }
    seconds(total)
}

/// How to write a duration of whole seconds, for messages: `1h30m`. Weeks are left out: `8d` reads better than `1w1d`.
pub(crate) fn in_words(duration: Duration) -> String {
    let mut rest = duration.as_secs();
    let mut words = String::new();
    for (unit, length) in &UNITS[1..] {
        if rest >= *length {
            words.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if words.is_empty() { "0s".to_owned() } else { words }
}

fn seconds(seconds: u64) -> Option<Duration> {
    (seconds <= LONGEST_SECONDS).then_some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [
            ("90", 90),
            ("0", 0),
            ("90s", 90),
            ("10m", 600),
            ("2h", 7200),
            ("1d", 86_400),
            ("1w", 604_800),
            ("1h30m", 5400),
            ("1h 30m", 5400),
            (" 1w1d1h1m1s ", 694_861),
        ] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        let none = [
            "",
            " ",
            "s",
            "m10",
            "10 fortnights",
            "10m10",
            "1m1h",
            "1h1h",
            "-1",
            "-1h",
            "1.5h",
            "1h,",
            "1µ",
            "forever",
            "99999999999999999999",
            "99999999999999999999s",
            "9999999999999999w",
            "101 w w",
            "6000w",
        ];
        for text in none {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn words_read_back() {
        for text in ["1s", "10m", "1h30m", "8d1h1m1s"] {
            assert_eq!(in_words(parse_duration(text).unwrap()), text);
        }
    }
}
