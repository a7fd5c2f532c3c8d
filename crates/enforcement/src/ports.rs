//! From jails and their ports to disjoint port intervals, each with the jails that guard it: the kernel then finds
//! the right chain by one lookup, however many jails there are. Pure.

use std::collections::BTreeMap;

use event::{Port, Protocol};

/// A run of ports of one protocol and the jails, by index, that guard every one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    pub(crate) protocol: Protocol,
    pub(crate) first: u16,
    pub(crate) last: u16,
    /// Ascending, not empty.
    pub(crate) jails: Vec<usize>,
}

/// Cuts the ports of all jails into disjoint intervals, in order, neighbours with the same jails joined.
pub(crate) fn intervals<'a>(jails: impl Iterator<Item = (usize, &'a [Port])>) -> Vec<Interval> {
    // Port numbers as u32, so that one past the last port is a number too.
    let mut edges: BTreeMap<(Protocol, u32), Vec<(usize, i32)>> = BTreeMap::new();
    for (jail, ports) in jails {
        for port in ports {
            edges.entry((port.protocol, u32::from(port.first))).or_default().push((jail, 1));
            edges.entry((port.protocol, u32::from(port.last) + 1)).or_default().push((jail, -1));
        }
    }
    let mut found: Vec<Interval> = Vec::new();
    let mut open: BTreeMap<usize, i32> = BTreeMap::new();
    let mut edges = edges.into_iter().peekable();
    while let Some(((protocol, start), steps)) = edges.next() {
        for (jail, step) in steps {
            *open.entry(jail).or_default() += step;
        }
        open.retain(|_, depth| *depth > 0);
        // Every interval that opens also closes, so within a protocol there is a next edge whenever one is open.
        let Some(&((_, end), _)) = edges.peek() else { break };
        if open.is_empty() {
            continue;
        }
        let jails: Vec<usize> = open.keys().copied().collect();
        let (first, last) = (start as u16, (end - 1) as u16);
        match found.last_mut() {
            Some(before)
                if before.protocol == protocol
                    && u32::from(before.last) + 1 == start
                    && before.jails == jails =>
            {
                before.last = last;
            }
            _ => found.push(Interval { protocol, first, last, jails }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(jails: &[&[&str]]) -> Vec<String> {
        let ports: Vec<Vec<Port>> =
            jails.iter().map(|ports| ports.iter().map(|port| port.parse().unwrap()).collect()).collect();
        intervals(ports.iter().map(Vec::as_slice).enumerate())
            .iter()
            .map(|i| format!("{} {:?}", Port { protocol: i.protocol, first: i.first, last: i.last }, i.jails))
            .collect()
    }

    #[test]
    fn ports_of_several_jails_are_cut_where_the_jails_change() {
        assert_eq!(
            cut(&[&["tcp/22"], &["udp/5060", "tcp/5060-5061"]]),
            ["tcp/22 [0]", "tcp/5060-5061 [1]", "udp/5060 [1]"]
        );
        assert_eq!(
            cut(&[&["tcp/1-65535"], &["tcp/80", "tcp/443"]]),
            ["tcp/1-79 [0]", "tcp/80 [0, 1]", "tcp/81-442 [0]", "tcp/443 [0, 1]", "tcp/444-65535 [0]"]
        );
    }

    #[test]
    fn touching_and_overlapping_ranges_of_one_jail_are_joined() {
        assert_eq!(cut(&[&["udp/10-20", "udp/21-30", "udp/25-40", "udp/12"]]), ["udp/10-40 [0]"]);
        assert_eq!(cut(&[]), [""; 0]);
    }

    proptest! {
        #[test]
        fn every_port_has_exactly_its_jails(
            jails in prop::collection::vec(prop::collection::vec((any::<bool>(), 1u16..60, 0u16..20), 0..5), 0..5)
        ) {
            let ports: Vec<Vec<Port>> = jails.iter().map(|ports| ports.iter().map(|&(tcp, first, more)| Port {
                protocol: if tcp { Protocol::Tcp } else { Protocol::Udp }, first, last: first + more,
            }).collect()).collect();
            let cut = intervals(ports.iter().map(Vec::as_slice).enumerate());
            for protocol in [Protocol::Tcp, Protocol::Udp] {
                for number in 0..100 {
                    let wanted: Vec<usize> = ports.iter().enumerate().filter(|(_, ports)| ports.iter().any(
                        |p| p.protocol == protocol && (p.first..=p.last).contains(&number))).map(|(jail, _)| jail).collect();
                    let hits: Vec<&Interval> = cut.iter().filter(
                        |i| i.protocol == protocol && (i.first..=i.last).contains(&number)).collect();
                    prop_assert!(hits.len() <= 1);
                    prop_assert_eq!(hits.first().map(|i| i.jails.clone()).unwrap_or_default(), wanted);
                }
            }
        }
    }
}
