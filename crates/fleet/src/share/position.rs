//! Where the two streams were read up to: `1795390000000-0`, or two of these with a space between when failures are shared too. What is
//! not a position is as none: the snapshot is taken.

use std::fmt;
use std::str::FromStr;

/// The number of an entry in a stream: milliseconds by Redis' clock, and a count within them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EntryId {
    pub(crate) millis: u64,
    pub(crate) count: u64,
}

/// Up to where both streams were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    /// In the stream of decisions.
    pub(crate) decisions: EntryId,
    /// In the stream of failures; `None` if it was not read.
    pub(crate) failures: Option<EntryId>,
}

/// Not a position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoPosition;

impl FromStr for EntryId {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let (millis, count) = text.split_once('-').ok_or(NoPosition)?;
        let number = |text: &str| text.parse().map_err(|_| NoPosition);
        Ok(Self { millis: number(millis)?, count: number(count)? })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.count)
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        match text.split_once(' ') {
            None => Ok(Self { decisions: text.parse()?, failures: None }),
            Some((decisions, failures)) => {
                Ok(Self { decisions: decisions.parse()?, failures: Some(failures.parse()?) })
            }
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.decisions)?;
        self.failures.map_or(Ok(()), |failures| write!(f, " {failures}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_come_back_and_nonsense_is_none() {
        for text in ["0-0", "1795390000000-3", "1795390000000-3 12-0"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        for text in ["", "-", "1", "a-b", "1-2-3", "1-2 ", "1-2 3-4 5-6", "-1-2"] {
            assert_eq!(text.parse::<Position>(), Err(NoPosition), "{text}");
        }
    }
}
