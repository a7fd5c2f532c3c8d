//! What `%` and a letter stand for in a date pattern, as Python regular expressions; `%Ex` and a letter is the stricter form. It refuses
//! to know languages: names of months and days are English.

use std::fmt::Write;

const DAYS: &str = "mon|tue|wed|thu|fri|sat|sun";
const DAY_NAMES: &str = "wednesday|thursday|saturday|tuesday|monday|friday|sunday";
const MONTHS: &str = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
const MONTH_NAMES: &str =
    "september|february|november|december|january|october|august|march|april|june|july|may";
const ZONE: &str = "[A-Z](?:[A-Z]{2,4})?";
const SHIFT: &str = r"[+-][01]\d(?::?\d{2})?";

/// A date pattern as a regular expression with a group for each field, and the pattern's name, in which each field is spelled out. None:
/// a `%` that stands for nothing.
pub fn expand(pattern: &str) -> Option<(String, String)> {
    let (mut regex, mut name) = (String::new(), String::new());
    let mut rest = pattern;
    while let Some(at) = rest.find('%') {
        regex.push_str(&rest[..at]);
        name.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        let strict = tail.strip_prefix("Ex").and_then(|tail| tail.chars().next()).and_then(strict);
        let (field, length) = match strict {
            Some(field) => (field, 3),
            None => (plain(tail.chars().next()?)?, 1),
        };
        regex.push_str(&field);
        let _ = write!(name, "%{}", &tail[..length]);
        rest = &tail[length..];
    }
    regex.push_str(rest);
    name.push_str(rest);
    Some((regex, name))
}

/// Whether the pattern has names of days or months, or AM and PM: case does not matter then.
pub fn has_words(pattern: &str) -> bool {
    let mut before = ' ';
    let mut letters = pattern.chars().peekable();
    while let Some(c) = letters.next() {
        let word = letters.peek().is_some_and(|next| "aAbBpc".contains(*next));
        if c == '%' && before != '%' && word {
            return true;
        }
        before = c;
    }
    false
}

fn group(letter: char, regex: &str) -> String {
    format!("(?P<{letter}>{regex})")
}

fn plain(letter: char) -> Option<String> {
    let regex = match letter {
        '%' => return Some("%".to_owned()),
        'd' => r"[1-2]\d|[0 ]?[1-9]|3[0-1]",
        'f' => "[0-9]{1,6}",
        'H' => r"[0-1]?\d|2[0-3]",
        'I' => "1[0-2]|0[1-9]|[1-9]",
        'G' | 'Y' => r"\d{4}",
        'j' => r"36[0-6]|3[0-5]\d|[1-2]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9]",
        'm' => "0?[1-9]|1[0-2]",
        'M' => r"[0-5]?\d",
        'S' => r"[0-5]?\d|6[0-1]",
        'U' | 'W' => r"5[0-3]|[0-4]\d|\d",
        'w' => "[0-6]",
        'u' => "[1-7]",
        'V' => r"5[0-3]|0[1-9]|[1-4]\d|\d",
        'y' => r"\d\d",
        'z' => return Some(group('z', &format!("Z|UTC|GMT|{SHIFT}"))),
        'Z' => "Z|[A-Z]{3,5}",
        'A' => DAY_NAMES,
        'a' => DAYS,
        'B' => MONTH_NAMES,
        'b' => MONTHS,
        'p' => "am|pm",
        'k' => return Some(format!(" ?{}", group('H', r"[0-2]?\d"))),
        'l' => return Some(format!(" ?{}", group('I', r"1?\d"))),
        'c' => {
            let time = time();
            let day = group('d', r"3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]");
            let (weekday, month, year) = (group('a', DAYS), group('b', MONTHS), group('Y', r"\d\d\d\d"));
            return Some(format!(r"{weekday}\s+{month}\s+{day}\s+{time}\s+{year}"));
        }
        'x' => {
            let day = group('d', r"3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9]");
            return Some(format!("{}/{day}/{}", group('m', "1[0-2]|0[1-9]|[1-9]"), group('y', r"\d\d")));
        }
        'X' => return Some(time()),
        _ => return None,
    };
    Some(group(letter, regex))
}

fn time() -> String {
    let (minute, second) = (group('M', r"[0-5]\d|\d"), group('S', r"6[0-1]|[0-5]\d|\d"));
    format!("{}:{minute}:{second}", group('H', r"2[0-3]|[0-1]\d|\d"))
}

/// The stricter forms.
fn strict(letter: char) -> Option<String> {
    Some(match letter {
        'd' => group('d', r"[1-2]\d|0[1-9]|3[0-1]"),
        'm' => group('m', "0[1-9]|1[0-2]"),
        'H' => group('H', r"[0-1]\d|2[0-3]"),
        'k' => format!(" ?{}", group('H', r"[0-1]?\d|2[0-3]")),
        'l' => format!(" ?{}", group('I', r"1[0-2]|\d")),
        'M' => group('M', r"[0-5]\d"),
        'S' => group('S', r"[0-5]\d|6[0-1]"),
        // fail2ban takes the decades from 2000 to three years ahead; a clock that is not asked cannot say which these are.
        'Y' => group('Y', r"20[0-3]\d"),
        'y' => group('y', r"\d{2}"),
        'Z' => group('Z', ZONE),
        'z' => group('z', &format!("(?:{ZONE})?{SHIFT}|{ZONE}")),
        _ => return None,
    })
}
