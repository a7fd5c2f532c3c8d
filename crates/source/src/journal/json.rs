//! One line of `journalctl --output=json` becomes fields. A field may be text, a list of byte numbers, several values, or
//! nothing, as journalctl sees fit; here it is a list of byte strings.

use std::collections::HashMap;
use std::fmt;
use std::io::Write;

use event::Moment;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

/// The fields of one entry.
#[derive(Debug)]
pub struct Fields(HashMap<String, Value>);

impl Fields {
    /// What `line` looks at.
    pub(crate) const OF_LINES: [&str; 7] = [
        "_COMM",
        "_HOSTNAME",
        "_PID",
        "_SOURCE_MONOTONIC_TIMESTAMP",
        "_SOURCE_REALTIME_TIMESTAMP",
        "SYSLOG_IDENTIFIER",
        "SYSLOG_PID",
    ];

    /// Reads a line of `journalctl --output=json`.
    pub fn parse(line: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(line).map(Self)
    }

    /// The entry as a line of syslog without its time, behind what is in `out`: host, program and its process, message. A kernel's message
    /// has the seconds since the start before it. Several messages are one, and a newline is `\n`.
    pub fn line(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        if let Some(host) = self.filled("_HOSTNAME") {
            out.extend(host);
            out.push(b' ');
        }
        if let Some(program) = self.filled("SYSLOG_IDENTIFIER").or_else(|| self.filled("_COMM")) {
            let start = out.len();
            out.extend(program);
            if let Some(process) = self.process("SYSLOG_PID").or_else(|| self.process("_PID")) {
                out.extend([b"[", process, b"]"].concat());
            }
            out.push(b':');
            if out[start..] == *b"kernel:" {
                let up = self.number("_SOURCE_MONOTONIC_TIMESTAMP");
                let up = up.or_else(|| self.number("__MONOTONIC_TIMESTAMP")).unwrap_or(0);
                // Writing to memory cannot fail.
                let _ = write!(out, " [{:12.6}]", up as f64 / 1e6);
            }
            out.push(b' ');
        }
        for (index, message) in self.values("MESSAGE").enumerate() {
            out.extend([b" "].into_iter().filter(|_| index > 0).flatten());
            out.extend(message);
        }
        if memchr::memchr(b'\n', &out[begin..]).is_some() {
            let line = out.split_off(begin);
            for (index, part) in line.split(|byte| *byte == b'\n').enumerate() {
                out.extend([b"\\n"].into_iter().filter(|_| index > 0).flatten());
                out.extend(part);
            }
        }
    }

    /// When its sender wrote it; where nobody knows that, when journald received it. In microseconds since 1970.
    pub fn sent_micros(&self) -> Option<i64> {
        self.number("_SOURCE_REALTIME_TIMESTAMP").or_else(|| self.number("__REALTIME_TIMESTAMP"))
    }

    /// Whether one of the field's values is `value`.
    pub(crate) fn has(&self, field: &str, value: &[u8]) -> bool {
        self.values(field).any(|found| found == value)
    }

    pub(crate) fn message(&self) -> Option<&[u8]> {
        self.values("MESSAGE").next()
    }

    pub(crate) fn cursor(&self) -> Option<&str> {
        self.text("__CURSOR")
    }

    /// When journald received it; written in microseconds.
    pub(crate) fn written(&self) -> Option<Moment> {
        self.number("__REALTIME_TIMESTAMP").map(|micros| Moment::from_millis(micros / 1000))
    }

    fn number(&self, field: &str) -> Option<i64> {
        self.text(field)?.parse().ok()
    }

    fn filled(&self, field: &str) -> Option<&[u8]> {
        self.values(field).next().filter(|value| !value.is_empty())
    }

    /// A process's number, as a number is written. None has the number 0.
    fn process(&self, field: &str) -> Option<&[u8]> {
        let text = self.filled(field)?;
        if !text.iter().all(u8::is_ascii_digit) {
            return Some(text);
        }
        text.iter().position(|digit| *digit != b'0').map(|first| &text[first..])
    }

    fn text(&self, field: &str) -> Option<&str> {
        std::str::from_utf8(self.values(field).next()?).ok()
    }

    fn values(&self, field: &str) -> impl Iterator<Item = &[u8]> {
        let (one, many) = match self.0.get(field) {
            Some(Value::One(value)) => (Some(value), None),
            Some(Value::Many(values)) => (None, Some(values)),
            Some(Value::Byte(_)) | None => (None, None),
        };
        one.into_iter().chain(many.into_iter().flatten()).map(Vec::as_slice)
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Value {
    /// An element of a list of byte numbers.
    Byte(u8),
    One(Vec<u8>),
    /// Several values, or none for `null`.
    Many(Vec<Vec<u8>>),
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a byte, a list of these, or null")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::One(text.as_bytes().to_vec()))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        u8::try_from(number).map(Value::Byte).map_err(|_| E::custom("a byte above 255"))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Many(Vec::new()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut bytes = Vec::new();
        let mut values = Vec::new();
        while let Some(value) = sequence.next_element()? {
            match value {
                Value::Byte(byte) => bytes.push(byte),
                Value::One(value) => values.push(value),
                Value::Many(more) => values.extend(more),
            }
        }
        Ok(if values.is_empty() { Value::One(bytes) } else { Value::Many(values) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_field() {
        let line = br#"{"MESSAGE":[72,105,255],"A":"x","B":["x","y"],"C":null,"D":[[120,1],"z"],
            "__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1700000000123456"}"#;
        let fields = Fields::parse(line).unwrap();
        assert_eq!(fields.message(), Some(b"Hi\xff".as_slice()));
        assert!(fields.has("A", b"x") && !fields.has("A", b"y"));
        assert!(fields.has("B", b"y"));
        assert!(!fields.has("C", b""));
        assert!(fields.has("D", b"x\x01") && fields.has("D", b"z"));
        assert_eq!(fields.cursor(), Some("s=1"));
        assert_eq!(fields.written(), Some(Moment::from_millis(1_700_000_000_123)));
    }

    #[test]
    fn an_entry_as_a_line() {
        let cases = [
            (
                r#"{"_HOSTNAME":"box","SYSLOG_IDENTIFIER":"sshd","_COMM":"x","_PID":"7","MESSAGE":"a\nb"}"#,
                "box sshd[7]: a\\nb",
            ),
            (
                r#"{"SYSLOG_IDENTIFIER":"","_COMM":"x","SYSLOG_PID":"008","_PID":"7","MESSAGE":[104,105]}"#,
                "x[8]: hi",
            ),
            (r#"{"_COMM":"x","SYSLOG_PID":"0","_PID":"7a","MESSAGE":["a","b"]}"#, "x[7a]: a b"),
            (r#"{"_HOSTNAME":"","_PID":"7","MESSAGE":"alone "}"#, "alone "),
            (r#"{"_HOSTNAME":"box","_COMM":"x"}"#, "box x: "),
            (
                r#"{"SYSLOG_IDENTIFIER":"kernel","_SOURCE_MONOTONIC_TIMESTAMP":"1500000","MESSAGE":"m"}"#,
                "kernel: [    1.500000] m",
            ),
            (
                r#"{"SYSLOG_IDENTIFIER":"kernel","__MONOTONIC_TIMESTAMP":"12","MESSAGE":"m"}"#,
                "kernel: [    0.000012] m",
            ),
            (r#"{"SYSLOG_IDENTIFIER":"kernel","_PID":"3","MESSAGE":"m"}"#, "kernel[3]: m"),
        ];
        for (entry, line) in cases {
            let mut out = b"> ".to_vec();
            Fields::parse(entry.as_bytes()).unwrap().line(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), format!("> {line}"));
        }
    }

    #[test]
    fn what_is_no_entry_is_refused() {
        for line in ["", "{", "[]", "{\"A\":[300]}", "{\"A\":{}}", "Failed to open"] {
            assert!(Fields::parse(line.as_bytes()).is_err(), "{line}");
        }
    }
}
