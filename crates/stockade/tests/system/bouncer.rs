//! `stockade bouncer` at a real LAPI and at a real Redis, with real packets from another host. The daemon that decides only observes:
//! it stands in the same namespace, and the bouncer is the only one that changes the kernel there.

use std::process::{Child, Command, Stdio};

use crate::support::namespace::tool;
use crate::support::peer::Peer;
use crate::support::place::{STOCKADE, finish};
use crate::support::{Daemon, Deadline, Notices, Place};

const OBSERVE: &str = "[enforcement]\nmode = 'observe'\n";
const LAPI: &str = "http://127.0.0.1:8765/";
const WHO: &str = "192.0.2.2";
const OTHER: &str = "192.0.2.3";

fn key(place: &Place) -> String {
    let made = place.run(&["token", "create", "edge"]);
    assert_eq!(made.code, 0, "{made:?}");
    let key = made.out.trim().to_owned();
    std::fs::write(place.path("key"), format!("{key}\n")).expect("write the key");
    key
}

/// A bouncer with a state directory of its own.
fn launch(place: &Place, words: &[&str]) -> Daemon {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", STOCKADE, "bouncer", "--state-dir"]).arg(place.path("bouncer"));
    command.args(words);
    Daemon::start(command)
}

fn launch_lapi(place: &Place, more: &[&str]) -> Daemon {
    let file = place.path("key").display().to_string();
    launch(place, &[&["--lapi", LAPI, "--token-file", &file, "--every", "1s"], more].concat())
}

fn ban(place: &Place, subject: &str, span: &str) {
    let done = place.run(&["ban", subject, "--for", span]);
    assert_eq!(done.code, 0, "{done:?}");
}

fn unban(place: &Place, subject: &str) {
    let done = place.run(&["unban", subject]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn bans_unbans_prolongations_and_ends_are_carried_out() {
    let place = Place::new(&format!("{OBSERVE}[whitelist]\naddresses = ['198.51.100.7']\n"));
    let peer = Peer::plug();
    let daemon = place.start();
    key(&place);
    ban(&place, "198.51.100.99", "1h");
    let mut bouncer = launch_lapi(&place, &["--never", "192.0.2.4"]).ready();
    assert!(place.kernel.holds("198.51.100.99"), "what stood before is there at 'ready'");
    assert!(
        place.kernel.table().contains("198.51.100.7"),
        "the origin's whitelist: {}",
        place.kernel.table()
    );

    assert!(peer.reaches(WHO));
    ban(&place, WHO, "20s");
    bouncer.says("ban 192.0.2.2 for");
    peer.waits_until(WHO, false);
    assert!(peer.reaches(OTHER));

    let stream = peer.stream(WHO);
    ban(&place, WHO, "2h");
    bouncer.says("ban 192.0.2.2 now for");
    ban(&place, OTHER, "1h");
    bouncer.says("ban 192.0.2.3 for");
    let (sent, arrived) = stream.end();
    assert!(
        sent > 50 && arrived == 0,
        "{arrived} of {sent} datagrams came through while the ban was prolonged"
    );

    unban(&place, WHO);
    bouncer.says("lifted 192.0.2.2");
    peer.waits_until(WHO, true);
    assert!(!peer.reaches(OTHER));

    ban(&place, WHO, "3s");
    bouncer.says("ban 192.0.2.2 for");
    peer.waits_until(WHO, false);
    peer.waits_until(WHO, true);
    ban(&place, WHO, "3s");
    bouncer.says("ban 192.0.2.2 for");

    // Named on the command line: never, whatever the origin says.
    ban(&place, "192.0.2.4", "1h");
    bouncer.says("ban 192.0.2.4 for");
    assert!(peer.reaches("192.0.2.4") && !place.kernel.holds("192.0.2.4"));
    bouncer.stop();
    assert!(!peer.reaches(OTHER), "a stop lifts nothing");
    daemon.stop();
}

#[test]
fn bans_outlast_the_origin_kills_and_other_programs() {
    let place = Place::new(OBSERVE);
    let peer = Peer::plug();
    let daemon = place.start();
    key(&place);
    ban(&place, WHO, "1h");
    ban(&place, OTHER, "1h");
    let mut bouncer = launch_lapi(&place, &[]).ready();
    let stream = peer.stream(WHO);
    daemon.kill();
    bouncer.says("in force until each ends");
    assert!(!peer.reaches(WHO));
    bouncer.kill();
    assert!(!peer.reaches(WHO));
    let mut bouncer = launch_lapi(&place, &[]);
    bouncer.says("2 bans in force until each ends");
    let mut bouncer = bouncer.ready();
    let (sent, arrived) = stream.end();
    assert!(sent > 50 && arrived == 0, "{arrived} of {sent} datagrams came through");

    let mut notices = Notices::listen();
    let clock = Deadline::start();
    tool("nft", &["flush", "ruleset"]);
    notices.added(WHO);
    let took = clock.elapsed().as_millis();
    eprintln!("nft flush ruleset: mended after {took} ms");
    assert!(took < 1000, "{took} ms");
    bouncer.says("it is mended");

    // A boot takes the kernel's table; what was known last takes its place until the origin answers.
    bouncer.stop();
    tool("nft", &["flush", "ruleset"]);
    assert!(peer.reaches(WHO));
    let mut bouncer = launch_lapi(&place, &[]).ready();
    assert!(!peer.reaches(WHO) && !peer.reaches(OTHER));

    let daemon = place.start();
    unban(&place, WHO);
    bouncer.says("the origin answers again");
    bouncer.says("lifted 192.0.2.2");
    peer.waits_until(WHO, true);
    assert!(!peer.reaches(OTHER));
    bouncer.stop();

    // Let in while no bouncer ran.
    unban(&place, OTHER);
    let bouncer = launch_lapi(&place, &[]).ready();
    assert!(peer.reaches(OTHER));
    bouncer.stop();
    daemon.stop();
}

#[test]
fn only_the_named_ports_are_closed() {
    let place = Place::new(OBSERVE);
    let peer = Peer::plug();
    let _daemon = place.start();
    key(&place);
    ban(&place, WHO, "1h");
    let bouncer = launch_lapi(&place, &["--port", "udp/1-1023", "--port", "tcp/443"]).ready();
    assert!(place.kernel.holds(WHO) && peer.reaches(WHO), "{}", place.kernel.table());
    bouncer.stop();
    let _bouncer = launch_lapi(&place, &["--port", "udp/1-65535"]).ready();
    assert!(!peer.reaches(WHO), "{}", place.kernel.table());
}

#[test]
fn a_wrong_key_is_said_and_holds_up_nothing() {
    let place = Place::new(OBSERVE);
    let _daemon = place.start();
    let mut bouncer = launch(&place, &["--lapi", LAPI, "--token", "wrong"]);
    let said = bouncer.says("in force until each ends");
    assert!(said.contains("127.0.0.1:8765") && said.contains("key"), "{said}");
    bouncer.ready().stop();
}

#[test]
fn what_is_typed_wrong_is_told() {
    // Should one of them run after all, then here.
    let place = Place::new("");
    let run = |words: &[&str]| {
        let mut command = Command::new("timeout");
        command.args(["20", STOCKADE, "bouncer", "--state-dir"]).arg(place.path("bouncer")).args(words);
        finish(command, "")
    };
    for (words, code, told) in [
        (&[][..], 2, "--lapi"),
        (&["--lapi", LAPI], 2, "--token-file"),
        (&["--lapi", LAPI, "--token", "k", "--redis", "redis://127.0.0.1"], 2, "--redis"),
        (&["--lapi", LAPI, "--token-file", "/nowhere/key"], 66, "/nowhere/key"),
        (&["--lapi", LAPI, "--token", "k", "--every", "soon"], 2, "'soon'"),
        (&["--redis", "http://127.0.0.1:6379"], 2, "127.0.0.1:6379"),
    ] {
        let answer = run(words);
        assert_eq!(answer.code, code, "{words:?}: {answer:?}");
        assert!(answer.err.contains(told), "{words:?}: {answer:?}");
    }
}

#[test]
fn no_two_keep_one_table() {
    let place = Place::new("");
    let daemon = place.start();
    key(&place);
    let (status, said) = launch_lapi(&place, &[]).ends();
    assert_eq!(status.code(), Some(70), "{said}");
    assert!(said.contains("another stockade (process ") && said.contains("[[blocklist]]"), "{said}");
    daemon.stop();
    let bouncer = launch_lapi(&place, &[]);
    let bouncer = bouncer.ready();
    let (status, said) = place.launch(&[]).ends();
    assert_eq!(status.code(), Some(70), "{said}");
    assert!(said.contains("another stockade (process ") && said.contains("[[blocklist]]"), "{said}");
    // One state directory is another matter, and told as such.
    let mut command = Command::new(STOCKADE);
    command.args(["bouncer", "--lapi", LAPI, "--token", "k", "--state-dir"]).arg(place.path("bouncer"));
    let answer = finish(command, "");
    assert!(answer.code == 70 && answer.err.contains("state directory"), "{answer:?}");
    bouncer.stop();
}

/// Abstract names know no permissions: a stranger who sits on ours keeps the firewall from nothing.
#[test]
fn a_stranger_cannot_keep_the_table_from_being_kept() {
    let squat = "import socket\n\
                 s = socket.socket(socket.AF_UNIX)\n\
                 s.bind('\\0stockade-table')\n\
                 s.listen()\n\
                 import sys\n\
                 print('here', file=sys.stderr, flush=True)\n\
                 s.accept()\n\
                 import signal\n\
                 signal.pause()\n";
    let place = Place::new("");
    let mut stranger = Command::new("setpriv");
    stranger.args(["--pdeathsig", "KILL", "--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    stranger.args(["/usr/bin/python3", "-c", squat]);
    let mut stranger = Daemon::start(stranger);
    stranger.says("here");
    let mut daemon = place.launch(&[]);
    daemon.says("sits on the name @stockade-table");
    daemon.ready().stop();
}

/// Debian's redis-server in the thread's namespace.
struct Redis(Child);

impl Redis {
    fn start(place: &Place) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "redis-server", "--bind", "127.0.0.1", "--port", "6379"]);
        command.args(["--save", "", "--requirepass", "quite-right", "--dir"]).arg(place.path(""));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let redis = Self(child.expect("run redis-server; tests/setup.sh installs it"));
        let deadline = Deadline::start();
        while cli(&["ping"]) != "PONG" {
            assert!(!deadline.left().is_zero(), "redis-server does not answer");
        }
        redis
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A question by redis-cli, in MikoPBX's database.
fn cli(words: &[&str]) -> String {
    let mut command = Command::new("redis-cli");
    command.args(["--no-auth-warning", "-a", "quite-right", "-n", "1"]).args(words);
    finish(command, "").out.trim().to_owned()
}

#[test]
fn keys_in_redis_are_carried_out() {
    let place = Place::new("");
    let peer = Peer::plug();
    let redis = Redis::start(&place);
    std::fs::write(place.path("password"), "quite-right\n").expect("write the password");
    let password = place.path("password").display().to_string();
    let prefix = "_PH_REDIS_CLIENT:";
    let key = |category: &str, who: &str| format!("{prefix}firewall:{category}:{who}");
    let words =
        ["--redis", "redis://127.0.0.1:6379/1", "--prefix", prefix, "--every", "1s", "--password-file"];
    let words = [&words[..], &[password.as_str()]].concat();
    cli(&["SETEX", &key("sip", WHO), "3600", "1"]);
    cli(&["SADD", &format!("{prefix}firewall:whitelist"), "192.0.2.4"]);
    cli(&["SETEX", &key("sip", "192.0.2.4"), "3600", "1"]);
    let mut bouncer = launch(&place, &words).ready();
    assert!(!peer.reaches(WHO) && peer.reaches(OTHER) && peer.reaches("192.0.2.4"));

    cli(&["SETEX", &key("http", OTHER), "3600", "1"]);
    bouncer.says("ban 192.0.2.3 for");
    peer.waits_until(OTHER, false);
    cli(&["SETEX", &key("sip", OTHER), "7200", "1"]);
    bouncer.says("ban 192.0.2.3 now for 7");
    cli(&["DEL", &key("sip", OTHER)]);
    bouncer.says("ban 192.0.2.3 now for 3");
    assert!(!peer.reaches(OTHER), "another key still stands");
    cli(&["DEL", &key("http", OTHER)]);
    bouncer.says("lifted 192.0.2.3");
    peer.waits_until(OTHER, true);

    // Away, and back without anything: its writer writes anew, and until then nobody is let in.
    let stream = peer.stream(WHO);
    drop(redis);
    bouncer.says("in force until each ends");
    let _redis = Redis::start(&place);
    bouncer.says("the origin answers again");
    cli(&["SETEX", &key("ssh", OTHER), "3600", "1"]);
    bouncer.says("ban 192.0.2.3 for");
    let (sent, arrived) = stream.end();
    assert!(sent > 50 && arrived == 0, "{arrived} of {sent} datagrams came through");
    bouncer.stop();
}

/// The bouncer looks once an hour: what comes sooner was announced.
#[test]
fn what_a_stockade_writes_to_redis_is_carried_out_at_once() {
    let place = Place::new("");
    let peer = Peer::plug();
    let _redis = Redis::start(&place);
    std::fs::write(place.path("password"), "quite-right\n").expect("write the password");
    let password = place.path("password").display().to_string();
    place.configure(&format!(
        "{OBSERVE}[redis]\nurl = 'redis://127.0.0.1:6379'\ndatabase = 1\npassword_file = '{password}'\n"
    ));
    let _daemon = place.start();
    let words = ["--redis", "redis://127.0.0.1:6379/1", "--every", "1h", "--password-file", &password];
    let mut bouncer = launch(&place, &words).ready();
    let mut notices = Notices::listen();
    let mut longest = 0;
    for host in 10..30 {
        let who = format!("198.51.100.{host}");
        ban(&place, &who, "1h");
        // The command has answered when the daemon has the ban; it is written to Redis meanwhile.
        let clock = Deadline::start();
        notices.added(&who);
        longest = longest.max(clock.elapsed().as_millis());
    }
    eprintln!("through Redis into the kernel: {longest} ms at most after the command's answer, of 20 bans");
    ban(&place, WHO, "1h");
    bouncer.says("ban 192.0.2.2 for");
    peer.waits_until(WHO, false);
    unban(&place, WHO);
    bouncer.says("lifted 192.0.2.2");
    peer.waits_until(WHO, true);
    bouncer.stop();
}

#[test]
fn a_wrong_password_of_redis_is_said() {
    let place = Place::new("");
    let _redis = Redis::start(&place);
    let mut bouncer = launch(&place, &["--redis", "redis://:wrong@127.0.0.1:6379/1"]);
    let said = bouncer.says("in force until each ends");
    assert!(
        said.contains("127.0.0.1:6379") && said.contains("password") && !said.contains("wrong@"),
        "{said}"
    );
    bouncer.ready().stop();
}
