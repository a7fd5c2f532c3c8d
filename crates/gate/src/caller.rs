//! Whoever is known: by session, by API key, by access token.
//!
//! A wrong key is not told to the jail, unlike a wrong password: it has 256 bits that nobody guesses, and whoever asks
//! with one that was taken back is a forgotten script in the administrator's own network.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use control::Actor;
use control::desk::KeyScope;

use crate::cookie;
use crate::gate::Gate;
use crate::secret;
use crate::sign_in::ACCOUNT;
use crate::visitor::Visitor;
use crate::wrong::Wrong;

/// The header that carries the token of a session's forms, for requests that are no forms.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// Who may change things: the administrator's session, a key or token of scope `admin`. An extractor; with a session, a request
/// that changes something must carry the session's token (see `csrf`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// For the journal.
    pub actor: Actor,
    /// By what right.
    pub authority: Authority,
}

/// Who may look: a `Caller`, or a key of scope `read`. An extractor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader(pub Caller);

/// By what right somebody is let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authority {
    /// A session of the page; every form must carry this token in its field `csrf`.
    Session {
        /// The token.
        csrf: String,
    },
    /// An API key.
    Key(KeyScope),
    /// An access token that `auth:login` gave.
    Token,
}

impl FromRequestParts<Gate> for Caller {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Wrong> {
        let caller = gate.caller(parts).await?;
        match caller.authority {
            Authority::Key(KeyScope::Read | KeyScope::Bouncer) => Err(Wrong::forbidden(
                "authorization",
                "this key may not change anything",
                "a key of scope admin",
            )),
            _ => Ok(caller),
        }
    }
}

impl FromRequestParts<Gate> for Reader {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Wrong> {
        let caller = gate.caller(parts).await?;
        match caller.authority {
            Authority::Key(KeyScope::Bouncer) => Err(Wrong::forbidden(
                "authorization",
                "this key may only read decisions",
                "a key of scope read or admin",
            )),
            _ => Ok(Self(caller)),
        }
    }
}

impl Gate {
    /// Who asks, by key or token if the request brings one, else by session.
    async fn caller(&self, parts: &Parts) -> Result<Caller, Wrong> {
        let visitor = self.visitor(parts);
        if let Some(secret) = secret_of(&parts.headers) {
            return self.caller_by_secret(&visitor, secret).await;
        }
        let Some(caller) = self.caller_by_session(&visitor, &parts.headers).await else {
            return Err(Wrong::unknown(
                "nobody is signed in",
                "a session, 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'",
            ));
        };
        check_csrf(parts, &caller)?;
        Ok(caller)
    }

    pub(crate) async fn caller_by_secret(&self, visitor: &Visitor, secret: &str) -> Result<Caller, Wrong> {
        let now = self.now();
        let admitted = self.known().families.admits(secret, visitor.address, now);
        if let Some(moved) = admitted {
            if moved.0 {
                self.protect().await;
            }
            return Ok(Caller { actor: admin(visitor), authority: Authority::Token });
        }
        let key = self.inner.desk.key_of(secret, visitor.address).ok_or_else(|| {
            Wrong::unknown(
                "this key or token is unknown, over, or not for your address",
                "a key of this Stockade; see the page 'Bouncers and keys'",
            )
        })?;
        let actor = Actor { name: format!("key {}", key.name), address: Some(visitor.address) };
        Ok(Caller { actor, authority: Authority::Key(key.scope) })
    }

    /// Who is signed in with this browser. Says nothing about forged requests.
    pub(crate) async fn caller_by_session(&self, visitor: &Visitor, headers: &HeaderMap) -> Option<Caller> {
        let id = cookie::value(headers, cookie::SESSION)?;
        let now = self.now();
        let found = self.known().sessions.find(id, visitor.address, now)?;
        if found.moved {
            self.protect().await;
        }
        Some(Caller { actor: admin(visitor), authority: Authority::Session { csrf: found.csrf } })
    }
}

/// A session is sent by the browser whoever made the request; the token is known to our pages alone.
pub(crate) fn check_csrf(parts: &Parts, caller: &Caller) -> Result<(), Wrong> {
    let Authority::Session { csrf } = &caller.authority else { return Ok(()) };
    let given = parts.headers.get(CSRF_HEADER).and_then(|value| value.to_str().ok());
    if is_safe(&parts.method) || given.is_some_and(|given| secret::are_same(given, csrf)) {
        return Ok(());
    }
    Err(Wrong::forbidden(
        "x-csrf-token",
        "the token of the session is missing or another session's",
        "the token that the page carries",
    ))
}

/// Whether requests of this method change nothing.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

fn admin(visitor: &Visitor) -> Actor {
    Actor { name: ACCOUNT.to_owned(), address: Some(visitor.address) }
}

/// The key or token of a request. Another scheme of `Authorization` belongs to a proxy in front.
pub(crate) fn secret_of(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|text| {
        let (scheme, secret) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
    });
    bearer.or_else(|| headers.get("x-api-key").and_then(|value| value.to_str().ok()))
}
