//! Whether a request that changes something was made by our own pages, as the browser says. Programs other than browsers send
//! none of these headers and are let through: what they lack is a session.

use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};

use crate::gate::Gate;
use crate::plain::Plain;
use crate::visitor;

/// What the browser says of where a request comes from.
pub(crate) fn is_ours(gate: &Gate, parts: &Parts) -> bool {
    let headers = &parts.headers;
    let site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if !matches!(site, None | Some(b"same-origin" | b"none")) {
        return false;
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Some(origin) = origin.to_str().ok().and_then(split) else { return false };
    // A page that came unprotected may have been made up on its way: it may not send to one that is protected.
    if gate.visitor(parts).is_secure && origin.0 != "https" {
        return false;
    }
    hosts(gate, parts).any(|host| is_same_host(&origin, host))
}

/// The answer to a request that was made elsewhere.
pub(crate) fn refused() -> Plain {
    let text = "This request was made by another site. If Stockade is behind a proxy, let the proxy hand on the header Host \
                as it is, or name the proxy in trusted_proxies and let it set X-Forwarded-Host.";
    Plain::new(StatusCode::FORBIDDEN, text)
}

/// What we are called: by the client, or by the client as a trusted proxy hands it on.
fn hosts<'a>(gate: &Gate, parts: &'a Parts) -> impl Iterator<Item = &'a str> {
    let proxies = &gate.http().trusted_proxies;
    let forwarded = visitor::is_among(proxies, visitor::peer(parts))
        .then(|| visitor::last(&parts.headers, "x-forwarded-host"))
        .flatten();
    let host = host(&parts.headers).or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    host.into_iter().chain(forwarded)
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST)?.to_str().ok()
}

/// Scheme and host of an origin. `null` has none.
fn split(origin: &str) -> Option<(&str, &str)> {
    let (scheme, host) = origin.split_once("://")?;
    matches!(scheme, "http" | "https").then_some((scheme, host))
}

fn is_same_host((scheme, origin): &(&str, &str), host: &str) -> bool {
    let default = if *scheme == "https" { ":443" } else { ":80" };
    let bare = |text: &str| text.strip_suffix(default).unwrap_or(text).to_ascii_lowercase();
    bare(origin) == bare(host)
}
