//! The network firewall's part of the frame: which networks may reach which ports of this host. Pure, as all of the frame.
//!
//! A packet for this host meets, in this order: what belongs to a connection passes; loopback passes; what IP itself needs
//! passes; then one lookup of the source finds the chain of the services that its network may reach, which looks the destination
//! port up, and drops what it does not allow. Whoever is in no network is dropped. So a connection's first packet costs two
//! lookups whatever the number of networks and ports, and its others one comparison.
//!
//! Chains of services and their sets are never changed while a packet may be in them: what is different gets another name, and
//! the rule that leads there is exchanged. What is the same keeps its name, and so is left untouched.

use std::collections::BTreeSet;

use event::Protocol;

use crate::expression::{self as expr, Verdict};
use crate::frame::{
    Frame, INTERVAL, MAP, Rule, SetDefinition, StaticElement, TYPE_PORT, Value, key_form, range,
};
use crate::inventory::Inventory;
use crate::layout::NetworkRule;
use crate::plan::Kind;
use crate::ports::{self, Interval};

/// The chain that has the hook.
pub(crate) const CHAIN: &str = "input";
/// `NF_INET_LOCAL_IN`.
pub(crate) const INPUT: u32 = 1;
/// nftables' `filter`.
pub(crate) const PRIORITY: i32 = 0;
/// The counter of what no network allows.
pub(crate) const DROPPED: &str = "firewall_dropped";

const SERVICES: &str = "services";
const NEEDED: &str = "icmpv6_needed";
/// `icmpv6_type`.
const TYPE_ICMPV6: u32 = 29;
/// What RFC 4890 (4.4) says a host must not drop: errors, multicast listeners, routers and neighbours, their inverse and secure
/// forms, multicast routers. The kernel believes of them only what comes from the same link.
const NEEDED_TYPES: [u8; 19] =
    [1, 2, 3, 4, 130, 131, 132, 133, 134, 135, 136, 141, 142, 143, 148, 149, 151, 152, 153];

/// The ports that some networks may reach, joined and in order, and whether they may ping.
type Services = (Vec<Interval>, bool);

impl Frame {
    /// Adds nothing at all if there are no networks.
    pub(crate) fn add_firewall(&mut self, networks: &[NetworkRule], old: Option<&Inventory>) {
        if networks.is_empty() {
            return;
        }
        self.chains.push(CHAIN.to_owned());
        self.counters.push(DROPPED);
        self.rule(CHAIN, "what was begun goes on", |wire| {
            expr::of_known_connection(wire);
            expr::verdict(wire, &Verdict::Accept);
        });
        self.rule(CHAIN, "loopback is not outside", |wire| {
            expr::from_loopback(wire);
            expr::verdict(wire, &Verdict::Accept);
        });
        self.what_ip_needs();
        let chains = self.chains_of_services(networks, old);
        for kind in [Kind::Net4, Kind::Net6] {
            let elements = by_source(networks, &chains, kind);
            if elements.is_empty() {
                continue;
            }
            let stem = if kind.is_ipv4() { "ipv4_networks" } else { "ipv6_networks" };
            let form = SetDefinition::plain(stem, INTERVAL | MAP, key_form(kind), Value::Verdict);
            let map = self.numbered_set(&form, elements, old);
            self.rule(CHAIN, "networks", |wire| {
                expr::source(wire, kind);
                expr::verdict_of(wire, &map);
            });
        }
        self.rules.push(dropping(CHAIN));
    }

    fn what_ip_needs(&mut self) {
        let needed = NEEDED_TYPES.map(|kind| StaticElement { key: vec![kind], begins: true, chain: None });
        let definition = SetDefinition::plain(NEEDED, 0, (TYPE_ICMPV6, 1), Value::Nothing);
        self.static_sets.push((definition, needed.to_vec()));
        self.rule(CHAIN, "neighbours, routers, errors", |wire| {
            expr::icmpv6_type(wire);
            expr::in_set(wire, NEEDED);
            expr::verdict(wire, &Verdict::Accept);
        });
        self.rule(CHAIN, "multicast groups", |wire| {
            expr::of_protocol(wire, expr::IGMP);
            expr::verdict(wire, &Verdict::Accept);
        });
        // The answer comes from a server that the question, which went to all, did not name: conntrack does not know it.
        for (kind, server, client) in [(Kind::Net4, 67, 68), (Kind::Net6, 547, 546)] {
            self.rule(CHAIN, "answers of DHCP", |wire| {
                expr::udp_between(wire, kind, server, client);
                expr::verdict(wire, &Verdict::Accept);
            });
        }
    }

    /// The chain of each network. Networks with the same services share one.
    fn chains_of_services(&mut self, networks: &[NetworkRule], old: Option<&Inventory>) -> Vec<String> {
        let mut known: Vec<(Services, String)> = Vec::new();
        let mut chains = Vec::with_capacity(networks.len());
        for network in networks {
            let services: Services = (joined(&network.ports), network.ping);
            let chain = match known.iter().find(|(other, _)| *other == services) {
                Some((_, chain)) => chain.clone(),
                None => {
                    let chain = self.chain_of_services(&services, old);
                    known.push((services, chain.clone()));
                    chain
                }
            };
            chains.push(chain);
        }
        chains
    }

    fn chain_of_services(&mut self, (ports, ping): &Services, old: Option<&Inventory>) -> String {
        let mut rules = Vec::new();
        for protocol in [Protocol::Tcp, Protocol::Udp] {
            if let Some(set) = self.set_of_ports(SERVICES, ports, protocol, old) {
                rules.push(Rule::new("", "", |wire| {
                    expr::destination_port(wire, protocol);
                    expr::in_set(wire, &set);
                    expr::verdict(wire, &Verdict::Accept);
                }));
            }
        }
        for kind in [Kind::Net4, Kind::Net6].into_iter().filter(|_| *ping) {
            rules.push(Rule::new("", "", |wire| {
                expr::ping(wire, kind);
                expr::verdict(wire, &Verdict::Accept);
            }));
        }
        rules.push(dropping(""));
        let standing = old.and_then(|old| old.chain_with("services_", &rules));
        let is_free = |chain: &String| {
            !self.chains.contains(chain) && old.is_none_or(|old| !old.chains.contains_key(chain))
        };
        let chain = standing.map_or_else(|| first_free(SERVICES, is_free), str::to_owned);
        for rule in &mut rules {
            rule.chain.clone_from(&chain);
        }
        self.chains.push(chain.clone());
        self.rules.append(&mut rules);
        chain
    }

    /// A set of these ports as far as they are of this protocol; `None` if none is.
    pub(crate) fn set_of_ports(
        &mut self,
        purpose: &str,
        ports: &[Interval],
        protocol: Protocol,
        old: Option<&Inventory>,
    ) -> Option<String> {
        let of_protocol = ports.iter().filter(|interval| interval.protocol == protocol);
        let elements: Vec<StaticElement> =
            of_protocol.flat_map(|i| StaticElement::ports(i.first, i.last, None)).collect();
        let stem = match protocol {
            Protocol::Tcp => format!("tcp_{purpose}"),
            Protocol::Udp => format!("udp_{purpose}"),
        };
        let form = SetDefinition::plain(&stem, INTERVAL, (TYPE_PORT, 2), Value::Nothing);
        (!elements.is_empty()).then(|| self.numbered_set(&form, elements, old))
    }

    /// Adds a set or map whose name is the form's with a number: that of the one that stands with these elements, else a free
    /// one, so that the old one can stay until no packet needs it.
    fn numbered_set(
        &mut self,
        form: &SetDefinition,
        mut elements: Vec<StaticElement>,
        old: Option<&Inventory>,
    ) -> String {
        elements.sort();
        let named = |name: &str| SetDefinition { name: name.to_owned(), ..form.clone() };
        let begins = format!("{}_", form.name);
        let of_form = |name: &str| name.starts_with(&begins);
        let same =
            |(set, found): &&(SetDefinition, Vec<StaticElement>)| of_form(&set.name) && *found == elements;
        if let Some((set, _)) = self.static_sets.iter().find(same) {
            return set.name.clone();
        }
        let mut standing = old.into_iter().flat_map(|old| old.sets.keys().map(move |name| (old, name)));
        let standing = standing.find(|(old, name)| of_form(name) && old.has_static(&named(name), &elements));
        let is_free = |name: &String| {
            !self.static_sets.iter().any(|(set, _)| set.name == *name)
                && old.is_none_or(|old| !old.sets.contains_key(name))
        };
        let name = standing.map_or_else(|| first_free(&form.name, is_free), |(_, name)| name.clone());
        self.static_sets.push((named(&name), elements));
        name
    }
}

/// The ports in order, overlapping and touching ones joined.
pub(crate) fn joined(ports: &[event::Port]) -> Vec<Interval> {
    ports::intervals(std::iter::once((0, ports)))
}

fn first_free(stem: &str, is_free: impl Fn(&String) -> bool) -> String {
    (1u32..).map(|number| format!("{stem}_{number}")).find(is_free).expect("a table is finite")
}

fn dropping(chain: &str) -> Rule {
    Rule::new(chain, "", |wire| {
        expr::count(wire, DROPPED);
        expr::verdict(wire, &Verdict::Drop);
    })
}

/// The addresses of one family, cut where the first network that contains them changes, each run with that network's chain.
fn by_source(networks: &[NetworkRule], chains: &[String], kind: Kind) -> Vec<StaticElement> {
    type Ends = (Vec<u8>, Option<Vec<u8>>);
    let of_family =
        networks.iter().zip(chains).filter(|(network, _)| network.subnet.is_ipv4() == kind.is_ipv4());
    let ranges: Vec<(Ends, &String)> =
        of_family.map(|(network, chain)| (range(&network.subnet), chain)).collect();
    let edges: BTreeSet<&Vec<u8>> =
        ranges.iter().flat_map(|((first, behind), _)| std::iter::once(first).chain(behind)).collect();
    let mut runs: Vec<(Ends, &String)> = Vec::new();
    let mut edges = edges.into_iter().peekable();
    while let Some(edge) = edges.next() {
        let holds =
            |(first, behind): &Ends| first <= edge && behind.as_ref().is_none_or(|behind| edge < behind);
        let Some(&(_, chain)) = ranges.iter().find(|(ends, _)| holds(ends)) else { continue };
        let next = edges.peek().map(|next| (*next).clone());
        match runs.last_mut() {
            Some(((_, behind), before)) if *before == chain && behind.as_ref() == Some(edge) => {
                *behind = next;
            }
            _ => runs.push(((edge.clone(), next), chain)),
        }
    }
    let element = |((first, behind), chain): (Ends, &String)| {
        StaticElement::interval(first, behind, Some((chain.clone(), false)))
    };
    runs.into_iter().flat_map(element).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Subject;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn network(subnet: &str) -> NetworkRule {
        NetworkRule { subnet: subnet.parse().unwrap(), ports: Vec::new(), ping: false }
    }

    /// The chain that a map's elements lead an address to.
    fn led(elements: &[StaticElement], key: &[u8]) -> Option<String> {
        let mut sorted = elements.to_vec();
        sorted.sort();
        let last = sorted.iter().rev().find(|element| element.key.as_slice() <= key)?;
        last.chain.clone().map(|(chain, _)| chain)
    }

    #[test]
    fn the_first_network_counts_and_neighbours_are_joined() {
        let networks =
            ["10.1.0.0/16", "10.0.0.0/15", "10.2.0.0/15", "2001:db8::/32", "0.0.0.0/0"].map(network);
        let chains = ["a", "b", "b", "c", "d"].map(str::to_owned);
        let shown: Vec<String> = by_source(&networks, &chains, Kind::Net4)
            .iter()
            .map(|e| format!("{:?} {}", e.key, e.chain.as_ref().map_or("ends", |(chain, _)| chain)))
            .collect();
        assert_eq!(
            shown,
            [
                "[0, 0, 0, 0] d",
                "[10, 0, 0, 0] ends",
                "[10, 0, 0, 0] b",
                "[10, 1, 0, 0] ends",
                "[10, 1, 0, 0] a",
                "[10, 2, 0, 0] ends",
                "[10, 2, 0, 0] b",
                "[10, 4, 0, 0] ends",
                "[10, 4, 0, 0] d",
            ]
        );
        assert_eq!(by_source(&networks, &chains, Kind::Net6).len(), 2);
    }

    #[test]
    fn no_name_is_taken_for_one_of_a_jail() {
        use crate::layout::{Firewall, Guard, Layout, SipLimit};
        use crate::plan::{Plan, counter_owner, set_meaning};
        let ports = vec!["tcp/5060".parse().unwrap(), "udp/5060".parse().unwrap()];
        let jails = ["input", "sip_limit", "services_1", "ipv4_networks", "sip_ipv4_at", "firewall_dropped"];
        let guards =
            jails.iter().map(|jail| Guard { jail: event::JailName::new(jail), ports: ports.clone() });
        let mut networks = ["192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0"].map(network).to_vec();
        networks[0].ports.clone_from(&ports);
        let sip_limit = Some(SipLimit { ports: ports.clone(), per_second: 100 });
        let layout = Layout {
            guards: guards.collect(),
            whitelist: vec![],
            firewall: Firewall { networks, sip_limit },
        };
        let plan = Plan::new(&layout);
        let frame = Frame::of(&layout, &plan, None);
        let sets: BTreeSet<&str> = frame.set_definitions().map(|set| set.name.as_str()).collect();
        let chains: BTreeSet<&String> = frame.chains.iter().collect();
        assert_eq!((sets.len(), chains.len()), (frame.set_definitions().count(), frame.chains.len()));
        assert!(frame.static_sets.iter().all(|(set, _)| set_meaning(&set.name).is_none()), "{sets:?}");
        assert!(frame.ban_sets.iter().all(|set| set_meaning(&set.name).is_some()), "{sets:?}");
        assert_eq!(frame.counters.iter().find_map(|counter| counter_owner(counter)), None);
    }

    proptest! {
        #[test]
        fn every_address_is_led_to_its_network(
            nets in prop::collection::vec((any::<u8>(), 24u8..=32), 1..12), tail in any::<u8>()
        ) {
            let subnets: Vec<Subject> = nets.iter().map(
                |(tail, bits)| Subject::network(Ipv4Addr::new(192, 0, 2, *tail).into(), *bits)).collect();
            let networks: Vec<NetworkRule> = subnets.iter().map(
                |subnet| NetworkRule { subnet: *subnet, ports: Vec::new(), ping: false }).collect();
            let chains: Vec<String> = (0..nets.len()).map(|n| format!("c{}", n % 3)).collect();
            let elements = by_source(&networks, &chains, Kind::Net4);
            let address = Ipv4Addr::new(192, 0, 2, tail);
            let wanted = subnets.iter().position(|s| s.covers(&Subject::exactly(address.into()))).map(|n| chains[n].clone());
            prop_assert_eq!(led(&elements, &address.octets()), wanted);
        }
    }
}
