//! What surrounds every router: the headers of every answer, forged requests refused, bounds on time and size, errors in our
//! shape also where no handler was reached.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use event::limit;

use crate::caller;
use crate::gate::Gate;
use crate::origin;
use crate::passage::FORWARD_AUTH;
use crate::plain::Plain;
use crate::visitor;
use crate::wrong::{Problem, Wrong};

/// No script, style, picture or connection but our own; in no frame; forms go nowhere else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Puts a router behind the gate.
pub fn layers(router: Router<Gate>, gate: Gate) -> Router {
    router
        .layer(DefaultBodyLimit::max(limit::HTTP_BODY_BYTES))
        .with_state(gate.clone())
        .layer(middleware::from_fn_with_state(gate, around))
}

async fn around(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    warn_of_proxy(&gate, &parts);
    let response = match refusal(&gate, &parts) {
        Err(wrong) => {
            let span = Duration::from_secs(limit::HTTP_HEAD_SECONDS);
            let _ = tokio::time::timeout(span, discard(body)).await;
            wrong.into_response()
        }
        Ok(()) => {
            let span = Duration::from_secs(limit::HTTP_REQUEST_SECONDS);
            let answer = tokio::time::timeout(span, next.run(Request::from_parts(parts, body))).await;
            answer.unwrap_or_else(|_| slow().into_response())
        }
    };
    let mut response = in_shape(&path, response);
    protect(response.headers_mut(), &gate);
    response
}

/// A proxy on this host that is not named as trusted makes every client look like this host, which is never banned.
fn warn_of_proxy(gate: &Gate, parts: &Parts) {
    let peer = visitor::peer(parts);
    // A web server that asks whether its client may pass hands nothing on.
    let is_proxy = peer.is_loopback()
        && parts.headers.contains_key("x-forwarded-for")
        && parts.uri.path() != FORWARD_AUTH;
    if is_proxy
        && !visitor::is_among(&gate.http().trusted_proxies, peer)
        && !gate.inner.has_warned_of_proxy.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(
            "a proxy at {peer} hands on requests, and every client looks like this host; if it is yours, write \
             trusted_proxies = [\"{peer}\"] under [http]"
        );
    }
}

/// Whether a request may reach a handler at all.
fn refusal(gate: &Gate, parts: &Parts) -> Result<(), Wrong> {
    if parts.method == Method::TRACE || parts.method == Method::CONNECT {
        return Err(Wrong::method("another method"));
    }
    // Cookies, origin and length are those of a request to another site, which is only asked about here.
    if parts.uri.path() == FORWARD_AUTH {
        return Ok(());
    }
    let length = parts.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    if length > limit::HTTP_BODY_BYTES as u64 {
        return Err(Wrong::too_large(limit::HTTP_BODY_BYTES));
    }
    let has_cookie = parts.headers.contains_key(header::COOKIE);
    if has_cookie && !caller::is_safe(&parts.method) && !origin::is_ours(gate, parts) {
        let text = origin::refused().text;
        return Err(Wrong::forbidden("origin", text, "a request of our own pages"));
    }
    Ok(())
}

/// Reads what nobody wants, up to a bound and without keeping it: most clients read no answer before they have sent everything, and
/// would never learn why they were hung up on.
async fn discard(mut body: Body) {
    let mut left = limit::HTTP_DISCARDED_BYTES;
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

fn slow() -> Wrong {
    Wrong::one(408, Problem::new("request", "the request took too long", "a body that arrives in time"))
}

/// Gives errors the shape that whoever asks expects: JSON for programs, a page for people.
fn in_shape(path: &str, response: Response) -> Response {
    let status = response.status();
    let media = response.headers().get(header::CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
    let is_json = media.as_ref().is_some_and(|media| media.starts_with(b"application/json"));
    if is_of_programs(path) {
        return match status {
            StatusCode::NOT_FOUND if !is_json => {
                Wrong::missing("path", "there is no such path").into_response()
            }
            StatusCode::METHOD_NOT_ALLOWED if !is_json => {
                let allow = response.headers().get(header::ALLOW).cloned();
                let allowed =
                    allow.as_ref().and_then(|allow| allow.to_str().ok()).unwrap_or("another method");
                let mut shaped = Wrong::method(allowed).into_response();
                allow.map(|allow| shaped.headers_mut().insert(header::ALLOW, allow));
                shaped
            }
            _ => response,
        };
    }
    let text = match status {
        StatusCode::NOT_FOUND if media.is_none() => "There is no such page.",
        StatusCode::METHOD_NOT_ALLOWED if media.is_none() || is_json => {
            "This page does not know that method."
        }
        StatusCode::FORBIDDEN if is_json => return origin::refused().into_response(),
        StatusCode::PAYLOAD_TOO_LARGE if is_json => "The request is too large.",
        StatusCode::REQUEST_TIMEOUT if is_json => "The request took too long.",
        _ => return response,
    };
    let mut shaped = Plain::new(status, text).into_response();
    if let Some(allow) = response.headers().get(header::ALLOW) {
        shaped.headers_mut().insert(header::ALLOW, allow.clone());
    }
    shaped
}

/// Whether a path is for programs and not for people.
fn is_of_programs(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    matches!(first, "api" | "pbxcore" | "v1" | "metrics" | "healthz")
}

fn protect(headers: &mut HeaderMap, gate: &Gate) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Files that never change say so themselves; everything else is somebody's own.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // A browser that was told this refuses our own certificate for good; so only a certificate of the administrator's says it.
    if gate.http().speaks_tls() && gate.http().certificate.is_some() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}
