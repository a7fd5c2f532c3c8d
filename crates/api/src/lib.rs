//! The HTTP API under `/api/v1`, its OpenAPI document, `/metrics` and `/healthz`.

use axum::Router;
use gate::Gate;

/// Its paths.
pub fn router() -> Router<Gate> {
    Router::new()
}
