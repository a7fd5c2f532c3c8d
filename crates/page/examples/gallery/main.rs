//! The pages with made-up data, for whoever translates them or changes how they look: `cargo run -p page --example gallery`, then
//! http://localhost:8766, account `admin`, password `gallery gallery`. Nothing is watched, blocked or written, and what a form
//! changes lasts until the program ends. Arguments: how many addresses are blocked, and `container` for one that runs in one.

#![allow(clippy::print_stdout, missing_docs)]

mod desk;
mod container;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::response::sse::{Event as Sent, Sse};
use axum::routing::get;
use control::Event;
use event::Moment;
use gate::{Gate, Parts};
use quiet_desk::QuietDesk;
use tokio::sync::broadcast;

use desk::{Gallery, State, ban};

const ADDRESS: ([u8; 4], u16) = ([127, 0, 0, 1], 8766);

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let password = gate::password::hash("gallery gallery").map_err(std::io::Error::other)?;
    let (events, _) = broadcast::channel(64);
    let bans = std::env::args().nth(1).and_then(|bans| bans.parse().ok()).unwrap_or(137);
    let is_contained = std::env::args().nth(2).is_some_and(|word| word == "container");
    let desk = Arc::new(QuietDesk(Gallery { password, is_contained, state: Mutex::new(State::new(bans)) }));
    let gate = Gate::new(Parts {
        desk: desk.clone(),
        events: events.clone(),
        clock: now,
        http: config::Http::default(),
    });
    let told = events.clone();
    let router = page::router().route("/api/v1/events", get(move || listen(told.subscribe())));
    let router: Router = gate::layers(router, gate);
    tokio::spawn(busy(desk, events));
    let listener = tokio::net::TcpListener::bind(SocketAddr::from(ADDRESS)).await?;
    println!("http://localhost:{}", ADDRESS.1);
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
}

fn now() -> Moment {
    Moment::from_millis(jiff::Timestamp::now().as_millisecond())
}

async fn listen(
    events: broadcast::Receiver<Event>,
) -> Sse<impl futures_util::Stream<Item = Result<Sent, Infallible>>> {
    Sse::new(futures_util::stream::unfold(events, |mut events| async move {
        events.recv().await.ok()?;
        Some((Ok(Sent::default().event("banned").data("{}")), events))
    }))
}

/// Somebody is blocked every five seconds, so that one sees the list grow.
async fn busy(desk: Arc<QuietDesk<Gallery>>, events: broadcast::Sender<Event>) {
    for number in 0..200_u8 {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let ban = ban(&format!("198.18.0.{number}"), "asterisk", 0, 600, 20);
        desk.state().put(ban.clone());
        let _ = events.send(Event::Banned(ban));
    }
}
