//! What all requests share.

use std::net::IpAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::request;
use control::answer::Surroundings;
use control::desk::Part;
use control::{Desk, Event, Fault};
use event::{Moment, limit};
use tokio::sync::{Semaphore, broadcast};

use crate::attempts::Attempts;
use crate::country::{Countries, Country};
use crate::session::Sessions;
use crate::token::Families;
use crate::visitor::{self, Visitor};

/// The state of every router: cheap to clone.
#[derive(Clone)]
pub struct Gate {
    pub(crate) inner: Arc<Inner>,
}

/// What a gate is made of.
pub struct Parts {
    /// The running program.
    pub desk: Arc<dyn Desk>,
    /// What happens.
    pub events: broadcast::Sender<Event>,
    /// The clock.
    pub clock: fn() -> Moment,
    /// Where and how.
    pub http: config::Http,
}

pub(crate) struct Inner {
    pub desk: Arc<dyn Desk>,
    events: broadcast::Sender<Event>,
    clock: fn() -> Moment,
    pub http: config::Http,
    countries: Option<Countries>,
    country_problem: Option<String>,
    /// Never held across a wait.
    known: Mutex<Known>,
    /// Held while the desk is told who is signed in, so that the last list is the newest.
    pub protecting: Mutex<()>,
    /// Whether the task runs that ends sessions whose time is over.
    pub is_sweeping: AtomicBool,
    /// Set once it was said that a proxy is not trusted.
    pub has_warned_of_proxy: AtomicBool,
    /// Set once a password is known to be set: it is never unset again.
    pub is_set_up: AtomicBool,
    /// Passwords that may wait or be hashed.
    pub queue: Arc<Semaphore>,
    /// Passwords that may be hashed.
    pub hashing: Arc<Semaphore>,
}

/// Who is known at present.
#[derive(Default)]
pub(crate) struct Known {
    pub sessions: Sessions,
    pub families: Families,
    pub attempts: Attempts,
    /// The token of the link with which the first password is set.
    pub setup: Option<String>,
}

impl Gate {
    /// Puts the parts together, and reads the country database.
    pub fn new(parts: Parts) -> Self {
        let Parts { desk, events, clock, http } = parts;
        let (countries, country_problem) = match http.country_database.as_deref().map(Countries::open) {
            None => (None, None),
            Some(Ok(countries)) => (Some(countries), None),
            Some(Err(problem)) => (None, Some(problem)),
        };
        let inner = Inner {
            desk,
            events,
            clock,
            http,
            countries,
            country_problem,
            known: Mutex::default(),
            protecting: Mutex::default(),
            is_sweeping: AtomicBool::new(false),
            has_warned_of_proxy: AtomicBool::new(false),
            is_set_up: AtomicBool::new(false),
            queue: Arc::new(Semaphore::new(limit::PASSWORDS_AT_ONCE + limit::PASSWORDS_WAITING)),
            hashing: Arc::new(Semaphore::new(limit::PASSWORDS_AT_ONCE)),
        };
        Self { inner: Arc::new(inner) }
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

    /// What does not do its work: anybody may ask.
    pub fn broken(&self) -> Vec<Part> {
        self.inner.desk.broken()
    }

    /// Where the program runs.
    pub fn surroundings(&self) -> Surroundings {
        self.inner.desk.surroundings()
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        (self.inner.clock)()
    }

    /// The country of an address, where a database is configured and knows it.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        self.inner.countries.as_ref()?.country(address)
    }

    /// Why no country is known although a database is configured: to be said where the administrator reads it.
    pub fn country_problem(&self) -> Option<String> {
        self.inner.country_problem.clone()
    }

    /// `[http]` as this gate was made with.
    pub fn http(&self) -> &config::Http {
        &self.inner.http
    }

    /// Who asks.
    pub(crate) fn visitor(&self, parts: &request::Parts) -> Visitor {
        let http = &self.inner.http;
        Visitor::of(visitor::peer(parts), &parts.headers, &http.trusted_proxies, http.speaks_tls())
    }

    /// A thread that panicked in here left a table that is still whole: each change of it is one call.
    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.inner.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
