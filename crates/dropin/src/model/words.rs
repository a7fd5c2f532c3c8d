//! The words of a command, and Python's ways with them: counting from 0 and failing past the end, `int(…)`, truth, and what it calls a type.

use fail2ban::Value;
use fail2ban::repr::text as quoted;

use crate::wrong::{Class, Wrong};

/// The words of a command from some place on.
#[derive(Clone, Copy, Debug)]
pub struct Words<'c>(pub &'c [Value]);

impl<'c> Words<'c> {
    /// The word at this place.
    pub fn at(self, place: usize) -> Result<&'c Value, Wrong> {
        self.0.get(place).ok_or_else(Wrong::too_short)
    }

    /// The word at this place, which must be a text.
    pub fn text(self, place: usize) -> Result<&'c str, Wrong> {
        text(self.at(place)?)
    }

    /// What stands from this place on; nothing if the command is shorter.
    pub fn from(self, place: usize) -> Words<'c> {
        Words(self.0.get(place..).unwrap_or_default())
    }

    /// All of them, which must be texts.
    pub fn texts(self) -> Result<Vec<&'c str>, Wrong> {
        self.0.iter().map(text).collect()
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.len()
    }
}

/// A value that must be a text.
pub fn text(value: &Value) -> Result<&str, Wrong> {
    value.as_text().ok_or_else(|| Wrong::kind(format!("expected str, not {}", kind(value))))
}

/// `int(value)`
pub fn whole(value: &Value) -> Result<i64, Wrong> {
    match value {
        Value::Int(number) => Ok(*number),
        Value::Bool(truth) => Ok(i64::from(*truth)),
        Value::Float(number) => Ok(*number as i64),
        Value::Text(text) => {
            let digits = text.trim();
            let plain =
                digits.strip_prefix('+').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            plain.unwrap_or(digits).parse().map_err(|_| {
                Wrong::value(format!("invalid literal for int() with base 10: {}", quoted(text)))
            })
        }
        other => Err(Wrong::kind(format!(
            "int() argument must be a string, a bytes-like object or a real number, not '{}'",
            kind(other)
        ))),
    }
}

/// A switch: a truth value, a number, or one of the words that fail2ban takes for yes.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(truth) => *truth,
        Value::Int(number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Text(text) => matches!(text.to_lowercase().as_str(), "1" | "on" | "true" | "yes"),
        Value::Bytes(bytes) => !bytes.is_empty(),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => !items.is_empty(),
        Value::Dict(pairs) => !pairs.is_empty(),
    }
}

/// `float(value)`
pub fn fraction(value: &Value) -> Result<f64, Wrong> {
    match value {
        Value::Float(number) => Ok(*number),
        Value::Int(number) => Ok(*number as f64),
        Value::Bool(truth) => Ok(f64::from(u8::from(*truth))),
        Value::Text(text) => text
            .trim()
            .parse()
            .map_err(|_| Wrong::value(format!("could not convert string to float: {}", quoted(text)))),
        other => Err(Wrong::kind(format!(
            "float() argument must be a string or a real number, not '{}'",
            kind(other)
        ))),
    }
}

/// What Python calls the value's type.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::None => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::Text(_) => "str",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "list",
        Value::Tuple(_) => "tuple",
        Value::Dict(_) => "dict",
        Value::Set(_) => "set",
    }
}

/// The value has no such attribute.
pub fn no_attribute(kind: &str, name: &str) -> Wrong {
    Wrong::new(Class::Attribute, format!("'{kind}' object has no attribute '{name}'"))
}
