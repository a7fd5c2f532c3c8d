//! A regular expression as a jail was told it and as fail2ban's server shows it. It is read, so that what Python refuses is refused in
//! Python's words; it is not compiled, since nothing is searched here.

use event::limit::FAIL2BAN_PATTERN_BYTES;
use fail2ban::pattern::tags::{Names, Spelling, shown};
use fail2ban::pattern::{PatternError, Wrong as Fault, python};

use crate::edition::Edition;
use crate::wrong::{Class, Wrong};

/// Groups of which one must say whom a failure is about.
const IDENTITIES: [&str; 5] = ["fid", "ip4", "ip6", "dns", "mlfid"];

/// An expression of a jail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// As it was told, tags and all.
    pub source: String,
    /// As fail2ban shows it.
    pub shown: String,
    /// Whether `<HOST>` takes names too, by the jail's `usedns` at the time.
    pub names: Names,
    /// Whether it may span lines, by the jail's `maxlines` at the time.
    pub lines: bool,
    /// Whether it has a group that says whom a failure is about.
    pub identifies: bool,
}

impl Expression {
    /// Reads an expression.
    pub fn new(source: &str, use_dns: &str, lines: bool, edition: Edition) -> Result<Self, Wrong> {
        if source.len() > FAIL2BAN_PATTERN_BYTES {
            return Err(Wrong::new(Class::Regex, format!("a regex may have {FAIL2BAN_PATTERN_BYTES} bytes")));
        }
        let names = if use_dns == "no" { Names::Skip } else { Names::Read };
        let spelling = if edition < Edition::V1_1_0 { Spelling::V1_0 } else { Spelling::V1_1 };
        let shown = shown(source, names, spelling);
        if shown.trim_start().is_empty() {
            return Err(Wrong::new(Class::Regex, "Cannot add empty regex"));
        }
        let parsed = python::parse(&shown, lines).map_err(|fault| {
            let told = told(&fault);
            Wrong::new(Class::Regex, format!("Unable to compile regular expression '{shown}':\n{told}"))
        })?;
        let identifies = parsed.names.iter().flatten().any(|name| IDENTITIES.contains(&name.as_str()));
        Ok(Self { source: source.to_owned(), shown, names, lines, identifies })
    }

    /// Reads one that finds failures: it, or the one that is tried before it, must say whom a failure is about.
    pub fn failure(
        source: &str,
        use_dns: &str,
        lines: bool,
        before: Option<&Self>,
        edition: Edition,
    ) -> Result<Self, Wrong> {
        let made = Self::new(source, use_dns, lines, edition)?;
        if made.identifies || before.is_some_and(|before| before.identifies) {
            return Ok(made);
        }
        Err(Wrong::new(Class::Regex, format!("No failure-id group in '{}'", made.shown)))
    }
}

/// What Python says of it.
fn told(fault: &PatternError) -> String {
    let chars: Vec<char> = fault.pattern.chars().collect();
    let open = Open::scan(&chars);
    let (text, at) = match &fault.wrong {
        Fault::Unclosed => ("missing ), unterminated subpattern".to_owned(), open.group),
        Fault::Unopened => ("unbalanced parenthesis".to_owned(), open.closing),
        Fault::OpenClass => ("unterminated character set".to_owned(), open.class),
        Fault::NothingToRepeat => ("nothing to repeat".to_owned(), fault.at),
        Fault::NameTwice => named_twice(&chars, fault.at),
        Fault::RepeatOfRepeat => ("multiple repeat".to_owned(), fault.at),
        Fault::BadEscape => {
            let at = chars[..fault.at.min(chars.len())].iter().rposition(|c| *c == '\\').unwrap_or(0);
            match chars.get(at + 1) {
                Some(letter) => (format!("bad escape \\{letter}"), at),
                None => ("bad escape (end of pattern)".to_owned(), at),
            }
        }
        other => (other.to_string(), fault.at),
    };
    match chars.iter().take(at).filter(|c| **c == '\n').count() {
        0 if !chars.contains(&'\n') => format!("{text} at position {at}"),
        lines => {
            let column = at - chars[..at].iter().rposition(|c| *c == '\n').map_or(0, |newline| newline + 1);
            format!("{text} at position {at} (line {}, column {})", lines + 1, column + 1)
        }
    }
}

/// The name that ends before `at` was taken already.
fn named_twice(chars: &[char], at: usize) -> (String, usize) {
    let end = at.saturating_sub(1).min(chars.len());
    let start = chars[..end].iter().rposition(|c| *c == '<').map_or(0, |open| open + 1);
    let name: String = chars[start..end].iter().collect();
    let groups = groups(&chars[..end]);
    let first = groups.iter().position(|group| *group == start).map_or(0, |last| {
        groups[..last]
            .iter()
            .position(|group| chars[*group..].starts_with(&chars[start..=end]))
            .map_or(0, |at| at + 1)
    });
    (format!("redefinition of group name '{name}' as group {}; was group {first}", groups.len()), start)
}

/// Where the groups that are captured begin: a named one at its name.
fn groups(chars: &[char]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 1,
            '[' => at = class_end(chars, at),
            '(' if chars[at..].starts_with(&['(', '?', 'P', '<']) => found.push(at + 4),
            '(' if chars.get(at + 1) != Some(&'?') => found.push(at + 1),
            _ => {}
        }
        at += 1;
    }
    found
}

/// Where brackets have no partner.
#[derive(Default)]
struct Open {
    /// The last `(` that is never closed.
    group: usize,
    /// The first `)` that closes nothing.
    closing: usize,
    /// The `[` that is never closed.
    class: usize,
}

impl Open {
    fn scan(chars: &[char]) -> Self {
        let mut found = Self::default();
        let mut groups = Vec::new();
        let mut closing = None;
        let mut at = 0;
        while at < chars.len() {
            match chars[at] {
                '\\' => at += 1,
                '(' => groups.push(at),
                ')' if groups.pop().is_none() => closing = closing.or(Some(at)),
                '[' => {
                    found.class = at;
                    at = class_end(chars, at);
                }
                _ => {}
            }
            at += 1;
        }
        found.group = groups.pop().unwrap_or(0);
        found.closing = closing.unwrap_or(0);
        found
    }
}

/// Where the class that opens here ends.
fn class_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    if chars.get(at) == Some(&'^') {
        at += 1;
    }
    let first = at;
    while at < chars.len() && (chars[at] != ']' || at == first) {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at
}
