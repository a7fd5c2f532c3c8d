//! The column `data`: what fail2ban keeps of a ban beside its time, as JSON. What is no such JSON is taken for nothing; no more is read
//! or written than failures and lines.

use event::limit;
use serde_json::Value;

/// Of one ban.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    pub failures: u32,
    pub matches: Vec<String>,
}

/// As fail2ban writes it. A line may be a list, of what stands before the time, the time, and the rest.
pub fn read(bytes: &[u8]) -> Data {
    let Ok(told) = serde_json::from_slice::<Value>(bytes) else { return Data::default() };
    let failures = told["failures"].as_u64().map_or(0, |number| u32::try_from(number).unwrap_or(u32::MAX));
    Data { failures, matches: matches(&told) }
}

/// Failures and lines, as fail2ban adds them up: a ban that tells none was one failure.
pub fn merged(bytes: &[u8]) -> (u64, Vec<String>) {
    let told = serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    (told["failures"].as_u64().unwrap_or(1), matches(&told))
}

/// The lines, the oldest first, as many as are to be kept.
pub fn write(failures: u32, lines: &[String], keeps_lines: bool) -> Vec<u8> {
    if !keeps_lines {
        return format!("{{\"failures\": {failures}}}").into_bytes();
    }
    let lines: Vec<String> = lines.iter().map(|line| Value::from(line.as_str()).to_string()).collect();
    // With Python's spaces.
    format!("{{\"matches\": [{}], \"failures\": {failures}}}", lines.join(", ")).into_bytes()
}

fn matches(told: &Value) -> Vec<String> {
    let lines = told["matches"].as_array().map(Vec::as_slice).unwrap_or_default();
    let kept = lines.len().saturating_sub(limit::FAIL2BAN_DATABASE_MATCHES);
    lines.iter().skip(kept).filter_map(line).collect()
}

fn line(told: &Value) -> Option<String> {
    let whole = match told {
        Value::String(line) => line.clone(),
        Value::Array(parts) => parts.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    Some(cut(whole))
}

fn cut(mut line: String) -> String {
    let mut end = line.len().min(limit::EVIDENCE_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.truncate(end);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fail2ban_keeps_is_read_and_the_rest_is_nothing() {
        let told = br#"{"matches": [["", "Nov 23", " host sshd: failed"], "Nov 24 again"], "failures": 3, "user": "root"}"#;
        let data = read(told);
        assert_eq!(data.failures, 3);
        assert_eq!(data.matches, ["Nov 23 host sshd: failed", "Nov 24 again"]);
        for told in [&b""[..], b"{", b"[]", b"7", b"{\"matches\": 3, \"failures\": \"x\"}", b"\xff\xfe"] {
            assert_eq!(read(told), Data::default(), "{told:?}");
        }
        let written = write(3, &["caf\u{e9} \"root\"".to_owned()], true);
        assert_eq!(read(&written).matches, ["caf\u{e9} \"root\""]);
        assert_eq!(write(0, &[], false), b"{\"failures\": 0}");
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let long = format!("{{\"matches\": [\"{}\"], \"failures\": 1}}", "\u{e9}".repeat(1000));
        assert!(read(long.as_bytes()).matches[0].len() <= limit::EVIDENCE_BYTES);
    }
}
