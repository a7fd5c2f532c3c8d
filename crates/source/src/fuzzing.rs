//! The two places that look into bytes from outside, without the source around them, for `fuzz/` alone. Nothing in Stockade
//! uses this, and it holds no logic of its own.

use event::Moment;

use crate::journal::Fields;
use crate::lines::{self, Run};

/// What is read of an entry of the journal.
#[derive(Debug)]
pub struct JournalLine {
    /// The first value of `MESSAGE`.
    pub message: Option<Vec<u8>>,
    /// Where to go on.
    pub cursor: Option<String>,
    /// When journald received it.
    pub written: Option<Moment>,
}

/// Reads one line of `journalctl --output=json`; `None` if it is no entry.
pub fn journal_line(line: &[u8]) -> Option<JournalLine> {
    let fields = Fields::parse(line).ok()?;
    Some(JournalLine {
        message: fields.message().map(<[u8]>::to_vec),
        cursor: fields.cursor().map(str::to_owned),
        written: fields.written(),
    })
}

/// How many bytes at the start of `text` are whole lines, and whether the first line is too long.
pub fn whole_lines(text: &[u8]) -> (usize, bool) {
    match lines::run(text) {
        Run::Whole(bytes) => (bytes, false),
        Run::TooLong => (0, true),
        Run::Partial => (0, false),
    }
}
