//! Numbers for networks. MikoPBX numbers its rules; our settings have subnets and no numbers, so the number is made of the subnet: it
//! is the same as long as the subnet is, and another subnet has another one.

use std::net::IpAddr;

use config::Network;
use event::Subject;
use sha2::{Digest, Sha256};

/// IPv6 numbers begin here, far past those of IPv4. All stay below 2^53, so that JavaScript keeps them exact.
const IPV6: u64 = 1 << 51;

/// The number of a subnet, in decimal, as MikoPBX's `id`. Exact for IPv4, 51 bits of a hash for IPv6.
pub fn id_of(subnet: &Subject) -> String {
    let prefix = subnet.prefix_bits();
    let number = match subnet.address() {
        // One more, because PHP takes "0" for no id at all.
        IpAddr::V4(v4) => u64::from(v4.to_bits()) * 64 + u64::from(prefix) + 1,
        IpAddr::V6(v6) => {
            let hash = Sha256::new().chain_update(v6.octets()).chain_update([prefix]).finalize();
            let first = hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
            IPV6 | first >> 13
        }
    };
    number.to_string()
}

/// Where the network with this number stands.
pub fn position(networks: &[Network], id: &str) -> Option<usize> {
    networks.iter().position(|network| id_of(&network.subnet) == id)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn numbers_are_stable_distinct_and_exact_in_javascript() {
        let subnets = [
            "0.0.0.0/0",
            "10.0.0.0/8",
            "10.0.0.0/9",
            "10.0.0.0",
            "255.255.255.255",
            "::/0",
            "::/1",
            "2001:db8::/32",
        ];
        let ids: Vec<String> = subnets.iter().map(|text| id_of(&text.parse().unwrap())).collect();
        assert_eq!(ids[0], "1");
        assert_eq!(ids[1], "10737418249");
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), subnets.len());
        assert!(ids.iter().all(|id| id.parse::<u64>().unwrap() < 1 << 53));
    }
}
