//! The pages.

use axum::Router;
use gate::Gate;

/// Its paths.
pub fn router() -> Router<Gate> {
    Router::new()
}
