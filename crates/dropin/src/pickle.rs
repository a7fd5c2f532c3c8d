//! Python's pickle format for plain values: `None`, truth values, numbers, texts, bytes, lists, tuples, dicts and sets.
//!
//! Reading refuses by name whatever could name, call or build something, and ends at the bounds of size, depth and number. Writing knows one
//! thing more: an exception of a closed list, since that is how fail2ban's server tells what is wrong.

mod read;
mod write;

use std::fmt;

pub use read::{read, read_answer};
pub use write::{write, write_answer};

/// Why bytes are no plain value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PickleError {
    /// The bytes end within something.
    Cut,
    /// An instruction that is not for plain values.
    Refused(&'static str),
    /// A byte that is no instruction.
    Unknown(u8),
    /// Written by a later protocol than 5.
    Protocol(u8),
    /// A number that is none, or past 64 bits.
    BadNumber,
    /// A text that is none.
    BadText,
    /// An instruction takes something that is not there.
    Missing,
    /// An instruction that fills something else than what is there.
    WrongKind,
    /// Something in a dict's key or a set that has no place there.
    Unhashable,
    /// More bytes, values or depth than the bounds allow.
    TooMuch(&'static str),
    /// Something stands behind the value.
    Trailing,
}

impl fmt::Display for PickleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => write!(f, "the pickled command ends within a value; send it whole"),
            Self::Refused(name) => {
                write!(f, "the pickled command has {name}, which is refused; only plain values are taken")
            }
            Self::Unknown(byte) => {
                write!(f, "the pickled command has the byte {byte:#04x} where an instruction was expected")
            }
            Self::Protocol(number) => {
                write!(f, "pickle protocol {number} is not known; write protocol 5 or an earlier one")
            }
            Self::BadNumber => {
                write!(f, "the pickled command has a number that is none, or that needs more than 64 bits")
            }
            Self::BadText => write!(f, "the pickled command has a text that is not UTF-8"),
            Self::Missing => write!(f, "the pickled command uses a value that is not there"),
            Self::WrongKind => write!(f, "the pickled command adds to a value that holds no others"),
            Self::Unhashable => write!(f, "the pickled command has a list, dict or set as a key or in a set"),
            Self::TooMuch(what) => write!(f, "the pickled command has too {what}; send less at once"),
            Self::Trailing => write!(f, "the pickled command has something behind its end"),
        }
    }
}

impl std::error::Error for PickleError {}
