//! What other programs do to our table is noticed and mended; what we do ourselves, and what expires, is not noticed.

use std::os::fd::AsFd;
use std::time::Duration;

use enforcement::{Change, Element, Enforcement, Layout, Nftables, Watch};
use event::Scope;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::network::{Network, run, table};
use crate::stopwatch::timed;
use crate::{add, ban, layout, now, remove};

struct Guarded {
    nftables: Nftables,
    watch: Watch,
    layout: Layout,
    wanted: Vec<Element>,
}

impl Guarded {
    fn new(wanted: Vec<Element>) -> Self {
        let nftables = Nftables::open().unwrap();
        let watch = nftables.watch().unwrap();
        let mut layout = layout();
        layout.whitelist = vec!["192.0.2.3".parse().unwrap()];
        let mut guarded = Self { nftables, watch, layout, wanted };
        assert!(guarded.mend().rebuilt);
        guarded
    }

    fn mend(&mut self) -> enforcement::Reconciled {
        self.nftables.reconcile(&self.layout, &mut self.wanted.iter().cloned(), now()).unwrap()
    }

    /// Waits until the watch is readable, as the program's thread does.
    fn hears(&mut self) -> bool {
        let wait = Timespec { tv_sec: 5, tv_nsec: 0 };
        let mut polled = [PollFd::from_borrowed_fd(self.watch.as_fd(), PollFlags::IN)];
        assert_eq!(poll(&mut polled, Some(&wait)).unwrap(), 1, "the kernel announced nothing");
        self.watch.changed().unwrap()
    }
}

fn several() -> Vec<Element> {
    vec![
        ban("sshd", Scope::Jail, "192.0.2.2", 3600),
        ban("sshd", Scope::AllPorts, "2001:db8:0:1::/64", 3600),
        ban("asterisk", Scope::Jail, "198.51.100.0/24", 3600),
        ban("web", Scope::AllPorts, "203.0.113.0/24", 3600),
    ]
}

#[test]
fn whatever_others_break_is_mended() {
    let network = Network::new();
    let mut guarded = Guarded::new(several());
    let whole = listing();
    for (harm, rebuilt) in [
        ("flush ruleset", true),
        ("delete table inet stockade", true),
        ("flush table inet stockade", true),
        ("flush chain inet stockade prerouting", true),
        ("insert rule inet stockade prerouting accept", true),
        ("add rule inet stockade jail_sshd accept", true),
        ("add chain inet stockade foreign; add rule inet stockade foreign jump jail_web", true),
        ("add set inet stockade foreign { type ipv4_addr; }", true),
        ("add chain inet stockade prerouting { policy drop; }", true),
        ("add table inet stockade { flags dormant; }", true),
        ("delete element inet stockade ports_tcp { 22 }", true),
        ("add element inet stockade ports_tcp { 23 : accept }", true),
        ("flush map inet stockade ports_udp", true),
        // As the map of ports was before there was one for each protocol.
        (
            "add map inet stockade ports { type inet_proto . inet_service : verdict; flags interval; elements = { tcp . 22-23 : goto jail_sshd }; }; add rule inet stockade prerouting meta l4proto . th dport vmap @ports",
            true,
        ),
        ("add element inet stockade whitelist_v4 { 192.0.2.2 }", true),
        ("delete element inet stockade sshd_v4 { 192.0.2.2 }", false),
        ("delete element inet stockade all_v6 { 2001:db8:0:1:: }", false),
        ("delete element inet stockade asterisk_net4 { 198.51.100.0/24 }", false),
        ("flush map inet stockade all_net4", false),
        ("add element inet stockade sshd_v4 { 192.0.2.5 }", false),
        ("add element inet stockade asterisk_net4 { 10.0.0.1-10.0.0.9 }", false),
        ("add element inet stockade web_net4 { 10.0.0.0/8 timeout 1h }", false),
        (
            "add counter inet stockade foreign; add element inet stockade all_v4 { 192.0.2.5 : \"foreign\" }",
            false,
        ),
    ] {
        let mut harming = harm.to_owned();
        for name in ["ports_tcp", "ports_udp"] {
            if table().contains(&format!("map {name}_2 ")) {
                harming = harming.replace(name, &format!("{name}_2"));
            }
        }
        run("nft", &[&harming]);
        assert!(guarded.hears(), "{harm}");
        let (mended, took) = timed(|| guarded.mend());
        eprintln!("mended in {took:?}: {harm}: {mended:?}");
        assert!(took < Duration::from_millis(100), "{harm}: {took:?}");
        assert_eq!(mended.rebuilt, rebuilt, "{harm}: {mended:?}");
        assert_eq!(listing(), whole, "{harm}");
        assert!(!network.tcp(22), "{harm}");
        assert!(!guarded.watch.changed().unwrap(), "our own mending was taken for another's: {harm}");
        let again = guarded.mend();
        assert_eq!((again.added, again.removed, again.rebuilt), (0, 0, false), "{harm}");
    }
}

/// The table as text without what differs from moment to moment, and without counters that others left.
fn listing() -> String {
    let mut lines: Vec<String> = table()
        .lines()
        .map(|line| match line.find(" timeout ") {
            Some(at) => format!("{}{}", &line[..at], line.find(" : ").map_or("", |value| &line[value..])),
            None => line.replace("ports_tcp_2", "ports_tcp").replace("ports_udp_2", "ports_udp"),
        })
        .filter(|line| {
            !line.contains("counter foreign") && !line.contains("packets ") && line.trim().len() > 1
        })
        .collect();
    // nft lists chains and sets in the order in which they were made.
    lines.sort();
    lines.join("\n")
}

#[test]
fn our_own_changes_are_not_taken_for_others() {
    let _network = Network::new();
    let mut guarded = Guarded::new(several());
    guarded
        .nftables
        .apply(&[add("sshd", Scope::Jail, "192.0.2.9"), remove("sshd", Scope::Jail, "192.0.2.2")], now())
        .unwrap();
    guarded.nftables.counters().unwrap();
    assert!(!guarded.hears());
    run("nft", &["add table inet other; add chain inet other stockade"]);
    assert!(!guarded.hears());
    guarded.nftables.remove_all().unwrap();
    assert!(!guarded.hears());
}

#[test]
fn expiry_is_not_taken_for_a_change() {
    let network = Network::new();
    let mut guarded = Guarded::new(Vec::new());
    let mut short = ban("asterisk", Scope::Jail, "192.0.2.2", 0);
    short.until = now().after(Duration::from_secs(1));
    guarded.nftables.apply(&[Change::Add(short)], now()).unwrap();
    assert!(!network.udp("192.0.2.2", 5060));
    assert!((0..40).any(|_| network.udp("192.0.2.2", 5060)));
    assert!(!guarded.watch.changed().unwrap());
}

#[test]
fn a_flushed_ruleset_with_ten_thousand_bans_is_mended_at_once() {
    let _network = Network::new();
    let bans = (0..10_000u32).map(|n| {
        ban("sshd", Scope::Jail, &std::net::Ipv4Addr::from_bits(0x0a00_0000 + n * 7).to_string(), 3600)
    });
    let mut guarded = Guarded::new(bans.collect());
    run("nft", &["flush ruleset"]);
    assert!(guarded.hears());
    let (mended, took) = timed(|| guarded.mend());
    eprintln!("flush ruleset, 10,000 bans: mended in {took:?}");
    assert_eq!(mended.added, 10_000);
    assert!(took < Duration::from_millis(500), "{took:?}");
}
