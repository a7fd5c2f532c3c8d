//! How a ban arises and how it ends.

use crate::support::deadline::now;
use crate::support::place::{append_bytes, now_seconds, seconds_between, seconds_of};
use crate::support::words::wrong_at;
use crate::support::{Notices, Place};

const SETTINGS: &str = "[defaults]\nmax_retry = 3\nfind_time = '10m'\nban_time = '1h'\n";
const WHO: &str = "192.0.2.1";

#[test]
fn a_ban_arises_exactly_at_the_limit_and_an_unban_starts_from_zero() {
    let place = Place::new(SETTINGS);
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 2);
    place.settle(&mut daemon);
    assert_eq!(place.ban_of(WHO), None);
    let why = place.run(&["why", WHO]);
    assert!(why.code == 1 && why.out.contains("2 failures of 3 in sshd"), "{why:?}");

    place.fail(WHO, 1);
    assert_eq!(notices.added(WHO), "sshd_v4");
    let ban = place.ban_of(WHO).expect("it is banned");
    for key in ["address", "jail", "since", "until", "failures", "reason"] {
        assert!(ban.get(key).is_some(), "{key} is missing in {ban}");
    }
    assert_eq!((&ban["jail"], &ban["failures"]), (&"sshd".into(), &3.into()));
    assert_eq!(ban["reason"], "3 failures within 10 min (limit 3)");
    assert_eq!(seconds_between(&ban["since"], &ban["until"]), 3600);
    assert!((now_seconds() - seconds_of(&ban["since"])).abs() <= 2, "{ban}");
    assert!(place.kernel.holds(WHO));

    let why = place.run(&["why", WHO]);
    assert!(why.code == 0 && why.out.contains("banned in sshd until"), "{why:?}");
    let lines = place.json(&["why", WHO])["lines"].as_array().expect("lines").clone();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0]["line"]
            .as_str()
            .is_some_and(|line| line.contains("Failed password for root from 192.0.2.1"))
    );

    assert_eq!(place.run(&["unban", WHO]).code, 0);
    notices.removed(WHO);
    assert!(!place.kernel.holds(WHO));
    assert_eq!(place.ban_of(WHO), None);
    let again = place.run(&["unban", WHO]);
    assert!(again.code == 1 && again.out.contains("is not banned"), "{again:?}");
    place.fail(WHO, 2);
    place.settle(&mut daemon);
    assert_eq!((place.ban_of(WHO), place.counted(WHO, "sshd")), (None, 2));
}

/// More than one message to the engine and more than one netlink datagram can hold.
#[test]
fn a_crowd_is_banned_to_the_last_address() {
    let place = Place::new("[defaults]\nmax_retry = 2\nban_time = '1h'\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    let crowd: Vec<String> =
        (0..4000).map(|number| format!("10.1.{}.{}", number / 250, number % 250)).collect();
    let round: String = crowd.iter().map(|address| wrong_at(address, "root", now())).collect();
    place.append(&round.repeat(2));
    place.settle(&mut daemon);
    notices.added("203.0.113.1");
    let rows = place.json(&["banned"]);
    assert_eq!(rows.as_array().map(Vec::len), Some(crowd.len() + 1));
    let table = place.kernel.table();
    let held = table.split([' ', '\t', ',']).filter(|word| word.starts_with("10.1.")).count();
    assert_eq!(held, crowd.len());
    let all = place.run(&["unban", "--all"]);
    assert_eq!((all.code, all.out.lines().count()), (0, crowd.len() + 1));
    notices.removed("203.0.113.1");
    assert!(!place.kernel.table().contains("10.1."));
}

#[test]
fn what_an_attacker_writes_reaches_no_terminal_and_breaks_no_json() {
    let place = Place::new(SETTINGS);
    let _daemon = place.start();
    let mut notices = Notices::listen();
    let line = wrong_at(WHO, "ACCOUNT", now());
    let (before, behind) = line.split_once("ACCOUNT").expect("the account stands in it");
    for account in [&b"\x1b[2J\x1b]0;owned\x07"[..], b"\xff\xfe\"\\", b"$(reboot) `reboot` ' \" \r"] {
        append_bytes(&place.log(), &[before.as_bytes(), account, behind.as_bytes()].concat());
    }
    notices.added(WHO);
    for words in [&["why", WHO][..], &["banned"], &["status"]] {
        let printed = place.run(words).out;
        let harmful = printed.chars().find(|c| c.is_control() && *c != '\n');
        assert_eq!(harmful, None, "{printed:?}");
    }
    let lines = place.json(&["why", WHO])["lines"].as_array().expect("lines").clone();
    assert!(lines.iter().any(|line| line["line"].as_str().is_some_and(|line| line.contains("$(reboot)"))));
}

#[test]
fn an_ipv6_attacker_is_counted_and_banned_by_its_64() {
    let place = Place::new(SETTINGS);
    let _daemon = place.start();
    let mut notices = Notices::listen();
    for last in 1..=3 {
        place.fail(&format!("2001:db8:1:2:{last}::{last}"), 1);
    }
    assert_eq!(notices.added("2001:db8:1:2::"), "sshd_v6");
    assert!(place.ban_of("2001:db8:1:2::/64").is_some());
    assert_eq!(place.run(&["why", "2001:db8:1:2:ffff::9"]).code, 0);
    let unban = place.run(&["unban", "2001:db8:1:2::77"]);
    assert_eq!(unban.code, 0, "{unban:?}");
    notices.removed("2001:db8:1:2::");
}

#[test]
fn a_ban_ends_by_itself_and_leaves_a_history() {
    let place = Place::new("[defaults]\nmax_retry = 1\nban_time = '2s'\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 1);
    notices.added(WHO);
    daemon.says("the ban of 192.0.2.1 is over");
    assert_eq!(place.ban_of(WHO), None);
    assert!(!place.kernel.holds(WHO), "{}", place.kernel.table());
    let why = place.json(&["why", WHO]);
    assert_eq!((&why["banned"], &why["earlier_bans"]), (&false.into(), &1.into()), "{why}");
    let past = &why["history"][0];
    assert_eq!((&past["what"], &past["jail"]), (&"expired".into(), &"sshd".into()), "{why}");
    let why = place.run(&["why", WHO]);
    assert!(why.code == 1 && why.out.contains("expired in sshd"), "{why:?}");
}
