//! What syslog writes before a message: `Nov  1 00:00:00 pbx sshd[42]: `. Read by hand, once a line for all filters.

use crate::timestamp::Form;

/// A line, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syslog<'t> {
    /// The timestamp's text.
    pub time: &'t [u8],
    /// Its form.
    pub form: Form,
    /// Who wrote the line, without `[pid]`.
    pub program: &'t [u8],
    /// What it wrote.
    pub message: &'t [u8],
    /// How often, where syslog says "message repeated".
    pub count: u32,
}

/// Host name, facility, program: the program is one of the first tokens or the line is not syslog.
const TOKENS_MAX: usize = 4;

/// Takes the prefix off `line`, if it has one.
pub fn syslog(line: &[u8]) -> Option<Syslog<'_>> {
    let rest = without_priority(line);
    let (time, form, mut rest) = time(rest)?;
    for _ in 0..TOKENS_MAX {
        rest = rest.strip_prefix(b" ")?;
        let end = rest.iter().position(|b| *b == b' ').unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        if let Some(tag) = token.strip_suffix(b":") {
            let message = after.strip_prefix(b" ").unwrap_or(after);
            let (message, count) = repeated(message);
            return Some(Syslog { time, form, program: program(tag), message, count });
        }
        rest = after;
    }
    None
}

/// `<38>` stands before lines that were taken from the wire.
fn without_priority(line: &[u8]) -> &[u8] {
    let Some(rest) = line.strip_prefix(b"<") else { return line };
    match rest.iter().take(4).position(|b| *b == b'>') {
        Some(end) if end > 0 && rest[..end].iter().all(u8::is_ascii_digit) => &rest[end + 1..],
        _ => line,
    }
}

fn time(text: &[u8]) -> Option<(&[u8], Form, &[u8])> {
    let (length, form) = if text.first()?.is_ascii_digit() {
        // ISO 8601 has no space within; "2026-11-01 00:00:00" is not written by any syslog daemon we know.
        (text.iter().position(|b| *b == b' ').filter(|end| (19..=35).contains(end))?, Form::Iso8601)
    } else {
        (bsd_length(text)?, Form::Syslog)
    };
    Some((&text[..length], form, &text[length..]))
}

/// `Mmm dd hh:mm:ss`: the day in one place or two, with an optional year before the time and an optional fraction behind.
fn bsd_length(text: &[u8]) -> Option<usize> {
    if text.get(3) != Some(&b' ') {
        return None;
    }
    let is_clock = |at: &usize| {
        text.get(*at..at + 8).is_some_and(|t| t[0].is_ascii_digit() && t[2] == b':' && t[5] == b':')
    };
    // After `Nov 4 `, `Nov 14 `, or either with a year.
    let end = [7, 6, 12, 11].into_iter().find(is_clock)? + 8;
    let fraction = match text.get(end) {
        Some(b'.') => 1 + text[end + 1..].iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    Some(end + fraction)
}

/// `sshd[42]`, `[sshd]`, `sshd(pam_unix)[42]` are all `sshd`.
fn program(tag: &[u8]) -> &[u8] {
    let tag = tag.strip_prefix(b"[").unwrap_or(tag);
    let end = tag.iter().position(|b| matches!(b, b'[' | b'(' | b']')).unwrap_or(tag.len());
    &tag[..end]
}

/// rsyslog folds repeats: `message repeated 3 times: [ Failed password … ]`.
fn repeated(message: &[u8]) -> (&[u8], u32) {
    let inner = || {
        let rest = message.strip_prefix(b"message repeated ")?;
        let digits = rest.iter().position(|b| *b == b' ').filter(|digits| *digits <= 6)?;
        let count = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        let rest = rest[digits..].strip_prefix(b" times: [")?.strip_suffix(b"]")?;
        Some((rest.strip_prefix(b" ").unwrap_or(rest), count))
    };
    inner().filter(|(_, count)| *count > 0).unwrap_or((message, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(line: &str, program: &str, message: &str, count: u32) {
        let read = syslog(line.as_bytes()).unwrap_or_else(|| panic!("not syslog: {line}"));
        assert_eq!(String::from_utf8_lossy(read.program), program, "{line}");
        assert_eq!(String::from_utf8_lossy(read.message), message, "{line}");
        assert_eq!(read.count, count, "{line}");
    }

    #[test]
    fn prefixes_of_many_daemons() {
        reads("Nov  1 00:00:00 pbx sshd[42]: hello", "sshd", "hello", 1);
        reads("Nov  1 00:00:00 pbx sshd[42]: ", "sshd", "", 1);
        reads("Nov 4 00:00:00 pbx sshd[42]: hello", "sshd", "hello", 1);
        reads("<38>Nov  1 00:00:00 sshd[42]: hello", "sshd", "hello", 1);
        reads("2026-11-01T00:00:00.123456+01:00 pbx sshd-session[42]: a b", "sshd-session", "a b", 1);
        reads("Nov  1 00:00:00 pbx auth.info sshd[42]: hello", "sshd", "hello", 1);
        reads("Nov  1 2026 00:00:00 pbx postfix/smtpd[42]: x", "postfix/smtpd", "x", 1);
        reads("Nov  1 00:00:00 pbx sshd(pam_unix)[42]: x", "sshd", "x", 1);
        reads("Nov  1 00:00:00 pbx [sshd]: x", "sshd", "x", 1);
        reads("Nov  1 00:00:00 pbx sshd[42]: message repeated 3 times: [ no way]", "sshd", "no way", 3);
    }

    #[test]
    fn what_is_no_prefix() {
        for line in [
            "",
            "Nov",
            "hello world",
            "Nov  1 00:00:00 no colon in any of these tokens: x",
            "[2026-11-01 00:00:00] x: y",
        ] {
            assert_eq!(syslog(line.as_bytes()), None, "{line}");
        }
    }
}
