//! What happens to packets: who is kept out from which ports, and who is not.

use std::net::{SocketAddr, UdpSocket};

use enforcement::{Change, Enforcement, forget_flows};
use event::{Scope, limit};

use crate::network::{HOST, Network, arrives, run, table};
use crate::{add, ban, laid, layout, now, remove};

#[test]
fn a_ban_closes_the_jails_ports_and_no_others() {
    let network = Network::new();
    let mut nftables = laid();
    assert!(network.tcp(22) && network.tcp(2222) && network.udp("192.0.2.2", 5060));
    let applied = nftables.apply(&[add("sshd", Scope::Jail, "192.0.2.2")], now()).unwrap();
    assert_eq!((applied.added, applied.removed), (1, 0));
    assert!(!network.tcp(22));
    assert!(network.tcp(2222) && network.udp("192.0.2.2", 5060));
    nftables.apply(&[remove("sshd", Scope::Jail, "192.0.2.2")], now()).unwrap();
    assert!(network.tcp(22));
    let drops: Vec<(String, u64)> = nftables
        .counters()
        .unwrap()
        .into_iter()
        .filter(|c| c.packets > 0)
        .map(|c| (format!("{} {}", c.jail, c.scope), c.packets))
        .collect();
    assert!(matches!(&drops[..], [(who, 1..)] if who == "sshd jail"), "{drops:?}");
}

#[test]
fn jails_that_share_a_port_each_close_it() {
    let network = Network::new();
    let mut nftables = laid();
    for jail in ["web", "scan"] {
        assert!(network.tcp(80));
        nftables.apply(&[add(jail, Scope::Jail, "192.0.2.2")], now()).unwrap();
        assert!(!network.tcp(80));
        assert_eq!(network.tcp(443), jail == "scan");
        nftables.apply(&[remove(jail, Scope::Jail, "192.0.2.2")], now()).unwrap();
    }
}

#[test]
fn a_ban_on_all_ports_closes_all_and_counts_for_its_jail() {
    let network = Network::new();
    let mut nftables = laid();
    for (jail, scope) in [
        ("sshd", Scope::AllPorts),
        ("recidive", Scope::Jail),
        ("manual", Scope::AllPorts),
        ("gone", Scope::AllPorts),
    ] {
        nftables.apply(&[add(jail, scope, "192.0.2.2")], now()).unwrap();
        assert!(!network.tcp(22) && !network.tcp(2222) && !network.udp("192.0.2.2", 9999), "{jail}");
        assert!(network.udp("192.0.2.3", 9999));
        let counted = nftables.counters().unwrap();
        assert!(
            counted
                .iter()
                .any(|c| c.jail.as_str() == jail && c.scope == scope && c.packets > 0 && c.bytes > 0),
            "{counted:?}"
        );
        nftables.apply(&[remove(jail, scope, "192.0.2.2")], now()).unwrap();
        assert!(network.tcp(2222));
    }
}

#[test]
fn ipv6_is_banned_by_its_64() {
    let network = Network::new();
    let mut nftables = laid();
    nftables
        .apply(
            &[
                add("asterisk", Scope::Jail, "2001:db8:0:1::/64"),
                add("sshd", Scope::AllPorts, "2001:db8:0:2::/64"),
            ],
            now(),
        )
        .unwrap();
    assert!(!network.udp("2001:db8:0:1::2", 5060) && !network.udp("2001:db8:0:1::3", 5060));
    assert!(network.udp("2001:db8:0:1::2", 9999));
    assert!(!network.udp("2001:db8:0:2::2", 9999));
    assert!(network.udp("2001:db8::2", 5060));
}

#[test]
fn subnets_are_banned_whole() {
    let network = Network::new();
    let mut nftables = laid();
    let changes = [
        add("asterisk", Scope::Jail, "198.51.100.128/25"),
        add("sshd", Scope::AllPorts, "192.0.2.4/31"),
        add("sshd", Scope::AllPorts, "2001:db8:0:1::2/128"),
        add("asterisk", Scope::Jail, "2001:db8:0:2::/63"),
    ];
    // The peer must know the host's hardware address: a ban on all ports stops its questions for it as well.
    assert!(network.udp("2001:db8:0:1::3", 9999));
    nftables.apply(&changes, now()).unwrap();
    for (from, port, passes) in [
        ("198.51.100.130", 5060, false),
        ("198.51.100.130", 9999, true),
        ("198.51.100.2", 5060, true),
        ("192.0.2.4", 9999, false),
        ("192.0.2.5", 9999, false),
        ("192.0.2.3", 9999, true),
        ("2001:db8:0:1::2", 9999, false),
        ("2001:db8:0:1::3", 9999, true),
        ("2001:db8:0:2::2", 5060, false),
        ("2001:db8:0:2::2", 9999, true),
    ] {
        assert_eq!(network.udp(from, port), passes, "{from} {port}\n{}", table());
    }
}

#[test]
fn the_whitelist_wins() {
    let network = Network::new();
    let mut nftables = laid();
    let mut layout = layout();
    layout.whitelist = ["192.0.2.2", "192.0.2.0/30", "2001:db8::/64"].map(|s| s.parse().unwrap()).to_vec();
    let bans = ["192.0.2.2", "192.0.2.4", "0.0.0.0/0", "2001:db8::/64", "2001:db8:0:1::/64"]
        .map(|s| ban("sshd", Scope::AllPorts, s, 60));
    nftables.reconcile(&layout, &mut bans.into_iter(), now()).unwrap();
    assert!(network.tcp(22) && network.udp("192.0.2.3", 9999) && network.udp("2001:db8::2", 9999));
    assert!(!network.udp("192.0.2.4", 9999) && !network.udp("2001:db8:0:1::2", 9999));
}

#[test]
fn a_ban_ends_by_itself() {
    let network = Network::new();
    let mut nftables = laid();
    let mut short = ban("asterisk", Scope::Jail, "192.0.2.2", 0);
    short.until = now().after(std::time::Duration::from_secs(3));
    let mut net = ban("sshd", Scope::AllPorts, "198.51.100.0/24", 0);
    net.until = short.until;
    nftables.apply(&[Change::Add(short), Change::Add(net)], now()).unwrap();
    assert!(!network.udp("192.0.2.2", 5060));
    assert!(!network.udp("198.51.100.2", 9999));
    // Each try waits a while for its datagram, so this waits for the event itself, with a bound.
    assert!((0..40).any(|_| network.udp("192.0.2.2", 5060)));
    assert!((0..40).any(|_| network.udp("198.51.100.2", 9999)));
}

#[test]
fn the_narrower_subnet_takes_over_when_the_wider_expires() {
    let network = Network::new();
    let mut nftables = laid();
    let wide = ban("asterisk", Scope::Jail, "198.51.100.0/24", 2);
    let narrow = ban("asterisk", Scope::Jail, "198.51.100.128/25", 3600);
    let applied = nftables.apply(&[Change::Add(narrow), Change::Add(wide)], now()).unwrap();
    assert_eq!(applied.covered, 1);
    assert!(!network.udp("198.51.100.2", 5060) && !network.udp("198.51.100.130", 5060));
    assert!((0..40).any(|_| network.udp("198.51.100.2", 5060)));
    assert_eq!(nftables.apply(&[], now()).unwrap().added, 1);
    assert!(network.udp("198.51.100.2", 5060) && !network.udp("198.51.100.130", 5060));
}

#[test]
fn an_established_udp_flow_ends_and_is_forgotten() {
    let network = Network::new();
    // A firewall that lets established flows pass, as most do; it also turns conntrack on.
    run(
        "nft",
        &[
            "add table inet other; add chain inet other input { type filter hook input priority 0; policy drop; }; add rule inet other input ct state established,related accept; add rule inet other input udp dport 5060 accept; add rule inet other input meta l4proto icmpv6 accept",
        ],
    );
    let mut nftables = laid();
    let to: SocketAddr = format!("{HOST}:5060").parse().unwrap();
    let receiver = UdpSocket::bind(to).unwrap();
    let sender = network.in_peer(|| UdpSocket::bind("192.0.2.2:0")).unwrap();
    let bystander = network.in_peer(|| UdpSocket::bind("192.0.2.3:0")).unwrap();
    for peer in [&sender, &bystander] {
        assert!(arrives(peer, &receiver, to));
        receiver.send_to(b"200 OK", peer.local_addr().unwrap()).unwrap();
        assert!(arrives(peer, &receiver, to));
    }
    assert!(run("conntrack", &["-L", "-s", "192.0.2.2"]).contains("src=192.0.2.2"));
    nftables.apply(&[add("asterisk", Scope::Jail, "192.0.2.2")], now()).unwrap();
    assert!(!arrives(&sender, &receiver, to));
    assert_eq!(forget_flows(&["192.0.2.2".parse().unwrap()]).unwrap(), 1);
    assert_eq!(forget_flows(&["192.0.2.2".parse().unwrap()]).unwrap(), 0);
    assert!(!run("conntrack", &["-L"]).contains("src=192.0.2.2 "));
    assert!(run("conntrack", &["-L"]).contains("src=192.0.2.3 "));
    assert!(!arrives(&sender, &receiver, to));
    assert!(arrives(&bystander, &receiver, to));
}

#[test]
fn flows_of_networks_are_forgotten() {
    let network = Network::new();
    run(
        "nft",
        &[
            "add table inet other; add chain inet other input { type filter hook input priority 0; }; add rule inet other input ct state new counter",
        ],
    );
    for from in ["2001:db8:0:1::2", "2001:db8:0:1::3", "2001:db8:0:2::2", "198.51.100.2", "192.0.2.2"] {
        assert!(network.udp(from, 9999));
    }
    let subjects =
        ["2001:db8:0:1::/64", "198.51.100.0/24", "203.0.113.0/24", "192.0.2.9"].map(|s| s.parse().unwrap());
    assert_eq!(forget_flows(&subjects).unwrap(), 3);
    let left = run("conntrack", &["-L"]) + &run("conntrack", &["-L", "-f", "ipv6"]);
    assert!(
        left.contains("src=192.0.2.2 ")
            && left.contains("src=2001:db8:0:2::2 ")
            && !left.contains("src=2001:db8:0:1::"),
        "{left}"
    );
}

#[test]
fn bans_in_spread_sets_are_found_too() {
    let network = Network::new();
    let many = limit::ELEMENTS_PER_SET as u32 + 1;
    let crowd = (0..many).flat_map(|n| {
        let v4 = std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).to_string();
        let v6 = format!("2001:db8:{:x}:{:x}::/64", 0x100 + (n >> 16), n & 0xffff);
        [
            ban("asterisk", Scope::Jail, &v4, 3600),
            ban("asterisk", Scope::Jail, &v6, 3600),
            ban("web", Scope::AllPorts, &v4, 3600),
            ban("web", Scope::AllPorts, &v6, 3600),
        ]
    });
    let few = [
        ban("asterisk", Scope::Jail, "192.0.2.2", 3600),
        ban("asterisk", Scope::Jail, "2001:db8:0:1::/64", 3600),
        ban("web", Scope::AllPorts, "192.0.2.3", 3600),
        ban("web", Scope::AllPorts, "2001:db8:0:2::/64", 3600),
    ];
    let mut nftables = laid();
    nftables.reconcile(&layout(), &mut crowd.chain(few), now()).unwrap();
    for set in ["asterisk_v4_000", "asterisk_v6_255", "all_v4_017", "all_v6_000"] {
        run("nft", &["list", "chain", "inet", "stockade", &format!("shard_{set}")]);
    }
    for (from, port, passes) in [
        ("192.0.2.2", 5060, false),
        ("192.0.2.2", 9999, true),
        ("192.0.2.3", 9999, false),
        ("192.0.2.4", 5060, true),
        ("2001:db8:0:1::2", 5060, false),
        ("2001:db8:0:1::2", 9999, true),
        ("2001:db8:0:2::2", 9999, false),
        ("2001:db8::2", 5060, true),
    ] {
        assert_eq!(network.udp(from, port), passes, "{from} {port}");
    }
    nftables
        .apply(
            &[remove("asterisk", Scope::Jail, "192.0.2.2"), remove("web", Scope::AllPorts, "192.0.2.3")],
            now(),
        )
        .unwrap();
    assert!(network.udp("192.0.2.2", 5060) && network.udp("192.0.2.3", 9999));
    assert_eq!(nftables.held(now()).unwrap().len(), 4 * many as usize + 2);
}

#[test]
fn loopback_is_never_blocked() {
    let _network = Network::new();
    let mut nftables = laid();
    nftables
        .apply(&[add("sshd", Scope::AllPorts, "127.0.0.1"), add("sshd", Scope::AllPorts, HOST)], now())
        .unwrap();
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert!(arrives(&sender, &receiver, receiver.local_addr().unwrap()));
}
