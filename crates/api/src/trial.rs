//! `/firewall/trial`, `/firewall/confirm`, `/firewall/roll-back`: a change that is undone unless somebody confirms it in time.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use control::desk;
use control::time::rfc3339;
use gate::{Caller, Gate, Reader, Wrong};
use serde::Serialize;
use utoipa::ToSchema;

/// A change that waits to be confirmed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Trial {
    /// Until when; then it is undone.
    #[schema(format = DateTime)]
    until: String,
    /// Who made it.
    #[schema(example = "admin")]
    by: String,
}

/// The change that waits, if one does.
#[derive(Serialize, ToSchema)]
pub(crate) struct Waiting {
    /// Null if none waits.
    pub(crate) trial: Option<Trial>,
}

impl Trial {
    /// As the API shows it.
    pub(crate) fn of(trial: &desk::Trial) -> Self {
        Self { until: rfc3339(trial.until), by: trial.by.clone() }
    }
}

/// The change that waits to be confirmed
#[utoipa::path(get, path = "/firewall/trial", tag = "firewall",
    responses((status = 200, description = "The change that waits, or null.", body = Waiting)))]
pub(crate) async fn read(_: Reader, State(gate): State<Gate>) -> Result<Json<Waiting>, Wrong> {
    let trial = gate.ask(|desk| Ok(desk.trial())).await?;
    Ok(Json(Waiting { trial: trial.as_ref().map(Trial::of) }))
}

/// Keep the change that waits
#[utoipa::path(post, path = "/firewall/confirm", tag = "firewall",
    responses((status = 204, description = "It is kept."), (status = 404, response = crate::document::NotFound)))]
pub(crate) async fn confirm(caller: Caller, State(gate): State<Gate>) -> Result<StatusCode, Wrong> {
    gate.ask(move |desk| desk.confirm(&caller.actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take the change that waits back at once
#[utoipa::path(post, path = "/firewall/roll-back", tag = "firewall",
    responses((status = 204, description = "It is undone."), (status = 404, response = crate::document::NotFound)))]
pub(crate) async fn roll_back(caller: Caller, State(gate): State<Gate>) -> Result<StatusCode, Wrong> {
    gate.ask(move |desk| desk.roll_back(&caller.actor)).await?;
    Ok(StatusCode::NO_CONTENT)
}
