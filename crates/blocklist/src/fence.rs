//! What no list may name, whatever it says: a list is somebody else's word, and its mistakes must not cut this host off. The
//! administrator's whitelist stands above all lists too, elsewhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use event::Subject;
use event::limit::{LISTED_PREFIX_V4, LISTED_PREFIX_V6};

/// Nobody's or this host's own addresses, whoever names them.
const NEVER: [(IpAddr, u8); 6] = [
    (v4(0, 0, 0, 0), 8),
    (v4(127, 0, 0, 0), 8),
    (v4(224, 0, 0, 0), 3),
    // `::`, `::1` and what else lies below: none is anybody's address on the network.
    (v6(0, 0), 64),
    (v6(0xfe80, 0), 10),
    (v6(0xff00, 0), 8),
];

/// Local networks. Lists of bogons name them, and would lock the administrator's own network out; a LAPI names them only
/// because somebody there decided so about one of them.
const LOCAL: [(IpAddr, u8); 6] = [
    (v4(10, 0, 0, 0), 8),
    (v4(100, 64, 0, 0), 10),
    (v4(169, 254, 0, 0), 16),
    (v4(172, 16, 0, 0), 12),
    (v4(192, 168, 0, 0), 16),
    (v6(0xfc00, 0), 7),
];

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

const fn v6(first: u16, second: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(first, second, 0, 0, 0, 0, 0, 0))
}

/// Whether a LAPI may name it.
pub fn is_fit(subject: &Subject) -> bool {
    let widest = if subject.is_ipv4() { LISTED_PREFIX_V4 } else { LISTED_PREFIX_V6 };
    subject.prefix_bits() >= widest && !touches(&NEVER, subject)
}

/// Whether a plain list may name it.
pub fn is_fit_for_plain_list(subject: &Subject) -> bool {
    is_fit(subject) && !touches(&LOCAL, subject)
}

fn touches(networks: &[(IpAddr, u8)], subject: &Subject) -> bool {
    networks.iter().any(|(address, prefix)| Subject::network(*address, *prefix).overlaps(subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_locked_out_by_a_list_of_bogons() {
        for (text, in_lapi, in_list) in [
            ("192.0.2.1", true, true),
            ("1.10.16.0/20", true, true),
            ("41.0.0.0/8", true, true),
            ("2a00::/19", true, true),
            ("2001:db8::1", true, true),
            ("40.0.0.0/7", false, false),
            ("0.0.0.0/0", false, false),
            ("0.0.0.0", false, false),
            ("::/0", false, false),
            ("2a00::/18", false, false),
            ("127.0.0.1", false, false),
            ("::1", false, false),
            ("::ffff:127.0.0.1", false, false),
            ("224.0.0.251", false, false),
            ("255.255.255.255", false, false),
            ("fe80::1", false, false),
            ("ff02::1", false, false),
            ("10.0.0.0/8", true, false),
            ("10.1.2.3", true, false),
            ("100.64.0.1", true, false),
            ("169.254.169.254", true, false),
            ("172.16.0.0/12", true, false),
            ("172.32.0.0/16", true, true),
            ("192.168.1.0/24", true, false),
            ("192.0.0.0/8", true, false),
            ("fd00::1", true, false),
        ] {
            let subject: Subject = text.parse().unwrap();
            assert_eq!((is_fit(&subject), is_fit_for_plain_list(&subject)), (in_lapi, in_list), "{text}");
        }
    }
}
