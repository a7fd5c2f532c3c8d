//! Where a network goes among the others. The first network that an address lies in counts, so a narrower one comes before a wider
//! one; MikoPBX's clients say nothing of an order.

use config::Network;

/// The place nearest to `wanted` at which the network is reached, and keeps no other from being reached.
pub fn place(others: &[Network], network: &Network, wanted: usize) -> usize {
    let narrower = others.iter().rposition(|other| network.subnet.covers(&other.subnet));
    let wider = others.iter().position(|other| other.subnet.covers(&network.subnet));
    let earliest = narrower.map_or(0, |at| at + 1);
    wanted.max(earliest).min(wider.unwrap_or(others.len()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn network(subnet: &str) -> Network {
        let services = BTreeSet::new();
        Network {
            name: subnet.to_owned(),
            subnet: subnet.parse().unwrap(),
            services,
            local: false,
            never_block: false,
        }
    }

    #[test]
    fn narrower_networks_come_first() {
        let others = ["192.0.2.0/24", "10.1.0.0/16", "10.0.0.0/8", "0.0.0.0/0"].map(network);
        let cases = [
            ("10.1.2.0/24", 4, 1),
            ("10.2.0.0/16", 4, 2),
            ("10.2.0.0/16", 0, 0),
            ("198.51.100.0/24", 4, 3),
            ("192.0.0.0/16", 0, 1),
            ("2001:db8::/32", 4, 4),
            ("2001:db8::/32", 2, 2),
        ];
        for (subnet, wanted, expected) in cases {
            assert_eq!(place(&others, &network(subnet), wanted), expected, "{subnet} at {wanted}");
        }
        assert_eq!(place(&[], &network("::/0"), 0), 0);
    }
}
