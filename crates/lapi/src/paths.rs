//! Which path is answered by what, at the root as CrowdSec has it and below MikoPBX's path.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::routing::{MethodRouter, any, get, post};
use axum::{Extension, Router};
use gate::{Bouncer, Gate, Wrong};

use crate::ledger::Ledger;
use crate::refusal::Refusal;
use crate::{live, stream, whitelist};

/// Where MikoPBX has them.
const MIKO: &str = "/pbxcore/api/v3/firewall-bouncer";

/// CrowdSec's paths.
pub fn router() -> Router<Gate> {
    let mut router = Router::new();
    for base in ["", MIKO] {
        router = router
            .route(&format!("{base}/v1/decisions/stream"), there(get(stream::stream)))
            .route(&format!("{base}/v1/decisions"), there(get(live::decisions)))
            .route(&format!("{base}/v1/usage-metrics"), post(metrics))
            .route(&format!("{base}/v1/{{*rest}}"), any(unknown));
    }
    router
        .route(&format!("{MIKO}/v1/whitelist"), get(whitelist::whitelist))
        .route(&format!("{MIKO}/{{*rest}}"), any(unknown))
        .method_not_allowed_fallback(wrong_method)
        .layer(Extension(Arc::new(Ledger::default())))
}

/// `HEAD` says only whether a key is good. Without a handler of its own it would be a `GET`, and take a difference away.
fn there(get: MethodRouter<Gate>) -> MethodRouter<Gate> {
    get.head(is_there)
}

async fn is_there(bouncer: Result<Bouncer, Wrong>) -> Result<[(HeaderName, &'static str); 1], Refusal> {
    bouncer?;
    Ok([(CONTENT_TYPE, "text/plain; charset=utf-8")])
}

/// What a bouncer counted is read and left: the kernel's own counters are in `/metrics`. Any other answer makes the bouncer warn.
async fn metrics(bouncer: Result<Bouncer, Wrong>, _: Bytes) -> Result<StatusCode, Refusal> {
    bouncer?;
    Ok(StatusCode::CREATED)
}

async fn unknown() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "there is no such path")
}

async fn wrong_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not know that method")
}
