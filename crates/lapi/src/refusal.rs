//! CrowdSec's one shape of error: `{"message":"…"}`.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use control::Fault;
use gate::Wrong;
use serde_json::json;

/// Why not.
#[derive(Clone, Debug)]
pub struct Refusal {
    status: StatusCode,
    message: String,
}

impl Refusal {
    /// With a word about it.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// A parameter of the query cannot be read.
    pub fn unreadable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

impl From<Wrong> for Refusal {
    /// Whoever is not let in learns what CrowdSec says; bouncers know that word.
    fn from(_: Wrong) -> Self {
        Self::new(StatusCode::FORBIDDEN, "access forbidden")
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        let wrong = Wrong::from(fault);
        let message = wrong.problems.first().map(|problem| problem.what.clone()).unwrap_or_default();
        Self::new(StatusCode::from_u16(wrong.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), message)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "message": self.message }))).into_response()
    }
}
