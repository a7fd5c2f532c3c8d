//! The change that waits to be confirmed: kept or taken back from any page.

use axum::response::Response;
use control::{Actor, Desk, Fault};
use serde::Deserialize;

use crate::banner::Banner;
use crate::visit::{Posted, Visit};

/// The form of the notice.
#[derive(Deserialize)]
pub(crate) struct Answer {
    back: String,
}

/// `POST /trial/confirm`.
pub(crate) async fn confirm(Posted { visit, data: answer }: Posted<Answer>) -> Response {
    settle(&visit, &answer, "trial-confirmed", |desk, actor| desk.confirm(actor)).await
}

/// `POST /trial/take-back`.
pub(crate) async fn take_back(Posted { visit, data: answer }: Posted<Answer>) -> Response {
    settle(&visit, &answer, "trial-taken-back", |desk, actor| desk.roll_back(actor)).await
}

async fn settle(
    visit: &Visit,
    answer: &Answer,
    done: &str,
    how: impl FnOnce(&dyn Desk, &Actor) -> Result<(), Fault> + Send + 'static,
) -> Response {
    let actor = visit.actor.clone();
    let banner = match visit.gate.ask(move |desk| how(desk, &actor)).await {
        Ok(()) => Banner::done(visit.text.say(done)),
        Err(fault) => Banner::fault(&visit.text, &fault),
    };
    visit.back_to(&answer.back, &banner)
}
