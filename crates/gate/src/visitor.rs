//! Where a request comes from. A header of the client's is believed only if a trusted proxy hands it on.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use event::Subject;

use crate::cookie;
use crate::gate::Gate;
use crate::secret::Digest;
use crate::session;

/// Whoever asks, signed in or not. An extractor that never refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visitor {
    /// The client's address: the peer's, or what a trusted proxy says.
    pub address: IpAddr,
    /// Whether the client speaks TLS, to us or to a trusted proxy.
    pub is_secure: bool,
    /// The session that the browser has, good or not: it ends when somebody signs in.
    pub(crate) session: Option<Digest>,
}

impl Visitor {
    /// Whoever asks from `address` without a browser.
    pub fn at(address: IpAddr, is_secure: bool) -> Self {
        Self { address: address.to_canonical(), is_secure, session: None }
    }

    /// Who asks with these headers, if `peer` is at the other end of the connection.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, proxies: &[Subject], speaks_tls: bool) -> Self {
        let peer = peer.to_canonical();
        let session = cookie::value(headers, cookie::SESSION).map(session::key);
        if !is_among(proxies, peer) {
            return Self { address: peer, is_secure: speaks_tls, session };
        }
        Self {
            address: forwarded_for(headers, |one| is_among(proxies, one)).unwrap_or(peer),
            is_secure: match last(headers, "x-forwarded-proto") {
                Some(scheme) => scheme.eq_ignore_ascii_case("https"),
                None => speaks_tls,
            },
            session,
        }
    }
}

impl FromRequestParts<Gate> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Infallible> {
        Ok(gate.visitor(parts))
    }
}

/// The other end of the connection; without a connection, as in a test, this host.
pub(crate) fn peer(parts: &Parts) -> IpAddr {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip()).to_canonical()
}

/// Whether an address is one of these proxies.
pub(crate) fn is_among(proxies: &[Subject], address: IpAddr) -> bool {
    proxies.iter().any(|proxy| proxy.covers(&Subject::exactly(address)))
}

/// The rightmost address that is no proxy of ours: everything to its left may be made up by the client. An entry that is no
/// address ends the search, because what stands left of it is no more trustworthy.
pub(crate) fn forwarded_for(headers: &HeaderMap, is_ours: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut found = None;
    for header in headers.get_all("x-forwarded-for").into_iter().rev() {
        for entry in header.to_str().ok()?.rsplit(',') {
            let Some(address) = address(entry.trim()) else { return found };
            found = Some(address);
            if !is_ours(address) {
                return found;
            }
        }
    }
    found
}

/// The client as a proxy names it in one word. The last one counts: an earlier one may be the client's own.
pub(crate) fn real_ip(headers: &HeaderMap) -> Option<IpAddr> {
    last(headers, "x-real-ip").and_then(address)
}

/// `192.0.2.1`, `192.0.2.1:5060`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

/// The last value of a header that proxies append to.
pub(crate) fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let text = headers.get_all(name).into_iter().next_back()?.to_str().ok()?;
    text.rsplit(',').next().map(str::trim)
}
