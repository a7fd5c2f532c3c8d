//! First rules for somebody who has none: their own network, private networks, everyone else. Only rows in the form; nothing holds
//! until it is saved.

use std::collections::BTreeSet;
use std::net::IpAddr;

use config::{Network, Service};
use event::Subject;

use crate::text::Text;

/// Addresses that no router of the internet leads to.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// Everybody.
const EVERYBODY: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// Rows for a visitor from `address`.
pub fn suggestion(text: &Text, address: IpAddr) -> Vec<Network> {
    let all: BTreeSet<Service> = Service::ALL.into_iter().collect();
    let row = |id: &str, subnet: Subject, services: &BTreeSet<Service>, local, never_block| Network {
        name: text.say(id),
        subnet,
        services: services.clone(),
        local,
        never_block,
    };
    let own = own_network(address);
    let mut networks: Vec<Network> = own
        .map(|subnet| row("suggestion-own", subnet, &all, is_private(address), true))
        .into_iter()
        .collect();
    networks.extend(subnets(&PRIVATE).map(|subnet| row("suggestion-private", subnet, &all, true, false)));
    let telephony = BTreeSet::from([Service::Sip]);
    networks
        .extend(subnets(&EVERYBODY).map(|subnet| row("suggestion-rest", subnet, &telephony, false, false)));
    networks
}

/// A private address stands for its /24, an address of IPv6 for its /64, a public one for itself alone.
fn own_network(address: IpAddr) -> Option<Subject> {
    let address = address.to_canonical();
    if address.is_loopback() {
        return None;
    }
    let bits = match address {
        IpAddr::V4(_) if is_private(address) => 24,
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 64,
    };
    Some(Subject::network(address, bits))
}

fn is_private(address: IpAddr) -> bool {
    let subject = Subject::exactly(address);
    subnets(&PRIVATE).any(|subnet| subnet.covers(&subject))
}

fn subnets<'a>(texts: &'a [&'a str]) -> impl Iterator<Item = Subject> + 'a {
    texts.iter().map(|text| text.parse().expect("these are subnets"))
}

#[cfg(test)]
mod tests {
    use config::Firewall;

    use super::super::caution::cautions;
    use super::*;

    fn rows(address: &str) -> Vec<Network> {
        suggestion(&Text::of_tag("en"), address.parse().unwrap())
    }

    #[test]
    fn a_visitors_own_network_comes_first() {
        for (address, own) in [
            ("192.168.10.7", "192.168.10.0/24"),
            ("198.51.100.4", "198.51.100.4"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("::ffff:10.1.2.3", "10.1.2.0/24"),
        ] {
            assert_eq!(rows(address)[0].subnet.to_string(), own);
            assert!(rows(address)[0].never_block);
        }
        assert_eq!(rows("127.0.0.1")[0].subnet.to_string(), "10.0.0.0/8");
    }

    #[test]
    fn nobody_locks_himself_out_with_it() {
        for address in ["192.168.10.7", "198.51.100.4", "2001:db8::1", "127.0.0.1"] {
            let firewall = Firewall { networks: rows(address), ..Firewall::default() };
            assert_eq!(cautions(&Text::of_tag("en"), &firewall, address.parse().unwrap()), []);
        }
    }
}
