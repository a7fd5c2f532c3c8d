//! What can go wrong here. A page's text is kept, since nobody can look at it again.

use std::fmt;

use thirtyfour::error::WebDriverError;

/// This crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a test could not do what it was about.
#[derive(Debug)]
pub enum Error {
    /// The arena: hosts, processes, files.
    Arena(arena::Error),
    /// The browser did not do what it was asked for.
    Browser {
        /// What it was asked for.
        what: String,
        /// Its answer.
        source: Box<WebDriverError>,
        /// Where it was, and what it showed.
        shown: String,
    },
    /// A tool of the tests is missing.
    Tool {
        /// Which.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// An answer over HTTP makes no sense.
    Answer {
        /// To what.
        what: String,
        /// The answer.
        said: String,
    },
}

impl From<arena::Error> for Error {
    fn from(error: arena::Error) -> Self {
        Self::Arena(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arena(error) => write!(f, "{error}"),
            Self::Browser { what, source, shown } => {
                write!(f, "the browser could not {what}: {source}\nit shows {shown}")
            }
            Self::Tool { what, remedy } => write!(f, "{what} is not there; {remedy}"),
            Self::Answer { what, said } => write!(f, "the answer to {what} makes no sense: {said}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Arena(error) => Some(error),
            Self::Browser { source, .. } => Some(source),
            Self::Tool { .. } | Self::Answer { .. } => None,
        }
    }
}
