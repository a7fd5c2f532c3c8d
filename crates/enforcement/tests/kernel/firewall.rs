//! The network firewall: who reaches which port of the host, and that nothing else suffers by it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use enforcement::{Enforcement, Layout, NetworkRule, Nftables};
use event::Scope;

use crate::network::{HOST, HOST6, Network, arrives, bound, run, table};
use crate::{add, ban, held, laid, lay, layout, now, rule, walled};

/// One address with everything, its network with the web, a network with nothing; of IPv6 one with SIP, one with nothing.
fn several() -> Vec<NetworkRule> {
    vec![
        rule("192.0.2.2", &["tcp/22", "udp/5060", "udp/10000-10100", "tcp/80"], true),
        rule("192.0.2.0/24", &["tcp/80"], false),
        rule("198.51.100.0/24", &[], true),
        rule("2001:db8::/64", &["udp/5060", "tcp/22"], true),
        rule("2001:db8:0:1::/64", &["udp/5060"], false),
    ]
}

/// A table with these networks and no bans.
fn with(networks: &[NetworkRule]) -> Nftables {
    let mut nftables = Nftables::open().unwrap();
    lay(&mut nftables, &walled(networks), &[]);
    nftables
}

#[test]
fn each_network_reaches_its_services_and_nothing_else() {
    let network = Network::new();
    let mut nftables = with(&several());
    for (from, port, tcp, udp) in [
        ("192.0.2.2", 22, true, false),
        ("192.0.2.2", 80, true, false),
        ("192.0.2.2", 5060, false, true),
        ("192.0.2.2", 9999, false, false),
        ("192.0.2.2", 10000, false, true),
        ("192.0.2.2", 10100, false, true),
        ("192.0.2.2", 10101, false, false),
        ("192.0.2.3", 22, false, false),
        ("192.0.2.3", 80, true, false),
        ("192.0.2.3", 5060, false, false),
        ("198.51.100.2", 80, false, false),
        ("2001:db8::2", 22, true, false),
        ("2001:db8::2", 5060, false, true),
        ("2001:db8::2", 80, false, false),
        ("2001:db8:0:1::2", 22, false, false),
        ("2001:db8:0:1::2", 5060, false, true),
        // In no network.
        ("2001:db8:0:2::2", 22, false, false),
        ("2001:db8:0:2::2", 5060, false, false),
    ] {
        assert_eq!(network.tcp_from(from, port), tcp, "{from} tcp/{port}\n{}", table());
        assert_eq!(network.udp(from, port), udp, "{from} udp/{port}\n{}", table());
    }
    for (from, answered) in [
        ("192.0.2.2", true),
        ("192.0.2.3", false),
        ("198.51.100.2", true),
        ("2001:db8::2", true),
        ("2001:db8:0:1::2", false),
        ("2001:db8:0:2::2", false),
    ] {
        assert_eq!(network.ping(from), answered, "{from}\n{}", table());
    }
    let drops = nftables.firewall_drops().unwrap();
    assert!(drops.dropped_packets >= 20 && drops.dropped_bytes > 20 * drops.dropped_packets, "{drops:?}");
    assert_eq!((drops.limited_packets, drops.limited_bytes), (0, 0));
    assert!(nftables.counters().unwrap().iter().all(|c| c.packets == 0), "no jail dropped anything");
}

#[test]
fn the_first_network_counts_and_a_catch_all_takes_the_rest() {
    let network = Network::new();
    let _nftables = with(&[
        rule("192.0.2.4", &["tcp/22"], false),
        rule("192.0.2.4/31", &["tcp/80"], false),
        // Behind the wider one, so it never counts.
        rule("192.0.2.5", &["tcp/22"], false),
        rule("0.0.0.0/0", &["tcp/443"], true),
        rule("::/0", &["udp/5060"], true),
    ]);
    for (from, open) in [("192.0.2.4", 22), ("192.0.2.5", 80), ("192.0.2.3", 443), ("198.51.100.130", 443)] {
        for port in [22, 80, 443] {
            assert_eq!(network.tcp_from(from, port), port == open, "{from} {port}\n{}", table());
        }
    }
    assert!(network.udp("2001:db8:0:2::2", 5060) && !network.udp("2001:db8:0:2::2", 5061));
    assert!(network.ping("192.0.2.3") && !network.ping("192.0.2.5") && network.ping("2001:db8:0:2::2"));
}

#[test]
fn neighbours_find_each_other_through_a_firewall_that_allows_nothing_else() {
    let network = Network::new();
    let mut nftables =
        with(&[rule("2001:db8::/32", &["udp/5060"], false), rule("192.0.2.0/24", &["udp/5060"], false)]);
    for from in ["2001:db8::2", "2001:db8:0:1::2", "192.0.2.2"] {
        for flush in [["neighbour", "flush", "dev", "veth0"], ["neighbour", "flush", "all", ""]] {
            let arguments: Vec<&str> = flush.into_iter().filter(|word| !word.is_empty()).collect();
            run("ip", &arguments);
            network.in_peer(|| run("ip", &arguments));
        }
        assert!(!run("ip", &["-6", "neighbour"]).contains("REACHABLE"));
        // A datagram that waits for the neighbour's address may be lost on a busy machine.
        assert!((0..5).any(|_| network.udp(from, 5060)), "{from}");
    }
    assert_eq!(nftables.firewall_drops().unwrap().dropped_packets, 0, "{}", table());
}

#[test]
fn what_the_host_begins_is_answered() {
    let network = Network::new();
    let _nftables = with(&[rule("203.0.113.0/24", &["tcp/22"], false)]);
    for (peer, own) in [("192.0.2.2", HOST), ("2001:db8::2", HOST6)] {
        let to = SocketAddr::new(peer.parse().unwrap(), 7777);
        let listener = network.in_peer(|| bound(|| TcpListener::bind(to)));
        assert!(TcpStream::connect_timeout(&listener.local_addr().unwrap(), Duration::from_secs(5)).is_ok());
        let asked = network.in_peer(|| bound(|| UdpSocket::bind(to)));
        let asker = UdpSocket::bind((own, 0)).unwrap();
        assert!(arrives(&asker, &asked, to));
        assert!(arrives(&asked, &asker, asker.local_addr().unwrap()));
        // Errors belong to what they are about.
        asker.connect((peer, 7778)).unwrap();
        asker.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        asker.send(b"hello").unwrap();
        let refused = asker.recv(&mut [0; 8]).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused, "{own}");
    }
}

#[test]
fn answers_of_dhcp_pass_and_no_others() {
    let network = Network::new();
    let _nftables = with(&[rule("203.0.113.0/24", &[], false)]);
    for (from, host, server, client, passes) in [
        ("192.0.2.2", HOST, 67, 68, true),
        ("192.0.2.2", HOST, 67, 69, false),
        ("192.0.2.2", HOST, 66, 68, false),
        ("192.0.2.2", HOST, 547, 546, false),
        ("2001:db8::2", HOST6, 547, 546, true),
        ("2001:db8::2", HOST6, 67, 68, false),
    ] {
        let to = SocketAddr::new(host.parse().unwrap(), client);
        let receiver = bound(|| UdpSocket::bind(to));
        let sender = network.in_peer(|| bound(|| UdpSocket::bind((from, server))));
        assert_eq!(arrives(&sender, &receiver, to), passes, "{from} {server} to {client}");
    }
}

#[test]
fn a_connection_that_stands_survives_a_change_of_the_rules() {
    let network = Network::new();
    let mut nftables = with(&several());
    let to: SocketAddr = format!("{HOST}:22").parse().unwrap();
    let listener = bound(|| TcpListener::bind(to));
    let mut caller = network.connect("192.0.2.2".parse().unwrap(), to).unwrap();
    let (mut called, _) = listener.accept().unwrap();
    drop(listener);
    assert!(lay(&mut nftables, &walled(&[rule("192.0.2.0/24", &["tcp/443"], false)]), &[]));
    assert!(!network.tcp_from("192.0.2.2", 22) && network.tcp_from("192.0.2.2", 443));
    caller.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    called.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut heard = [0; 4];
    caller.write_all(b"ping").unwrap();
    called.read_exact(&mut heard).unwrap();
    called.write_all(b"pong").unwrap();
    caller.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"pong");
}

#[test]
fn loopback_is_never_asked() {
    let network = Network::new();
    let mut nftables = with(&[rule("203.0.113.0/24", &[], false)]);
    for address in ["127.0.0.1", "::1", HOST, HOST6] {
        let receiver = UdpSocket::bind((address, 0)).unwrap();
        let sender = UdpSocket::bind((address, 0)).unwrap();
        assert!(arrives(&sender, &receiver, receiver.local_addr().unwrap()), "{address}");
        let listener = TcpListener::bind((address, 0)).unwrap();
        assert!(TcpStream::connect(listener.local_addr().unwrap()).is_ok(), "{address}");
    }
    assert_eq!(nftables.firewall_drops().unwrap().dropped_packets, 0);
    assert!(!network.tcp(22));
}

#[test]
fn without_networks_there_is_no_chain_and_everything_is_open() {
    let network = Network::new();
    let mut nftables = laid();
    let without = table();
    assert!(!without.contains("hook input") && !without.contains("ct state"), "{without}");
    assert!(network.tcp(22) && network.ping("192.0.2.3"));
    assert_eq!(nftables.firewall_drops().unwrap(), enforcement::FirewallDrops::default());
    assert!(lay(&mut nftables, &walled(&[rule("192.0.2.2", &["tcp/80"], false)]), &[]));
    assert!(table().contains("type filter hook input priority filter; policy accept;"));
    assert!(!network.tcp(22) && !network.ping("192.0.2.3"));
    let dropped = nftables.firewall_drops().unwrap();
    assert!(lay(&mut nftables, &layout(), &[]));
    assert!(network.tcp(22) && network.ping("192.0.2.3"));
    // What was counted is not forgotten.
    assert_eq!(nftables.firewall_drops().unwrap(), dropped);
    let counter = |line: &&str| !line.contains("counter firewall_dropped") && !line.contains("packets ");
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().filter(counter).map(str::to_owned).collect();
        lines.retain(|line| line.trim().len() > 1);
        lines
    };
    assert_eq!(lines(&table()), lines(&without));
    nftables.remove_all().unwrap();
    assert_eq!(run("nft", &["list", "ruleset"]), "");
}

#[test]
fn a_ban_goes_first_and_the_whitelist_opens_nothing() {
    let network = Network::new();
    let mut nftables = laid();
    let mut layout = walled(&several());
    layout.whitelist = vec!["192.0.2.3".parse().unwrap()];
    let bans =
        [ban("asterisk", Scope::Jail, "192.0.2.2", 3600), ban("sshd", Scope::AllPorts, "2001:db8::/64", 60)];
    lay(&mut nftables, &layout, &bans);
    assert!(!network.udp("192.0.2.2", 5060) && network.tcp_from("192.0.2.2", 22));
    assert!(!network.udp("2001:db8::2", 5060));
    assert!(!network.udp("192.0.2.3", 5060) && !network.tcp_from("192.0.2.3", 22));
    assert!(nftables.counters().unwrap().iter().any(|c| c.jail.as_str() == "asterisk" && c.packets == 1));
}

#[test]
fn what_others_break_of_the_firewall_is_mended() {
    let network = Network::new();
    let layout = walled(&several());
    let mut nftables = Nftables::open().unwrap();
    assert!(lay(&mut nftables, &layout, &[]));
    for harm in [
        "flush chain inet stockade input",
        "flush chain inet stockade SERVICES",
        "insert rule inet stockade input accept",
        "add rule inet stockade input accept",
        "insert rule inet stockade SERVICES accept",
        "add chain inet stockade input { policy drop; }",
        "add element inet stockade TCP { 9999 }",
        "flush set inet stockade TCP",
        "flush map inet stockade NETWORKS",
        "delete element inet stockade NETWORKS { 192.0.2.2 }",
        "add element inet stockade icmpv6_needed { 128 }",
        "flush chain inet stockade input; flush map inet stockade NETWORKS; delete map inet stockade NETWORKS",
        "add chain inet stockade other { type filter hook input priority -1; }; add rule inet stockade other drop",
        "flush ruleset",
    ] {
        let named = [("TCP", "tcp_services_"), ("SERVICES", "services_"), ("NETWORKS", "ipv4_networks_")];
        let mut harming = harm.to_owned();
        for (word, stem) in named {
            harming = harming.replace(word, &first_name(stem));
        }
        run("nft", &[&harming]);
        assert!(lay(&mut nftables, &layout, &[]), "{harming}");
        assert!(
            network.tcp_from("192.0.2.2", 22) && !network.tcp_from("192.0.2.2", 9999),
            "{harming}\n{}",
            table()
        );
        assert!(!network.tcp_from("192.0.2.3", 22) && !network.ping("192.0.2.3"), "{harming}\n{}", table());
        assert!(!lay(&mut nftables, &layout, &[]), "{harming}\n{}", table());
    }
}

/// The name of the first set, map or chain that begins like this.
fn first_name(stem: &str) -> String {
    let table = table();
    let mut names = table.lines().filter_map(|line| line.trim().strip_suffix(" {")?.split(' ').nth(1));
    names.find(|name| name.starts_with(stem)).expect("it stands").to_owned()
}

/// Everything with its handle, without what comes and goes: two such texts are the same only if nothing was touched.
fn handles(without: &[&str]) -> String {
    let text = run("nft", &["-a", "list", "table", "inet", "stockade"]);
    let stays = |line: &&str| line.contains("# handle") && !without.iter().any(|word| line.contains(word));
    text.lines().filter(stays).collect::<Vec<_>>().join("\n")
}

#[test]
fn bans_and_networks_change_without_touching_each_other() {
    let network = Network::new();
    let walled = |networks: &[NetworkRule]| Layout {
        whitelist: vec!["192.0.2.9".parse().unwrap()],
        ..walled(networks)
    };
    let mut nftables = Nftables::open().unwrap();
    let mut bans = vec![
        ban("asterisk", Scope::Jail, "192.0.2.2", 3600),
        ban("web", Scope::AllPorts, "198.51.100.0/24", 60),
    ];
    lay(&mut nftables, &walled(&several()), &bans);
    assert!(!network.tcp_from("192.0.2.3", 22) && !network.udp("192.0.2.2", 5060));
    let (all, dropped) = (handles(&[]), nftables.firewall_drops().unwrap());
    assert!(dropped.dropped_packets > 0);
    nftables.apply(&[add("sshd", Scope::Jail, "192.0.2.77")], now()).unwrap();
    bans.push(ban("web", Scope::Jail, "192.0.2.78", 3600));
    assert!(!lay(&mut nftables, &walled(&several()), &bans));
    nftables = Nftables::open().unwrap();
    assert!(!lay(&mut nftables, &walled(&several()), &bans));
    assert_eq!(handles(&[]), all);
    assert_eq!(nftables.firewall_drops().unwrap(), dropped);

    let of_firewall = [
        "services_",
        "networks",
        "input",
        "icmpv6",
        "firewall",
        "goes on",
        "loopback",
        "neigh",
        "DHCP",
        "groups",
    ];
    let of_bans = handles(&of_firewall);
    let mut networks = several();
    networks[1].ports.push("tcp/443".parse().unwrap());
    networks.remove(2);
    let changed = nftables.reconcile(&walled(&networks), &mut bans.iter().cloned(), now()).unwrap();
    assert_eq!((changed.added, changed.removed, changed.rebuilt), (0, 0, true));
    assert!(network.tcp_from("192.0.2.3", 443) && !network.udp("192.0.2.2", 5060));
    let strip = |text: &str| {
        text.lines().filter(|l| !l.contains("accept") && !l.contains("drop")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(strip(&handles(&of_firewall)), strip(&of_bans));
    assert_eq!(held(&mut nftables).len(), 3);
    assert!(nftables.firewall_drops().unwrap().dropped_packets >= dropped.dropped_packets);
    assert!(nftables.counters().unwrap().iter().any(|c| c.jail.as_str() == "asterisk" && c.packets == 2));
}

#[test]
fn as_many_networks_as_there_may_be() {
    let network = Network::new();
    let mut networks: Vec<NetworkRule> = (1..event::limit::FIREWALL_NETWORKS as u16)
        .map(|n| rule(&format!("10.{}.0.0/16", n % 256), &[&format!("tcp/{n}"), "udp/5060"], n % 2 == 0))
        .collect();
    networks.push(rule("192.0.2.0/24", &["tcp/22"], false));
    let mut nftables = with(&networks);
    assert!(network.tcp_from("192.0.2.2", 22) && !network.tcp_from("192.0.2.2", 80));
    assert!(!lay(&mut nftables, &walled(&networks), &[]));
    networks.reverse();
    networks.pop();
    assert!(lay(&mut nftables, &walled(&networks), &[]));
    assert!(!lay(&mut nftables, &walled(&networks), &[]));
    assert!(network.tcp_from("192.0.2.2", 22) && !network.tcp_from("192.0.2.2", 80));
}
