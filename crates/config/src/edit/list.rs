//! A list that was written over several lines, taken apart into its elements, each with the comments around it, and put
//! together again with other elements. Knows nothing of what the elements mean.

use std::ops::Range;

/// An element as written.
#[derive(Clone)]
pub(super) struct Piece {
    /// What stands before it: the line end, the indent, comments on lines of their own.
    before: String,
    pub(super) literal: String,
    /// What stands between it and its comma.
    after: String,
    /// The comment behind its comma, on the same line.
    comment: String,
}

pub(super) struct List {
    pub(super) pieces: Vec<Piece>,
    /// What stands behind the last element.
    tail: String,
    line_end: &'static str,
}

impl List {
    /// Takes the list at `span` apart, whose elements are at `elements`.
    pub(super) fn read(
        text: &str,
        span: &Range<usize>,
        elements: &[Range<usize>],
        line_end: &'static str,
    ) -> Self {
        let end = span.end - 1;
        let mut at = span.start + 1;
        let mut pieces = Vec::new();
        for element in elements {
            let before = text[at..element.start].to_owned();
            let comma = comma(&text[element.end..end]).map(|offset| element.end + offset);
            let after = text[element.end..comma.unwrap_or(element.end)].to_owned();
            at = comma.map_or(element.end, |comma| comma + 1);
            let line = text[at..end].split(['\r', '\n']).next().unwrap_or_default();
            let comment = if line.trim_start().starts_with('#') { line.to_owned() } else { String::new() };
            at += comment.len();
            pieces.push(Piece { before, literal: text[element.clone()].to_owned(), after, comment });
        }
        Self { pieces, tail: text[at..end].to_owned(), line_end }
    }

    /// An element on a line of its own, indented like the others.
    pub(super) fn new_piece(&self, literal: String) -> Piece {
        let indent = self.pieces.iter().find_map(|piece| Some(piece.before.rsplit_once('\n')?.1));
        let before = format!("{}{}", self.line_end, indent.unwrap_or("  "));
        Piece { before, literal, after: String::new(), comment: String::new() }
    }

    /// Keeps only some elements. A comment on a line of its own above one that goes stays.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        let mut carried = String::new();
        let mut kept = Vec::new();
        for (at, mut piece) in std::mem::take(&mut self.pieces).into_iter().enumerate() {
            if keep(at) {
                piece.before.insert_str(0, &std::mem::take(&mut carried));
                kept.push(piece);
            } else if piece.before.contains('#') {
                carried += piece.before.trim_end();
            }
        }
        self.pieces = kept;
        self.tail.insert_str(0, &carried);
    }

    /// The list with these elements.
    pub(super) fn written(&self) -> String {
        let mut out = "[".to_owned();
        let mut in_comment = false;
        for piece in &self.pieces {
            if in_comment && !piece.before.starts_with(['\r', '\n']) {
                out += self.line_end;
            }
            out.extend([piece.before.as_str(), &piece.literal, &piece.after, ",", &piece.comment]);
            in_comment = !piece.comment.is_empty();
        }
        if !self.tail.starts_with(['\r', '\n']) && (in_comment || !self.tail.contains('\n')) {
            out += self.line_end;
        }
        out += &self.tail;
        out.push(']');
        out
    }
}

/// Where the next comma is, comments left out.
fn comma(text: &str) -> Option<usize> {
    let mut in_comment = false;
    for (at, c) in text.char_indices() {
        match c {
            '#' => in_comment = true,
            '\n' => in_comment = false,
            ',' if !in_comment => return Some(at),
            _ => {}
        }
    }
    None
}
