//! The SIP limit: what is above it is dropped and counted, and nothing else is.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use enforcement::{Enforcement, Layout, Nftables, SipLimit};
use event::{Scope, limit};

use crate::network::{HOST, HOST6, Network, arrives, bound, run, table};
use crate::stopwatch::timed;
use crate::{ban, lay, layout, rule};

const REQUEST: &[u8] = b"REGISTER sip:192.0.2.1 SIP/2.0\r\n\r\n";
const RESPONSE: &[u8] = b"SIP/2.0 200 OK\r\n\r\n";

fn limited(per_second: u32) -> Layout {
    let ports = ["udp/5060", "tcp/5060-5061"].map(|port| port.parse().unwrap()).to_vec();
    let mut layout = layout();
    layout.firewall.sip_limit = Some(SipLimit { ports, per_second });
    layout
}

fn with(layout: &Layout) -> Nftables {
    let mut nftables = Nftables::open().unwrap();
    lay(&mut nftables, layout, &[]);
    nftables
}

/// A socket of the host and one of the peer.
fn pair(network: &Network, from: &str, port: u16) -> (UdpSocket, UdpSocket, SocketAddr) {
    let host = if from.contains(':') { HOST6 } else { HOST };
    let to = SocketAddr::new(host.parse().unwrap(), port);
    let receiver = bound(|| UdpSocket::bind(to));
    (network.in_peer(|| UdpSocket::bind((from, 0))).unwrap(), receiver, to)
}

/// How many of so many datagrams arrive, and the most that a limit may have let pass in the time that it took.
fn burst(
    network: &Network,
    from: &str,
    port: u16,
    content: &[u8],
    count: u64,
    per_second: u64,
) -> (u64, u64) {
    let (sender, receiver, to) = pair(network, from, port);
    let ((), took) =
        timed(|| (0..count).for_each(|_| assert_eq!(sender.send_to(content, to).unwrap(), content.len())));
    // All have arrived that will: on a cable of this kind, sending is delivering.
    receiver.set_nonblocking(true).unwrap();
    let arrived = (0..count).filter(|_| receiver.recv(&mut [0; 64]).is_ok()).count() as u64;
    (arrived, per_second + 1 + took.as_millis() as u64 * per_second / 1000)
}

#[test]
fn what_is_above_the_limit_is_dropped_and_counted() {
    let network = Network::new();
    let mut nftables = with(&limited(20));
    let (arrived, most) = burst(&network, "192.0.2.2", 5060, REQUEST, 200, 20);
    assert!((20..=most).contains(&arrived), "{arrived} of 200, {most} at most\n{}", table());
    let drops = nftables.firewall_drops().unwrap();
    assert_eq!(drops.limited_packets, 200 - arrived);
    assert_eq!(drops.limited_bytes, drops.limited_packets * (REQUEST.len() as u64 + 28));
    assert_eq!((drops.dropped_packets, drops.dropped_bytes), (0, 0));
    // Others, other ports and responses are not meant.
    assert_eq!(burst(&network, "192.0.2.3", 5060, REQUEST, 15, 20).0, 15);
    assert_eq!(burst(&network, "192.0.2.2", 9999, REQUEST, 100, 20).0, 100);
    assert_eq!(burst(&network, "192.0.2.2", 5060, RESPONSE, 100, 20).0, 100);
    assert_eq!(nftables.firewall_drops().unwrap().limited_packets, 200 - arrived);
    // What is too short to be a response counts as well.
    assert!(burst(&network, "192.0.2.4", 5060, b"\r\n", 200, 20).0 < 200);
    // Each try waits a while for its datagram, so this waits for the event itself, with a bound.
    let (sender, receiver, to) = pair(&network, "192.0.2.2", 5060);
    assert!((0..5).any(|_| arrives(&sender, &receiver, to)));
}

#[test]
fn below_the_limit_everything_passes() {
    let network = Network::new();
    let mut nftables = with(&limited(300));
    for from in ["192.0.2.2", "192.0.2.3", "2001:db8:0:1::2"] {
        assert_eq!(burst(&network, from, 5060, REQUEST, 150, 300).0, 150, "{from}");
    }
    assert_eq!(nftables.firewall_drops().unwrap().limited_packets, 0);
}

#[test]
fn ipv6_is_limited_by_its_64() {
    let network = Network::new();
    let mut nftables = with(&limited(20));
    let ((first, second), took) = timed(|| {
        let first = burst(&network, "2001:db8:0:1::2", 5060, REQUEST, 100, 20).0;
        (first, burst(&network, "2001:db8:0:1::3", 5060, REQUEST, 100, 20).0)
    });
    let most = 21 + took.as_millis() as u64 * 20 / 1000;
    assert!(first >= 20 && first + second <= most, "{first} and {second}, {most} at most");
    assert_eq!(burst(&network, "2001:db8:0:2::2", 5060, REQUEST, 15, 20).0, 15);
    assert_eq!(nftables.firewall_drops().unwrap().limited_packets, 200 - first - second);
}

#[test]
fn new_connections_count_and_their_packets_do_not() {
    let network = Network::new();
    let mut nftables = with(&limited(3));
    let to: SocketAddr = format!("{HOST}:5061").parse().unwrap();
    let listener = bound(|| TcpListener::bind(to));
    let connect = || network.connect("192.0.2.2".parse().unwrap(), to);
    let mut first = connect().unwrap();
    let connected: Vec<bool> = (0..12).map(|_| connect().is_some()).collect();
    assert!(connected[..2].iter().all(|connected| *connected) && connected.contains(&false), "{connected:?}");
    assert!(nftables.firewall_drops().unwrap().limited_packets > 0);
    // A full limit holds up no connection that stands; other sources and other ports are not meant.
    let (mut called, _) = listener.accept().unwrap();
    called.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    for _ in 0..50 {
        first.write_all(REQUEST).unwrap();
        called.read_exact(&mut [0; REQUEST.len()]).unwrap();
    }
    assert!(network.tcp_from("192.0.2.3", 5060) && network.tcp_from("192.0.2.2", 80));
}

#[test]
fn the_whitelist_and_loopback_are_exempt_and_a_ban_goes_first() {
    let network = Network::new();
    let mut nftables = Nftables::open().unwrap();
    let mut layout = limited(5);
    layout.whitelist = ["192.0.2.3", "2001:db8:0:1::/64"].map(|subject| subject.parse().unwrap()).to_vec();
    layout.firewall.networks =
        vec![rule("0.0.0.0/0", &["udp/5060"], false), rule("::/0", &["udp/5060"], false)];
    lay(&mut nftables, &layout, &[ban("asterisk", Scope::Jail, "192.0.2.4", 60)]);
    for from in ["192.0.2.3", "2001:db8:0:1::2"] {
        assert_eq!(burst(&network, from, 5060, REQUEST, 100, 5).0, 100, "{from}");
    }
    let receiver = UdpSocket::bind("127.0.0.1:5060").unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert!((0..50).all(|_| arrives(&sender, &receiver, receiver.local_addr().unwrap())));
    assert_eq!(burst(&network, "192.0.2.4", 5060, REQUEST, 100, 5).0, 0);
    assert_eq!(nftables.firewall_drops().unwrap(), enforcement::FirewallDrops::default());
    let banned: u64 = nftables.counters().unwrap().iter().map(|c| c.packets).sum();
    assert_eq!(banned, 100);
}

#[test]
fn an_established_flow_is_limited_too() {
    let network = Network::new();
    let mut layout = limited(20);
    layout.firewall.networks = vec![rule("192.0.2.0/24", &["udp/5060"], false)];
    let mut nftables = with(&layout);
    let (sender, receiver, to) = pair(&network, "192.0.2.2", 5060);
    assert!(arrives(&sender, &receiver, to) && arrives(&receiver, &sender, sender.local_addr().unwrap()));
    assert!(arrives(&sender, &receiver, to));
    for _ in 0..100 {
        sender.send_to(REQUEST, to).unwrap();
    }
    assert!(nftables.firewall_drops().unwrap().limited_packets > 0);
}

#[test]
fn rates_survive_what_does_not_change_them() {
    let network = Network::new();
    let mut nftables = with(&limited(20));
    burst(&network, "192.0.2.2", 5060, REQUEST, 100, 20);
    let counted = nftables.firewall_drops().unwrap().limited_packets;
    let sources = |set: &str| run("nft", &["-a", "list", "set", "inet", "stockade", set]);
    assert!(sources("sip_ipv4_at_20").contains("192.0.2.2"));
    let mut layout = limited(20);
    layout.firewall.networks = vec![rule("192.0.2.0/24", &["udp/5060"], false)];
    layout.whitelist.push("192.0.2.9".parse().unwrap());
    assert!(lay(&mut nftables, &layout, &[ban("sshd", Scope::Jail, "192.0.2.2", 60)]));
    assert!(sources("sip_ipv4_at_20").contains("192.0.2.2"), "{}", table());
    assert_eq!(nftables.firewall_drops().unwrap().limited_packets, counted);
    // Another rate holds at once, also for those that were counted by the former.
    layout.firewall.sip_limit.as_mut().unwrap().per_second = 90;
    assert!(lay(&mut nftables, &layout, &[]));
    assert!(!lay(&mut nftables, &layout, &[]));
    assert!(burst(&network, "192.0.2.2", 5060, REQUEST, 200, 90).0 >= 90);
    assert!(!table().contains("sip_ipv4_at_20"));
    run("nft", &["flush chain inet stockade sip_sources"]);
    assert!(lay(&mut nftables, &layout, &[]) && !lay(&mut nftables, &layout, &[]));
    assert!(burst(&network, "192.0.2.3", 5060, REQUEST, 200, 90).0 < 200);
    layout.firewall.sip_limit = None;
    assert!(lay(&mut nftables, &layout, &[]) && !lay(&mut nftables, &layout, &[]));
    assert!(!table().contains("sip_ipv"), "{}", table());
    assert_eq!(burst(&network, "192.0.2.3", 5060, REQUEST, 200, 90).0, 200);
}

#[test]
fn a_full_set_locks_nobody_out() {
    let network = Network::new();
    let mut nftables = with(&limited(20));
    assert!(table().contains(&format!("size {}", limit::SIP_SOURCES)), "{}", table());
    let path = std::env::temp_dir().join(format!("stockade-{}-sources.nft", std::process::id()));
    let keys: Vec<String> = (0..limit::SIP_SOURCES)
        .map(|n| format!("{} timeout 1h", std::net::Ipv4Addr::from_bits(0x0a00_0000 + n)))
        .collect();
    std::fs::write(&path, format!("add element inet stockade sip_ipv4_at_20 {{ {} }}\n", keys.join(", ")))
        .unwrap();
    run("nft", &["-f", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(burst(&network, "192.0.2.2", 5060, REQUEST, 200, 20).0, 200);
    assert!(!run("nft", &["list", "set", "inet", "stockade", "sip_ipv4_at_20"]).contains("192.0.2.2 "));
    // What fills it is no business of the comparison, however much it is.
    let (rebuilt, took) = timed(|| lay(&mut nftables, &limited(20), &[]));
    assert!(!rebuilt && took < Duration::from_millis(500), "{took:?}");
    // The sources of the other family are counted for themselves.
    assert!(burst(&network, "2001:db8::2", 5060, REQUEST, 200, 20).0 < 200);
}
