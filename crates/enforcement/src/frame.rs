//! Everything of the table but the bans: sets, maps, chains and rules, as the plan wants them. Pure; `relay` writes it to
//! the kernel, `inventory` compares. Here is what bans need; the network firewall adds its own (`firewall`, `sip_limit`).
//!
//! A packet meets, in this order: loopback passes; the whitelist passes; bans on all ports drop; then one lookup of the
//! destination port in its protocol's map finds the chain of the jails that guard it. Everything else passes.
//!
//! One map for each protocol, not one for the pair: `nft monitor` of Debian 12 (1.0.6) dies on a map of pairs with ranges.

use event::{Protocol, Subject};

use crate::expression::{self as expr, Verdict};
use crate::inventory::Inventory;
use crate::layout::Layout;
use crate::plan::{Kind, Plan, SHARDS, shard_name, stem};
use crate::ports::{self, Interval};
use crate::wire::Wire;
use crate::{firewall, sip_limit};

/// Where the base chain stands: before raw's -300, and so before conntrack (-200) and DNAT (-100).
pub(crate) const PRIORITY: i32 = -310;
/// `NF_INET_PRE_ROUTING`.
pub(crate) const PREROUTING: u32 = 0;
/// The base chain of bans.
pub(crate) const BASE_CHAIN: &str = "prerouting";

/// How the kernel hands packets to a chain: the hook and the priority there; `None` for chains that others jump to.
pub(crate) fn hook_of(chain: &str) -> Option<(u32, i32)> {
    match chain {
        BASE_CHAIN => Some((PREROUTING, PRIORITY)),
        sip_limit::CHAIN => Some((PREROUTING, sip_limit::PRIORITY)),
        firewall::CHAIN => Some((firewall::INPUT, firewall::PRIORITY)),
        _ => None,
    }
}

/// The maps of ports, each with two names: a changed map gets the other one, see `relay`.
const PORTS: [(Protocol, [&str; 2]); 2] =
    [(Protocol::Tcp, ["ports_tcp", "ports_tcp_2"]), (Protocol::Udp, ["ports_udp", "ports_udp_2"])];
pub(crate) const INTERVAL: u32 = 0x4;
pub(crate) const MAP: u32 = 0x8;
pub(crate) const TIMEOUT: u32 = 0x10;
/// Rules put elements in.
pub(crate) const DYNAMIC: u32 = 0x20;
const OBJECT: u32 = 0x40;
const TYPE_IPV4: u32 = 7;
const TYPE_IPV6: u32 = 8;
/// `inet_service`.
pub(crate) const TYPE_PORT: u32 = 13;

/// What a set's keys lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Nothing,
    Verdict,
    Counter,
}

/// A set or map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetDefinition {
    pub(crate) name: String,
    pub(crate) flags: u32,
    pub(crate) key_type: u32,
    pub(crate) key_bytes: u32,
    pub(crate) value: Value,
    /// How many elements it takes; 0 for no bound.
    pub(crate) size: u32,
    /// How long an element stays if it does not say itself; 0 for ever.
    pub(crate) timeout_millis: u64,
}

impl SetDefinition {
    /// A set without bound and timeout.
    pub(crate) fn plain(name: &str, flags: u32, (key_type, key_bytes): (u32, u32), value: Value) -> Self {
        Self { name: name.to_owned(), flags, key_type, key_bytes, value, size: 0, timeout_millis: 0 }
    }

    /// Whether rules put its elements in, so that nobody can want any.
    pub(crate) fn is_dynamic(&self) -> bool {
        self.flags & DYNAMIC != 0
    }
}

/// An element of a static set. Sorts so that an interval's end comes before its neighbour's beginning: the kernel takes
/// two beginnings in a row for intervals that overlap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StaticElement {
    pub(crate) key: Vec<u8>,
    /// False for the first key behind an interval.
    pub(crate) begins: bool,
    /// The chain that it leads to, and whether control comes back.
    pub(crate) chain: Option<(String, bool)>,
}

impl StaticElement {
    /// An interval's beginning, and its end unless it reaches the end of all keys.
    pub(crate) fn interval(
        first: Vec<u8>,
        behind: Option<Vec<u8>>,
        chain: Option<(String, bool)>,
    ) -> Vec<Self> {
        let end = behind.map(|key| Self { key, begins: false, chain: None });
        std::iter::once(Self { key: first, begins: true, chain }).chain(end).collect()
    }

    /// A run of ports.
    pub(crate) fn ports(first: u16, last: u16, chain: Option<(String, bool)>) -> Vec<Self> {
        let key = |port: u16| port.to_be_bytes().to_vec();
        Self::interval(key(first), last.checked_add(1).map(key), chain)
    }

    pub(crate) fn verdict(&self) -> Option<Verdict> {
        let (chain, returns) = self.chain.clone()?;
        Some(if returns { Verdict::Jump(chain) } else { Verdict::Goto(chain) })
    }
}

/// A rule: its chain, its expressions as they stand in the message, and a comment for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) chain: String,
    pub(crate) expressions: Vec<u8>,
    pub(crate) comment: String,
}

impl Rule {
    pub(crate) fn new(chain: &str, comment: &str, body: impl FnOnce(&mut Wire)) -> Self {
        let mut wire = Wire::default();
        body(&mut wire);
        let (chain, comment) = (chain.to_owned(), comment.to_owned());
        Self { chain, comment, expressions: wire.bytes().to_vec() }
    }
}

/// The whole table without its bans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Indexed as `Plan::sets`.
    pub(crate) ban_sets: Vec<SetDefinition>,
    /// With all their elements, sorted.
    pub(crate) static_sets: Vec<(SetDefinition, Vec<StaticElement>)>,
    /// In no particular order: all are there before the first rule is.
    pub(crate) chains: Vec<String>,
    pub(crate) rules: Vec<Rule>,
    /// Those of the firewall. The counters of bans come and go with their owners.
    pub(crate) counters: Vec<&'static str>,
}

impl Frame {
    /// The frame that a layout and its plan ask for. Where the table stands already, what is the same gets the same name.
    pub(crate) fn of(layout: &Layout, plan: &Plan, old: Option<&Inventory>) -> Self {
        let mut frame = Self { chains: vec![BASE_CHAIN.to_owned()], ..Self::default() };
        frame.ban_sets =
            plan.sets.iter().map(|set| ban_set(plan, usize::from(set.bucket), &set.name)).collect();
        frame.whitelist(&plan.whitelist);
        frame.base_rules_before_ports();
        for bucket in 0..4 {
            frame.bucket_rules(plan, bucket, BASE_CHAIN);
        }
        frame.jail_chains(plan);
        frame.port_dispatch(plan, old);
        frame.add_firewall(&layout.firewall.networks, old);
        frame.add_sip_limit(layout.firewall.sip_limit.as_ref(), old);
        frame
    }

    /// All sets.
    pub(crate) fn set_definitions(&self) -> impl Iterator<Item = &SetDefinition> {
        self.ban_sets.iter().chain(self.static_sets.iter().map(|(definition, _)| definition))
    }

    fn base_rules_before_ports(&mut self) {
        self.rule(BASE_CHAIN, "loopback is not outside", |wire| {
            expr::from_loopback(wire);
            expr::verdict(wire, &Verdict::Accept);
        });
        for kind in [Kind::Net4, Kind::Net6] {
            self.rule(BASE_CHAIN, "", |wire| {
                expr::source(wire, kind);
                expr::in_set(wire, whitelist_name(kind));
                expr::verdict(wire, &Verdict::Accept);
            });
        }
    }

    fn whitelist(&mut self, subjects: &[Subject]) {
        for kind in [Kind::Net4, Kind::Net6] {
            let mut elements = Vec::new();
            for subject in subjects.iter().filter(|subject| subject.is_ipv4() == kind.is_ipv4()) {
                let (first, behind) = range(subject);
                elements.extend(StaticElement::interval(first, behind, None));
            }
            elements.sort();
            let definition =
                SetDefinition::plain(whitelist_name(kind), INTERVAL, key_form(kind), Value::Nothing);
            self.static_sets.push((definition, elements));
        }
    }

    /// The rules that drop a bucket's bans: one lookup, or one more that finds the shard.
    fn bucket_rules(&mut self, plan: &Plan, index: usize, chain: &str) {
        let bucket = &plan.buckets[index];
        if bucket.shards == 1 {
            self.drop_rule(plan, index, &bucket.name, chain);
            return;
        }
        let map = format!("{}_shards", bucket.name);
        let mut elements = Vec::new();
        for shard in 0..SHARDS {
            let set = shard_name(&bucket.name, shard);
            let shard_chain = format!("shard_{set}");
            self.chains.push(shard_chain.clone());
            self.drop_rule(plan, index, &set, &shard_chain);
            let key = bucket.kind.key_bytes(bucket.kind.shard_key(shard)).as_slice().to_vec();
            elements.push(StaticElement { key, begins: true, chain: Some((shard_chain, true)) });
        }
        elements.sort();
        let definition = SetDefinition::plain(&map, MAP, key_form(bucket.kind), Value::Verdict);
        self.static_sets.push((definition, elements));
        self.rule(chain, "", |wire| {
            expr::source(wire, bucket.kind);
            expr::shard_bits(wire, bucket.kind);
            expr::verdict_of(wire, &map);
        });
    }

    fn drop_rule(&mut self, plan: &Plan, index: usize, set: &str, chain: &str) {
        let bucket = &plan.buckets[index];
        self.rule(chain, "", |wire| {
            expr::source(wire, bucket.kind);
            if bucket.shared {
                expr::count_by_map(wire, set);
            } else {
                expr::in_set(wire, set);
                let (jail, _) = &plan.guards[index / 4 - 1];
                expr::count(wire, &crate::plan::counter_name(jail, event::Scope::Jail));
            }
            expr::verdict(wire, &Verdict::Drop);
        });
    }

    fn jail_chains(&mut self, plan: &Plan) {
        for (guard, (jail, _)) in plan.guards.iter().enumerate() {
            let chain = jail_chain(jail);
            self.chains.push(chain.clone());
            for bucket in guard * 4 + 4..guard * 4 + 8 {
                self.bucket_rules(plan, bucket, &chain);
            }
        }
    }

    /// For each protocol, the map from a port to a jail's chain, or to a chain for a group of jails that share ports. A
    /// protocol of which nothing is guarded has neither map nor rule.
    fn port_dispatch(&mut self, plan: &Plan, old: Option<&Inventory>) {
        let cut = ports::intervals(
            plan.guards.iter().enumerate().map(|(index, (_, ports))| (index, ports.as_slice())),
        );
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (protocol, names) in PORTS {
            let mut elements = Vec::new();
            for interval in cut.iter().filter(|interval| interval.protocol == protocol) {
                let chain = match interval.jails[..] {
                    [only] => jail_chain(&plan.guards[only].0),
                    _ => self.group_chain(plan, interval, &mut groups),
                };
                elements.extend(StaticElement::ports(interval.first, interval.last, Some((chain, false))));
            }
            if !elements.is_empty() {
                elements.sort();
                self.port_map(protocol, name_ports(names, &elements, old), elements);
            }
        }
    }

    fn port_map(&mut self, protocol: Protocol, map: &str, elements: Vec<StaticElement>) {
        let definition = SetDefinition::plain(map, INTERVAL | MAP, (TYPE_PORT, 2), Value::Verdict);
        self.static_sets.push((definition, elements));
        self.rule(BASE_CHAIN, "guarded ports", |wire| {
            expr::destination_port(wire, protocol);
            expr::verdict_of(wire, map);
        });
    }

    fn group_chain(&mut self, plan: &Plan, interval: &Interval, groups: &mut Vec<Vec<usize>>) -> String {
        let known = groups.iter().position(|jails| *jails == interval.jails);
        let number = known.unwrap_or(groups.len()) + 1;
        let chain = format!("group_{number}");
        if known.is_none() {
            groups.push(interval.jails.clone());
            self.chains.push(chain.clone());
            for &jail in &interval.jails {
                let jump = Verdict::Jump(jail_chain(&plan.guards[jail].0));
                self.rule(&chain, "", |wire| expr::verdict(wire, &jump));
            }
        }
        chain
    }

    pub(crate) fn rule(&mut self, chain: &str, comment: &str, body: impl FnOnce(&mut Wire)) {
        self.rules.push(Rule::new(chain, comment, body));
    }
}

/// The name of a map with these elements, else one that is free, so that the old map can stay until no packet needs it.
fn name_ports(names: [&'static str; 2], elements: &[StaticElement], old: Option<&Inventory>) -> &'static str {
    let Some(old) = old else { return names[0] };
    let same = names.into_iter().find(|name| old.has_elements(name, elements));
    same.or_else(|| names.into_iter().find(|name| !old.sets.contains_key(*name))).unwrap_or(names[0])
}

fn ban_set(plan: &Plan, bucket: usize, name: &str) -> SetDefinition {
    let bucket = &plan.buckets[bucket];
    let interval = if bucket.kind.is_interval() { INTERVAL } else { 0 };
    let (shared, value) = if bucket.shared { (OBJECT, Value::Counter) } else { (0, Value::Nothing) };
    SetDefinition::plain(name, TIMEOUT | interval | shared, key_form(bucket.kind), value)
}

pub(crate) fn key_form(kind: Kind) -> (u32, u32) {
    if kind.is_ipv4() { (TYPE_IPV4, 4) } else { (TYPE_IPV6, 16) }
}

pub(crate) fn whitelist_name(kind: Kind) -> &'static str {
    if kind.is_ipv4() { "whitelist_v4" } else { "whitelist_v6" }
}

fn jail_chain(jail: &event::JailName) -> String {
    format!("jail_{}", stem(jail))
}

/// A subnet's first address and the first behind it; `None` where the subnet reaches the end of its family.
pub(crate) fn range(subject: &Subject) -> (Vec<u8>, Option<Vec<u8>>) {
    match subject.address() {
        std::net::IpAddr::V4(first) => {
            let size = 1u64 << (32 - u32::from(subject.prefix_bits()));
            let end = u64::from(first.to_bits()) + size;
            (first.octets().to_vec(), u32::try_from(end).ok().map(|end| end.to_be_bytes().to_vec()))
        }
        std::net::IpAddr::V6(first) => {
            let size = 1u128.checked_shl(128 - u32::from(subject.prefix_bits()));
            let end = size.and_then(|size| first.to_bits().checked_add(size));
            (first.octets().to_vec(), end.map(|end| end.to_be_bytes().to_vec()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_end_behind_their_last_address() {
        for (text, end) in [
            ("10.0.0.0/8", Some(vec![11, 0, 0, 0])),
            ("192.0.2.1", Some(vec![192, 0, 2, 2])),
            ("255.255.255.255", None),
            ("0.0.0.0/0", None),
            ("::/0", None),
        ] {
            assert_eq!(range(&text.parse().unwrap()).1, end, "{text}");
        }
    }
}
