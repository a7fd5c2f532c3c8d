//! Judges `[firewall]`: its limit, its ports, and its networks, each for itself and against the others. Makes no rules.

use std::collections::HashMap;

use event::limit;

use crate::firewall::{Firewall, Network, Service, ServicePorts};
use crate::judge::Judge;
use crate::raw::{Field, RawFirewall, RawNetwork, RawServicePorts};
use crate::written::{Value, Written, quoted};

pub(super) fn firewall(judge: &mut Judge<'_>, raw: &RawFirewall, default: &Firewall) -> Firewall {
    Firewall {
        sip_limit: sip_limit(judge, &raw.sip_limit).unwrap_or(default.sip_limit),
        ports: service_ports(judge, &raw.ports, &default.ports),
        networks: networks(judge, &raw.networks),
    }
}

fn sip_limit(judge: &mut Judge<'_>, field: &Field) -> Option<Option<u32>> {
    match field.as_ref()?.value {
        Value::Switch(false) => Some(None),
        Value::Switch(true) => {
            let expected = format!("has no number; write 1 to {}, or false for no limit", limit::SIP_LIMIT);
            judge.complain("sip_limit", field.as_ref()?, &expected)
        }
        _ => judge.number("sip_limit", field, 1..=limit::SIP_LIMIT).map(Some),
    }
}

fn service_ports(judge: &mut Judge<'_>, raw: &RawServicePorts, default: &ServicePorts) -> ServicePorts {
    let mut ports = |key: &str, field: &Field, default: &Vec<event::Port>| {
        let Some(ports) = judge.any_ports(key, field) else { return default.clone() };
        if let Some(written) = field
            && ports.len() > limit::SERVICE_PORTS
        {
            let expected =
                format!("has too many ports; write {} at most, ranges count once", limit::SERVICE_PORTS);
            judge.complain::<()>(key, written, &expected);
        }
        ports
    };
    ServicePorts {
        sip: ports("sip", &raw.sip, &default.sip),
        rtp: ports("rtp", &raw.rtp, &default.rtp),
        iax: ports("iax", &raw.iax, &default.iax),
        web: ports("web", &raw.web, &default.web),
        ssh: ports("ssh", &raw.ssh, &default.ssh),
        ami: ports("ami", &raw.ami, &default.ami),
        ajam: ports("ajam", &raw.ajam, &default.ajam),
        cti: ports("cti", &raw.cti, &default.cti),
    }
}

/// A network and the line to complain about.
struct Placed {
    network: Network,
    line: usize,
}

fn networks(judge: &mut Judge<'_>, raw: &[RawNetwork]) -> Vec<Network> {
    if let Some(first_too_many) = raw.get(limit::FIREWALL_NETWORKS) {
        let most = limit::FIREWALL_NETWORKS;
        let text = format!("this is network {} of at most {most}; make wider subnets of several", most + 1);
        judge.complaints.add(first_too_many.line, text);
        return Vec::new();
    }
    let mut networks: Vec<Placed> = raw.iter().filter_map(|raw| network(judge, raw)).collect();
    networks.sort_by_key(|placed| placed.network.subnet.prefix_bits() == 0);
    reach(judge, &networks);
    networks.into_iter().map(|placed| placed.network).collect()
}

fn network(judge: &mut Judge<'_>, raw: &RawNetwork) -> Option<Placed> {
    let longest = limit::NETWORK_NAME_CHARACTERS;
    let expected = format!("is not a name; write 1 to {longest} characters, without line ends");
    let name = judge.text("name", &raw.name, is_name, &expected);
    let services = Service::ALL.map(|service| (service.as_str(), service));
    let services = judge.words("services", &raw.services, &services).unwrap_or_default();
    let local = judge.switch("local", &raw.local).unwrap_or_default();
    let never_block = judge.switch("never_block", &raw.never_block).unwrap_or_default();
    let subnet = judge.subnet("subnet", &raw.subnet);
    let Some(Written { line, .. }) = raw.subnet else {
        let network = name.as_deref().map_or_else(|| "this network".to_owned(), shown);
        let text = format!("{network} has no subnet; write e.g. subnet = '192.168.0.0/24'");
        judge.complaints.add(raw.line, text);
        return None;
    };
    let subnet = subnet?;
    if never_block
        && subnet.prefix_bits() == 0
        && let Some(written) = &raw.never_block
    {
        let expected = format!(
            "for {subnet} would switch all protection off; write it for narrower subnets, or 'enabled = false'"
        );
        judge.complain::<()>("never_block", written, &expected);
    }
    let name = name.unwrap_or_else(|| subnet.to_string());
    let services = services.into_iter().collect();
    Some(Placed { network: Network { name, subnet, services, local, never_block }, line })
}

/// Complains about networks that no address can come to, because an earlier one has all of theirs.
fn reach(judge: &mut Judge<'_>, networks: &[Placed]) {
    let mut seen = HashMap::new();
    for (at, placed) in networks.iter().enumerate() {
        let subnet = placed.network.subnet;
        let earlier = match seen.insert(subnet, at) {
            Some(twin) => Some(&networks[twin]),
            None => networks[..at].iter().find(|earlier| earlier.network.subnet.covers(&subnet)),
        };
        let Some(earlier) = earlier else { continue };
        let there = format!("{} ({})", shown(&earlier.network.name), judge.complaints.place(earlier.line));
        let text = if earlier.network.subnet == subnet {
            format!("subnet '{subnet}' is that of {there} already; leave one of the two out")
        } else {
            format!(
                "subnet '{subnet}' is never reached: it lies inside '{}' of {there}, which comes first; \
                 put the narrower one first",
                earlier.network.subnet
            )
        };
        judge.complaints.add(placed.line, text);
    }
}

fn shown(name: &str) -> String {
    format!("network {}", quoted(name))
}

/// Whether people can read and write it on one line: it is shown on pages, in logs and as the origin of a whitelist entry.
fn is_name(text: &str) -> bool {
    (1..=limit::NETWORK_NAME_CHARACTERS).contains(&text.chars().count())
        && !text.contains(char::is_control)
        && text.trim() == text
}
