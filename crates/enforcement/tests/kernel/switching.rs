//! While the firewall's rules are exchanged, packets go on to be judged by the old or by the new, never by less than either.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use enforcement::{Enforcement, NetworkRule, Nftables, SipLimit};
use event::Scope;

use crate::network::{HOST, Network, run, table};
use crate::{ban, lay, rule, walled};

const FORBIDDEN: u16 = 7000;
const ALLOWED: u16 = 7001;

/// Different rules that all let 192.0.2.2 reach `ALLOWED` and not `FORBIDDEN`.
fn variants() -> Vec<Vec<NetworkRule>> {
    let many = |first: u16| -> Vec<NetworkRule> {
        let others =
            (0..100).map(|n| rule(&format!("10.{n}.0.0/16"), &[&format!("tcp/{}", first + n)], true));
        others.chain([rule("192.0.2.0/24", &["udp/7001-7009", "udp/7011"], false)]).collect()
    };
    vec![
        vec![rule("192.0.2.2", &["udp/7001"], false)],
        vec![rule("192.0.2.2", &["udp/7001", "tcp/22"], true)],
        vec![rule("192.0.2.3", &["udp/7000"], true), rule("0.0.0.0/0", &["udp/7001-7010"], true)],
        many(1000),
        vec![rule("0.0.0.0/0", &["udp/1-6999", "udp/7001-65535"], false)],
        many(2000),
        vec![rule("192.0.2.2/31", &["udp/7001"], false), rule("0.0.0.0/0", &["udp/7000"], false)],
    ]
}

fn receiver(port: u16) -> (UdpSocket, SocketAddr) {
    let to: SocketAddr = format!("{HOST}:{port}").parse().unwrap();
    (UdpSocket::bind(to).unwrap(), to)
}

#[test]
fn no_forbidden_packet_passes_and_no_allowed_one_is_lost_while_rules_change() {
    let network = Network::new();
    let ((forbidden, to_forbidden), (allowed, to_allowed)) = (receiver(FORBIDDEN), receiver(ALLOWED));
    let (banned, to_banned) = receiver(5060);
    let from = |address: &str| network.in_peer(|| UdpSocket::bind((address, 0))).unwrap();
    let (knocker, caller, outlaw) = (from("192.0.2.2"), from("192.0.2.2"), from("192.0.2.4"));
    let wanted = [ban("asterisk", Scope::Jail, "192.0.2.4", 3600)];
    let mut nftables = Nftables::open().unwrap();
    let variants = variants();
    lay(&mut nftables, &walled(&variants[0]), &wanted);
    let (stop, knocked, called) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let lost = AtomicBool::new(false);
    allowed.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                knocker.send_to(b"knock", to_forbidden).unwrap();
                outlaw.send_to(b"REGISTER", to_banned).unwrap();
                knocked.fetch_add(1, Ordering::Relaxed);
            }
        });
        // The host never answers, so to conntrack each datagram begins a connection, and the rules are asked each time.
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                caller.send_to(b"call", to_allowed).unwrap();
                if allowed.recv(&mut [0; 8]).is_err() {
                    lost.store(true, Ordering::Relaxed);
                    return;
                }
                called.fetch_add(1, Ordering::Relaxed);
            }
        });
        for round in 1..60 {
            let before = (knocked.load(Ordering::Relaxed), called.load(Ordering::Relaxed));
            let mut layout = walled(&variants[round % variants.len()]);
            if round % 5 == 0 {
                layout.guards[0].ports.push(format!("tcp/{}", 2000 + round).parse().unwrap());
            }
            if round % 7 < 3 {
                layout.firewall.sip_limit = Some(SipLimit {
                    ports: layout.guards[1].ports.clone(),
                    per_second: 100 + round as u32 % 2,
                });
            }
            if round % 11 == 0 {
                run("nft", &["insert rule inet stockade input ip saddr 203.0.113.1 accept"]);
            }
            lay(&mut nftables, &layout, &wanted);
            while !lost.load(Ordering::Relaxed)
                && (knocked.load(Ordering::Relaxed) < before.0 + 500
                    || called.load(Ordering::Relaxed) < before.1 + 500)
            {
                std::thread::yield_now();
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(!lost.load(Ordering::Relaxed), "an allowed datagram was lost\n{}", table());
    let (knocked, called) = (knocked.load(Ordering::Relaxed), called.load(Ordering::Relaxed));
    eprintln!(
        "{knocked} forbidden, {knocked} banned and {called} allowed datagrams while rules changed 59 times"
    );
    for receiver in [&forbidden, &banned] {
        receiver.set_nonblocking(true).unwrap();
        assert!(receiver.recv(&mut [0; 64]).is_err(), "a datagram came through that must not");
    }
    let drops = nftables.firewall_drops().unwrap();
    assert_eq!((drops.dropped_packets, drops.limited_packets), (knocked, 0));
    let by_ban: u64 = nftables.counters().unwrap().iter().map(|c| c.packets).sum();
    assert_eq!(by_ban, knocked);
}
