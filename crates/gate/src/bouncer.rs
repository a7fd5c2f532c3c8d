//! Whoever carries out bans elsewhere and asks for them: by a key or a token, never by a browser's session.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::caller::secret_of;
use crate::gate::Gate;
use crate::wrong::Wrong;

/// Who may read decisions: a key of any scope, or an access token. An extractor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bouncer {
    /// The key's number; `None` for an access token of the administrator's.
    pub key: Option<i64>,
    /// From where it asks: the same key may be used on several hosts.
    pub address: IpAddr,
}

impl FromRequestParts<Gate> for Bouncer {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Wrong> {
        let expected = "'X-Api-Key: KEY' or 'Authorization: Bearer KEY'";
        let Some(secret) = secret_of(&parts.headers) else {
            return Err(Wrong::unknown("there is no key in this request", expected));
        };
        let visitor = gate.visitor(parts);
        let address = visitor.address;
        if let Some(key) = gate.inner.desk.key_of(secret, address) {
            return Ok(Self { key: Some(key.id), address });
        }
        gate.caller_by_secret(&visitor, secret).await?;
        Ok(Self { key: None, address })
    }
}
