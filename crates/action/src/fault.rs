//! Why a command was not run, or did not do what it should.

use std::fmt;
use std::io;

use event::limit::FAIL2BAN_ACTION_BYTES;

use crate::run::End;
use crate::shell::Unsafe;

/// Why not.
#[derive(Debug)]
pub enum Fault {
    /// It ended otherwise than with 0.
    Ended(End),
    /// It could not be started.
    NotStarted(io::Error),
    /// A tag of a log's text stands where nothing of a log may stand.
    Unsafe {
        /// The tag.
        tag: String,
        /// Where it stands.
        place: Unsafe,
    },
    /// The properties name one another in a circle.
    Circle(String),
    /// With everything put in, it is too long.
    TooLong,
    /// `actioncheck` failed, and nothing mended that.
    Broken,
    /// The program ends.
    Stopping,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended(end) => write!(f, "the command {end}"),
            Self::NotStarted(cause) => write!(f, "the command could not be started: {cause}"),
            Self::Unsafe { tag, place } => {
                write!(f, "<{tag}> is text of a log and stands ")?;
                match place {
                    Unsafe::Command => f.write_str("where a command is named")?,
                    Unsafe::Program(name) => write!(f, "in what {name} reads as its own language")?,
                    Unsafe::Target => f.write_str("where a file is named")?,
                    Unsafe::Arithmetic => f.write_str("in a calculation")?,
                    Unsafe::Escaped => f.write_str("behind a '\\' or a '$'")?,
                }
                write!(f, ": the command is not run; hand it over as a word of its own in double quotes")
            }
            Self::Circle(tag) => write!(f, "its properties name one another in a circle by way of <{tag}>"),
            Self::TooLong => write!(f, "the command is longer than {FAIL2BAN_ACTION_BYTES} bytes"),
            Self::Broken => f.write_str("its actioncheck fails, and nothing mended that"),
            Self::Stopping => f.write_str("the program ends"),
        }
    }
}

impl std::error::Error for Fault {}
