//! From the firewall of the settings to the rules that enforcement lays.

use config::{Service, Settings};
use enforcement::{Firewall, NetworkRule, SipLimit};
use event::{Port, Protocol};

/// The rules. Stockade's own page is part of WEB, whatever the settings say of its ports: whoever may reach WEB may reach it.
pub fn rules(settings: &Settings) -> Firewall {
    let firewall = &settings.firewall;
    let own = settings.http.listen.map(|listen| tcp(listen.port()));
    let networks = firewall.networks.iter().map(|network| {
        let mut ports: Vec<Port> =
            network.services.iter().flat_map(|service| firewall.ports.of(*service)).collect();
        ports.extend(own.filter(|_| network.services.contains(&Service::Web)));
        NetworkRule { subnet: network.subnet, ports, ping: network.services.contains(&Service::Icmp) }
    });
    let sip_limit =
        firewall.sip_limit.map(|per_second| SipLimit { ports: firewall.ports.sip.clone(), per_second });
    Firewall { networks: networks.collect(), sip_limit }
}

/// A port of TCP.
pub fn tcp(port: u16) -> Port {
    Port { protocol: Protocol::Tcp, first: port, last: port }
}
