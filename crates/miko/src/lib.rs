//! MikoPBX's REST paths under `/pbxcore/api/v3`.

use axum::Router;
use gate::Gate;

/// Its paths.
pub fn router() -> Router<Gate> {
    Router::new()
}
