//! The outside world becomes lines: files, the journal and streams are read here, and handed on as blocks with a position.
//!
//! Refuses to look into a line, to start a thread and to read a clock: the caller owns the thread and hands in the
//! clock. The modules stand in the order in which a byte travels: what is wanted, where it is, reading it.

mod error;
mod pattern;
mod watch;
mod survey;
mod rotation;
mod head;
mod at;
mod lines;
mod tail;
mod trail;
mod opening;
mod spec;
mod health;
mod waker;
mod file;
mod stream;
mod journal;
#[doc(hidden)]
pub mod fuzzing;

pub use at::position_at;
pub use error::SourceError;
pub use file::{FileBlock, FileSource};
pub use health::{FileHealth, FileState, JournalHealth, JournalState, StreamHealth};
pub use journal::{
    Fields, JournalEntry, JournalPlace, JournalSource, JournalSpec, JournalWish, is_journal_match,
};
pub use pattern::FileSpec;
pub use stream::StreamSource;
pub use waker::Waker;
