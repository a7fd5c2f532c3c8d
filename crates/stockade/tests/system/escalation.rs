//! Whoever comes back is kept out for longer, and on more ports.

use serde_json::Value;

use crate::support::place::seconds_between;
use crate::support::words::refused;
use crate::support::{Daemon, Notices, Place};

const WHO: &str = "192.0.2.1";

#[test]
fn bans_grow_with_each_repeat_even_over_a_restart_and_an_unban_forgives() {
    let place = Place::new("[defaults]\nmax_retry = 2\nban_time = '1s'\n[escalation]\nall_ports_after = 3\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    let ban = |notices: &mut Notices| -> (String, Value) {
        place.fail(WHO, 2);
        (notices.added(WHO), place.ban_of(WHO).unwrap_or_default())
    };
    let over = |daemon: &mut Daemon| drop(daemon.says("the ban of 192.0.2.1 is over"));

    let (set, _) = ban(&mut notices);
    assert_eq!(set, "sshd_v4");
    over(&mut daemon);
    daemon.stop();
    let mut daemon = place.start();
    let (set, second) = ban(&mut notices);
    assert_eq!((set.as_str(), seconds_between(&second["since"], &second["until"])), ("sshd_v4", 2));
    assert!(second["reason"].as_str().is_some_and(|reason| reason.ends_with("ban no. 2")), "{second}");
    over(&mut daemon);
    daemon.kill();
    let _daemon = place.start();
    let (set, third) = ban(&mut notices);
    assert_eq!((set.as_str(), &third["scope"]), ("all_v4", &"all-ports".into()));
    assert_eq!(seconds_between(&third["since"], &third["until"]), 4);

    assert_eq!(place.run(&["unban", WHO]).code, 0);
    notices.removed(WHO);
    let (set, forgiven) = ban(&mut notices);
    assert_eq!(set, "sshd_v4");
    assert!(!forgiven["reason"].as_str().is_some_and(|reason| reason.contains("ban no.")), "{forgiven}");
}

#[test]
fn a_second_jail_closes_all_ports() {
    let place = Place::new("[defaults]\nmax_retry = 2\nban_time = '1h'\n");
    let _daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 2);
    assert_eq!(notices.added(WHO), "sshd_v4");
    // A command takes its milliseconds: two offences in the same one are not one after the other.
    assert_eq!(place.ban_of(WHO).expect("it is banned")["scope"], "jail");
    place.append(&refused(WHO).repeat(2));
    assert_eq!(notices.added(WHO), "all_v4");
    let rows = place.json(&["banned"]);
    let gate =
        rows.as_array().expect("rows").iter().find(|row| row["jail"] == "gate").expect("gate bans too");
    assert_eq!(
        (&gate["scope"], seconds_between(&gate["since"], &gate["until"])),
        (&"all-ports".into(), 7200)
    );
}
