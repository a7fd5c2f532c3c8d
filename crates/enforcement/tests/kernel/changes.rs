//! Changes of bans: what the kernel holds afterwards.

use enforcement::{Change, Element, Enforcement, EnforcementError, Nftables, Support, probe, probe_firewall};
use event::{Moment, Scope};

use crate::network::{Network, run, table};
use crate::{add, ban, held, laid, now, remove};

#[test]
fn this_kernel_is_supported_and_the_probe_leaves_nothing() {
    let _network = Network::new();
    assert_eq!(probe(), Support::Supported);
    assert_eq!(probe_firewall(), Support::Supported);
    assert_eq!(run("nft", &["list", "ruleset"]), "");
}

#[test]
fn without_the_right_the_probe_says_so() {
    use std::os::unix::process::CommandExt as _;
    if std::env::var_os("STOCKADE_PROBE").is_some() {
        eprintln!("probe: {:?} {:?}", probe(), probe_firewall());
        return;
    }
    let _network = Network::new();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "changes::without_the_right_the_probe_says_so", "--nocapture"])
        .env("STOCKADE_PROBE", "1")
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("probe: NoPermission NoPermission"), "{said}");
}

#[test]
fn changes_before_the_table_is_laid_are_refused() {
    let _network = Network::new();
    let error = Nftables::open().unwrap().apply(&[add("sshd", Scope::Jail, "192.0.2.2")], now()).unwrap_err();
    assert!(matches!(error, EnforcementError::NotLaid));
}

#[test]
fn what_is_added_is_held_and_reads_well() {
    let _network = Network::new();
    let mut nftables = laid();
    let mut bans = vec![
        ban("sshd", Scope::Jail, "192.0.2.2", 60),
        ban("sshd", Scope::AllPorts, "192.0.2.2", 86_400),
        ban("recidive", Scope::Jail, "192.0.2.3", 60),
        ban("asterisk", Scope::Jail, "2001:db8::/64", 60),
        ban("asterisk", Scope::Jail, "10.0.0.0/9", 60),
        ban("asterisk", Scope::Jail, "10.128.0.0/9", 60),
        ban("web", Scope::AllPorts, "2001:db8::/32", 60),
        ban("manual", Scope::AllPorts, "224.0.0.0/3", 60),
        Element { until: Moment::NEVER, ..ban("sshd", Scope::Jail, "192.0.2.9", 0) },
    ];
    let changes: Vec<Change> = bans.iter().cloned().map(Change::Add).collect();
    nftables.apply(&changes, now()).unwrap();
    let mut found = nftables.held(now()).unwrap();
    let order = |e: &Element| (e.jail.clone(), e.scope, e.subject);
    found.sort_by_key(order);
    bans.sort_by_key(order);
    assert_eq!(found.len(), bans.len(), "{}", table());
    for (found, ban) in found.iter().zip(&bans) {
        assert_eq!(order(found), order(ban));
        assert!(found.until.millis().abs_diff(ban.until.millis()) < 1500, "{found:?} {ban:?}");
    }
    let listing = table();
    for text in [
        "set sshd_v4 {",
        "map all_v4 {",
        "asterisk_net4",
        "192.0.2.2 timeout 1m",
        ": \"sshd_all\"",
        "tcp dport vmap @ports_tcp comment \"guarded ports\"",
        "udp dport vmap @ports_udp comment \"guarded ports\"",
        "elements = { 5060 : goto jail_asterisk }",
        "80 : goto group_1",
        "5060-5061 : goto jail_asterisk",
        "type filter hook prerouting priority raw - 10; policy accept;",
    ] {
        assert!(listing.contains(text), "{text} is missing in\n{listing}");
    }
    let removals: Vec<Change> = bans
        .iter()
        .map(|e| Change::Remove { jail: e.jail.clone(), scope: e.scope, subject: e.subject })
        .collect();
    let removed = nftables.apply(&removals, now()).unwrap();
    assert_eq!(removed.removed, bans.len() as u64);
    assert_eq!(held(&mut nftables), [""; 0]);
}

#[test]
fn prolonging_and_shortening_replace_the_end() {
    let _network = Network::new();
    let mut nftables = laid();
    for subject in ["192.0.2.2", "2001:db8::/64", "198.51.100.0/24"] {
        for scope in [Scope::Jail, Scope::AllPorts] {
            for seconds in [60, 86_400, 600] {
                nftables.apply(&[Change::Add(ban("sshd", scope, subject, seconds))], now()).unwrap();
                let held = nftables.held(now()).unwrap();
                let [only] = &held[..] else { panic!("{held:?}") };
                assert!(
                    (only.until.seconds() - now().seconds()).abs_diff(seconds.cast_signed()) <= 1,
                    "{seconds}: {only:?}"
                );
            }
            nftables.apply(&[remove("sshd", scope, subject)], now()).unwrap();
        }
    }
}

#[test]
fn what_is_missing_or_there_already_does_not_spoil_a_batch() {
    let _network = Network::new();
    let mut nftables = laid();
    nftables
        .apply(&[add("sshd", Scope::Jail, "192.0.2.2"), add("sshd", Scope::Jail, "192.0.2.3")], now())
        .unwrap();
    let mixed = [
        remove("sshd", Scope::Jail, "192.0.2.99"),
        remove("sshd", Scope::AllPorts, "192.0.2.99"),
        remove("sshd", Scope::Jail, "10.0.0.0/8"),
        add("sshd", Scope::Jail, "192.0.2.2"),
        add("sshd", Scope::Jail, "192.0.2.4"),
        remove("sshd", Scope::Jail, "192.0.2.3"),
        add("asterisk", Scope::Jail, "192.0.2.5"),
        remove("asterisk", Scope::Jail, "192.0.2.5"),
        add("gone", Scope::Jail, "192.0.2.6"),
    ];
    let applied = nftables.apply(&mixed, now()).unwrap();
    assert_eq!(held(&mut nftables), ["sshd jail 192.0.2.2", "sshd jail 192.0.2.4"]);
    assert_eq!((applied.removed, applied.unguarded), (1, 1));
    run("nft", &["delete element inet stockade sshd_v4 { 192.0.2.2 }"]);
    nftables
        .apply(&[remove("sshd", Scope::Jail, "192.0.2.2"), add("sshd", Scope::Jail, "192.0.2.7")], now())
        .unwrap();
    assert_eq!(held(&mut nftables), ["sshd jail 192.0.2.4", "sshd jail 192.0.2.7"]);
}

#[test]
fn a_subnet_that_is_gone_already_does_not_spoil_a_batch() {
    let _network = Network::new();
    let mut nftables = laid();
    let nets = ["10.0.0.0/8", "11.0.0.0/8", "240.0.0.0/4"];
    nftables.apply(&nets.map(|subject| add("sshd", Scope::Jail, subject)), now()).unwrap();
    run("nft", &["delete element inet stockade sshd_net4 { 10.0.0.0/8 }"]);
    let changes = [
        remove("sshd", Scope::Jail, "10.0.0.0/8"),
        remove("sshd", Scope::Jail, "240.0.0.0/4"),
        add("sshd", Scope::Jail, "12.0.0.0/8"),
    ];
    nftables.apply(&changes, now()).unwrap();
    assert_eq!(held(&mut nftables), ["sshd jail 11.0.0.0/8", "sshd jail 12.0.0.0/8"]);
    run("nft", &["flush set inet stockade sshd_net4"]);
    nftables.apply(&[remove("sshd", Scope::Jail, "11.0.0.0/8")], now()).unwrap();
    assert_eq!(held(&mut nftables), [""; 0]);
}

#[test]
fn of_two_jails_on_all_ports_the_longer_ban_stands_and_the_other_follows() {
    let _network = Network::new();
    let mut nftables = laid();
    nftables.apply(&[Change::Add(ban("sshd", Scope::AllPorts, "192.0.2.2", 600))], now()).unwrap();
    let applied =
        nftables.apply(&[Change::Add(ban("web", Scope::AllPorts, "192.0.2.2", 60))], now()).unwrap();
    assert_eq!(held(&mut nftables), ["sshd all-ports 192.0.2.2"]);
    assert_eq!(applied.covered, 1);
    nftables.apply(&[Change::Add(ban("asterisk", Scope::AllPorts, "192.0.2.2", 6000))], now()).unwrap();
    assert_eq!(held(&mut nftables), ["asterisk all-ports 192.0.2.2"]);
    nftables.apply(&[remove("asterisk", Scope::AllPorts, "192.0.2.2")], now()).unwrap();
    assert_eq!(held(&mut nftables), ["sshd all-ports 192.0.2.2"]);
    nftables.apply(&[remove("web", Scope::AllPorts, "192.0.2.2")], now()).unwrap();
    assert_eq!(held(&mut nftables), ["sshd all-ports 192.0.2.2"]);
    nftables.apply(&[remove("sshd", Scope::AllPorts, "192.0.2.2")], now()).unwrap();
    assert_eq!(held(&mut nftables), [""; 0]);
}

#[test]
fn nested_subnets_come_and_go() {
    let _network = Network::new();
    let mut nftables = laid();
    for (change, expected) in [
        (add("sshd", Scope::Jail, "10.1.0.0/16"), vec!["sshd jail 10.1.0.0/16"]),
        (add("sshd", Scope::Jail, "10.0.0.0/16"), vec!["sshd jail 10.0.0.0/16", "sshd jail 10.1.0.0/16"]),
        (add("sshd", Scope::Jail, "10.0.0.0/8"), vec!["sshd jail 10.0.0.0/8"]),
        (add("sshd", Scope::Jail, "10.2.0.0/16"), vec!["sshd jail 10.0.0.0/8"]),
        (remove("sshd", Scope::Jail, "10.0.0.0/16"), vec!["sshd jail 10.0.0.0/8"]),
        (remove("sshd", Scope::Jail, "10.0.0.0/8"), vec!["sshd jail 10.1.0.0/16", "sshd jail 10.2.0.0/16"]),
        (add("sshd", Scope::Jail, "0.0.0.0/0"), vec!["sshd jail 0.0.0.0/0"]),
    ] {
        nftables
            .apply(std::slice::from_ref(&change), now())
            .unwrap_or_else(|error| panic!("{change:?}: {error}"));
        assert_eq!(held(&mut nftables), expected, "{change:?}");
    }
}

#[test]
fn a_refusal_names_the_operation() {
    let _network = Network::new();
    let mut nftables = laid();
    run("nft", &["delete table inet stockade"]);
    let error = nftables.apply(&[add("sshd", Scope::Jail, "192.0.2.2")], now()).unwrap_err();
    assert!(error.to_string().contains("inet stockade"), "{error}");
    nftables.reconcile(&crate::layout(), &mut std::iter::empty(), now()).unwrap();
    run("nft", &["add element inet stockade sshd_net4 { 10.0.0.0/8 }"]);
    let error = nftables.apply(&[add("sshd", Scope::Jail, "10.1.0.0/16")], now()).unwrap_err();
    assert!(error.to_string().contains("add element inet stockade sshd_net4 { 10.1.0.0 }"), "{error}");
}

#[test]
fn a_long_list_is_cut_into_transactions() {
    let _network = Network::new();
    let mut nftables = laid();
    let changes: Vec<Change> = (0..50_000u32)
        .map(|n| add("sshd", Scope::Jail, &std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).to_string()))
        .collect();
    assert_eq!(nftables.apply(&changes, now()).unwrap().added, 50_000);
    // All again with a later end: each is there already.
    let later: Vec<Change> = changes
        .into_iter()
        .map(|change| match change {
            Change::Add(ban) => {
                Change::Add(Element { until: ban.until.after(std::time::Duration::from_secs(60)), ..ban })
            }
            other => other,
        })
        .collect();
    assert_eq!(nftables.apply(&later, now()).unwrap().added, 50_000);
    assert_eq!(nftables.held(now()).unwrap().len(), 50_000);
}

#[test]
fn removing_everything_leaves_nothing() {
    let _network = Network::new();
    let mut nftables = laid();
    nftables.remove_all().unwrap();
    nftables.remove_all().unwrap();
    assert_eq!(run("nft", &["list", "ruleset"]), "");
}
