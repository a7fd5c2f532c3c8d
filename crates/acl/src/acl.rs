//! The joint: one thread that looks what is wanted when it is woken, writes what differs, and tells Asterisk and nginx.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use config::{Asterisk, Nginx};
use event::{Categories, Moment, Subject};

use crate::outlet::Outlet;

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
    /// Addresses and subnets in its lists, counted for each.
    pub held: u64,
    /// Those that found no place in them, since each list has a bound.
    pub left_out: u64,
    /// When it was last written and its program told.
    pub written: Option<Moment>,
    /// How often its program was told to read again.
    pub reloads: u64,
}

/// The lists.
#[derive(Debug)]
pub struct Acl {
    bell: SyncSender<()>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    is_stopped: AtomicBool,
    health: Mutex<Vec<Health>>,
}

impl Acl {
    /// Starts the thread. It looks at once what is wanted, so that the files are there before anybody is refused.
    pub fn start(
        asterisk: Option<Asterisk>,
        nginx: Option<Nginx>,
        host: Arc<dyn Host>,
    ) -> std::io::Result<Self> {
        let outlets: Vec<Outlet> =
            asterisk.map(Outlet::asterisk).into_iter().chain(nginx.map(Outlet::nginx)).collect();
        // One place: a bell that has rung and was not heard yet need not ring again.
        let (bell, rings) = sync_channel(1);
        let shared = Arc::new(Shared::default());
        shared.publish(&outlets);
        let own = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("acl".to_owned())
            .spawn(move || run(outlets, &rings, host.as_ref(), &own))?;
        Ok(Self { bell, shared })
    }

    /// Something has changed. Never waits.
    pub fn wake(&self) {
        // If the bell has rung already, this change is seen with the one that rang it.
        let _ = self.bell.try_send(());
    }

    /// How the lists stand.
    pub fn health(&self) -> Vec<Health> {
        self.shared.health.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the thread, without waiting for it: it may be asking the one who calls this. The lists stay as they are.
    pub fn stop(&self) {
        self.shared.is_stopped.store(true, Ordering::Release);
        self.wake();
    }
}

impl Drop for Acl {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn publish(&self, outlets: &[Outlet]) {
        let health = outlets.iter().map(|outlet| outlet.health.clone()).collect();
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
    }
}

fn run(mut outlets: Vec<Outlet>, rings: &Receiver<()>, host: &dyn Host, shared: &Shared) {
    while !shared.is_stopped.load(Ordering::Acquire) {
        let now = host.now();
        let Some(wait) = outlets.iter().map(|outlet| outlet.pace.wait(now)).min() else { return };
        if wait.is_zero() {
            let Some(denied) = host.denied() else { return };
            for outlet in outlets.iter_mut().filter(|outlet| outlet.pace.wait(now).is_zero()) {
                outlet.look(&denied, host);
            }
            shared.publish(&outlets);
            continue;
        }
        match rings.recv_timeout(wait) {
            Ok(()) => outlets.iter_mut().for_each(|outlet| outlet.pace.want()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
