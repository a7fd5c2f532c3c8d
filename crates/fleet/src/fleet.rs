//! The joint: starts the threads, takes what is told, says how things stand.

use std::sync::Arc;

use config::Redis;

use crate::health::Health;
use crate::host::Host;
use crate::keys::writer::Writer;
use crate::share::Share;
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
pub struct Fleet {
    keys: Option<Writer>,
    share: Option<Share>,
}

impl Fleet {
    /// Starts. Needs no Redis that answers. `position` is where the stream was read up to before.
    pub fn start(
        settings: &Redis,
        identity: Identity,
        position: Option<String>,
        host: Arc<dyn Host>,
    ) -> std::io::Result<Self> {
        let keys =
            settings.keys.then(|| Writer::start(settings, &identity.id, Arc::clone(&host))).transpose()?;
        let share = settings.fleet.then(|| Share::start(settings, identity, position, host)).transpose()?;
        Ok(Self { keys, share })
    }

    /// Tells. Never waits.
    pub fn tell(&self, told: Told) {
        if let Some(share) = &self.share {
            share.tell(&told);
        }
        if let Some(keys) = &self.keys {
            keys.tell(told);
        }
    }

    /// How things stand. Redis answers if it answers for everything that is asked of it.
    pub fn health(&self) -> Health {
        let mut health = Health::default();
        if let Some(keys) = &self.keys {
            let state = keys.state();
            health = Health {
                is_connected: state.is_connected,
                since: state.since,
                error: state.error,
                waiting: state.waiting,
                overrun: state.overrun,
                keys: state.keys,
                ..Health::default()
            };
        }
        if let Some(share) = &self.share {
            let shared = share.health();
            let is_worse = self.keys.is_none() || (health.is_connected && !shared.is_connected);
            if is_worse {
                health.is_connected = shared.is_connected;
                health.since = shared.since;
            } else if health.is_connected {
                health.since = health.since.max(shared.since);
            }
            health.error = health.error.or(shared.error);
            health.waiting += shared.waiting;
            health.overrun += shared.overrun;
            health.passed_over = shared.passed_over;
            health.nodes = shared.nodes;
        }
        health
    }

    /// Ends the threads, after what waits has been told or a short while has passed. What stands in Redis stays.
    pub fn stop(&self) {
        // Both at once, so that the time limits do not add up.
        if let Some(keys) = &self.keys {
            keys.end();
        }
        if let Some(share) = &self.share {
            share.stop();
        }
        if let Some(keys) = &self.keys {
            keys.stop();
        }
    }
}
