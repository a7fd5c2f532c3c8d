//! The main loop.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use event::{Moment, Port, Subject};

/// Where decisions come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A LAPI.
    Lapi {
        /// `http://host:8765/`.
        url: String,
        /// The bouncer's key.
        key: String,
        /// A certificate authority, PEM.
        ca_file: Option<PathBuf>,
    },
    /// The keys in Redis.
    Redis(config::Redis),
}

/// What it is told on the command line.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where decisions come from.
    pub origin: Origin,
    /// How often it asks.
    pub every: Duration,
    /// What a ban closes; none means every port.
    pub ports: Vec<Port>,
    /// Who is never blocked, beside this host's own addresses and what the origin says.
    pub never: Vec<(Subject, String)>,
    /// Where the lock and the last decisions are kept.
    pub state_dir: PathBuf,
    /// The clock.
    pub now: fn() -> Moment,
}

/// Why it does not run.
#[derive(Debug)]
pub enum BouncerError {
    /// The kernel cannot be changed.
    Kernel(String),
}

impl fmt::Display for BouncerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for BouncerError {}

/// Runs until `stop` is readable or closed. Calls `ready` once the kernel stands as the origin wants it, or, while the origin is away, as it was.
pub fn run(
    options: &Options,
    stop: std::os::fd::BorrowedFd<'_>,
    ready: &mut dyn FnMut(),
) -> Result<(), BouncerError> {
    let _ = (options, stop, ready);
    Ok(())
}
