//! A value that is wanted: whether a written one says the same, and how a person would write it.

use std::collections::BTreeSet;
use std::time::Duration;

use event::Port;
use toml_edit::Value;

use crate::duration::{FOREVER, in_words, parse_duration};
use crate::firewall::Service;

pub(super) enum Wanted {
    Switch(bool),
    Number(u32),
    Duration(Duration),
    Text(String),
    Ports(Vec<Port>),
    Services(BTreeSet<Service>),
    /// As it is to be written; whatever stands there is replaced.
    Literal(String),
}

/// A key and what it shall be.
pub(super) struct Assign {
    pub(super) key: &'static str,
    pub(super) wanted: Wanted,
    /// Whether a missing key says the same.
    pub(super) implied: bool,
}

impl Assign {
    pub(super) fn new(key: &'static str, wanted: Wanted, implied: bool) -> Self {
        Self { key, wanted, implied }
    }
}

impl Wanted {
    /// Whether the value says that already.
    pub(super) fn is(&self, value: &Value) -> bool {
        match self {
            Self::Switch(on) => value.as_bool() == Some(*on),
            Self::Number(number) => value.as_integer() == Some(i64::from(*number)),
            Self::Duration(duration) => {
                let written = match value {
                    Value::String(text) if text.value() == "forever" => Some(FOREVER),
                    Value::String(text) => parse_duration(text.value()),
                    Value::Integer(seconds) => parse_duration(&seconds.value().to_string()),
                    _ => None,
                };
                written == Some(*duration)
            }
            Self::Text(text) => value.as_str() == Some(text),
            Self::Ports(ports) => {
                let written: Option<Vec<Port>> =
                    texts(value).and_then(|texts| texts.iter().map(|text| text.parse().ok()).collect());
                written.as_ref() == Some(ports)
            }
            Self::Services(services) => {
                let written: Option<BTreeSet<Service>> = texts(value)
                    .and_then(|texts| texts.iter().map(|text| Service::from_word(text)).collect());
                written.as_ref() == Some(services)
            }
            Self::Literal(_) => false,
        }
    }

    /// As it is to be written.
    pub(super) fn written(&self, line_end: &str) -> String {
        match self {
            Self::Switch(on) => on.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Duration(FOREVER) => quoted("forever"),
            Self::Duration(duration) => quoted(&in_words(*duration)),
            Self::Text(text) => quoted(text),
            Self::Ports(ports) => listed(ports.iter().map(|port| quoted(&port.to_string())), line_end),
            Self::Services(services) => in_brackets(services.iter().map(|service| quoted(service.as_str()))),
            Self::Literal(literal) => literal.clone(),
        }
    }
}

/// The texts of a list, or of one text with blanks, commas or line ends between them; `None` if it is neither.
pub(super) fn texts(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => {
            let parts = text.value().split([' ', ',', '\t', '\r', '\n', ';']);
            Some(parts.filter(|part| !part.is_empty()).map(str::to_owned).collect())
        }
        Value::Array(array) => array.iter().map(|element| element.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// On one line, or one a line if there are more than three.
pub(super) fn listed(literals: impl IntoIterator<Item = String>, line_end: &str) -> String {
    let literals: Vec<String> = literals.into_iter().collect();
    if literals.len() <= 3 {
        return in_brackets(literals);
    }
    let lines: String = literals.iter().map(|literal| format!("  {literal},{line_end}")).collect();
    format!("[{line_end}{lines}]")
}

fn in_brackets(literals: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", literals.into_iter().collect::<Vec<_>>().join(", "))
}
