//! What a source hands on: whole lines of a file, or one entry of the journal, with where and when it was read.

use crate::Moment;

/// Whether the text was written before we listened or while we do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was there before the source was opened: judged by the time that stands in the line.
    CatchUp,
    /// It arrived while we listened: judged by its arrival, whatever the line says.
    Live,
}

/// A run of whole lines of one file or stream, each ended by `\n`. Not necessarily UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The lines, the last one with its `\n` too.
    pub text: &'a [u8],
    /// Old or live.
    pub origin: Origin,
    /// When the block was read.
    pub arrival: Moment,
}

/// One entry of the systemd journal.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The message, without any prefix; not necessarily UTF-8.
    pub message: &'a [u8],
    /// The entry as a line of syslog without its time: host, program, process, message. Empty unless it was asked for.
    pub line: &'a [u8],
    /// When its sender wrote it, as far as that is known, in microseconds since 1970.
    pub sent_micros: i64,
    /// When the journal received it.
    pub written: Moment,
    /// Old or live.
    pub origin: Origin,
    /// When we read it.
    pub arrival: Moment,
}
