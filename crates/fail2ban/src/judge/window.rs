//! The last lines of a log, for patterns that span several of them: which lines a match took and which it left.

/// A line without its date, and the date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CutLine {
    before: String,
    date: String,
    after: String,
}

impl CutLine {
    /// Takes new text; its room is kept.
    pub(super) fn set(&mut self, before: &str, date: &str, after: &str) {
        for (part, text) in [(&mut self.before, before), (&mut self.date, date), (&mut self.after, after)] {
            part.clear();
            part.push_str(text);
        }
    }

    /// The line as it was.
    pub(super) fn whole(&self) -> String {
        [self.before.as_str(), &self.date, &self.after].concat()
    }

    fn is(&self, text: &str) -> bool {
        text.strip_prefix(self.before.as_str()) == Some(self.after.as_str())
    }
}

/// What is searched: all lines without their dates, each with its newline.
pub(super) fn join<'l>(lines: impl IntoIterator<Item = &'l CutLine>, out: &mut String) {
    out.clear();
    for line in lines {
        out.push_str(&line.before);
        out.push_str(&line.after);
        out.push('\n');
    }
    if out.is_empty() {
        out.push('\n');
    }
}

/// Which lines a match took and which it left, each in order.
#[derive(Debug, Default)]
pub(super) struct Split {
    pub(super) matched: Vec<CutLine>,
    pub(super) unmatched: Vec<CutLine>,
}

/// Splits `lines` by a match from `start` to `end` in `text`; lines that stand in `skipped` belong to no match.
pub(super) fn split(lines: &[CutLine], text: &str, start: usize, end: usize, skipped: &str) -> Split {
    let newlines = |upto: usize| text.as_bytes()[..upto].iter().filter(|byte| **byte == b'\n').count();
    let bytes = text.as_bytes();
    // A match that begins with a newline begins on the line after it.
    let first =
        bytes[..(start + 1).min(bytes.len())].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let from = end.checked_sub(1).unwrap_or(bytes.len().saturating_sub(1));
    let last = bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| from + at + 1);
    let first = newlines(first).min(lines.len());
    let last = newlines(last).clamp(first, lines.len());
    let mut matched = lines[first..last].to_vec();
    let mut unmatched = lines[..first].to_vec();
    let mut from = 0;
    for text in skipped.lines() {
        if let Some(at) = matched[from..].iter().position(|line| line.is(text)) {
            unmatched.push(matched.remove(from + at));
            from += at;
        }
    }
    unmatched.extend_from_slice(&lines[last..]);
    Split { matched, unmatched }
}
