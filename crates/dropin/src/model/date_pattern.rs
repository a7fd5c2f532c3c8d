//! A jail's `datepattern` as fail2ban's server shows it: the pattern, and its name, in which every field is spelled out. Whether it can be used is
//! asked of the reader of dates.

use fail2ban::date::DateError;
use fail2ban::{DateDetector, Value};

use crate::wrong::Wrong;

/// What a jail looks for dates with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatePattern {
    /// The default templates.
    Default,
    /// Nothing: entries of the journal carry their time.
    Nothing,
    /// A pattern, or several, one a line.
    Told(String),
}

impl DatePattern {
    /// Takes a pattern.
    pub fn told(text: &str) -> Result<Self, Wrong> {
        let lines: Vec<&str> = text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
        for line in &lines {
            name(line).map_err(|cause| {
                Wrong::kind(format!(
                    "Failed to set datepattern '{line}' (may be an invalid format or unescaped percent char): {cause}"
                ))
            })?;
        }
        let joined = lines.join("\n");
        if let Err(DateError::Twice { pattern }) = DateDetector::new(Some(&joined), None) {
            let name = if pattern.contains('%') { name(&pattern).unwrap_or(pattern) } else { pattern };
            return Err(Wrong::value(format!("There is already a template with name {name}")));
        }
        Ok(if lines.is_empty() { Self::Default } else { Self::Told(joined) })
    }

    /// What `get JAIL datepattern` answers.
    pub fn shown(&self) -> Value {
        let defaults = Value::Tuple(vec![Value::None, Value::text("Default Detectors")]);
        let text = match self {
            Self::Nothing => return Value::None,
            Self::Default => return defaults,
            Self::Told(text) => text,
        };
        // `{DEFAULT}` adds nothing to nothing; `{^LN-BEG}` and `{DATE}` add many, and fail2ban shows no more than two.
        let many = |line: &str| line == "{^LN-BEG}" || line.contains("{DATE}");
        let lines: Vec<&str> = text.lines().filter(|line| line.to_uppercase() != "{DEFAULT}").collect();
        let Some(first) = lines.first().copied() else { return defaults };
        if lines.len() > 2 || lines.iter().any(|line| many(&line.to_uppercase())) {
            return defaults;
        }
        let upper = first.to_uppercase();
        let (pattern, name) = match upper.as_str() {
            "{NONE}" => (Some("{UNB}^"), "^".to_owned()),
            "EPOCH" if !first.contains('%') => (None, "Epoch".to_owned()),
            "LEPOCH" if !first.contains('%') => (None, "LongEpoch".to_owned()),
            "{^LN-BEG}EPOCH" | "^EPOCH" => (None, "{^LN-BEG}Epoch".to_owned()),
            "{^LN-BEG}LEPOCH" | "^LEPOCH" => (None, "{^LN-BEG}LongEpoch".to_owned()),
            "TAI64N" => (None, "TAI64N".to_owned()),
            "{^LN-BEG}TAI64N" | "^TAI64N" => (None, "{^LN-BEG}TAI64N".to_owned()),
            _ if epoch(&upper) => (None, first.to_owned()),
            _ => (Some(first), name(first).unwrap_or_default()),
        };
        Value::Tuple(vec![pattern.map_or(Value::None, Value::text), Value::Text(name)])
    }
}

/// Whether `{EPOCH}` or `{LEPOCH}` stands in the pattern, not behind a backslash.
fn epoch(upper: &str) -> bool {
    ["{EPOCH}", "{LEPOCH}"].iter().any(|word| upper.find(word).is_some_and(|at| !upper[..at].ends_with('\\')))
}

/// The pattern's name, or what Python says of it.
fn name(pattern: &str) -> Result<String, String> {
    let (unbound, bare) = match pattern.strip_prefix("{UNB}") {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (at_start, bare) = match bare.strip_prefix("{^LN-BEG}").filter(|_| !unbound) {
        Some(rest) => (true, rest),
        None => (false, bare),
    };
    let mut name = String::new();
    let mut rest = bare;
    // Python counts in the pattern as it has rewritten it, each field in brackets.
    let mut place = 0;
    let mut has_field = false;
    while let Some(at) = rest.find('%') {
        name.push_str(&rest[..at]);
        place += rest[..at].chars().count();
        let tail = &rest[at + 1..];
        let strict = tail.get(..3).filter(|word| word.starts_with("Ex")).and_then(field);
        let (spelled, length) = match strict {
            Some(spelled) => (spelled, 3),
            None => match tail.get(..1).and_then(field) {
                Some(spelled) => (spelled, 1),
                // Python has used up its one argument when it has put in a field.
                None if has_field && !tail.is_empty() => {
                    return Err("not enough arguments for format string".to_owned());
                }
                None => return Err(unknown(tail, place + 1)),
            },
        };
        name.push_str(&spelled);
        has_field = true;
        // `%(X)s`
        place += length + 4;
        rest = &tail[length..];
    }
    name.push_str(rest);
    if at_start && !begins_bound(bare) {
        name.insert_str(0, "{^LN-BEG}");
    }
    Ok(name)
}

fn unknown(tail: &str, place: usize) -> String {
    match tail.chars().next() {
        None => "incomplete format".to_owned(),
        Some(letter) => {
            format!("unsupported format character '{letter}' ({:#x}) at index {place}", letter as u32)
        }
    }
}

/// Whether the pattern says itself where it begins, so that nothing is put before it.
fn begins_bound(pattern: &str) -> bool {
    let bare = pattern.trim_start_matches('(');
    bare.starts_with('^') || bare.starts_with("**") || bare.starts_with("?:^")
}

fn field(letters: &str) -> Option<String> {
    let (strict, letter) = match letters.strip_prefix("Ex") {
        Some(letter) => (true, letter),
        None => (false, letters),
    };
    if strict && !"dmHklMSYyZz".contains(letter) {
        return None;
    }
    let word = match letter {
        "a" => "DAY",
        "A" => "DAYNAME",
        "b" => "MON",
        "B" => "MONTH",
        "d" => "Day",
        "H" => "24hour",
        "I" => "12hour",
        "j" => "Yearday",
        "m" => "Month",
        "M" => "Minute",
        "p" => "AMPM",
        "S" => "Second",
        "U" | "W" => "Yearweek",
        "w" => "Weekday",
        "y" => "Year2",
        "Y" => "Year",
        "%" => "%",
        "z" => "Zone offset",
        "f" => "Microseconds",
        "Z" => "Zone name",
        "c" | "x" | "X" | "G" | "V" | "u" | "k" | "l" => return Some(format!("%{letters}")),
        _ => return None,
    };
    Some(if strict { format!("Ex{word}") } else { word.to_owned() })
}
