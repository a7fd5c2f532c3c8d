//! Where a section stands and in which of TOML's shapes (`[a.b]`, `a.b.key = …`, `a = { b = … }`), and where a key goes in
//! each of them. Knows no setting.

use std::ops::Range;

use toml_edit::{Item, TableLike, Value};

use super::EditError;
use super::page::{Page, Splice, last_value_end};
use super::wanted::Assign;

pub(super) struct Place<'page> {
    /// The section, or the innermost one around it that exists.
    pub(super) table: &'page dyn TableLike,
    pub(super) kind: Kind,
    /// The names of the sections that are missing below `table`.
    missing: Vec<String>,
}

pub(super) enum Kind {
    /// It has a header, or is the top of the file: its lines.
    Region(Range<usize>),
    /// It has only sections below it.
    Implied,
    /// Its keys carry its name: with what.
    Dotted(String),
    /// `{ … }`: where that is, and what its keys carry within it.
    Inline(Range<usize>, String),
}

impl Place<'_> {
    /// Whether the section is there.
    pub(super) fn exists(&self) -> bool {
        self.missing.is_empty()
    }
}

impl Page<'_> {
    pub(super) fn place(&self, section: &[&str]) -> Result<Place<'_>, EditError> {
        let mut table: &dyn TableLike = self.root();
        let mut kind = Kind::Region(self.top());
        for (depth, name) in section.iter().enumerate() {
            let shape = || EditError::Shape(section[..=depth].join("."));
            match table.get(name) {
                None => {
                    let missing = section[depth..].iter().map(|name| (*name).to_owned()).collect();
                    return Ok(Place { table, kind, missing });
                }
                Some(Item::Table(inner)) => {
                    kind = match kind {
                        Kind::Dotted(prefix) if inner.is_dotted() => Kind::Dotted(format!("{prefix}{name}.")),
                        _ if inner.is_dotted() => Kind::Dotted(format!("{name}.")),
                        _ if inner.is_implicit() => Kind::Implied,
                        _ => self.region_of(inner).ok_or_else(shape)?,
                    };
                    table = inner;
                }
                Some(Item::Value(Value::InlineTable(inner))) => {
                    kind = match kind {
                        Kind::Inline(span, prefix) if inner.is_dotted() => {
                            Kind::Inline(span, format!("{prefix}{name}."))
                        }
                        _ => Kind::Inline(inner.span().ok_or_else(shape)?, String::new()),
                    };
                    table = inner;
                }
                Some(_) => return Err(shape()),
            }
        }
        Ok(Place { table, kind, missing: Vec::new() })
    }

    /// The place of a section in a list of them.
    pub(super) fn place_of<'page>(&self, table: &'page toml_edit::Table) -> Option<Place<'page>> {
        Some(Place { table, kind: self.region_of(table)?, missing: Vec::new() })
    }

    fn region_of(&self, table: &toml_edit::Table) -> Option<Kind> {
        table.span().map(|span| Kind::Region(self.region(self.line_start(span.start))))
    }

    /// Sets keys of a section. What says the same already is not touched.
    pub(super) fn assign(
        &self,
        place: &Place<'_>,
        section: &[&str],
        assigns: &[Assign],
    ) -> Result<Vec<Splice>, EditError> {
        let mut splices = Vec::new();
        let mut new = Vec::new();
        for assign in assigns {
            let item = if place.exists() { place.table.get(assign.key) } else { None };
            match item {
                None if assign.implied => {}
                None => new.push((assign.key, assign.wanted.written(self.line_end))),
                Some(item) => {
                    let shape = || {
                        let path: Vec<_> = section.iter().copied().chain([assign.key]).collect();
                        EditError::Shape(path.join("."))
                    };
                    let value = item.as_value().ok_or_else(shape)?;
                    if !assign.wanted.is(value) {
                        let span = value.span().ok_or_else(shape)?;
                        splices.push((span, assign.wanted.written(self.line_end)));
                    }
                }
            }
        }
        if !new.is_empty() {
            splices.extend(self.insert(place, section, &new)?);
        }
        Ok(splices)
    }

    /// Takes a key out, with the rest of its line.
    pub(super) fn remove(&self, section: &[&str], key: &str) -> Result<Vec<Splice>, EditError> {
        let place = self.place(section)?;
        let Some((key, item)) = place.table.get_key_value(key).filter(|_| place.exists()) else {
            return Ok(Vec::new());
        };
        let (Some(key), Some(value)) = (key.span(), item.as_value().and_then(Value::span)) else {
            return Err(EditError::Shape(section.join(".")));
        };
        if !matches!(place.kind, Kind::Inline(..)) {
            return Ok(vec![(self.line_start(key.start)..self.next_line(value.end), String::new())]);
        }
        let behind = &self.text[value.end..];
        let rest = behind.trim_start();
        let before = self.text[..key.start].rfind(['{', ',']).unwrap_or(key.start);
        let range = if let Some(after) = rest.strip_prefix(',') {
            let next = self.text.len() - after.trim_start_matches([' ', '\t']).len();
            let first = self.text[before + 1..].len() - self.text[before + 1..].trim_start().len();
            before + 1 + first..next
        } else if self.text[before..].starts_with(',') {
            before..value.end
        } else {
            before + 1..value.end
        };
        Ok(vec![(range, String::new())])
    }

    fn insert(
        &self,
        place: &Place<'_>,
        section: &[&str],
        new: &[(&str, String)],
    ) -> Result<Vec<Splice>, EditError> {
        let below: String = place.missing.iter().map(|name| format!("{name}.")).collect();
        let shape = || EditError::Shape(section.join("."));
        match &place.kind {
            Kind::Region(region) if place.exists() => {
                let lines = new.iter().map(|(key, value)| {
                    let at = self.key_place(region, key);
                    (at..at, format!("{key} = {value}{}", self.line_end))
                });
                Ok(self.apart_from_header(region, lines.collect()))
            }
            Kind::Region(_) | Kind::Implied => {
                let keys: String =
                    new.iter().map(|(key, value)| format!("{key} = {value}{}", self.line_end)).collect();
                let text = format!("[{}]{}{keys}", section.join("."), self.line_end);
                Ok(vec![self.insert_block(self.section_place(section, "["), &text)])
            }
            Kind::Dotted(prefix) => {
                let at = self.next_line(last_value_end(place.table).ok_or_else(shape)?);
                let lines =
                    new.iter().map(|(key, value)| format!("{prefix}{below}{key} = {value}{}", self.line_end));
                Ok(vec![(at..at, lines.collect())])
            }
            Kind::Inline(span, prefix) => {
                let keys: Vec<_> =
                    new.iter().map(|(key, value)| format!("{prefix}{below}{key} = {value}")).collect();
                let keys = keys.join(", ");
                match last_value_end(place.table) {
                    Some(end) => Ok(vec![(end..end, format!(", {keys}"))]),
                    None => Ok(vec![(span.clone(), format!("{{ {keys} }}"))]),
                }
            }
        }
    }

    /// Where a new key of a region goes: below the line that has it commented out, else below the last key.
    fn key_place(&self, region: &Range<usize>, key: &str) -> usize {
        let own = self.comments(region).take_while(|(_, line)| !line.starts_with("#["));
        let twin = own.filter(|(_, line)| {
            let rest = line.trim_start_matches('#').trim_start().strip_prefix(key);
            rest.is_some_and(|rest| rest.trim_start().starts_with('='))
        });
        if let Some((at, _)) = twin.last() {
            return self.next_line(at);
        }
        match self.leaves(region).last() {
            Some(leaf) => self.next_line(leaf.end),
            // The comments at the top of a file are about all of it; those directly above a header are the header's.
            None if region.start == 0 && self.headers.first().is_none_or(|(header, _)| *header != 0) => {
                if region.end == self.text.len() {
                    region.end
                } else {
                    self.with_comment(region.end)
                }
            }
            None => region.start,
        }
    }

    /// At the top of the file, a blank line between a new key and the header that follows.
    fn apart_from_header(&self, region: &Range<usize>, mut lines: Vec<Splice>) -> Vec<Splice> {
        if let Some((range, line)) = lines.last_mut()
            && region.start == 0
            && region.end < self.text.len()
            && self.with_comment(region.end) == range.start
        {
            line.push_str(self.line_end);
        }
        lines
    }

    /// Where a new section goes: below the one that is commented out, else before or behind its relatives, else at the end.
    /// `bracket` is how its header begins.
    pub(super) fn section_place(&self, section: &[&str], bracket: &str) -> usize {
        let header = format!("#{bracket}{}]", section.join("."));
        let all = 0..self.text.len();
        if let Some((at, _)) = self.comments(&all).filter(|(_, line)| line.starts_with(&header)).last() {
            let end = self.behind_comments(self.next_line(at), self.text.len());
            let next = self.headers.iter().map(|(header, _)| *header).find(|header| *header >= end);
            let next = next.unwrap_or(self.text.len());
            if self.leaves(&(end..next)).is_empty() {
                return end;
            }
        }
        let below = |path: &Vec<String>| {
            path.len() > section.len() && path.iter().zip(section).all(|(one, other)| one == other)
        };
        if let Some((header, _)) = self.headers.iter().find(|(_, path)| below(path)) {
            return self.with_comment(*header);
        }
        match self
            .headers
            .iter()
            .rfind(|(_, path)| path.first().map(String::as_str) == section.first().copied())
        {
            Some((header, _)) => self.end_of(*header),
            None => self.text.len(),
        }
    }

    /// A section's text at a place, with a blank line on both sides.
    pub(super) fn insert_block(&self, at: usize, text: &str) -> Splice {
        let (before, behind) = (&self.text[..at], &self.text[at..]);
        let mut block = String::new();
        let blank = before.is_empty() || before.ends_with("\n\n") || before.ends_with("\n\r\n");
        if !blank {
            block += self.line_end;
        }
        block += text;
        if !behind.is_empty() && !behind.starts_with(['\n', '\r']) {
            block += self.line_end;
        }
        (at..at, block)
    }
}
