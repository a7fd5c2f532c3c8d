//! Filters of the administrator's own, beside the shipped ones and in their place.

use std::fs;

use crate::support::{Notices, Place};

/// A service that nobody else knows, which names whole subnets.
const DOOR: &str = r#"
title = "A door"
service = "app"
ports = ["tcp/4242"]
[limits]
max_retry = 2
[[failure]]
name = "knocked"
pattern = '^door: a stranger from <SUBNET> knocked at <TIME>$'
"#;

#[test]
fn a_filter_of_ones_own_is_used_and_one_of_a_shipped_name_takes_its_place() {
    let place = Place::new("");
    fs::write(place.path("filters/door.toml"), DOOR.replace("<TIME>", "noon")).expect("it can be written");
    let own_sshd =
        DOOR.replace("A door", "Our own").replace("a stranger from <SUBNET> knocked at <TIME>", "ssh <ADDR>");
    fs::write(place.path("filters/sshd.toml"), own_sshd).expect("it can be written");
    let log = place.log();
    let jail = |name: &str| format!("[jails.{name}]\nenabled = true\nlogs = {log:?}\njournal = false\n");
    place.configure(&format!("{}{}", jail("door"), jail("sshd")));
    let _daemon = place.start();
    let mut notices = Notices::listen();

    place.append(&"door: a stranger from 198.51.100.0/24 knocked at noon\n".repeat(2));
    assert_eq!(notices.added("198.51.100.0"), "door_net4");
    assert_eq!(place.json(&["why", "198.51.100.77"])["banned"], true, "the whole subnet is kept out");
    place.append(&"door: ssh 203.0.113.5\n".repeat(2));
    assert_eq!(notices.added("203.0.113.5"), "sshd_v4");
    let filters = place.json(&["filters", "sshd", "--config", &place.settings().display().to_string()]);
    assert_eq!(filters["title"], "Our own");
}

#[test]
fn what_is_wrong_with_a_filter_is_told_with_its_file() {
    let place = Place::new("");
    fs::write(place.path("filters/door.toml"), DOOR).expect("it can be written");
    let check = place.run(&["check", "--config", &place.settings().display().to_string()]);
    assert_eq!(check.code, 78, "{check:?}");
    let wanted = "filters/door.toml: filter door, pattern knocked: <TIME> has no form";
    assert!(check.out.contains(wanted), "{check:?}");
}
