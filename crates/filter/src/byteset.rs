//! A set of bytes, for character classes and for what may come next.

use std::fmt;

/// Membership of each of the 256 bytes. A table, not bits: one load answers.
#[derive(Clone, PartialEq, Eq)]
pub struct ByteSet([bool; 256]);

impl ByteSet {
    /// The empty set.
    pub fn empty() -> Self {
        Self([false; 256])
    }

    /// Adds every byte from `first` to `last`.
    pub fn add_range(&mut self, first: u8, last: u8) {
        for byte in first..=last {
            self.0[usize::from(byte)] = true;
        }
    }

    /// Adds every byte of `other`.
    pub fn add_all(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0.iter()) {
            *mine |= theirs;
        }
    }

    /// Whether `byte` is in the set.
    #[inline]
    pub fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    /// The byte that is not in the set, if it is only one.
    pub fn only_missing(&self) -> Option<u8> {
        let mut missing = (0..=255u8).filter(|byte| !self.has(*byte));
        missing.next().filter(|_| missing.next().is_none())
    }

    /// Whether the two have no byte in common.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        !self.0.iter().zip(other.0.iter()).any(|(a, b)| *a && *b)
    }
}

impl fmt::Debug for ByteSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..=255u8).filter(|b| self.has(*b)).map(char::from)).finish()
    }
}
