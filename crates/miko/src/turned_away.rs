//! What stands before the paths (forged requests, bounds on time and size) turns requests away in the API's shape of error.
//! Here it is put into the envelope.

use axum::Router;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use event::limit;
use gate::Wrong;

use crate::action::Action;
use crate::envelope::Envelope;

/// Puts what turns requests away from MikoPBX's paths into the envelope. It goes around everything, also around the gate's layers.
pub fn enveloped(router: Router) -> Router {
    router.layer(middleware::from_fn(around))
}

/// CrowdSec's paths lie below MikoPBX's and have a shape of their own.
fn is_ours(path: &str) -> bool {
    path.strip_prefix("/pbxcore/api/v3/").is_some_and(|rest| !rest.starts_with("firewall-bouncer/"))
}

async fn around(request: Request, next: Next) -> Response {
    let ours = is_ours(request.uri().path());
    let response = next.run(request).await;
    if !ours || response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, limit::MIKO_BODY_BYTES).await else { return parts.into_response() };
    match serde_json::from_slice::<Wrong>(&bytes) {
        Ok(wrong) => {
            let shaped = Envelope::of(Action::Unknown, Err(wrong.into())).into_response();
            let (own, body) = shaped.into_parts();
            parts.headers.remove(axum::http::header::CONTENT_LENGTH);
            parts.headers.extend(own.headers);
            Response::from_parts(parts, body)
        }
        Err(_) => Response::from_parts(parts, bytes.into()),
    }
}
