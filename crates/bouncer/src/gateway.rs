//! The default gateways, from the kernel's routing tables as it prints them. Blocking one of them cuts the host off.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use event::Subject;

/// The gateways of the thread's network namespace, each with where it comes from.
pub fn gateways() -> Vec<(Subject, String)> {
    let read = |name: &str| fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap_or_default();
    let (v4, v6) = (read("route"), read("ipv6_route"));
    let all = v4.lines().filter_map(gateway_v4).chain(v6.lines().filter_map(gateway_v6));
    all.map(|(gateway, interface)| (Subject::exactly(gateway), format!("gateway at {interface}"))).collect()
}

/// `eth0 00000000 0100A8C0 0003 …`: interface, destination, gateway, flags, and the mask as the eighth; numbers as they lie in
/// memory.
fn gateway_v4(line: &str) -> Option<(IpAddr, &str)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [interface, "00000000", gateway, _, _, _, _, "00000000", ..] = words.as_slice() else { return None };
    let gateway = Ipv4Addr::from(u32::from_str_radix(gateway, 16).ok()?.to_ne_bytes());
    (!gateway.is_unspecified()).then_some((gateway.into(), interface))
}

/// Destination, its prefix, source, its prefix, next hop, …, and the interface at the end; addresses in hexadecimal.
fn gateway_v6(line: &str) -> Option<(IpAddr, &str)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "00", _, _, gateway, .., interface] = words.as_slice() else { return None };
    let gateway = Ipv6Addr::from_bits(u128::from_str_radix(gateway, 16).ok()?);
    (!gateway.is_unspecified()).then_some((gateway.into(), interface))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_routes_name_their_gateway_and_others_do_not() {
        let gateway = gateway_v4("eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
        assert_eq!(gateway, Some(("192.168.0.1".parse().unwrap(), "eth0")));
        assert_eq!(gateway_v4("eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0"), None);
        assert_eq!(gateway_v4("ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0"), None);
        assert_eq!(gateway_v4("Iface\tDestination\tGateway \tFlags"), None);
        let line = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                    fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0";
        assert_eq!(gateway_v6(line), Some(("fe80::1".parse().unwrap(), "eth0")));
        assert_eq!(gateway_v6(&line.replace("fe8", "000").replace("001 0", "000 0")), None);
    }
}
