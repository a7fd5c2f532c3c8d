//! Judges single values: each function takes a key and what was written, and gives the plain value, or complains with the
//! value, what it should be and what to write instead. A missing value is no complaint: the default stands.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use event::{Port, Subject};

use crate::complaint::Complaints;
use crate::duration::{FOREVER, in_words, parse_duration};
use crate::nearest;
use crate::raw::Field;
use crate::written::{Value, Written, quoted};

const NOT_A_SUBJECT: &str =
    "is not an address or a subnet; write e.g. '192.0.2.1', '192.0.2.0/24' or '2001:db8::/48'";

/// Whether `forever` is a duration here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forever {
    Allowed,
    Refused,
}

/// The complaints so far, and the key that is being judged.
pub(crate) struct Judge<'list> {
    pub(crate) complaints: &'list mut Complaints,
}

impl Judge<'_> {
    pub(crate) fn switch(&mut self, key: &str, field: &Field) -> Option<bool> {
        let written = field.as_ref()?;
        match written.value {
            Value::Switch(on) => Some(on),
            _ => self.complain(key, written, "is not a switch; write true or false"),
        }
    }

    pub(crate) fn number(&mut self, key: &str, field: &Field, range: RangeInclusive<u32>) -> Option<u32> {
        let written = field.as_ref()?;
        let expected = format!("write a number from {} to {}", range.start(), range.end());
        let Value::Number(number) = written.value else {
            return self.complain(key, written, &format!("is not a number; {expected}, without quotes"));
        };
        match u32::try_from(number) {
            Ok(number) if range.contains(&number) => Some(number),
            _ => self.complain(key, written, &format!("is out of range; {expected}")),
        }
    }

    pub(crate) fn duration(
        &mut self,
        key: &str,
        field: &Field,
        forever: Forever,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        let written = field.as_ref()?;
        let duration = match &written.value {
            Value::Text(text) if text == "forever" && forever == Forever::Allowed => return Some(FOREVER),
            Value::Text(text) => parse_duration(text),
            Value::Number(seconds) => parse_duration(&seconds.to_string()),
            _ => None,
        };
        let Some(duration) = duration else {
            let expected = match forever {
                Forever::Allowed => "write e.g. '10m', '2h' or 'forever'",
                Forever::Refused => "write e.g. '10m' or '2h'",
            };
            return self.complain(key, written, &format!("is not a duration; {expected}"));
        };
        if range.contains(&duration) {
            return Some(duration);
        }
        let (least, most) = (in_words(*range.start()), in_words(*range.end()));
        if *range.end() == FOREVER {
            self.complain(key, written, &format!("is too short; write at least '{least}'"))
        } else {
            self.complain(key, written, &format!("is out of range; write '{least}' to '{most}'"))
        }
    }

    /// One of a few words.
    pub(crate) fn word<T: Copy>(&mut self, key: &str, field: &Field, words: &[(&str, T)]) -> Option<T> {
        let written = field.as_ref()?;
        let found = match &written.value {
            Value::Text(text) => words.iter().find(|(word, _)| word == text),
            _ => None,
        };
        if let Some((_, meaning)) = found {
            return Some(*meaning);
        }
        let words: Vec<_> = words.iter().map(|(word, _)| format!("'{word}'")).collect();
        let (last, rest) = words.split_last()?;
        self.complain(key, written, &format!("is not known; write {} or {last}", rest.join(", ")))
    }

    /// Texts for which `right` holds; one alone needs no brackets, and none at all is wrong.
    pub(crate) fn texts(
        &mut self,
        key: &str,
        field: &Field,
        right: impl Fn(&str) -> bool,
        expected: &str,
    ) -> Option<Vec<String>> {
        let written = field.as_ref()?;
        let texts = self.list(key, written, expected, |text| {
            right(text).then(|| text.to_owned()).ok_or_else(|| expected.to_owned())
        })?;
        if texts.is_empty() { self.complain(key, written, expected) } else { Some(texts) }
    }

    /// A text for which `right` holds.
    pub(crate) fn text(
        &mut self,
        key: &str,
        field: &Field,
        right: impl Fn(&str) -> bool,
        expected: &str,
    ) -> Option<String> {
        let written = field.as_ref()?;
        match &written.value {
            Value::Text(text) if right(text) => Some(text.clone()),
            _ => self.complain(key, written, expected),
        }
    }

    /// An absolute path. Whether there is something is not judged here.
    pub(crate) fn path(&mut self, key: &str, field: &Field, example: &str) -> Option<PathBuf> {
        let expected = format!("is not an absolute path; write e.g. '{example}'");
        self.text(key, field, |text| Path::new(text).is_absolute(), &expected).map(PathBuf::from)
    }

    /// Absolute paths, with globs; one alone needs no brackets.
    pub(crate) fn logs(&mut self, key: &str, field: &Field) -> Option<Vec<PathBuf>> {
        let expected = "is not an absolute path; write e.g. '/var/log/auth.log'";
        self.list(key, field.as_ref()?, expected, |text| {
            Path::new(text).is_absolute().then(|| PathBuf::from(text)).ok_or_else(|| expected.to_owned())
        })
    }

    /// Trusted journal fields; `false` for never the journal.
    pub(crate) fn journal(&mut self, key: &str, field: &Field) -> Option<Vec<String>> {
        let written = field.as_ref()?;
        if let Value::Switch(false) = written.value {
            return Some(Vec::new());
        }
        let expected = "is not a trusted journal field; write e.g. '_SYSTEMD_UNIT=ssh.service', or false";
        self.list(key, written, expected, |text| {
            is_trusted_field(text).then(|| text.to_owned()).ok_or_else(|| expected.to_owned())
        })
    }

    /// What a ban closes: at least one port.
    pub(crate) fn ports(&mut self, key: &str, field: &Field) -> Option<Vec<Port>> {
        let ports = self.any_ports(key, field)?;
        if ports.is_empty() {
            let expected =
                "closes nothing; write e.g. ['tcp/22'], or leave it out to take the filter's ports";
            return self.complain(key, field.as_ref()?, expected);
        }
        Some(ports)
    }

    pub(crate) fn any_ports(&mut self, key: &str, field: &Field) -> Option<Vec<Port>> {
        let expected = "is not a port; write e.g. 'tcp/22' or 'udp/10000-20000'";
        self.list(key, &split(field.as_ref()?), expected, |text| {
            text.parse().map_err(|_| expected.to_owned())
        })
    }

    /// Several of a few words.
    pub(crate) fn words<T: Copy>(&mut self, key: &str, field: &Field, words: &[(&str, T)]) -> Option<Vec<T>> {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let all = format!("is not known; known here: {}", known.join(", "));
        self.list(key, &split(field.as_ref()?), &all, |text| {
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
            found.ok_or_else(|| match nearest::nearest(text, &known) {
                Some(near) => format!("is not known; did you mean '{near}'"),
                None => all.clone(),
            })
        })
    }

    /// One address or subnet, any prefix.
    pub(crate) fn subnet(&mut self, key: &str, field: &Field) -> Option<Subject> {
        let written = field.as_ref()?;
        let subject = match &written.value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        subject.or_else(|| self.complain(key, written, NOT_A_SUBJECT))
    }

    /// Addresses and subnets, each with its line. `all` says what is wrong with a subnet that has everybody in it.
    pub(crate) fn addresses(&mut self, key: &str, field: &Field, all: &str) -> Vec<(Subject, usize)> {
        let Some(written) = field else { return Vec::new() };
        let expected = NOT_A_SUBJECT;
        let list = split(written);
        let Value::List(elements) = &list.value else {
            self.complain::<()>(key, written, expected);
            return Vec::new();
        };
        let mut addresses = Vec::new();
        for element in elements {
            let subject = match &element.value {
                Value::Text(text) => text.parse::<Subject>().ok(),
                _ => None,
            };
            match subject {
                Some(subject) if subject.prefix_bits() == 0 => {
                    self.complain::<()>(key, element, all);
                }
                Some(subject) => addresses.push((subject, element.line)),
                None => {
                    self.complain::<()>(key, element, expected);
                }
            }
        }
        addresses
    }

    /// A list of texts, or one text alone. Every wrong element is complained about.
    fn list<T>(
        &mut self,
        key: &str,
        written: &Written,
        expected: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let elements = match &written.value {
            Value::List(elements) => elements.as_slice(),
            _ => std::slice::from_ref(written),
        };
        let mut list = Vec::new();
        for element in elements {
            let outcome = match &element.value {
                Value::Text(text) => read(text),
                _ => Err(expected.to_owned()),
            };
            match outcome {
                Ok(value) => list.push(value),
                Err(expected) => {
                    self.complain::<()>(key, element, &expected);
                }
            }
        }
        (list.len() == elements.len()).then_some(list)
    }

    pub(crate) fn complain<T>(&mut self, key: &str, written: &Written, what: &str) -> Option<T> {
        self.complaints.add(written.line, format!("{key} {} {what}", written.shown));
        None
    }
}

/// A text with several values becomes a list: separated by spaces, commas or line ends.
fn split(written: &Written) -> Written {
    let Value::Text(text) = &written.value else { return written.clone() };
    let mut elements = Vec::new();
    for (below, text) in text.split('\n').enumerate() {
        let line = written.content_line + below;
        for part in text.split([' ', ',', '\t', '\r', ';']).filter(|part| !part.is_empty()) {
            let value = Value::Text(part.to_owned());
            elements.push(Written { line, value, shown: quoted(part), content_line: line });
        }
    }
    Written { value: Value::List(elements), ..written.clone() }
}

/// Only journald itself writes fields that begin with `_`: anyone may write the others.
fn is_trusted_field(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, value)| {
        name.len() > 1
            && name.starts_with('_')
            && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
            && !value.is_empty()
            && !value.contains('\n')
    })
}
