//! Why a bouncer does not run.

use std::fmt;
use std::io;

use enforcement::{ClaimError, EnforcementError};

/// Why it does not run, or cannot go on.
#[derive(Debug)]
pub enum BouncerError {
    /// Another process keeps the kernel's table.
    Claim(ClaimError),
    /// The process lacks the right to change the firewall, or the kernel has none.
    Kernel(EnforcementError),
    /// What it was told about its origin is wrong.
    Origin(String),
    /// A thread's means cannot be made.
    Io(io::Error),
}

impl fmt::Display for BouncerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(cause @ ClaimError::Taken { .. }) => write!(
                f,
                "{cause}; where 'stockade run' works, it takes the decisions of others too: write a [[blocklist]] with lapi into \
                 its settings instead of running a bouncer beside it"
            ),
            Self::Claim(cause) => cause.fmt(f),
            Self::Kernel(cause) => write!(f, "the firewall cannot be changed: {cause}"),
            Self::Origin(why) => f.write_str(why),
            Self::Io(cause) => cause.fmt(f),
        }
    }
}

impl std::error::Error for BouncerError {}

impl From<io::Error> for BouncerError {
    fn from(cause: io::Error) -> Self {
        Self::Io(cause)
    }
}

impl From<EnforcementError> for BouncerError {
    fn from(cause: EnforcementError) -> Self {
        Self::Kernel(cause)
    }
}
