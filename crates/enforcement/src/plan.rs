//! Which kernel set a ban belongs to, and what the sets, counters and shards are called. Pure: it speaks to no kernel.
//!
//! Bans on all ports of all jails share four maps, so that a packet costs one lookup for all of them; the map's value
//! is the jail's drop counter, which also says whose ban it is. Bans on a jail's ports stand in the jail's own four sets.
//!
//! The kernel dumps a hash set of n elements in time proportional to n squared: for each message of about 700 elements
//! it walks the set from its beginning (`nft_rhash_walk`). A million in one set takes most of a minute. Past
//! `limit::ELEMENTS_PER_SET`, the elements are therefore spread over 256 sets by a few bits of the address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use event::{JailName, Moment, Port, Scope, Subject, limit};

use crate::layout::Layout;

/// The table, of family `inet`.
pub(crate) const TABLE: &str = "stockade";

/// Into how many sets a large one is spread.
pub(crate) const SHARDS: u16 = 256;

/// What a set's elements are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// IPv4 addresses.
    V4,
    /// IPv6 /64 networks.
    V6,
    /// Other IPv4 subnets.
    Net4,
    /// Other IPv6 subnets, single addresses among them.
    Net6,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::V4, Self::V6, Self::Net4, Self::Net6];

    pub(crate) fn of(subject: &Subject) -> Self {
        match (subject.is_ipv4(), subject.is_single_client()) {
            (true, true) => Self::V4,
            (true, false) => Self::Net4,
            (false, true) => Self::V6,
            (false, false) => Self::Net6,
        }
    }

    pub(crate) fn is_ipv4(self) -> bool {
        matches!(self, Self::V4 | Self::Net4)
    }

    pub(crate) fn is_interval(self) -> bool {
        matches!(self, Self::Net4 | Self::Net6)
    }

    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::V4 => "v4",
            Self::V6 => "v6",
            Self::Net4 => "net4",
            Self::Net6 => "net6",
        }
    }

    /// The shard of a key. IPv4 by the last octet; IPv6 by bits of the subnet's last three octets, since delegated
    /// prefixes of 48, 56 and 64 bits vary in different ones.
    pub(crate) fn shard(self, key: u64) -> u16 {
        match self {
            Self::V4 => (key & 0xff) as u16,
            _ => ((key & 7) | (key >> 5 & 0x38) | (key >> 10 & 0xc0)) as u16,
        }
    }

    /// The bits of the address that `shard` looks at, as the kernel's rule masks them.
    pub(crate) fn shard_bits(self) -> u64 {
        if self == Self::V4 { 0xff } else { 0x3_0707 }
    }

    /// The masked address that stands for a shard in the dispatch map.
    pub(crate) fn shard_key(self, shard: u16) -> u64 {
        let shard = u64::from(shard);
        if self == Self::V4 { shard } else { (shard & 7) | (shard & 0x38) << 5 | (shard & 0xc0) << 10 }
    }

    /// A key's bytes in the kernel's set.
    pub(crate) fn key_bytes(self, key: u64) -> KeyBytes {
        let mut bytes = [0; 16];
        if self.is_ipv4() {
            bytes[..4].copy_from_slice(&(key as u32).to_be_bytes());
            KeyBytes { bytes, length: 4 }
        } else {
            bytes[..8].copy_from_slice(&key.to_be_bytes());
            KeyBytes { bytes, length: 16 }
        }
    }
}

/// An address of either family as the kernel stores it.
#[derive(Clone, Copy)]
pub(crate) struct KeyBytes {
    bytes: [u8; 16],
    length: usize,
}

impl KeyBytes {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The key of a single client: an IPv4 address, or the upper half of an IPv6 one.
pub(crate) fn key_of(subject: &Subject) -> u64 {
    match subject.address() {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 64) as u64,
    }
}

/// The single client that a key stands for.
pub(crate) fn subject_of(kind: Kind, key: u64) -> Subject {
    if kind.is_ipv4() {
        Subject::exactly(Ipv4Addr::from_bits(key as u32).into())
    } else {
        Subject::network(Ipv6Addr::from_bits(u128::from(key) << 64).into(), 64)
    }
}

/// One ban of a single client, small, since there may be a million of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Index into `Plan::sets`.
    pub(crate) set: u32,
    /// Index into `Plan::owners`.
    pub(crate) owner: u16,
    pub(crate) key: u64,
    pub(crate) until: Moment,
}

/// Bans of one jail (or of all, on all ports) that are of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// `sshd_v4`, `all_net6`, …
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Whether it is a map to drop counters: bans on all ports.
    pub(crate) shared: bool,
    /// 1, or `SHARDS`.
    pub(crate) shards: u16,
    /// Index of its first set.
    first_set: u32,
}

/// A set of bans in the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BanSet {
    pub(crate) name: String,
    pub(crate) bucket: u16,
    pub(crate) shard: u16,
}

/// Where a ban goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) bucket: u16,
    pub(crate) owner: u16,
}

/// How the table is laid out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    /// The jails that guard ports, in the layout's order.
    pub(crate) guards: Vec<(JailName, Vec<Port>)>,
    /// Whitelisted subjects, none inside another.
    pub(crate) whitelist: Vec<Subject>,
    /// Four for all ports, then four for each guard.
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) sets: Vec<BanSet>,
    /// Who may own an element: a jail in a scope. Each has a drop counter.
    pub(crate) owners: Vec<(JailName, Scope)>,
    owner_index: HashMap<(JailName, Scope), u16>,
    guard_index: HashMap<JailName, usize>,
    portless: Vec<JailName>,
}

impl Plan {
    /// The plan for a layout, with every bucket in one set.
    pub(crate) fn new(layout: &Layout) -> Self {
        let mut plan = Self { whitelist: outermost(layout.whitelist.iter().copied()), ..Self::default() };
        for guard in &layout.guards {
            if guard.ports.is_empty() {
                plan.portless.push(guard.jail.clone());
            } else if !plan.guard_index.contains_key(&guard.jail) {
                plan.guard_index.insert(guard.jail.clone(), plan.guards.len());
                plan.guards.push((guard.jail.clone(), guard.ports.clone()));
            }
            plan.owner(&guard.jail, Scope::Jail);
            plan.owner(&guard.jail, Scope::AllPorts);
        }
        let names: Vec<String> =
            std::iter::once("all".to_owned()).chain(plan.guards.iter().map(|(jail, _)| stem(jail))).collect();
        for (group, name) in names.iter().enumerate() {
            for kind in Kind::ALL {
                let name = format!("{name}_{}", kind.suffix());
                plan.buckets.push(Bucket { name, kind, shared: group == 0, shards: 1, first_set: 0 });
            }
        }
        plan.name_sets();
        plan
    }

    /// Spreads a bucket over `SHARDS` sets. Only before set indices are used.
    pub(crate) fn spread(&mut self, bucket: usize) {
        self.buckets[bucket].shards = SHARDS;
        self.name_sets();
    }

    fn name_sets(&mut self) {
        self.sets.clear();
        for (index, bucket) in self.buckets.iter_mut().enumerate() {
            bucket.first_set = self.sets.len() as u32;
            for shard in 0..bucket.shards {
                let name =
                    if bucket.shards == 1 { bucket.name.clone() } else { shard_name(&bucket.name, shard) };
                self.sets.push(BanSet { name, bucket: index as u16, shard });
            }
        }
    }

    /// Where a ban goes; `None` if its jail guards no port and the ban is not for all.
    pub(crate) fn place(&mut self, jail: &JailName, scope: Scope, subject: &Subject) -> Option<Place> {
        let everywhere =
            scope == Scope::AllPorts || self.portless.contains(jail) || jail.as_str() == JailName::MANUAL;
        let group = match self.guard_index.get(jail) {
            Some(guard) if scope == Scope::Jail => guard + 1,
            _ if everywhere => 0,
            _ => return None,
        };
        let bucket = (group * 4 + Kind::of(subject) as usize) as u16;
        Some(Place { bucket, owner: self.owner(jail, scope) })
    }

    /// The index of an owner, which is made if need be.
    pub(crate) fn owner(&mut self, jail: &JailName, scope: Scope) -> u16 {
        if let Some(&index) = self.owner_index.get(&(jail.clone(), scope)) {
            return index;
        }
        let index = self.owners.len() as u16;
        self.owners.push((jail.clone(), scope));
        self.owner_index.insert((jail.clone(), scope), index);
        index
    }

    /// The set of a key.
    pub(crate) fn set_of(&self, bucket: u16, key: u64) -> u32 {
        let bucket = &self.buckets[usize::from(bucket)];
        bucket.first_set + if bucket.shards == 1 { 0 } else { u32::from(bucket.kind.shard(key)) }
    }

    /// The bucket that a set belongs to.
    pub(crate) fn bucket_of(&self, set: u32) -> &Bucket {
        &self.buckets[usize::from(self.sets[set as usize].bucket)]
    }

    /// The name of an owner's drop counter.
    pub(crate) fn counter(&self, owner: u16) -> String {
        let (jail, scope) = &self.owners[usize::from(owner)];
        counter_name(jail, *scope)
    }
}

/// The name of a drop counter: `sshd_ports` or `sshd_all`.
pub(crate) fn counter_name(jail: &JailName, scope: Scope) -> String {
    match scope {
        Scope::Jail => format!("{}_ports", stem(jail)),
        Scope::AllPorts => format!("{}_all", stem(jail)),
    }
}

/// Whose drop counter this is.
pub(crate) fn counter_owner(name: &str) -> Option<(JailName, Scope)> {
    let (stem, scope) = match name.strip_suffix("_ports") {
        Some(stem) => (stem, Scope::Jail),
        None => (name.strip_suffix("_all")?, Scope::AllPorts),
    };
    Some((jail_of(stem)?, scope))
}

/// What a set of bans is by its name: the jail (`None` for all ports) and the kind.
pub(crate) fn set_meaning(name: &str) -> Option<(Option<JailName>, Kind)> {
    let whole = match name.rsplit_once('_') {
        Some((whole, shard)) if shard.bytes().all(|b| b.is_ascii_digit()) && !shard.is_empty() => whole,
        _ => name,
    };
    let (stem, suffix) = whole.rsplit_once('_')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.suffix() == suffix)?;
    match stem {
        "all" => Some((None, kind)),
        "whitelist" => None,
        stem => Some((Some(jail_of(stem)?), kind)),
    }
}

/// A shard's set.
pub(crate) fn shard_name(bucket: &str, shard: u16) -> String {
    format!("{bucket}_{shard:03}")
}

/// A jail's name as names in the kernel begin. `all` and `whitelist` are names of ours, so a jail that is called so gets
/// a dot, which no jail's name can have.
pub(crate) fn stem(jail: &JailName) -> String {
    match jail.as_str() {
        "all" | "whitelist" => format!("{jail}."),
        name => name.to_owned(),
    }
}

fn jail_of(stem: &str) -> Option<JailName> {
    let name = stem.strip_suffix('.').unwrap_or(stem);
    JailName::valid(name).then(|| JailName::new(name))
}

/// Each family sorted, without those that lie inside another: the kernel refuses intervals that overlap.
pub(crate) fn outermost(subjects: impl IntoIterator<Item = Subject>) -> Vec<Subject> {
    let mut sorted: Vec<Subject> = subjects.into_iter().collect();
    // By family first: IPv4 sorts inside ::/0 but is not part of it here, since the families are looked up apart.
    sorted.sort_unstable_by_key(|subject| (subject.is_ipv4(), *subject));
    let mut kept: Vec<Subject> = Vec::new();
    for subject in sorted {
        // A wider subnet sorts before everything in it, so only the last kept one can cover this one.
        let covered =
            kept.last().is_some_and(|wider| wider.is_ipv4() == subject.is_ipv4() && wider.covers(&subject));
        if !covered {
            kept.push(subject);
        }
    }
    kept
}

/// Whether a bucket should be spread: by how many it is to hold, and whether it is spread now, so that a number near
/// the bound does not make it change its form each time.
pub(crate) fn wants_spread(elements: usize, spread_now: bool) -> bool {
    elements > if spread_now { limit::ELEMENTS_PER_SET / 4 } else { limit::ELEMENTS_PER_SET }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Guard;

    fn subject(text: &str) -> Subject {
        text.parse().unwrap()
    }

    fn plan() -> Plan {
        let guard = |jail: &str, ports: &[&str]| Guard {
            jail: JailName::new(jail),
            ports: ports.iter().map(|port| port.parse().unwrap()).collect(),
        };
        let guards = vec![guard("sshd", &["tcp/22"]), guard("recidive", &[]), guard("all", &["tcp/80"])];
        Plan::new(&Layout { guards, ..Layout::default() })
    }

    #[test]
    fn each_ban_has_its_place() {
        let mut plan = plan();
        for (jail, scope, who, set) in [
            ("sshd", Scope::Jail, "192.0.2.1", Some("sshd_v4")),
            ("sshd", Scope::Jail, "2001:db8::/64", Some("sshd_v6")),
            ("sshd", Scope::Jail, "2001:db8::1", Some("sshd_net6")),
            ("sshd", Scope::AllPorts, "192.0.2.0/24", Some("all_net4")),
            ("all", Scope::Jail, "192.0.2.1", Some("all._v4")),
            ("recidive", Scope::Jail, "192.0.2.1", Some("all_v4")),
            ("manual", Scope::Jail, "192.0.2.1", Some("all_v4")),
            ("gone", Scope::AllPorts, "192.0.2.1", Some("all_v4")),
            ("gone", Scope::Jail, "192.0.2.1", None),
        ] {
            let place = plan.place(&JailName::new(jail), scope, &subject(who));
            let name = place.map(|place| plan.sets[plan.set_of(place.bucket, 0) as usize].name.clone());
            assert_eq!(name.as_deref(), set, "{jail} {scope} {who}");
        }
    }

    #[test]
    fn names_say_what_they_hold() {
        let mut plan = plan();
        plan.spread(0);
        for set in &plan.sets {
            let bucket = &plan.buckets[usize::from(set.bucket)];
            let (jail, kind) = set_meaning(&set.name).unwrap();
            assert_eq!((jail.is_none(), kind), (bucket.shared, bucket.kind), "{}", set.name);
        }
        for owner in 0..plan.owners.len() as u16 {
            assert_eq!(counter_owner(&plan.counter(owner)).as_ref(), Some(&plan.owners[usize::from(owner)]));
        }
    }

    #[test]
    fn shards_are_told_by_the_masked_bits() {
        for (kind, key) in [(Kind::V4, 0xc000_02ff), (Kind::V6, 0x2001_0db8_1234_5678)] {
            assert_eq!(kind.shard_key(kind.shard(key)), key & kind.shard_bits());
        }
        for shard in 0..SHARDS {
            assert_eq!(Kind::V6.shard(Kind::V6.shard_key(shard)), shard);
            assert_eq!(Kind::V4.shard(Kind::V4.shard_key(shard)), shard);
        }
    }

    #[test]
    fn only_the_outermost_remain() {
        let all =
            ["10.1.0.0/16", "::/0", "10.0.0.0/8", "2001:db8::/32", "10.255.0.1", "11.0.0.1"].map(subject);
        assert_eq!(outermost(all), ["::/0", "10.0.0.0/8", "11.0.0.1"].map(subject));
    }

    #[test]
    fn a_key_and_its_subject_are_one() {
        for text in ["192.0.2.1", "2001:db8:1:2::/64"] {
            assert_eq!(subject_of(Kind::of(&subject(text)), key_of(&subject(text))), subject(text));
        }
    }
}
