//! `/events`: what happens while somebody listens, as server-sent events. Whoever falls behind is told so (`lagged`) and asks
//! for everything anew; nothing is kept for anybody.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use control::Event;
use control::desk::{Lifted, Roster};
use event::limit;
use futures_util::stream;
use gate::{Gate, Reader, Wrong};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use utoipa::ToSchema;

use crate::bans::Ban;
use crate::trial::{Trial, Waiting};

/// A ban ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct LiftedBan {
    /// Whose.
    address: String,
    /// In which jail; null for all.
    jail: Option<String>,
}

/// The places for listeners.
#[derive(Clone)]
pub(crate) struct Places(Arc<Semaphore>);

impl Default for Places {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(limit::EVENT_LISTENERS)))
    }
}

/// A listener: its place is free again when it is dropped.
struct Listener {
    gate: Gate,
    events: broadcast::Receiver<Event>,
    roster: Arc<Roster>,
    end: tokio::time::Instant,
    _place: OwnedSemaphorePermit,
}

/// What happens from now on
///
/// Server-sent events; `data` is JSON. `banned`: a ban as in the list of bans, made or prolonged. `lifted`: `{"address","jail"}`,
/// a ban ended. `settings`: the settings changed, ask for them anew. `trial`: `{"trial"}`, as `/firewall/trial` says.
/// `lagged`: you were too slow and missed some; ask for everything anew. Comments keep the connection alive. After an hour
/// the stream ends; listen again.
#[utoipa::path(get, path = "/events", tag = "events",
    responses((status = 200, description = "The stream.", content_type = "text/event-stream", body = String)))]
pub(crate) async fn events(
    _: Reader,
    State(gate): State<Gate>,
    Extension(places): Extension<Places>,
) -> Result<Response, Wrong> {
    let place = places.0.try_acquire_owned().map_err(|_| {
        Wrong::too_many(format!("all {} places for listeners are taken", limit::EVENT_LISTENERS), 30)
    })?;
    let events = gate.events();
    let roster = gate.ask(|desk| desk.bans()).await?;
    // Only for how long a listener may stay: its key or session is looked at again when it comes back.
    let end = tokio::time::Instant::now() + Duration::from_secs(limit::EVENT_STREAM_SECONDS);
    let listener = Listener { gate, events, roster, end, _place: place };
    let stream = stream::unfold(listener, |mut listener| async move {
        let sent = listener.next().await?;
        Some((Ok::<_, Infallible>(sent), listener))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()).into_response())
}

impl Listener {
    /// The next event; `None` at the end of the time, or when the program stops.
    async fn next(&mut self) -> Option<Sent> {
        let event = match tokio::time::timeout_at(self.end, self.events.recv()).await.ok()? {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                return Some(named("lagged", &serde_json::json!({ "missed": missed })));
            }
            Err(broadcast::error::RecvError::Closed) => return None,
        };
        Some(match event {
            Event::Banned(ban) => {
                self.know(&ban.jail).await;
                named("banned", &Ban::of(&ban, &self.roster, &self.gate))
            }
            Event::Lifted(Lifted { subject, jail }) => {
                let jail = jail.map(|jail| jail.to_string());
                named("lifted", &LiftedBan { address: subject.to_string(), jail })
            }
            Event::Settings => named("settings", &serde_json::json!({})),
            Event::Trial(trial) => named("trial", &Waiting { trial: trial.as_ref().map(Trial::of) }),
        })
    }

    /// A jail that came with new settings has its service in a newer roster.
    async fn know(&mut self, jail: &event::JailName) {
        if self.roster.services.contains_key(jail) || jail.as_str() == event::JailName::MANUAL {
            return;
        }
        if let Ok(roster) = self.gate.ask(|desk| desk.bans()).await {
            self.roster = roster;
        }
    }
}

fn named(name: &str, data: &impl Serialize) -> Sent {
    // JSON has no line ends outside of texts, and inside they are escaped: one line of data.
    Sent::default().event(name).data(serde_json::to_string(data).unwrap_or_default())
}
