//! What a web server asks before it serves a client: may this one pass? Answered from memory, without a session, a key or a body.
//!
//! Whose address it is about depends on who asks. A trusted proxy or a program on this host asks about the client that it
//! names; whoever else asks about somebody is told about itself alone, so that nobody learns who is banned.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use event::Subject;

use crate::gate::Gate;
use crate::visitor;

/// Where it is asked. Requests here are the clients' own, handed on with whatever they carry, so neither their body nor their
/// origin is judged.
pub const FORWARD_AUTH: &str = "/api/v1/forward-auth";

/// Whether the client that a web server asks about may pass. An extractor that never refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It may.
    Free,
    /// It is banned from web services, or on a blocklist.
    Denied,
}

impl FromRequestParts<Gate> for Passage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Infallible> {
        let asked = asked_about(visitor::peer(parts), &parts.headers, &gate.http().trusted_proxies);
        let is_denied = asked.into_iter().flatten().any(|address| gate.inner.desk.is_denied(address));
        Ok(if is_denied { Self::Denied } else { Self::Free })
    }
}

/// Whom a request is about: the address in each header, if the peer may ask about others and names one, else the peer itself.
///
/// There are two headers that name the client, and a proxy often sets one and hands on the other as the client sent it. Both count:
/// with a forged one a client only finds further reasons to be refused.
fn asked_about(peer: IpAddr, headers: &HeaderMap, proxies: &[Subject]) -> [Option<IpAddr>; 2] {
    let is_ours = |address: IpAddr| address.is_loopback() || visitor::is_among(proxies, address);
    if !is_ours(peer) {
        return [Some(peer), None];
    }
    let named = [visitor::forwarded_for(headers, is_ours), visitor::real_ip(headers)];
    if named == [None, None] { [Some(peer), None] } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(peer: &str, headers: &[(&'static str, &str)]) -> Vec<String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        let named = asked_about(peer.parse().unwrap(), &map, &proxies);
        named.into_iter().flatten().map(|address| address.to_string()).collect()
    }

    #[test]
    fn a_stranger_is_told_about_itself_alone() {
        let forged = [("x-forwarded-for", "203.0.113.7"), ("x-real-ip", "203.0.113.7")];
        assert_eq!(asked("198.51.100.1", &forged), ["198.51.100.1"]);
    }

    #[test]
    fn a_proxy_and_this_host_ask_about_the_client_that_they_name() {
        for peer in ["127.0.0.1", "::1", "10.1.2.3"] {
            assert_eq!(asked(peer, &[("x-real-ip", "203.0.113.7")]), ["203.0.113.7"], "{peer}");
            let chain =
                [("x-forwarded-for", "192.0.2.66, 203.0.113.7"), ("x-forwarded-for", "10.9.9.9, 127.0.0.1")];
            assert_eq!(asked(peer, &chain), ["203.0.113.7"], "{peer}");
            assert_eq!(asked(peer, &[]), [peer], "{peer}");
            assert_eq!(asked(peer, &[("x-real-ip", "nonsense")]), [peer], "{peer}");
        }
        assert_eq!(asked("127.0.0.1", &[("x-real-ip", "::ffff:203.0.113.7")]), ["203.0.113.7"]);
    }

    #[test]
    fn a_header_that_the_client_sends_along_hides_nothing() {
        let real_and_forged = [("x-forwarded-for", "192.0.2.66"), ("x-real-ip", "203.0.113.7")];
        assert_eq!(asked("127.0.0.1", &real_and_forged), ["192.0.2.66", "203.0.113.7"]);
    }
}
