//! Who is never blocked here: this host, its gateways, where the decisions come from, who was named, and whom the origin names.

use std::net::IpAddr;

use config::Servers;
use event::{Subject, Whitelist};

use crate::bouncer::{Options, Origin};
use crate::gateway::gateways;

/// The whitelist as it would be made now: interfaces and routes come and go.
pub fn whitelist(options: &Options, told: &[Subject]) -> Whitelist {
    let origin = origin_addresses(&options.origin).map(|address| (address, "the origin".to_owned()));
    let told = told.iter().map(|subject| (*subject, "told by the origin".to_owned()));
    let own = (options.own_addresses)();
    Whitelist::new(options.never.iter().cloned().chain(own).chain(gateways()).chain(origin).chain(told))
}

/// Who decides must stay reachable, or no decision would ever be taken back. Names are not resolved.
fn origin_addresses(origin: &Origin) -> impl Iterator<Item = Subject> {
    let urls = match origin {
        Origin::Lapi { url, .. } => vec![url],
        Origin::Redis(redis) => match &redis.servers {
            Servers::Single(url) => vec![url],
            Servers::Sentinel { sentinels: urls, .. } | Servers::Cluster(urls) => urls.iter().collect(),
        },
    };
    urls.into_iter().filter_map(|url| address_in(url)).map(Subject::exactly)
}

/// The address in `scheme://host:port/path`, if the host is one.
fn address_in(url: &str) -> Option<IpAddr> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?.parse().ok(),
        None => host.split(':').next()?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_a_url_is_found_and_a_name_is_not_resolved() {
        for (url, address) in [
            ("http://192.0.2.1:8765/", Some("192.0.2.1")),
            ("https://[2001:db8::1]:8765/x", Some("2001:db8::1")),
            ("redis://user@192.0.2.2", Some("192.0.2.2")),
            ("192.0.2.3:6379", Some("192.0.2.3")),
            ("http://pbx.example:8765/", None),
            ("", None),
        ] {
            assert_eq!(address_in(url), address.map(|text| text.parse().unwrap()), "{url}");
        }
    }
}
