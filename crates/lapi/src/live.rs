//! `/v1/decisions`: what is decided about one address or subnet, for bouncers that ask at every request of theirs. Nothing is
//! remembered of who asked.

use std::iter::once;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use event::Subject;
use gate::{Bouncer, Gate, Wrong};

use crate::ledger::Ledger;
use crate::query::{Parameters, Wanted};
use crate::refusal::Refusal;
use crate::table::{Decision, Table};
use crate::words::Words;
use crate::written::{List, Writer, answer};

/// `GET`.
pub async fn decisions(
    bouncer: Result<Bouncer, Wrong>,
    State(gate): State<Gate>,
    Extension(ledger): Extension<Arc<Ledger>>,
    parameters: Parameters,
) -> Result<Response, Refusal> {
    bouncer?;
    let asked = Asked::of(&parameters)?;
    let now = gate.now();
    let (found, writer) = gate
        .ask(move |desk| {
            let (table, words) = ledger.table(desk, now)?;
            Ok((asked.found(&table, &words), Writer::new(&table, &words, now)))
        })
        .await?;
    // CrowdSec has no empty list here, and its bouncers look for `null`.
    if found.is_empty() {
        return Ok(answer(once("null".to_owned())));
    }
    let pieces = writer.pieces(List::Some(found));
    Ok(answer(once("[".to_owned()).chain(pieces).chain(once("]".to_owned()))))
}

/// What is asked.
struct Asked {
    /// An address or a subnet that the decision must be about.
    subject: Option<Subject>,
    /// Whether the decision must hold all of it, and not only lie in it.
    contains: bool,
    value: Option<String>,
    kind: Option<String>,
    wanted: Wanted,
}

impl Asked {
    fn of(parameters: &Parameters) -> Result<Self, Refusal> {
        let address = parameters.subject("ip")?;
        let subject = if address.is_some() { address } else { parameters.subject("range")? };
        Ok(Self {
            subject,
            contains: parameters.text("contains") != Some("false"),
            value: parameters.text("value").map(str::to_owned),
            kind: parameters.text("type").map(str::to_owned),
            wanted: Wanted::of(parameters),
        })
    }

    fn found(&self, table: &Table, words: &Words) -> Vec<Decision> {
        if self.kind.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("ban"))
            || !self.wanted.origin(&words.origin)
        {
            return Vec::new();
        }
        // A value that is no subject is none of ours.
        let value = match self.value.as_ref().map(|value| value.parse::<Subject>()) {
            Some(Err(_)) => return Vec::new(),
            Some(Ok(subject)) => Some(subject),
            None => None,
        };
        let mut found = match (&self.subject, &value) {
            (_, Some(value)) => table.find(value).copied().into_iter().collect(),
            (Some(subject), None) if self.contains => table.around(subject),
            _ => table.decisions.clone(),
        };
        let is_about = |decision: &Decision| match &self.subject {
            Some(asked) if self.contains => decision.subject.covers(asked),
            Some(asked) => asked.covers(&decision.subject),
            None => true,
        };
        let is_wanted = |decision: &Decision| {
            let jail = table.jails.get(usize::from(decision.jail));
            self.wanted.subject(&decision.subject)
                && jail.is_some_and(|jail| self.wanted.scenario(&words.scenario(jail)))
        };
        found.retain(|decision| is_about(decision) && is_wanted(decision));
        found
    }
}
