//! How long, as Go writes it: `3h59m58.123s`, `-13.9ms`, `1h`. Nothing else of JSON or of lists is known here.

/// The units, in nanoseconds. Go writes `µ` as U+00B5 and reads U+03BC too.
const UNITS: [(&str, i128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const NANOS_PER_MILLI: i128 = 1_000_000;

/// Milliseconds, rounded up: who is kept out is let in no sooner than was said. `None` if this is no duration.
pub fn millis(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let nanos = if unsigned == "0" { 0 } else { nanos(unsigned)? };
    let signed = if text.starts_with('-') { -nanos } else { nanos };
    let up = signed.checked_add(NANOS_PER_MILLI - 1)?.div_euclid(NANOS_PER_MILLI);
    i64::try_from(up).ok()
}

fn nanos(mut rest: &str) -> Option<i128> {
    let mut sum: i128 = 0;
    loop {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, behind) = rest.split_at(number_end);
        let unit_end = behind.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(behind.len());
        let (unit, next) = behind.split_at(unit_end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(scaled(number, *scale)?)?;
        if next.is_empty() {
            return Some(sum);
        }
        rest = next;
    }
}

/// `1.5` of a unit. Digits behind the dot count as far as a nanosecond can show them.
fn scaled(number: &str, scale: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') || whole.len() > 20 {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction = &fraction[..fraction.len().min(15)];
    let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let tenths = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    Some(whole.checked_mul(scale)? + part * scale / tenths)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, expected) in [
            ("0s", 0),
            ("0", 0),
            ("1s", 1000),
            ("-1s", -1000),
            ("3h59m58.123s", 14_398_123),
            ("3h59m59.231627382s", 14_399_232),
            ("-13.900208ms", -13),
            ("1h", 3_600_000),
            ("480h0m0s", 1_728_000_000),
            ("2562047h47m16.854775807s", 9_223_372_036_855),
            ("1.5\u{b5}s", 1),
            ("1.5\u{3bc}s", 1),
            ("1us", 1),
            ("1ns", 1),
            ("-1ns", 0),
            (".5s", 500),
            ("1.s", 1000),
            ("+2m", 120_000),
        ] {
            assert_eq!(millis(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "-",
            "s",
            ".s",
            "1",
            "1x",
            "h1",
            "1h 2m",
            "1.2.3s",
            "--1s",
            "1s ",
            "\u{b5}",
            "999999999999999999999h",
        ] {
            assert_eq!(millis(text), None, "{text}");
        }
        assert_eq!(millis(&format!("{}h", "9".repeat(20))), None);
    }
}
