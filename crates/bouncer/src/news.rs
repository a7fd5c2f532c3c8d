//! What the asking thread tells the keeping one.

use blocklist::Entry;
use event::Subject;

/// One thing told.
#[derive(Clone, Debug)]
pub enum News {
    /// The origin answered.
    Answer(Answer),
    /// It did not.
    Silence {
        /// What, where, what to do.
        why: String,
        /// When it is asked again.
        again_seconds: u64,
    },
}

/// What the origin said.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Whether `new` is everything; else it is what has changed.
    pub is_whole: bool,
    /// Who is wanted no more.
    pub deleted: Vec<Subject>,
    /// Who is wanted.
    pub new: Vec<Entry>,
    /// What was left out before it came here.
    pub left_out: u64,
    /// Who is never blocked; `None`: as before.
    pub whitelist: Option<Vec<Subject>>,
}
