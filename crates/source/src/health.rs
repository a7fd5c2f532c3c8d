//! What `status` shows of a source: whether it hears anything, and what it had to leave out.

use event::Moment;

/// One path of one `FileSpec`; or the spec itself, if its glob has found nothing or too much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHealth {
    /// Index of the spec.
    pub spec: usize,
    /// The path, or the glob.
    pub path: String,
    /// Whether it is being read.
    pub state: FileState,
    /// Bytes read since the path is followed.
    pub bytes: u64,
    /// Lines read since then.
    pub lines: u64,
    /// Lines left out because they are longer than `limit::LINE_BYTES`.
    pub cut_lines: u64,
    /// How often an older file of this path was gone before we knew that it had been read to its end.
    pub gaps: u64,
    /// When a line was last read.
    pub last_read: Option<Moment>,
}

/// Whether a path is being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// There is no such file; its nearest existing directory is watched.
    Missing {
        /// Since when.
        since: Moment,
    },
    /// It is read as it grows.
    Following,
    /// It is there and cannot be read, or cannot be watched.
    Unreadable {
        /// Why, in the kernel's words.
        reason: String,
    },
    /// More files match than `limit::FILES` allows.
    OverBound {
        /// How many are left unread.
        unread: usize,
    },
}

/// How a journal is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalHealth {
    /// The name of its place.
    pub source: String,
    /// Whether it is being read.
    pub state: JournalState,
    /// Entries handed on.
    pub entries: u64,
    /// Bytes of JSON read.
    pub bytes: u64,
    /// Entries left out: too long, not JSON, or without a message.
    pub skipped: u64,
    /// How often `journalctl` was started again.
    pub restarts: u64,
    /// When an entry was last read.
    pub last_read: Option<Moment>,
}

/// Whether the journal is being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalState {
    /// Nothing was started yet.
    Idle,
    /// `journalctl` runs.
    Following,
    /// `journalctl` does not run; it is started again after a pause.
    Stopped {
        /// Since when.
        since: Moment,
        /// What it said, or why it could not be started.
        reason: String,
    },
}

/// What went through a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamHealth {
    /// Bytes read.
    pub bytes: u64,
    /// Lines handed on.
    pub lines: u64,
    /// Lines replaced by an empty one because they are longer than `limit::LINE_BYTES`.
    pub cut_lines: u64,
}
