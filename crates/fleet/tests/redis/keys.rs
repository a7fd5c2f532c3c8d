//! Keys as other programs read them.

use std::collections::BTreeSet;
use std::sync::Arc;

use config::Redis;
use event::{Categories, Category, Failure, JailName, Moment, Proof, Subject};
use fleet::fleet::Identity;
use fleet::{Fleet, Held, Told, Wanted};

use crate::support::deadline::{clock, until};
use crate::support::host::{Program, in_seconds, now};
use crate::support::server::{Server, settings};
use crate::support::{banned, held, lifted, sip};

const KEY: &str = "_PH_REDIS_CLIENT:firewall:";

pub fn start(settings: &Redis, program: &Arc<Program>) -> Fleet {
    start_node(settings, "node-1", program)
}

fn start_node(settings: &Redis, id: &str, program: &Arc<Program>) -> Fleet {
    let identity = Identity { id: id.to_owned(), name: "pbx".to_owned() };
    let host: Arc<dyn fleet::Host> = Arc::<Program>::clone(program);
    Fleet::start(settings, identity, None, host).unwrap()
}

pub fn connected(fleet: &Fleet) {
    until("connected", 20, || fleet.health().is_connected);
}

fn exists(server: &Server, key: &str) -> bool {
    server.ask(&["EXISTS", &format!("{KEY}{key}")])
}

fn seconds_left(server: &Server, key: &str) -> i64 {
    server.ask(&["TTL", &format!("{KEY}{key}")])
}

fn members(server: &Server) -> BTreeSet<String> {
    server.ask(&["SMEMBERS", &format!("{KEY}whitelist")])
}

#[test]
fn mikopbx_reads_bans_and_whitelist() {
    let server = Server::start(&[]);
    let program = Arc::new(Program::default());
    *program.wanted.lock().unwrap() = Wanted {
        bans: vec![sip("192.0.2.1", in_seconds(3600))],
        whitelist: vec!["198.51.100.0/24".parse().unwrap(), "192.0.2.99".parse().unwrap()],
        ..Wanted::default()
    };
    let fleet = start(&settings(&server.url()), &program);
    until("what was wanted from the start", 20, || {
        exists(&server, "sip:192.0.2.1") && members(&server).len() == 2
    });
    fleet.tell(banned(held("192.0.2.2", "repeat", Categories::ALL, in_seconds(600))));
    until("a ban on everything", 20, || {
        Category::ALL.iter().all(|one| exists(&server, &format!("{one}:192.0.2.2")))
    });

    assert_eq!(server.ask::<String>(&["GET", &format!("{KEY}http:192.0.2.2")]), "1");
    assert!((595..=600).contains(&seconds_left(&server, "http:192.0.2.2")));
    assert!((3595..=3600).contains(&seconds_left(&server, "sip:192.0.2.1")));
    assert!(!exists(&server, "http:192.0.2.1"));
    assert_eq!(members(&server), ["192.0.2.99", "198.51.100.0/24"].map(str::to_owned).into());
    let elsewhere: u64 = redis::cmd("DBSIZE").query(&mut server.connection(0)).unwrap();
    assert_eq!(elsewhere, 0, "nothing is written to another database");
    assert_eq!(fleet.health().keys, 6);

    fleet.tell(lifted("192.0.2.2", None, now()));
    until("an unban", 20, || !Category::ALL.iter().any(|one| exists(&server, &format!("{one}:192.0.2.2"))));
    fleet.tell(Told::Whitelist(vec!["203.0.113.5".parse().unwrap()]));
    until("another whitelist", 20, || members(&server) == ["203.0.113.5".to_owned()].into());
    // What MikoPBX lists with KEYS firewall:* are bans and the whitelist alone.
    let keys: BTreeSet<String> = server.ask(&["KEYS", &format!("{KEY}*")]);
    assert_eq!(keys, [format!("{KEY}sip:192.0.2.1"), format!("{KEY}whitelist")].into());
    fleet.stop();
    assert!(exists(&server, "sip:192.0.2.1"), "stopping lifts no ban");
}

#[test]
fn two_jails_share_one_key() {
    let server = Server::start(&[]);
    let program = Arc::new(Program::default());
    let fleet = start(&settings(&server.url()), &program);
    connected(&fleet);
    let category = Category::Sip.into();
    fleet.tell(banned(held("192.0.2.1", "asterisk", category, in_seconds(100))));
    until("the first", 20, || seconds_left(&server, "sip:192.0.2.1") > 90);
    fleet.tell(banned(held("192.0.2.1", "kamailio", category, in_seconds(1000))));
    until("the longer one stands", 20, || seconds_left(&server, "sip:192.0.2.1") > 900);
    fleet.tell(banned(held("192.0.2.1", "asterisk", category, in_seconds(5000))));
    until("a prolonged ban", 20, || seconds_left(&server, "sip:192.0.2.1") > 4900);
    fleet.tell(lifted("192.0.2.1", Some("asterisk"), now()));
    until("what is left", 20, || seconds_left(&server, "sip:192.0.2.1") <= 1000);
    assert!(exists(&server, "sip:192.0.2.1"));
    fleet.tell(lifted("192.0.2.1", Some("kamailio"), now()));
    until("the last is lifted", 20, || !exists(&server, "sip:192.0.2.1"));
    fleet.stop();
}

fn failure(address: &str) -> Failure {
    let address = address.parse().unwrap();
    Failure {
        jail: JailName::new("asterisk"),
        subject: Subject::counted(address),
        address: Some(address),
        at: now(),
        account: None,
        count: 1,
        proof: Proof::Proven,
        echo: 0,
        pattern: "wrong password".into(),
        line: "".into(),
    }
}

#[test]
fn a_ban_on_a_network_has_keys_of_the_addresses_that_failed() {
    let server = Server::start(&[]);
    let program = Arc::new(Program::default());
    let fleet = start(&settings(&server.url()), &program);
    connected(&fleet);
    fleet.tell(Told::Failed(vec![failure("2001:db8::7")]));
    fleet.tell(banned(sip("2001:db8::/64", in_seconds(600))));
    until("the network", 20, || exists(&server, "sip:2001:db8::/64"));
    until("its address", 20, || seconds_left(&server, "sip:2001:db8::7") > 590);
    fleet.tell(Told::Failed(vec![failure("2001:db8::8"), failure("2001:db8:1::8")]));
    until("another of its addresses", 20, || exists(&server, "sip:2001:db8::8"));
    assert!(!exists(&server, "sip:2001:db8:1::8"));
    fleet.stop();

    // A restart forgets what was sighted, and finds it in what was written.
    program.wanted.lock().unwrap().bans = vec![sip("2001:db8::/64", in_seconds(600))];
    let fleet = start(&settings(&server.url()), &program);
    until("three keys", 20, || fleet.health().keys == 3);
    fleet.tell(lifted("2001:db8::/64", None, now()));
    until("all are gone", 20, || fleet.health().keys == 0);
    for key in ["sip:2001:db8::/64", "sip:2001:db8::7", "sip:2001:db8::8"] {
        assert!(!exists(&server, key), "{key}");
    }
    fleet.stop();
}

#[test]
fn a_ban_without_end_has_an_end_that_is_put_off() {
    let server = Server::start(&[]);
    let program = Arc::new(Program::default());
    let fleet = start(&settings(&server.url()), &program);
    connected(&fleet);
    fleet.tell(banned(sip("192.0.2.1", Moment::NEVER)));
    let week = 7 * 24 * 60 * 60;
    until("a week", 20, || (week - 60..=week).contains(&seconds_left(&server, "sip:192.0.2.1")));
    server.ask::<()>(&["EXPIRE", &format!("{KEY}sip:192.0.2.1"), "259200"]);
    until("a week again", 20, || seconds_left(&server, "sip:192.0.2.1") > week - 60);
    server.ask::<()>(&["DEL", &format!("{KEY}sip:192.0.2.1")]);
    until("a key that somebody removed", 20, || exists(&server, "sip:192.0.2.1"));
    let outlasts: i64 = server.ask(&["TTL", "_PH_REDIS_CLIENT:stockade:keys:node-1"]);
    assert!(outlasts > week, "what was written is known for as long as it stands");
    fleet.stop();
}

#[test]
fn a_restart_writes_the_difference_and_leaves_what_others_wrote() {
    let server = Server::start(&[]);
    let program = Arc::new(Program::default());
    let bans: Vec<Held> =
        (1..=100).map(|number| sip(&format!("192.0.2.{number}"), in_seconds(3600))).collect();
    *program.wanted.lock().unwrap() = Wanted {
        bans: bans.clone(),
        whitelist: vec!["203.0.113.1".parse().unwrap(), "203.0.113.2".parse().unwrap()],
        ..Wanted::default()
    };
    let fleet = start(&settings(&server.url()), &program);
    until("all keys", 20, || fleet.health().keys == 100 && members(&server).len() == 2);
    fleet.stop();
    assert_eq!(server.calls("set"), 100);
    server.ask::<()>(&["SET", &format!("{KEY}sip:198.51.100.1"), "1", "EX", "600"]);
    server.ask::<()>(&["SADD", &format!("{KEY}whitelist"), "203.0.113.3"]);

    let mut wanted = program.wanted.lock().unwrap();
    wanted.bans = bans[10..].to_vec();
    wanted.bans.push(sip("192.0.2.200", in_seconds(3600)));
    wanted.whitelist.remove(0);
    drop(wanted);
    let fleet = start(&settings(&server.url()), &program);
    until("the difference", 20, || fleet.health().keys == 91 && members(&server).len() == 2);
    fleet.stop();
    // 100, one by another program, one that is new.
    assert_eq!(server.calls("set"), 102, "keys that stand are not written again");
    assert_eq!(server.calls("del"), 10);
    assert!(
        !exists(&server, "sip:192.0.2.1")
            && exists(&server, "sip:192.0.2.11")
            && exists(&server, "sip:192.0.2.200")
    );
    assert!(exists(&server, "sip:198.51.100.1"), "another program's key stays");
    assert_eq!(members(&server), ["203.0.113.2", "203.0.113.3"].map(str::to_owned).into());
    for never in ["keys", "scan", "flushdb", "flushall"] {
        assert_eq!(server.calls(never), 0, "{never}");
    }
}

#[test]
fn a_hundred_thousand_bans() {
    let server = Server::start(&[]);
    let program = Arc::new(Program::default());
    let until_when = in_seconds(3600);
    let address = |number: u32| std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string();
    program.wanted.lock().unwrap().bans =
        (0..100_000).map(|number| sip(&address(number), until_when)).collect();
    let begin = clock();
    let fleet = start(&settings(&server.url()), &program);
    until("all keys", 60, || fleet.health().keys == 100_000 && fleet.health().is_connected);
    println!("100,000 bans written in {:?} (this build)", begin.elapsed());
    assert_eq!(server.calls("set"), 100_000);
    fleet.stop();
    let begin = clock();
    let fleet = start(&settings(&server.url()), &program);
    until("all keys again", 60, || fleet.health().keys == 100_000 && fleet.health().is_connected);
    println!("100,000 bans compared in {:?} (this build)", begin.elapsed());
    assert_eq!(server.calls("set"), 100_000, "nothing is written twice");
    let begin = clock();
    fleet.tell(banned(sip("192.0.2.1", until_when)));
    until("one more", 20, || exists(&server, "sip:192.0.2.1"));
    println!("one more ban after {:?} (this build)", begin.elapsed());
    fleet.stop();
}

#[test]
fn of_two_nodes_that_ban_one_address_the_longer_ban_stands() {
    let server = Server::start(&[]);
    let programs = [Arc::new(Program::default()), Arc::new(Program::default())];
    let one = start_node(&settings(&server.url()), "node-1", &programs[0]);
    let other = start_node(&settings(&server.url()), "node-2", &programs[1]);
    connected(&one);
    connected(&other);
    one.tell(banned(sip("192.0.2.1", in_seconds(5000))));
    until("the longer one", 20, || seconds_left(&server, "sip:192.0.2.1") > 4900);
    other.tell(banned(sip("192.0.2.1", in_seconds(100))));
    until("the shorter one", 20, || (1..=100).contains(&seconds_left(&server, "sip:192.0.2.1")));
    until("the longer one is mended", 20, || seconds_left(&server, "sip:192.0.2.1") > 4900);
    other.tell(lifted("192.0.2.1", None, now()));
    until("the shorter one is lifted", 20, || other.health().keys == 0);
    until("the longer one is back", 20, || exists(&server, "sip:192.0.2.1"));
    one.stop();
    other.stop();
}

#[test]
fn the_last_words_are_written() {
    let server = Server::start(&[]);
    let program = Arc::new(Program::default());
    let fleet = start(&settings(&server.url()), &program);
    connected(&fleet);
    for number in 1..=200 {
        fleet.tell(banned(sip(&format!("192.0.2.{number}"), in_seconds(600))));
    }
    fleet.stop();
    assert!(exists(&server, "sip:192.0.2.1") && exists(&server, "sip:192.0.2.200"));
}
