//! Who may ask a running daemon, and what becomes of a second one.

use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::process::Command;

use event::limit::CONTROL_CLIENTS;

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
    let other_socket = place.path("other.sock");
    for words in [&[][..], &["--socket", other_socket.to_str().expect("a path")]] {
        let (status, said) = place.launch_with(&[], words).ends();
        assert!(
            !status.success() && said.contains("another stockade works in this state directory"),
            "{said}"
        );
    }
    assert_eq!(place.run(&["ban", "192.0.2.1"]).code, 0);
    assert!(place.ban_of("192.0.2.1").is_some());
}

#[test]
fn more_clients_than_the_bound_are_told_so_and_room_comes_back() {
    let place = Place::new("");
    let _daemon = place.start();
    let connect = || UnixStream::connect(place.state().join("stockade.sock")).expect("connect");
    let mut idle: Vec<_> = (0..CONTROL_CLIENTS).map(|_| connect()).collect();
    let refused = place.run(&["banned"]);
    assert!(refused.code == 70 && refused.err.contains("clients at once; try again"), "{refused:?}");
    // Whoever has gone away is noticed: the daemon closes its end.
    for client in &mut idle {
        client.shutdown(Shutdown::Write).expect("say that there is no request");
        let mut answer = String::new();
        client.read_to_string(&mut answer).expect("read to the end");
        assert!(answer.contains("not a request"), "{answer}");
    }
    let again = (0..100).map(|_| place.run(&["banned"])).find(|answer| answer.code == 0);
    assert!(again.is_some());
}

#[test]
fn nonsense_on_the_socket_is_answered_and_harms_nothing() {
    let place = Place::new("");
    let _daemon = place.start();
    for nonsense in [&b"{\"ask\":\"fly\"}\n"[..], b"\xff\xfe\n", b"\n", &[b'x'; 70 * 1024], b"[[[[[[[["] {
        let mut client = UnixStream::connect(place.state().join("stockade.sock")).expect("connect");
        // The daemon may have had enough before all is written.
        let _ = client.write_all(nonsense).and_then(|()| client.shutdown(Shutdown::Write));
        let mut answer = String::new();
        let _ = client.read_to_string(&mut answer);
        assert!(!answer.contains("done"), "{answer}");
    }
    assert_eq!(place.run(&["banned"]).code, 0);
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
