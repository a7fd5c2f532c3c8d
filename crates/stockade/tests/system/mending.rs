//! Another program takes the bans away, and they come back at once.

use crate::support::namespace::tool;
use crate::support::{Deadline, Notices, Place};

const WHO: &str = "192.0.2.1";
const SUBNET: &str = "198.51.100.0/24";

#[test]
fn whatever_another_program_deletes_is_mended_within_a_second() {
    let place = Place::new("[defaults]\nmax_retry = 2\nban_time = '1h'\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 2);
    notices.added(WHO);
    assert_eq!(place.run(&["ban", SUBNET]).code, 0);
    notices.added("198.51.100.0");
    let before = place.json(&["banned"]);
    for (number, words) in [
        &["flush", "ruleset"][..],
        &["delete", "table", "inet", "stockade"],
        &["delete", "element", "inet", "stockade", "sshd_v4", "{", WHO, "}"],
        &["flush", "chain", "inet", "stockade", "prerouting"],
    ]
    .into_iter()
    .enumerate()
    {
        let clock = Deadline::start();
        tool("nft", words);
        if number < 3 {
            notices.added(WHO);
        } else {
            daemon.says("it is mended");
        }
        let took = clock.elapsed().as_millis();
        eprintln!("nft {}: mended after {took} ms", words.join(" "));
        assert!(took < 1000, "nft {}: {took} ms", words.join(" "));
        if number < 3 {
            daemon.says("it is mended");
        }
        assert!(place.kernel.holds(WHO) && place.kernel.holds(SUBNET), "{}", place.kernel.table());
        assert!(place.kernel.table().contains("hook prerouting"), "{}", place.kernel.table());
        assert!(place.kernel.table().contains("@sshd_v4"), "{}", place.kernel.table());
    }
    assert_eq!(place.json(&["status"])["enforcement"]["mended"], 4);
    assert_eq!(place.json(&["banned"]), before);
}

#[test]
fn a_ban_that_another_program_puts_in_is_taken_out() {
    let place = Place::new("");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    tool("nft", &["add", "element", "inet", "stockade", "sshd_v4", "{", "192.0.2.77", "timeout", "1h", "}"]);
    notices.added("192.0.2.77");
    notices.removed("192.0.2.77");
    daemon.says("it is mended");
    assert!(!place.kernel.holds("192.0.2.77"));
}

#[test]
fn what_another_program_does_elsewhere_is_none_of_our_business() {
    let place = Place::new("");
    let _daemon = place.start();
    tool("nft", &["add", "table", "inet", "other"]);
    tool("nft", &["delete", "table", "inet", "other"]);
    assert_eq!(place.json(&["status"])["enforcement"]["mended"], 0);
}
