//! MikoPBX's `/v1/whitelist`: who is never blocked because the administrator says so, as a flat list.

use axum::Json;
use axum::extract::State;
use gate::{Bouncer, Gate, Wrong};

use crate::refusal::Refusal;

/// `GET`.
pub async fn whitelist(
    bouncer: Result<Bouncer, Wrong>,
    State(gate): State<Gate>,
) -> Result<Json<Vec<String>>, Refusal> {
    bouncer?;
    let written = gate.ask(|desk| desk.settings()).await?;
    let mut subjects: Vec<_> = written.settings.whitelist_entries().map(|(subject, _)| subject).collect();
    subjects.sort();
    subjects.dedup();
    Ok(Json(subjects.iter().map(ToString::to_string).collect()))
}
