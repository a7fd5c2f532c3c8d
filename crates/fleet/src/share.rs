//! Decisions shared between the nodes of a fleet.

use std::io;
use std::sync::Arc;

use config::Redis;
use event::Moment;

use crate::fleet::Identity;
use crate::host::Host;
use crate::told::Told;

/// One node's part in the fleet.
#[derive(Debug)]
pub struct Share {}

/// How things stand with the fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether Redis answers.
    pub is_connected: bool,
    /// Since when that is so.
    pub since: Option<Moment>,
    /// Why it does not answer; what, where, and what to do.
    pub error: Option<String>,
    /// What waits to be told.
    pub waiting: u64,
    /// How often something told found the queue full, so that a comparison of the whole takes its place.
    pub overrun: u64,
    /// Other nodes heard of within the last minutes, by name.
    pub nodes: Vec<String>,
}

impl Share {
    /// Starts. Needs no Redis that answers. `position` is where the streams were read up to before.
    pub fn start(
        settings: &Redis,
        identity: Identity,
        position: Option<String>,
        host: Arc<dyn Host>,
    ) -> io::Result<Self> {
        let _ = (settings, identity, position, host);
        Ok(Self {})
    }

    /// Tells. Never waits.
    pub fn tell(&self, told: &Told) {
        let _ = told;
    }

    /// How things stand.
    pub fn health(&self) -> Health {
        Health::default()
    }

    /// Ends the threads, after what waits has been told or a short while has passed.
    pub fn stop(&self) {}
}
