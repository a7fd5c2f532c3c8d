//! Who is never blocked.

use crate::support::namespace::tool;
use crate::support::{Notices, Place};

#[test]
fn nobody_on_the_whitelist_is_ever_banned_and_why_says_so() {
    let place = Place::new(
        "[defaults]\nmax_retry = 2\n[whitelist]\naddresses = ['198.51.100.0/25', '2001:db8:5::/48']\n",
    );
    tool("ip", &["address", "add", "192.0.2.50/32", "dev", "lo"]);
    let mut daemon = place.start();
    for (address, because) in [
        ("198.51.100.77", "stockade.toml:4"),
        ("2001:db8:5:6::7", "stockade.toml:4"),
        ("127.0.0.1", "loopback"),
        ("192.0.2.50", "address of lo"),
    ] {
        place.fail(address, 3);
        place.settle(&mut daemon);
        let why = place.run(&["why", address]);
        assert!(why.code == 1 && why.out.contains(because), "{address}: {why:?}");
        assert_eq!(place.counted(address, "sshd"), 0);
        assert!(!place.kernel.holds(address));
    }
    place.fail("198.51.100.200", 2);
    place.settle(&mut daemon);
    assert!(place.ban_of("198.51.100.200").is_some());
    let table = place.kernel.table();
    assert!(table.contains("198.51.100.0/25") && table.contains("192.0.2.50"), "{table}");
}

#[test]
fn an_address_that_the_host_gets_later_is_protected_after_the_next_comparison() {
    let place = Place::new("[defaults]\nmax_retry = 2\n[enforcement]\nreconcile_every = '1s'\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.fail("192.0.2.51", 2);
    notices.added("192.0.2.51");
    tool("ip", &["address", "add", "192.0.2.51/32", "dev", "lo"]);
    daemon.says("unban 192.0.2.51 by the whitelist (address of lo)");
    notices.removed("192.0.2.51");
    place.fail("192.0.2.51", 2);
    place.settle(&mut daemon);
    assert_eq!(place.ban_of("192.0.2.51"), None);
}

#[test]
fn an_address_that_the_host_gets_later_is_protected_after_a_reload() {
    let place = Place::new("[defaults]\nmax_retry = 2\n");
    let mut daemon = place.start();
    tool("ip", &["address", "add", "192.0.2.52/32", "dev", "lo"]);
    assert_eq!(place.run(&["reload"]).code, 0);
    daemon.says("new settings");
    place.fail("192.0.2.52", 2);
    place.settle(&mut daemon);
    let why = place.run(&["why", "192.0.2.52"]);
    assert!(why.code == 1 && why.out.contains("address of lo"), "{why:?}");
}

#[test]
fn own_addresses_can_be_left_unprotected_but_loopback_never() {
    let place = Place::new("[defaults]\nmax_retry = 2\n[whitelist]\nown_addresses = false\n");
    tool("ip", &["address", "add", "192.0.2.53/32", "dev", "lo"]);
    let mut daemon = place.start();
    place.fail("192.0.2.53", 2);
    place.fail("127.0.0.2", 2);
    place.settle(&mut daemon);
    assert!(place.ban_of("192.0.2.53").is_some());
    assert_eq!(place.ban_of("127.0.0.2"), None);
}
