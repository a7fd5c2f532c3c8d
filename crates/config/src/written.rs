//! A value as it stands in the file, with its line; and a section that remembers which of its keys were asked for, so that
//! what is left over can be refused. It judges no value.

use toml_edit::{Array, Item, TableLike, Value as Toml};

use crate::complaint::Complaints;
use crate::nearest;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// Counted from 1.
    pub(crate) line: usize,
    /// What it is.
    pub(crate) value: Value,
    /// As a complaint shows it: `'text'`, `10`, `[1, 2]`.
    pub(crate) shown: String,
    /// Where its content begins: for a text whose quotes stand alone on a line, that is the line after them.
    pub(crate) content_line: usize,
}

/// What can stand behind `=`.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// A string.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Switch(bool),
    /// A list.
    List(Vec<Written>),
    /// What no setting is: a date, a fraction, a section.
    Other,
}

/// The text of the file, to find lines and to show values as they were written.
pub(crate) struct Text<'file> {
    text: &'file str,
    /// Where each line ends: a whitelist may have many thousand entries, and each of them asks for its line.
    line_ends: Vec<usize>,
}

impl<'file> Text<'file> {
    pub(crate) fn new(text: &'file str) -> Self {
        Self { text, line_ends: text.match_indices('\n').map(|(at, _)| at).collect() }
    }

    /// The line of the byte at `offset`, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }

    fn written(&self, item: &Item, line_of_key: usize) -> Written {
        match item {
            Item::Value(value) => self.value(value, line_of_key),
            _ => {
                let shown = "(a section)".to_owned();
                Written { line: line_of_key, value: Value::Other, shown, content_line: line_of_key }
            }
        }
    }

    fn value(&self, value: &Toml, fallback_line: usize) -> Written {
        let line = value.span().map_or(fallback_line, |span| self.line(span.start));
        let as_written = value.span().and_then(|span| self.text.get(span)).unwrap_or("(a section)");
        // TOML drops a line end right behind the quotes.
        let dropped = ["\"\"\"\n", "\"\"\"\r\n", "'''\n", "'''\r\n"]
            .iter()
            .any(|opening| as_written.starts_with(opening));
        let (value, shown) = match value {
            Toml::String(text) => (Value::Text(text.value().clone()), quoted(text.value())),
            Toml::Integer(number) => (Value::Number(*number.value()), shortened(as_written)),
            Toml::Boolean(switch) => (Value::Switch(*switch.value()), shortened(as_written)),
            Toml::Array(array) => (Value::List(self.elements(array, line)), shortened(as_written)),
            Toml::Float(_) | Toml::Datetime(_) | Toml::InlineTable(_) => {
                (Value::Other, shortened(as_written))
            }
        };
        Written { line, value, shown, content_line: line + usize::from(dropped) }
    }

    fn elements(&self, array: &Array, line: usize) -> Vec<Written> {
        array.iter().map(|element| self.value(element, line)).collect()
    }
}

/// One section of the file.
pub(crate) struct Section<'file> {
    /// `[jails.sshd]`, or `the file` for what stands above all sections.
    name: String,
    table: Option<&'file dyn TableLike>,
    text: &'file Text<'file>,
    known: Vec<&'static str>,
    line: usize,
}

impl<'file> Section<'file> {
    /// What stands above all sections, and the sections themselves.
    pub(crate) fn root(table: &'file dyn TableLike, text: &'file Text<'file>) -> Self {
        Self { name: String::new(), table: Some(table), text, known: Vec::new(), line: 1 }
    }

    /// The line where the section stands; `None` if it is not there.
    pub(crate) fn line(&self) -> Option<usize> {
        self.table.map(|_| self.line)
    }

    /// The value of a key. The key is known from now on.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<Written> {
        self.known.push(key);
        let item = self.table?.get(key)?;
        Some(self.text.written(item, self.line_of(key)))
    }

    /// The section of that name within this one: an empty one if it is missing, or if something else stands there.
    pub(crate) fn section(&mut self, key: &'static str, complaints: &mut Complaints) -> Self {
        self.known.push(key);
        self.part(key, complaints)
    }

    /// Every section within this one, with its name and line, whatever they are called.
    pub(crate) fn sections(&self, complaints: &mut Complaints) -> Vec<(String, usize, Self)> {
        let keys: Vec<&str> = self.table.into_iter().flat_map(TableLike::iter).map(|(key, _)| key).collect();
        keys.into_iter().map(|key| (key.to_owned(), self.line_of(key), self.part(key, complaints))).collect()
    }

    /// The sections of a list (`[[firewall.networks]]`), each with its line; none if it is missing or is something else.
    pub(crate) fn list(&mut self, key: &'static str, complaints: &mut Complaints) -> Vec<(usize, Self)> {
        self.known.push(key);
        let name = self.name_of(key);
        let Some(item) = self.table.and_then(|table| table.get(key)) else { return Vec::new() };
        let listed: Option<Vec<(_, &'file dyn TableLike)>> = match item {
            Item::ArrayOfTables(tables) => {
                Some(tables.iter().map(|table| (table.span(), table as &dyn TableLike)).collect())
            }
            Item::Value(Toml::Array(array)) => {
                let tables = array
                    .iter()
                    .map(|value| Some((value.span(), value.as_inline_table()? as &dyn TableLike)));
                tables.collect()
            }
            _ => None,
        };
        let line = self.line_of(key);
        let Some(listed) = listed else {
            let expected = format!("write '[[{name}]]' and its keys below, once for each");
            complaints.add(line, format!("{name} is not a list of sections; {expected}"));
            return Vec::new();
        };
        let sections = listed.into_iter().map(|(span, table)| {
            let line = span.map_or(line, |span| self.text.line(span.start));
            (line, Self { name: name.clone(), table: Some(table), text: self.text, known: Vec::new(), line })
        });
        sections.collect()
    }

    /// Complains about every key that nobody asked for.
    pub(crate) fn finish(self, complaints: &mut Complaints) {
        let place = if self.name.is_empty() { String::new() } else { format!(" in [{}]", self.name) };
        for (key, item) in self.table.into_iter().flat_map(TableLike::iter) {
            if !self.known.contains(&key) {
                let kind = if item.is_value() { "key" } else { "section" };
                let advice = nearest::advice(key, &self.known);
                complaints.add(self.line_of(key), format!("unknown {kind} {}{place}; {advice}", quoted(key)));
            }
        }
    }

    fn part(&self, key: &str, complaints: &mut Complaints) -> Self {
        let name = self.name_of(key);
        let item = self.table.and_then(|table| table.get(key));
        let table = item.and_then(Item::as_table_like);
        if item.is_some() && table.is_none() {
            complaints.add(
                self.line_of(key),
                format!("{name} is not a section; write '[{name}]' and its keys below"),
            );
        }
        Self { name, table, text: self.text, known: Vec::new(), line: self.line_of(key) }
    }

    fn name_of(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn line_of(&self, key: &str) -> usize {
        let key = self.table.and_then(|table| table.get_key_value(key));
        let span = key.and_then(|(key, item)| key.span().or_else(|| item.span()));
        span.map_or(1, |span| self.text.line(span.start))
    }
}

/// A text as a complaint shows it: on one line, and not endless.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", shortened(text))
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut short = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == LONGEST {
            return short + "…";
        }
        if c.is_control() { short.extend(c.escape_default()) } else { short.push(c) }
    }
    short
}
