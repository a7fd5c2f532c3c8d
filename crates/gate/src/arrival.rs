//! Does the client's address arrive? Behind a container's bridge or a proxy that is not trusted, everybody comes from one address,
//! and whoever attacks cannot be told from whoever works. Looks at one request and says so; the page and the API tell what to do.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use control::answer::Surroundings;
use event::Subject;

use crate::gate::Gate;
use crate::visitor;

/// How a request came here. An extractor that never refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approach {
    /// Whether the client's address is known.
    pub arrival: Arrival,
    /// The address that is taken for the client's.
    pub address: IpAddr,
    /// The other end of the connection.
    pub peer: IpAddr,
    /// What to do, if it is not known.
    pub remedy: Option<Remedy>,
}

/// Whether the client's address arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// It does, by itself or through a trusted proxy.
    Visible,
    /// It does not: everybody seems to come from one address.
    NotVisible,
    /// A proxy that is not trusted handed the request on.
    ProxyDetected,
}

impl Arrival {
    /// The word for it, which MikoPBX's check has too.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visible => "ip_visible",
            Self::NotVisible => "ip_not_visible",
            Self::ProxyDetected => "proxy_detected",
        }
    }
}

/// What to do so that the client's address arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Let the container see who comes: it sees its bridge's gateway instead.
    SeeThroughBridge,
    /// Name the proxy as trusted.
    TrustProxy,
    /// Let the trusted proxy say for whom it asks.
    SendHeader,
}

impl Remedy {
    /// A word for it, after which a page chooses its sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeeThroughBridge => "see-through-bridge",
            Self::TrustProxy => "trust-proxy",
            Self::SendHeader => "send-header",
        }
    }
}

impl Approach {
    /// What to do, in English.
    pub fn advice(&self) -> Option<String> {
        let peer = self.peer;
        Some(match self.remedy? {
            Remedy::SeeThroughBridge => format!(
                "everybody seems to come from {peer}, the gateway of this container, which is never banned: run the container in \
                 the host's network, or set \"userland-proxy\": false in Docker's daemon.json; if nothing but a proxy of yours can \
                 come from there, write trusted_proxies = [\"{peer}\"] under [http] and let the proxy send X-Forwarded-For"
            ),
            Remedy::TrustProxy => format!(
                "a proxy at {peer} hands requests on, and all of its clients look like it: if it is yours, write \
                 trusted_proxies = [\"{peer}\"] under [http]"
            ),
            Remedy::SendHeader => format!(
                "the trusted proxy at {peer} does not say for whom it asks: let it send X-Forwarded-For with the client's address"
            ),
        })
    }
}

impl FromRequestParts<Gate> for Approach {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, Infallible> {
        Ok(gate.approach(parts))
    }
}

impl Gate {
    /// How a request came here.
    pub fn approach(&self, parts: &Parts) -> Approach {
        let proxies = &self.http().trusted_proxies;
        approach(visitor::peer(parts), &parts.headers, proxies, &self.surroundings())
    }
}

/// What tells that a request was handed on.
const HANDED_ON: [&str; 7] =
    ["x-forwarded-for", "x-real-ip", "forwarded", "via", "cf-connecting-ip", "true-client-ip", "x-client-ip"];

fn approach(peer: IpAddr, headers: &HeaderMap, proxies: &[Subject], surroundings: &Surroundings) -> Approach {
    let is_trusted = visitor::is_among(proxies, peer);
    let told =
        is_trusted.then(|| visitor::forwarded_for(headers, |one| visitor::is_among(proxies, one))).flatten();
    let is_gateway = surroundings.gateways.iter().any(|gateway| gateway.parse() == Ok(peer));
    let (arrival, remedy) = if told.is_some() {
        (Arrival::Visible, None)
    } else if is_handed_on(headers, peer) {
        // The header tells more than where it comes from: a proxy in front of a bridge is the first thing to mend.
        match is_trusted {
            true => (Arrival::NotVisible, Some(Remedy::SendHeader)),
            false => (Arrival::ProxyDetected, Some(Remedy::TrustProxy)),
        }
    } else if is_gateway {
        (Arrival::NotVisible, Some(Remedy::SeeThroughBridge))
    } else {
        (Arrival::Visible, None)
    };
    Approach { arrival, address: told.unwrap_or(peer), peer, remedy }
}

/// Whether a header says that somebody else than the peer asks.
fn is_handed_on(headers: &HeaderMap, peer: IpAddr) -> bool {
    let values = HANDED_ON.iter().flat_map(|name| headers.get_all(*name));
    values.into_iter().any(|value| value.to_str().ok().and_then(visitor::address) != Some(peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Word, address, remedy, for a container behind 172.17.0.1 whose page trusts 10.0.0.1 and 127.0.0.1.
    fn seen(peer: &str, headers: &[(&'static str, &str)]) -> (&'static str, String, Option<Remedy>) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let proxies = ["10.0.0.1".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let gateways = vec!["172.17.0.1".to_owned(), "fd00::1".to_owned()];
        let here = Surroundings { container: Some("docker".to_owned()), is_bridged: true, gateways };
        let approach = approach(peer.parse().unwrap(), &map, &proxies, &here);
        assert_eq!(approach.advice().is_some(), approach.arrival != Arrival::Visible);
        (approach.arrival.as_str(), approach.address.to_string(), approach.remedy)
    }

    #[test]
    fn an_address_that_arrives_is_visible() {
        let visible = |address: &str| ("ip_visible", address.to_owned(), None);
        assert_eq!(seen("203.0.113.7", &[]), visible("203.0.113.7"));
        assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", "203.0.113.7")]), visible("203.0.113.7"));
        assert_eq!(seen("127.0.0.1", &[]), visible("127.0.0.1"), "through a tunnel of SSH");
        let itself = [("x-forwarded-for", "203.0.113.7"), ("x-real-ip", "203.0.113.7")];
        assert_eq!(seen("203.0.113.7", &itself), visible("203.0.113.7"), "nobody else is named");
    }

    #[test]
    fn behind_the_gateway_of_a_bridge_nobody_is_seen() {
        let hidden = |address: &str| ("ip_not_visible", address.to_owned(), Some(Remedy::SeeThroughBridge));
        assert_eq!(seen("172.17.0.1", &[]), hidden("172.17.0.1"));
        assert_eq!(seen("fd00::1", &[]), hidden("fd00::1"));
    }

    #[test]
    fn a_proxy_that_is_not_trusted_is_told_whatever_it_sends() {
        let detected = |address: &str| ("proxy_detected", address.to_owned(), Some(Remedy::TrustProxy));
        for (name, value) in [
            ("x-forwarded-for", "203.0.113.7"),
            ("x-forwarded-for", "203.0.113.7, 10.0.0.9"),
            ("x-real-ip", "203.0.113.7"),
            ("forwarded", "for=203.0.113.7"),
            ("via", "1.1 cache"),
            ("cf-connecting-ip", "203.0.113.7"),
        ] {
            assert_eq!(seen("10.0.0.9", &[(name, value)]), detected("10.0.0.9"), "{name}");
            assert_eq!(seen("172.17.0.1", &[(name, value)]), detected("172.17.0.1"), "{name}");
        }
        assert_eq!(
            seen("::1", &[("x-forwarded-for", "203.0.113.7")]),
            detected("::1"),
            "only 127.0.0.1 is trusted"
        );
    }

    #[test]
    fn a_trusted_proxy_has_to_say_for_whom_it_asks() {
        let silent = |address: &str| ("ip_not_visible", address.to_owned(), Some(Remedy::SendHeader));
        assert_eq!(seen("10.0.0.1", &[("x-real-ip", "203.0.113.7")]), silent("10.0.0.1"));
        assert_eq!(seen("10.0.0.1", &[("x-forwarded-for", "unknown")]), silent("10.0.0.1"));
    }
}
