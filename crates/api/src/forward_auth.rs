//! `/forward-auth`: what nginx's `auth_request`, Traefik's ForwardAuth and Caddy's `forward_auth` ask before they serve a client.
//! Whom it is about is the gate's to say; docs/containers.md shows the three configurations.

use axum::http::StatusCode;
use gate::Passage;

/// Whether a client may pass
///
/// For web servers: 204 if the client may pass, 403 if it is banned from web services or on a blocklist; with any method, and
/// with nothing in either answer. A program on this host and a trusted proxy ask about the client that `X-Forwarded-For` or
/// `X-Real-IP` names; whoever else asks is told about its own address.
#[utoipa::path(get, path = "/forward-auth", tag = "bans", security(()),
    responses((status = 204, description = "It may."), (status = 403, description = "It may not.")))]
pub(crate) async fn ask(passage: Passage) -> StatusCode {
    match passage {
        Passage::Free => StatusCode::NO_CONTENT,
        Passage::Denied => StatusCode::FORBIDDEN,
    }
}
