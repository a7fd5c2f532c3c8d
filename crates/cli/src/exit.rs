//! How the program ends: 0 done, 1 the answer is no, 2 wrong use (clap's own), the others after sysexits.

use std::process::ExitCode;

/// An exit code with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The answer is no: not banned, refused.
    No,
    /// What was asked for cannot be understood.
    Usage,
    /// A file that was named cannot be read (`EX_NOINPUT`).
    NoInput,
    /// No stockade runs there (`EX_UNAVAILABLE`).
    Unavailable,
    /// It should have worked and did not (`EX_SOFTWARE`).
    Failed,
    /// Not allowed (`EX_NOPERM`).
    NotAllowed,
    /// The settings are wrong (`EX_CONFIG`).
    Config,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Failed => 70,
            Self::NotAllowed => 77,
            Self::Config => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
