//! Blocked addresses: the list, searched, sorted and in pages; unblocking; and the ways to a single address and to blocking by hand.
//! An address that several jails block is one row.

mod list;
mod by_hand;
mod why;
mod reason;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::{get, post};
use control::desk::Lifted;
use event::Subject;
use gate::Gate;
use serde::Deserialize;

use crate::banner::{Banner, Kind};
use crate::failed::Failed;
use crate::frame::{Frame, Item};
use crate::visit::{Posted, Visit};
pub(crate) use list::count;
use list::{Asked, Listed};

/// Its paths.
pub(crate) fn routes() -> Router<Gate> {
    Router::new()
        .route("/blocked", get(show))
        .route("/blocked/unblock", post(unblock))
        .route("/blocked/new", get(by_hand::show).post(by_hand::block))
        .route("/blocked/{*address}", get(why::show))
}

#[derive(Template)]
#[template(path = "blocked.html")]
struct Blocked {
    frame: Frame,
    asked: Asked,
    listed: Listed,
}

impl Blocked {
    fn here(&self) -> String {
        self.asked.at_page(self.listed.page)
    }

    fn first(&self) -> String {
        self.asked.at_page(1)
    }

    fn previous(&self) -> String {
        self.asked.at_page(self.listed.page.saturating_sub(1))
    }

    fn next(&self) -> String {
        self.asked.at_page(self.listed.page + 1)
    }

    fn last(&self) -> String {
        self.asked.at_page(self.listed.pages)
    }
}

async fn show(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Failed> {
    let (gate, text, wish) = (visit.gate.clone(), visit.text, asked.clone());
    // On the desk's thread, because going through a hundred thousand bans takes a moment.
    let listed = visit.ask(move |desk| Ok(Listed::new(text, &gate, &*desk.bans()?, &wish))).await?;
    let frame = visit.frame(Item::Blocked).await;
    Ok(visit.page(&Blocked { frame, asked, listed }))
}

#[derive(Deserialize)]
struct Selected {
    /// The button of one row.
    one: Option<String>,
    /// The boxes that are ticked.
    #[serde(default)]
    address: Vec<String>,
    /// The list's query, to go back to.
    #[serde(default)]
    back: String,
}

/// `POST /blocked/unblock`: the row whose button was pressed, else all that are selected.
async fn unblock(Posted { visit, data }: Posted<Selected>) -> Response {
    let text = visit.text;
    let wanted = match data.one {
        Some(one) => vec![one],
        None => data.address,
    };
    let subjects: Vec<Subject> = wanted.iter().filter_map(|address| address.parse().ok()).collect();
    let back = if data.back.is_empty() { "/blocked" } else { &data.back };
    if subjects.is_empty() {
        return visit.back_to(back, &Banner::new(Kind::Note, text.say("blocked-none-selected")));
    }
    let which: Vec<Lifted> =
        subjects.iter().map(|subject| Lifted { subject: *subject, jail: None }).collect();
    let actor = visit.actor.clone();
    let banner = match visit.gate.ask(move |desk| desk.unban(&which, &actor)).await {
        Ok(0) => Banner::new(Kind::Note, text.say("blocked-was-gone")),
        Ok(_) if subjects.len() == 1 => {
            Banner::done(text.with("address", subjects[0].to_string()).say("blocked-unblocked"))
        }
        Ok(_) => Banner::done(text.with("count", subjects.len()).say("blocked-unblocked-many")),
        Err(fault) => Banner::fault(&text, &fault),
    };
    visit.back_to(back, &banner)
}
