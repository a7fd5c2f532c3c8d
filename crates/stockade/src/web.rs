//! The page and the API, put together and served. The only place where they meet; none of them knows another.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use config::Http;
use control::Event;
use control::answer::Notice;
use event::limit::EVENTS;
use gate::{Gate, Parts, Running, Server};
use tokio::sync::{Notify, broadcast};

use crate::board::Audience;
use crate::clock;
use crate::desk::Desk;

/// What happens, handed on to whoever listens over HTTP.
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<Event>);

impl Events {
    /// With nobody listening yet.
    pub fn new() -> Self {
        Self(broadcast::channel(EVENTS).0)
    }

    /// Hands on what it is told. Whoever listens too slowly is told that it missed something.
    pub fn audience(&self) -> Audience {
        let events = self.0.clone();
        Box::new(move |event| _ = events.send(event))
    }
}

/// Binds the port. Stockade protects without its page too: that it cannot be served is said, and no reason to stop.
pub fn prepare(
    http: &Http,
    state_dir: &Path,
    events: Events,
    new_password: &Arc<Notify>,
) -> Result<Option<Web>, String> {
    if http.listen.is_none() {
        return Ok(None);
    }
    let server = Server::bind(http, state_dir).map_err(|wrong| {
        tracing::error!("{wrong}");
        wrong.to_string()
    })?;
    Ok(Some(Web { server, http: http.clone(), events, new_password: Arc::clone(new_password) }))
}

/// What is bound and not served yet.
pub struct Web {
    server: Server,
    http: Http,
    events: Events,
    /// Told when the password was set on the command line.
    new_password: Arc<Notify>,
}

impl Web {
    /// Serves until `Running::stop`.
    pub fn serve(self, desk: &Arc<Desk>) -> Option<Running> {
        let Self { server, http, events, new_password } = self;
        let shared: Arc<dyn control::Desk> = Arc::clone(desk) as _;
        let gate = Gate::new(Parts { desk: shared, events: events.0, clock: clock::now, http });
        end_sessions_with_the_password(gate.clone(), new_password);
        if let Some(problem) = gate.country_problem() {
            tracing::warn!("{problem}");
            desk.point_out(Notice::new("country-database", &[("error", &problem)], problem.clone()));
        }
        let base = server.base_url();
        match gate.setup_link(&base) {
            Some(link) => {
                tracing::warn!("no password is set yet; set it with this link, which works once: {link}");
            }
            None => tracing::info!("the page is at {base}"),
        }
        let router = page::router().merge(api::router()).merge(miko::router()).merge(lapi::router());
        let started = server.start(miko::enveloped(gate::layers(router, gate)));
        started.map_err(|wrong| tracing::error!("the page is not served: {wrong}")).ok()
    }
}

/// A password that is set on the command line may be meant to throw somebody out.
fn end_sessions_with_the_password(gate: Gate, new_password: Arc<Notify>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else {
        return tracing::error!("sessions will not end when the password is set: no thread can be had");
    };
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                new_password.notified().await;
                gate.end_sessions(None).await;
            }
        })
    });
}
