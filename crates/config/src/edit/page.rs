//! A text with the places of its parts: headers, keys and values, and the comments around them. It finds places and puts
//! replacements in; which ones is for others to say.

use std::ops::Range;

use toml_edit::{Document, Item, Table, TableLike, Value};

use super::EditError;

/// What is put in for a range of the text. An empty range is an insertion.
pub(super) type Splice = (Range<usize>, String);

pub(super) struct Page<'text> {
    pub(super) text: &'text str,
    document: Document<&'text str>,
    /// How lines end here.
    pub(super) line_end: &'static str,
    /// Every section's header: where its line begins, and its path.
    pub(super) headers: Vec<(usize, Vec<String>)>,
    /// Every key outside of inline tables: from the start of its line to the end of its value.
    leaves: Vec<Range<usize>>,
}

impl<'text> Page<'text> {
    pub(super) fn read(text: &'text str) -> Result<Self, EditError> {
        let document = Document::parse(text).map_err(|cause| {
            let line = cause.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            let what = cause.message().lines().collect::<Vec<_>>().join(", ");
            EditError::NotToml(format!("line {line}: {what}"))
        })?;
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let mut page = Self { text, document, line_end, headers: Vec::new(), leaves: Vec::new() };
        let (mut headers, mut leaves) = (Vec::new(), Vec::new());
        page.collect(page.document.as_table(), &[], &mut headers, &mut leaves);
        headers.sort();
        leaves.sort_by_key(|leaf| leaf.start);
        page.headers = headers;
        page.leaves = leaves;
        Ok(page)
    }

    pub(super) fn root(&self) -> &Table {
        self.document.as_table()
    }

    /// The text with the replacements made. What would no longer be TOML is refused: `section` has a shape that was not
    /// thought of.
    pub(super) fn splice(&self, mut splices: Vec<Splice>, section: &[&str]) -> Result<String, EditError> {
        splices.sort_by_key(|(range, _)| (range.start, range.end));
        let mut out = String::with_capacity(self.text.len());
        let mut at = 0;
        for (range, new) in splices {
            let Some(kept) = self.text.get(at..range.start) else {
                return Err(EditError::Shape(section.join(".")));
            };
            out += kept;
            // A new line behind a last line that had no end.
            if range.is_empty() && new.ends_with('\n') && !out.is_empty() && !out.ends_with('\n') {
                out += self.line_end;
            }
            out += &new;
            at = range.end;
        }
        out += &self.text[at..];
        match Document::parse(out.as_str()) {
            Ok(_) => Ok(out),
            Err(_) => Err(EditError::Shape(section.join("."))),
        }
    }

    /// Where the line begins that has the byte at `at`.
    pub(super) fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Where the line after the one with the byte at `at` begins.
    pub(super) fn next_line(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// What belongs to the header whose line begins at `header`: from the next line to the next header.
    pub(super) fn region(&self, header: usize) -> Range<usize> {
        self.next_line(header)..self.next_header(header + 1)
    }

    /// What stands above all headers.
    pub(super) fn top(&self) -> Range<usize> {
        0..self.next_header(0)
    }

    fn next_header(&self, from: usize) -> usize {
        let headers = &self.headers;
        let next = headers.partition_point(|(header, _)| *header < from);
        headers.get(next).map_or(self.text.len(), |(header, _)| *header)
    }

    /// The keys in a region.
    pub(super) fn leaves(&self, region: &Range<usize>) -> &[Range<usize>] {
        let from = self.leaves.partition_point(|leaf| leaf.start < region.start);
        let to = self.leaves.partition_point(|leaf| leaf.start < region.end);
        &self.leaves[from..to]
    }

    /// The lines of a region that are comments, each with where it begins; none from within a value.
    pub(super) fn comments(&self, region: &Range<usize>) -> impl Iterator<Item = (usize, &'text str)> + '_ {
        let text: &'text str = self.text;
        let mut at = region.start;
        let end = region.end;
        let lines = std::iter::from_fn(move || {
            (at < end).then(|| {
                let start = at;
                at = self.next_line(at);
                (start, text[start..at].trim())
            })
        });
        lines.filter(|(at, line)| line.starts_with('#') && !self.in_value(*at))
    }

    fn in_value(&self, at: usize) -> bool {
        let before = self.leaves.partition_point(|leaf| leaf.start < at);
        before.checked_sub(1).is_some_and(|leaf| at < self.leaves[leaf].end)
    }

    /// Where the comment directly above a header begins, if there is one; else where the header's line does. A key or a
    /// section that is commented out (`#key = …`, without a blank) belongs to what is above it.
    pub(super) fn with_comment(&self, header: usize) -> usize {
        let mut start = header;
        while start > 0 {
            let above = self.line_start(start - 1);
            let line = self.text[above..start].trim();
            if !line.starts_with('#') || is_code(line) || self.in_value(above) {
                break;
            }
            start = above;
        }
        start
    }

    /// Where the section ends whose header is at `header`: behind its last key and the comments directly below.
    pub(super) fn end_of(&self, header: usize) -> usize {
        let region = self.region(header);
        let limit = match self.headers.iter().find(|(next, _)| *next == region.end) {
            Some(_) => self.with_comment(region.end).max(region.start),
            None => region.end,
        };
        let last = self.leaves(&region).last().map_or(region.start, |leaf| self.next_line(leaf.end));
        self.behind_comments(last, limit)
    }

    /// The end of the lines of comments that begin at `from`; a section that is commented out is not among them.
    pub(super) fn behind_comments(&self, from: usize, limit: usize) -> usize {
        let mut end = from;
        while end < limit {
            let next = self.next_line(end);
            let line = self.text[end..next].trim();
            if !line.starts_with('#') || line.starts_with("#[") {
                break;
            }
            end = next;
        }
        end
    }

    fn collect(
        &self,
        table: &dyn TableLike,
        path: &[String],
        headers: &mut Vec<(usize, Vec<String>)>,
        leaves: &mut Vec<Range<usize>>,
    ) {
        for (name, item) in table.iter() {
            let mut path = path.to_vec();
            path.push(name.to_owned());
            match item {
                Item::Table(inner) => {
                    self.header(inner, &path, headers);
                    self.collect(inner, &path, headers, leaves);
                }
                Item::ArrayOfTables(tables) => {
                    for inner in tables {
                        self.header(inner, &path, headers);
                        self.collect(inner, &path, headers, leaves);
                    }
                }
                Item::Value(value) => {
                    let key = table.get_key_value(name).and_then(|(key, _)| key.span());
                    if let (Some(key), Some(value)) = (key, value.span()) {
                        leaves.push(self.line_start(key.start)..value.end);
                    }
                }
                Item::None => {}
            }
        }
    }

    fn header(&self, table: &Table, path: &[String], headers: &mut Vec<(usize, Vec<String>)>) {
        if !table.is_dotted()
            && !table.is_implicit()
            && let Some(span) = table.span()
        {
            headers.push((self.line_start(span.start), path.to_vec()));
        }
    }
}

/// Whether a line of comment is a key or a section that is commented out, as the shipped file has them.
pub(super) fn is_code(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '['))
}

/// The end of the last value in a table, sections within it left out.
pub(super) fn last_value_end(table: &dyn TableLike) -> Option<usize> {
    let ends = table.iter().filter_map(|(_, item)| match item {
        Item::Table(inner) if inner.is_dotted() => last_value_end(inner),
        Item::Value(Value::InlineTable(inner)) if inner.is_dotted() => last_value_end(inner),
        Item::Value(value) => value.span().map(|span| span.end),
        _ => None,
    });
    ends.max()
}
