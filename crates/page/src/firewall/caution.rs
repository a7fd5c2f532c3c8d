//! What an administrator should know before rules hold: who is kept out, and who is let in too far. It refuses nothing; the desk
//! does that.

use std::net::IpAddr;

use config::{Firewall, Service};

use crate::banner::{Banner, Kind};
use crate::text::Text;

/// Everything worth a word about these rules, for a visitor from `address`.
pub fn cautions(text: &Text, firewall: &Firewall, address: IpAddr) -> Vec<Banner> {
    let mut banners = Vec::new();
    if firewall.networks.is_empty() {
        return banners;
    }
    banners.extend(own_way(text, firewall, address));
    banners.extend(rest(text, firewall));
    banners.extend(wide_open(text, firewall));
    banners
}

/// Why the visitor would not reach this page any more, if so.
pub fn own_way(text: &Text, firewall: &Firewall, address: IpAddr) -> Option<Banner> {
    let address = address.to_canonical();
    if address.is_loopback() {
        return None;
    }
    let title = match firewall.network_of(address) {
        Some(network) if network.services.contains(&Service::Web) => return None,
        Some(network) => {
            text.with("address", address.to_string()).with("name", &network.name).say("caution-own-network")
        }
        None => text.with("address", address.to_string()).say("caution-own-none"),
    };
    Some(Banner::new(Kind::Warn, title).more(text.say("caution-own-what")))
}

/// Whether there is a word for everybody else, in both families.
fn rest(text: &Text, firewall: &Firewall) -> Option<Banner> {
    let has = |is_ipv4: bool| {
        firewall.networks.iter().any(|one| one.subnet.prefix_bits() == 0 && one.subnet.is_ipv4() == is_ipv4)
    };
    let id = match (has(true), has(false)) {
        (true, true) => return None,
        (false, false) => "caution-no-rest",
        (true, false) => "caution-no-ipv6",
        (false, true) => "caution-no-ipv4",
    };
    Some(Banner::new(Kind::Note, text.say(id)).more(text.say("caution-no-rest-what")))
}

/// Services that the whole world should not reach.
fn wide_open(text: &Text, firewall: &Firewall) -> Option<Banner> {
    let risky = [Service::Ssh, Service::Ami, Service::Ajam];
    let everybody = firewall.networks.iter().filter(|network| network.subnet.prefix_bits() == 0);
    let open = |service: &Service| everybody.clone().any(|network| network.services.contains(service));
    let names: Vec<String> =
        risky.iter().filter(|service| open(service)).map(|service| text.say(&title_id(*service))).collect();
    if names.is_empty() {
        return None;
    }
    let title = text.with("services", names.join(", ")).say("caution-open");
    Some(Banner::new(Kind::Warn, title).more(text.say("caution-open-what")))
}

/// The sentence with a service's name.
pub fn title_id(service: Service) -> String {
    format!("service-{service}")
}

#[cfg(test)]
mod tests {
    use config::Network;

    use super::*;

    fn network(name: &str, subnet: &str, services: &[Service]) -> Network {
        Network {
            name: name.to_owned(),
            subnet: subnet.parse().unwrap(),
            services: services.iter().copied().collect(),
            local: false,
            never_block: false,
        }
    }

    fn said(networks: Vec<Network>, address: &str) -> String {
        let firewall = Firewall { networks, ..Firewall::default() };
        let banners = cautions(&Text::of_tag("en"), &firewall, address.parse().unwrap());
        banners.into_iter().map(|banner| banner.title).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn whoever_would_not_reach_the_page_is_told_by_which_row() {
        let rows = || {
            vec![
                network("Office", "192.168.10.0/24", &[Service::Web]),
                network("Everyone else", "0.0.0.0/0", &[Service::Sip]),
                network("Everyone else", "::/0", &[Service::Sip]),
            ]
        };
        assert_eq!(
            said(rows(), "198.51.100.4"),
            "You are connected from 198.51.100.4, which “Everyone else” does not let reach WEB."
        );
        assert_eq!(said(rows(), "::ffff:192.168.10.3"), "");
        assert_eq!(said(rows(), "127.0.0.1"), "");
    }

    #[test]
    fn a_missing_catch_all_is_said() {
        let web = [Service::Web];
        assert!(
            said(vec![network("a", "10.0.0.0/8", &web)], "10.0.0.1").contains("no row for everyone else")
        );
        assert!(said(vec![network("a", "0.0.0.0/0", &web)], "10.0.0.1").contains("IPv6"));
        assert!(said(vec![network("a", "::/0", &web)], "2001:db8::1").contains("IPv4"));
        assert_eq!(said(Vec::new(), "198.51.100.4"), "");
    }

    #[test]
    fn what_the_world_should_not_reach_is_named() {
        let everything = network("all", "0.0.0.0/0", &Service::ALL);
        assert!(said(vec![everything], "10.0.0.1").contains("SSH, AMI, AJAM"));
    }
}
