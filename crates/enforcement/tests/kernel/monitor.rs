//! What `nft monitor` tells of our table. Administrators run the one that their system has, and the oldest that we meet
//! (1.0.6) dies or prints nonsense on some forms of sets: whatever we write, it must live and print what is true.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use enforcement::{Change, Enforcement, Guard, Layout, Nftables, SipLimit, Support, probe, probe_firewall};
use event::{JailName, Scope, limit};

use crate::network::{Network, run};
use crate::{add, ban, laid, layout, now, remove, rule};

/// How long a line is waited for. A list of all elements of a spread set takes `nft` a while.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `nft monitor`.
struct Monitor {
    process: Child,
    lines: Receiver<String>,
    sentinels: u8,
}

impl Monitor {
    /// Starts it, and waits until it listens.
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new("nft")
            .args(["monitor"].iter().chain(arguments))
            .stdout(Stdio::piped())
            // It warns of the deletions of elements of a map that no rule uses any more.
            .stderr(Stdio::null())
            .spawn()
            .expect("the package nftables");
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (tell, told) = channel();
        // Ends with the process.
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        // nft takes a while until it listens, so something of no account happens until it is told.
        let listens = (0..250).any(|n| {
            run("nft", &[&format!("add table inet t; add set inet t s{n} {{ type ipv4_addr; }}")]);
            run("nft", &[&format!("add element inet t s{n} {{ 203.0.113.{n} }}")]);
            told.recv_timeout(Duration::from_millis(100)).is_ok()
        });
        assert!(listens, "nft hears of nothing");
        run("nft", &["delete table inet t"]);
        Self { process, lines: told, sentinels: 0 }
    }

    /// Makes a ban and waits until it is told; so everything before it is told too. Returns what was told meanwhile.
    fn catch_up(&mut self, nftables: &mut Nftables, after: &str) -> Vec<String> {
        self.sentinels += 1;
        let sentinel = format!("198.18.0.{}", self.sentinels);
        nftables.apply(&[add("sshd", Scope::Jail, &sentinel)], now()).unwrap();
        let mut told: Vec<String> = Vec::new();
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!(
                    "nft monitor after {after}: {:?}, its last words:\n{}",
                    self.process.try_wait(),
                    told.split_off(told.len().saturating_sub(10)).join("\n")
                );
            };
            let found = line.contains(&format!(" {sentinel} "));
            told.push(line);
            if found {
                all_make_sense(&told);
                return told;
            }
        }
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A ban of each kind, with the set that it goes to and what `nft` prints of it. Some are neighbours, some reach the end of
/// their family.
fn one_of_each_kind() -> Vec<(Change, &'static str, &'static str)> {
    [
        ("sshd", Scope::Jail, "192.0.2.2", "sshd_v4", "192.0.2.2 "),
        ("sshd", Scope::Jail, "2001:db8::/64", "sshd_v6", "2001:db8:: "),
        ("asterisk", Scope::Jail, "10.0.0.0/9", "asterisk_net4", "10.0.0.0/9 "),
        ("asterisk", Scope::Jail, "10.128.0.0/9", "asterisk_net4", "10.128.0.0/9 "),
        ("asterisk", Scope::Jail, "240.0.0.0/4", "asterisk_net4", "240.0.0.0/4 "),
        ("asterisk", Scope::Jail, "2001:db8::/32", "asterisk_net6", "2001:db8::/32 "),
        ("asterisk", Scope::Jail, "ff00::/8", "asterisk_net6", "ff00::/8 "),
        ("asterisk", Scope::Jail, "2001:db9::1/128", "asterisk_net6", "2001:db9::1 "),
        ("web", Scope::AllPorts, "192.0.2.2", "all_v4", "192.0.2.2 "),
        ("web", Scope::AllPorts, "2001:db8::/64", "all_v6", "2001:db8:: "),
        ("web", Scope::AllPorts, "255.0.0.0/8", "all_net4", "255.0.0.0/8 "),
        ("web", Scope::AllPorts, "198.51.100.0/24", "all_net4", "198.51.100.0/24 "),
        ("web", Scope::AllPorts, "2001:db8::/32", "all_net6", "2001:db8::/32 "),
    ]
    .map(|(jail, scope, subject, set, shown)| (add(jail, scope, subject), set, shown))
    .to_vec()
}

/// Makes each of these bans and lifts it again; the monitor must tell both.
fn each_kind_is_told(monitor: &mut Monitor, nftables: &mut Nftables, after: &str) {
    let all = one_of_each_kind();
    let changes: Vec<Change> = all.iter().map(|(change, ..)| change.clone()).collect();
    nftables.apply(&changes, now()).unwrap();
    let lifted: Vec<Change> = changes
        .iter()
        .map(|change| match change {
            Change::Add(ban) => remove(ban.jail.as_str(), ban.scope, &ban.subject.to_string()),
            other => other.clone(),
        })
        .collect();
    nftables.apply(&lifted, now()).unwrap();
    let told = monitor.catch_up(nftables, after);
    for (_, set, shown) in &all {
        for verb in ["add", "delete"] {
            let begins = format!("{verb} element inet stockade {set} {{ {shown}");
            assert!(
                told.iter().any(|line| line.starts_with(&begins)),
                "after {after}, {begins} is missing in\n{}",
                told.join("\n")
            );
        }
    }
    let mut of_maps = told.iter().filter(|line| line.contains(" element inet stockade all_"));
    assert!(of_maps.all(|line| line.ends_with(" : \"web_all\" }")));
}

/// What was told to be put into static sets whose names begin like this.
fn put<'a>(told: &'a [String], set: &str) -> Vec<&'a str> {
    let begins = format!("add element inet stockade {set}");
    told.iter().filter_map(|line| line.strip_prefix(&begins)).collect()
}

/// Every line is about what it should be about, and nothing in it is nonsense.
fn all_make_sense(told: &[String]) {
    for line in told {
        let known =
            ["add ", "delete ", "insert rule ", "# new generation "].iter().any(|v| line.starts_with(v));
        assert!(
            known && line.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '),
            "{line:?} in\n{}",
            told.join("\n")
        );
    }
}

/// The layout of the other tests, and more: ports that are neighbours and one range up to the last, whitelist likewise.
fn changed() -> Layout {
    let mut layout = layout();
    layout.whitelist = ["192.0.2.6", "192.0.2.7", "192.0.2.8/29", "248.0.0.0/5", "2001:db8:9::/48"]
        .map(|subject| subject.parse().unwrap())
        .to_vec();
    layout.guards[0].ports.push("tcp/23".parse().unwrap());
    let ports = ["tcp/24", "tcp/60000-65535", "udp/65535"].map(|port| port.parse().unwrap()).to_vec();
    layout.guards.push(Guard { jail: JailName::new("high"), ports });
    layout.firewall.networks = vec![
        rule("192.0.2.0/24", &["tcp/22", "tcp/60000-65535", "udp/5060"], true),
        rule("2001:db8::/32", &["udp/5060"], false),
        rule("0.0.0.0/0", &["tcp/443"], false),
    ];
    let ports = ["udp/5060", "tcp/5060-5061"].map(|port| port.parse().unwrap()).to_vec();
    layout.firewall.sip_limit = Some(SipLimit { ports, per_second: 100 });
    layout
}

const CHANGED_TCP: [&str; 6] = [
    "{ 22-23 : goto jail_sshd }",
    "{ 24 : goto jail_high }",
    "{ 80 : goto group_1 }",
    "{ 443 : goto jail_web }",
    "{ 5060-5061 : goto jail_asterisk }",
    "{ 60000-65535 : goto jail_high }",
];

fn lives_through_everything(arguments: &[&str]) {
    let _network = Network::new();
    let mut monitor = Monitor::start(arguments);
    assert_eq!((probe(), probe_firewall()), (Support::Supported, Support::Supported));
    let mut nftables = laid();
    each_kind_is_told(&mut monitor, &mut nftables, "laying the table");

    nftables.reconcile(&changed(), &mut std::iter::empty(), now()).unwrap();
    let told = monitor.catch_up(&mut nftables, "a changed layout");
    assert_eq!(put(&told, "ports_tcp_2 "), CHANGED_TCP);
    let udp = ["{ 5060 : goto jail_asterisk }", "{ 65535 : goto jail_high }"];
    assert_eq!(put(&told, "ports_udp_2 "), udp);
    let v4 = ["{ 192.0.2.6 }", "{ 192.0.2.7 }", "{ 192.0.2.8/29 }", "{ 248.0.0.0/5 }"];
    assert_eq!(put(&told, "whitelist_v4 "), v4);
    assert_eq!(put(&told, "whitelist_v6 "), ["{ 2001:db8:9::/48 }"]);
    assert_eq!(put(&told, "tcp_services_1 "), ["{ 22 }", "{ 60000-65535 }"]);
    let networks = [
        "{ 0.0.0.0-192.0.1.255 : goto services_3 }",
        "{ 192.0.2.0/24 : goto services_1 }",
        "{ 192.0.3.0-255.255.255.255 : goto services_3 }",
    ];
    assert_eq!(put(&told, "ipv4_networks_1 "), networks);
    each_kind_is_told(&mut monitor, &mut nftables, "a changed layout");

    run("nft", &["flush ruleset"]);
    let wanted = [ban("sshd", Scope::Jail, "192.0.2.77", 3600)];
    nftables.reconcile(&changed(), &mut wanted.iter().cloned(), now()).unwrap();
    let told = monitor.catch_up(&mut nftables, "a flushed ruleset");
    assert_eq!(put(&told, "ports_tcp "), CHANGED_TCP);
    assert_eq!(put(&told, "ports_udp "), udp);
    assert_eq!(put(&told, "sshd_v4 { 192.0.2.77 ").len(), 1);
    each_kind_is_told(&mut monitor, &mut nftables, "a flushed ruleset");

    nftables.reconcile(&layout(), &mut std::iter::empty(), now()).unwrap();
    monitor.catch_up(&mut nftables, "the former layout");
    each_kind_is_told(&mut monitor, &mut nftables, "the former layout");
}

#[test]
fn a_monitor_of_everything_lives_and_tells_the_truth() {
    lives_through_everything(&[]);
}

#[test]
fn a_monitor_of_elements_lives_and_tells_the_truth() {
    lives_through_everything(&["elements"]);
}

#[test]
fn a_monitor_lives_while_sets_are_spread_and_gathered() {
    let _network = Network::new();
    let mut monitor = Monitor::start(&[]);
    let mut nftables = laid();
    let crowd = |jail: &'static str, scope| {
        (0..=limit::ELEMENTS_PER_SET as u32).flat_map(move |n| {
            let v6 = format!("2001:db8:{:x}:{:x}::/64", 0x100 + (n >> 16), n & 0xffff);
            [
                ban(jail, scope, &std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).to_string(), 3600),
                ban(jail, scope, &v6, 3600),
            ]
        })
    };
    let mut wanted = crowd("asterisk", Scope::Jail).chain(crowd("web", Scope::AllPorts));
    nftables.reconcile(&layout(), &mut wanted, now()).unwrap();
    let told = monitor.catch_up(&mut nftables, "spreading");
    for bucket in ["asterisk_v4", "asterisk_v6", "all_v4", "all_v6"] {
        let shards = put(&told, &format!("{bucket}_shards "));
        assert_eq!(shards.len(), 256, "{bucket}");
        assert!(shards.iter().all(|line| line.contains(&format!(" : jump shard_{bucket}_"))), "{shards:?}");
        let elements = put(&told, bucket).len() - 256;
        assert_eq!(elements, limit::ELEMENTS_PER_SET + 1, "{bucket}");
    }
    for (jail, scope, subject, set) in [
        ("asterisk", Scope::Jail, "192.0.2.2", "asterisk_v4_002 { 192.0.2.2 "),
        ("asterisk", Scope::Jail, "10.1.0.0/16", "asterisk_net4 { 10.1.0.0/16 "),
        ("web", Scope::AllPorts, "192.0.2.3", "all_v4_003 { 192.0.2.3 "),
        ("web", Scope::AllPorts, "2001:db8::/32", "all_net6 { 2001:db8::/32 "),
    ] {
        nftables.apply(&[add(jail, scope, subject)], now()).unwrap();
        assert_eq!(put(&monitor.catch_up(&mut nftables, "spreading"), set).len(), 1, "{set}");
    }
    nftables.reconcile(&layout(), &mut std::iter::empty(), now()).unwrap();
    monitor.catch_up(&mut nftables, "gathering");
    each_kind_is_told(&mut monitor, &mut nftables, "gathering");
}
