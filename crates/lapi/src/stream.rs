//! `/v1/decisions/stream`: with `startup=true` everything, else what changed since this bouncer asked last.

use std::iter::once;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use gate::{Bouncer, Gate, Wrong};

use crate::ledger::{Answer, Ledger, New};
use crate::query::{Parameters, Wanted};
use crate::refusal::Refusal;
use crate::written::{List, Writer, answer};

/// `GET`.
pub async fn stream(
    bouncer: Result<Bouncer, Wrong>,
    State(gate): State<Gate>,
    Extension(ledger): Extension<Arc<Ledger>>,
    parameters: Parameters,
) -> Result<Response, Refusal> {
    let bouncer = bouncer?;
    let (wanted, startup) = (Wanted::of(&parameters), parameters.is_true("startup"));
    let now = gate.now();
    let asked = Arc::clone(&ledger);
    let told = gate.ask(move |desk| asked.answer(desk, now, bouncer, wanted, startup)).await?;
    let Answer { deleted, new, table, words, receipt } = told;
    let writer = Writer::new(&table, &words, now);
    let new = match new {
        New::All => List::All(table),
        New::Some(decisions) => List::Some(decisions),
    };
    let mut receipt = Some(receipt);
    let end = once(()).map(move |()| {
        if let Some(receipt) = receipt.take() {
            ledger.sent(receipt);
        }
        "]}".to_owned()
    });
    let pieces = once("{\"new\":[".to_owned())
        .chain(writer.clone().pieces(new))
        .chain(once("],\"deleted\":[".to_owned()))
        .chain(writer.pieces(List::Some(deleted)))
        .chain(end);
    Ok(answer(pieces))
}
