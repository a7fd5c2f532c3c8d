//! Who may ask a running daemon, and what becomes of a second one.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::process::Command;

use crate::support::place::{STOCKADE, finish};
use crate::support::{Answer, Place};

/// `banned`, asked by a user without rights in these groups.
fn asked_by_nobody(place: &Place, groups: &str) -> Answer {
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--groups",
        groups,
        STOCKADE,
        "banned",
        "--state-dir",
    ]);
    command.arg(place.state());
    finish(command, "")
}

#[test]
fn the_control_socket_is_for_root_alone() {
    let place = Place::new("");
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o755)).expect("open the place");
    let _daemon = place.start();
    let socket = fs::metadata(place.state().join("stockade.sock")).expect("the socket");
    assert_eq!((socket.permissions().mode() & 0o777, socket.uid()), (0o600, 0));
    assert_eq!(fs::metadata(place.state()).expect("the state").permissions().mode() & 0o777, 0o700);
    let answer = asked_by_nobody(&place, "65534");
    assert!(answer.code == 77 && answer.err.contains("you may not ask"), "{answer:?}");
}

#[test]
fn the_members_of_one_group_may_ask_too_and_nobody_else() {
    let place = Place::new("[control]\ngroup = 'users'\n");
    fs::set_permissions(place.path(""), fs::Permissions::from_mode(0o755)).expect("open the place");
    let _daemon = place.start();
    let socket = fs::metadata(place.state().join("stockade.sock")).expect("the socket");
    assert_eq!(socket.permissions().mode() & 0o777, 0o660);
    let store = fs::metadata(place.state().join("stockade.db")).expect("the store");
    assert_eq!(store.permissions().mode() & 0o077, 0, "the store holds secrets");
    let group = socket.gid().to_string();
    let member = asked_by_nobody(&place, &group);
    assert_eq!((member.code, member.out.as_str()), (0, "nobody is banned\n"), "{member:?}");
    let stranger = asked_by_nobody(&place, "65534");
    assert!(stranger.code == 77 && stranger.err.contains("you may not ask"), "{stranger:?}");
}

#[test]
fn a_group_that_is_not_there_is_named_at_the_start() {
    let place = Place::new("[control]\ngroup = 'no-such-group'\n");
    let (status, said) = place.launch(&[]).ends();
    assert!(!status.success() && said.contains("group 'no-such-group' is not in /etc/group"), "{said}");
}

#[test]
fn a_second_daemon_in_one_state_directory_says_so_and_harms_nothing() {
    let place = Place::new("");
    let _daemon = place.start();
    let (status, said) = place.launch(&[]).ends();
    assert!(!status.success() && said.contains("another stockade answers here"), "{said}");
    assert_eq!(place.run(&["ban", "192.0.2.1"]).code, 0);
    assert!(place.ban_of("192.0.2.1").is_some());
}

#[test]
fn a_socket_that_a_killed_daemon_left_is_taken_over() {
    let place = Place::new("");
    place.start().kill();
    assert!(place.state().join("stockade.sock").exists());
    assert_eq!(place.run(&["banned"]).code, 69);
    let _daemon = place.start();
    assert_eq!(place.run(&["banned"]).code, 0);
}
