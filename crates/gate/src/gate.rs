//! What all requests share.

use std::net::IpAddr;
use std::sync::Arc;

use control::{Desk, Event, Fault};
use event::Moment;
use tokio::sync::broadcast;

/// The state of every router: cheap to clone.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    desk: Arc<dyn Desk>,
    events: broadcast::Sender<Event>,
    clock: fn() -> Moment,
}

/// A country, as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Country {
    /// Two letters.
    pub code: String,
    /// In English.
    pub name: String,
}

impl Gate {
    /// Puts the parts together.
    pub fn new(desk: Arc<dyn Desk>, events: broadcast::Sender<Event>, clock: fn() -> Moment) -> Self {
        Self { inner: Arc::new(Inner { desk, events, clock }) }
    }

    /// Asks the desk, off the threads that serve requests, because the answer may take a while.
    pub async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Desk) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let desk = Arc::clone(&self.inner.desk);
        let answer = tokio::task::spawn_blocking(move || question(&*desk)).await;
        answer.unwrap_or_else(|cause| Err(Fault::Broken(format!("the answer was lost: {cause}"))))
    }

    /// What happens from now on. A receiver that lags is told so, and asks for everything anew.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.inner.events.subscribe()
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        (self.inner.clock)()
    }

    /// The country of an address, where a database is configured and knows it.
    pub fn country(&self, _address: IpAddr) -> Option<Country> {
        None
    }
}
