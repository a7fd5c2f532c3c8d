//! The joint: one thread that looks what is wanted when it is woken, writes what differs, and tells Asterisk and nginx.

use std::sync::Arc;

use config::{Asterisk, Nginx};
use event::{Categories, Moment, Subject};

/// Somebody who is refused, and by which kinds of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denied {
    /// Who.
    pub subject: Subject,
    /// By what.
    pub categories: Categories,
    /// Until when; `NEVER` if for good. A list that is full keeps those who are refused longest.
    pub until: Moment,
}

/// The program around this crate. Calls come from this crate's own thread, and may wait.
pub trait Host: Send + Sync + 'static {
    /// The clock.
    fn now(&self) -> Moment;

    /// Everybody who is refused, in the order of their subjects, each once. `None`: the program is stopping.
    fn denied(&self) -> Option<Vec<Denied>>;
}

/// How one list stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// `asterisk` or `nginx`.
    pub outlet: &'static str,
    /// Why it is not as wanted: what, where, what to do.
    pub error: Option<String>,
    /// Addresses and subnets in the list.
    pub held: u64,
    /// Those that found no place in it, since it has a bound.
    pub left_out: u64,
    /// When it was last written and its program told.
    pub written: Option<Moment>,
    /// How often its program was told to read again.
    pub reloads: u64,
}

/// The lists.
#[derive(Debug)]
pub struct Acl {}

impl Acl {
    /// Starts the thread.
    pub fn start(
        asterisk: Option<Asterisk>,
        nginx: Option<Nginx>,
        host: Arc<dyn Host>,
    ) -> std::io::Result<Self> {
        let _ = (asterisk, nginx, host);
        Ok(Self {})
    }

    /// Something has changed. Never waits.
    pub fn wake(&self) {}

    /// How the lists stand.
    pub fn health(&self) -> Vec<Health> {
        Vec::new()
    }

    /// Ends the thread. The lists stay as they are.
    pub fn stop(&self) {}
}
