//! One entry of a list.

use event::{Moment, Subject};

/// Who, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Who.
    pub subject: Subject,
    /// Until when; `Moment::NEVER` where the list does not say.
    pub until: Moment,
}
