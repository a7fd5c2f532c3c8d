//! The joint: starts the threads, takes what is told, says how things stand.

use std::sync::Arc;

use config::Redis;

use crate::health::Health;
use crate::host::Host;
use crate::told::Told;

/// Who this node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its own for ever, whatever it is called: kept in the store.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// Redis's side of the program.
#[derive(Debug)]
pub struct Fleet {}

impl Fleet {
    /// Starts. Needs no Redis that answers. `position` is where the stream was read up to before.
    pub fn start(
        settings: &Redis,
        identity: Identity,
        position: Option<String>,
        host: Arc<dyn Host>,
    ) -> std::io::Result<Self> {
        let _ = (settings, identity, position, host);
        Ok(Self {})
    }

    /// Tells. Never waits.
    pub fn tell(&self, told: Told) {
        let _ = told;
    }

    /// How things stand.
    pub fn health(&self) -> Health {
        Health::default()
    }

    /// Ends the threads, after what waits has been told or a short while has passed. What stands in Redis stays.
    pub fn stop(&self) {}
}
