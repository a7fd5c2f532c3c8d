//! A piece of a line, such as what a group took, or all of it. It shares the line's text: nothing is copied. It refuses to be changed.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::Arc;

/// A piece of a line; in all that is asked of it, it is its text.
#[derive(Clone)]
pub struct Taken {
    line: Arc<str>,
    start: u32,
    end: u32,
}

impl Taken {
    /// The piece of `line` in this range.
    pub(super) fn new(line: &Arc<str>, part: Range<usize>) -> Self {
        Self { line: Arc::clone(line), start: part.start as u32, end: part.end as u32 }
    }
}

impl Deref for Taken {
    type Target = str;

    fn deref(&self) -> &str {
        &self.line[self.start as usize..self.end as usize]
    }
}

impl From<&str> for Taken {
    fn from(text: &str) -> Self {
        Self::new(&text.into(), 0..text.len())
    }
}

impl Borrow<str> for Taken {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Taken {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Taken {}

impl PartialOrd for Taken {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Taken {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for Taken {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}
