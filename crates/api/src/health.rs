//! `/healthz`: whether the program does its work, for whoever watches it. It names what is broken and no more: everybody
//! may ask.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use control::desk;
use gate::Gate;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether the program does its work.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok` or `broken`.
    status: HealthWord,
    /// What is broken; empty if nothing is.
    broken: Vec<Part>,
}

/// Whether the program does its work.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HealthWord {
    /// It does.
    Ok,
    /// It does not.
    Broken,
}

/// A part of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Part {
    /// Bans do not reach the kernel.
    Enforcement,
    /// Nothing can be recorded.
    Store,
    /// The program does not answer.
    Engine,
}

/// Whether the program does its work
///
/// Needs no sign-in. That it only observes, or is switched off, is no fault: `/status` says it.
#[utoipa::path(get, path = "/healthz", tag = "status", security(()),
    responses(
        (status = 200, description = "It does.", body = Health),
        (status = 503, description = "It does not.", body = Health)))]
pub(crate) async fn healthz(State(gate): State<Gate>) -> (StatusCode, Json<Health>) {
    let broken: Vec<Part> = gate.broken().into_iter().map(Part::from).collect();
    let (code, status) = if broken.is_empty() {
        (StatusCode::OK, HealthWord::Ok)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, HealthWord::Broken)
    };
    (code, Json(Health { status, broken }))
}

impl From<desk::Part> for Part {
    fn from(part: desk::Part) -> Self {
        match part {
            desk::Part::Enforcement => Self::Enforcement,
            desk::Part::Store => Self::Store,
            desk::Part::Engine => Self::Engine,
        }
    }
}
