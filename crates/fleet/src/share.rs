//! Decisions shared between the nodes of a fleet, through a Redis that all of them reach. What is told goes into a stream and, for nodes
//! that come later, into a snapshot beside it; what others told is handed to the `Host`. An unban is a decision like a ban and
//! stays behind as a tombstone, so no message that comes late brings a ban back (`register`).
//!
//! What is refused here: a decision about what was heard. Bans and failures whose evidence only claims an address are told to nobody. No
//! node's clock is believed (`stamp`), no record (`record`), and no node is waited for: there is no leader and no vote. Who can write to
//! this Redis can ban and unban on every node; to keep others out is the task of its password, its ACL and TLS.
//!
//! Two threads, each with a connection: one waits for what is told (`teller`), one for what others tell (`listener`, `walk`).

mod stamp;
mod register;
mod record;
mod failures;
mod queue;
mod position;
mod layout;
mod script;
mod state;
mod teller;
mod beat;
mod listener;
mod entry;
mod walk;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use config::Redis;
use event::limit;

use crate::fleet::Identity;
use crate::health::Health;
use crate::host::Host;
use crate::share::listener::Listener;
use crate::share::record::{is_node_id, plain};
use crate::share::register::Origin;
use crate::share::state::Node;
use crate::share::teller::Teller;
use crate::told::Told;

/// One node's part in the fleet.
#[derive(Debug)]
pub struct Share {
    node: Arc<Node>,
    /// Hung up once both threads have ended.
    ended: Mutex<Receiver<()>>,
}

/// How long the threads have at the end to tell what waits.
const LAST_WORDS: Duration = Duration::from_secs(limit::REDIS_LAST_WORDS_SECONDS);

impl Share {
    /// Starts. Needs no Redis that answers. `position` is where the streams were read up to before.
    pub fn start(
        settings: &Redis,
        identity: Identity,
        position: Option<String>,
        host: Arc<dyn Host>,
    ) -> io::Result<Self> {
        let Identity { id, name } = identity;
        if !is_node_id(&id) {
            let said =
                format!("'{id}' cannot be a node's id; it must be letters, digits, '-', '_', '.' or ':'");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, said));
        }
        let name = plain(&name, limit::FLEET_NODE_BYTES);
        let own = Origin { id: Arc::from(id), name: Arc::from(name) };
        let boot = format!("{:016x}", word());
        let node = Arc::new(Node::new(settings.clone(), own, boot, host));
        let (sender, ended) = channel();
        let (teller, listener) = (Teller::new(node.clone()), Listener::new(node.clone(), position));
        spawn("fleet-teller", sender.clone(), move || teller.run())?;
        if let Err(error) = spawn("fleet-listener", sender, move || listener.run()) {
            node.end(node.host.now());
            return Err(error);
        }
        Ok(Self { node, ended: Mutex::new(ended) })
    }

    /// Tells. Never waits.
    pub fn tell(&self, told: &Told) {
        self.node.take_in(told);
    }

    /// How things stand.
    pub fn health(&self) -> Health {
        self.node.health()
    }

    /// Ends the threads, after what waits has been told or a short while has passed.
    pub fn stop(&self) {
        self.node.end(self.node.host.now().after(LAST_WORDS));
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing is ever sent: it answers when both threads are gone, or when they wait for a Redis that does not answer.
        let _ = ended.recv_timeout(LAST_WORDS + Duration::from_secs(1));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.node.end(self.node.host.now());
    }
}

fn spawn(name: &str, alive: Sender<()>, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let run = move || {
        run();
        drop(alive);
    };
    thread::Builder::new().name(name.to_owned()).spawn(run).map(drop)
}

/// A word that is unlikely to come twice: the standard library seeds its tables from the operating system.
fn word() -> u64 {
    RandomState::new().build_hasher().finish()
}
