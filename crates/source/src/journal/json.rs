//! One line of `journalctl --output=json` becomes fields. A field may be text, a list of byte numbers, several values, or
//! nothing, as journalctl sees fit; here it is a list of byte strings.

use std::collections::HashMap;
use std::fmt;

use event::Moment;
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

/// The fields of one entry.
#[derive(Debug)]
pub(crate) struct Fields(HashMap<String, Value>);

impl Fields {
    pub(crate) fn parse(line: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(line).map(Self)
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
        let micros: i64 = self.text("__REALTIME_TIMESTAMP")?.parse().ok()?;
        Some(Moment::from_millis(micros / 1000))
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
    fn what_is_no_entry_is_refused() {
        for line in ["", "{", "[]", "{\"A\":[300]}", "{\"A\":{}}", "Failed to open"] {
            assert!(Fields::parse(line.as_bytes()).is_err(), "{line}");
        }
    }
}
