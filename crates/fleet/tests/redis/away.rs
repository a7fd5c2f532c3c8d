//! Redis is away, slow, cut off, empty: telling never waits, and afterwards everything is there.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use event::limit;
use fleet::Told;

use crate::keys::{connected, start};
use crate::support::deadline::{clock, until};
use crate::support::host::{Program, in_seconds, now};
use crate::support::proxy::Proxy;
use crate::support::server::{Server, free_port, settings};
use crate::support::{banned, lifted, sip};

fn count(server: &Server) -> usize {
    server.ask::<Vec<String>>(&["KEYS", "_PH_REDIS_CLIENT:firewall:*:*"]).len()
}

#[test]
fn a_redis_that_comes_back_empty_is_filled_again() {
    let mut server = Server::start(&[]);
    let program = Arc::new(Program::default());
    let fleet = start(&settings(&server.url()), &program);
    connected(&fleet);
    for number in 1..=50 {
        fleet.tell(banned(sip(&format!("192.0.2.{number}"), in_seconds(600))));
    }
    fleet.tell(Told::Whitelist(vec!["203.0.113.1".parse().unwrap()]));
    until("fifty", 20, || count(&server) == 50);
    server.kill();
    until("it is missed", 20, || !fleet.health().is_connected);
    fleet.tell(banned(sip("192.0.2.51", in_seconds(600))));
    fleet.tell(lifted("192.0.2.1", None, now()));
    until("what waits is said", 20, || fleet.health().waiting == 2);
    let port = server.port.to_string();
    until("why is said", 20, || {
        fleet.health().error.is_some_and(|error| error.contains(&port) && error.contains("refused"))
    });
    server.run();
    until("filled again", 20, || count(&server) == 50 && fleet.health().is_connected);
    assert_eq!(server.ask::<Vec<String>>(&["SMEMBERS", "_PH_REDIS_CLIENT:firewall:whitelist"]).len(), 1);
    assert_eq!((fleet.health().waiting, fleet.health().error), (0, None));
    fleet.stop();
}

#[test]
fn a_redis_that_comes_back_gets_the_difference() {
    let mut server = Server::start(&[]);
    let program = Arc::new(Program::default());
    let fleet = start(&settings(&server.url()), &program);
    connected(&fleet);
    for number in 1..=50 {
        fleet.tell(banned(sip(&format!("192.0.2.{number}"), in_seconds(600))));
    }
    until("fifty", 20, || count(&server) == 50);
    server.ask::<String>(&["SAVE"]);
    server.kill();
    until("it is missed", 20, || !fleet.health().is_connected);
    fleet.tell(banned(sip("192.0.2.51", in_seconds(600))));
    fleet.tell(banned(sip("192.0.2.2", in_seconds(6000))));
    fleet.tell(lifted("192.0.2.1", None, now()));
    server.run();
    until("the difference", 20, || fleet.health().is_connected && fleet.health().keys == 50);
    assert_eq!(count(&server), 50);
    assert_eq!((server.calls("set"), server.calls("del")), (2, 1), "only the difference is written");
    fleet.stop();
}

#[test]
fn a_cut_line_keeps_nobody_waiting() {
    let server = Server::start(&[]);
    let proxy = Proxy::to(server.port);
    let program = Arc::new(Program::default());
    let url = format!("redis://127.0.0.1:{}", proxy.port);
    let fleet = start(&settings(&url), &program);
    connected(&fleet);
    proxy.cut();
    fleet.tell(banned(sip("192.0.2.1", in_seconds(600))));
    until("the thread waits for an answer", 20, || fleet.health().waiting == 0);
    let more = 1000;
    let begin = clock();
    for number in 0..limit::REDIS_QUEUE + more {
        let number = u32::try_from(number).unwrap();
        fleet.tell(banned(sip(&std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string(), in_seconds(600))));
    }
    let took = begin.elapsed();
    println!("{} bans told in {took:?} while the line is cut", limit::REDIS_QUEUE + more);
    assert!(took < Duration::from_secs(4), "telling waited: {took:?}");
    let health = fleet.health();
    assert!(health.waiting <= limit::REDIS_QUEUE as u64);
    assert!(health.overrun >= 1, "{health:?}");
    // What was dropped is asked for as a whole.
    program.wanted.lock().unwrap().bans = vec![sip("192.0.2.7", in_seconds(600))];
    let asked = program.asked.load(Ordering::Relaxed);
    until("the silence is noticed", 20, || !fleet.health().is_connected);
    assert!(fleet.health().error.unwrap().contains("no answer in time"));
    proxy.mend();
    until("mended", 20, || fleet.health().is_connected && fleet.health().keys == 1);
    assert!(program.asked.load(Ordering::Relaxed) > asked);
    assert_eq!(server.ask::<i64>(&["EXISTS", "_PH_REDIS_CLIENT:firewall:sip:192.0.2.7"]), 1);
    proxy.cut();
    fleet.tell(banned(sip("192.0.2.8", in_seconds(600))));
    let begin = clock();
    fleet.stop();
    assert!(begin.elapsed() < Duration::from_secs(limit::REDIS_LAST_WORDS_SECONDS + 1), "the end is bounded");
}

#[test]
fn a_slow_redis_gets_everything_in_the_end() {
    let server = Server::start(&[]);
    let proxy = Proxy::to(server.port);
    let program = Arc::new(Program::default());
    proxy.slow(Duration::from_millis(100));
    let fleet = start(&settings(&format!("redis://127.0.0.1:{}", proxy.port)), &program);
    let begin = clock();
    for number in 1..=200 {
        fleet.tell(banned(sip(&format!("192.0.2.{number}"), in_seconds(600))));
    }
    assert!(begin.elapsed() < Duration::from_millis(100), "telling waited");
    until("everything", 20, || count(&server) == 200);
    // It answers nobody for longer than the limit for an answer.
    let pause = (limit::REDIS_ANSWER_SECONDS + 1) * 1000;
    server.ask::<String>(&["CLIENT", "PAUSE", &pause.to_string(), "ALL"]);
    fleet.tell(banned(sip("192.0.2.201", in_seconds(600))));
    until("the silence is noticed", 20, || !fleet.health().is_connected);
    until("it is back", 20, || fleet.health().is_connected && fleet.health().keys == 201);
    assert_eq!(count(&server), 201);
    fleet.stop();
}

#[test]
fn nobody_there_at_the_start() {
    let port = free_port();
    let program = Arc::new(Program::default());
    let fleet = start(&settings(&format!("redis://127.0.0.1:{port}")), &program);
    fleet.tell(banned(sip("192.0.2.1", in_seconds(600))));
    until("it is said", 20, || fleet.health().error.is_some() && fleet.health().waiting == 1);
    assert!(fleet.health().since.is_some());
    let begin = clock();
    fleet.stop();
    assert!(begin.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_full_redis_is_said_and_gets_everything_when_there_is_room() {
    let server = Server::start(&["--maxmemory-policy", "noeviction"]);
    let program = Arc::new(Program::default());
    let fleet = start(&settings(&server.url()), &program);
    connected(&fleet);
    server.ask::<String>(&["CONFIG", "SET", "maxmemory", "1"]);
    fleet.tell(banned(sip("192.0.2.1", in_seconds(600))));
    until("it is said", 20, || fleet.health().error.is_some_and(|error| error.contains("memory")));
    server.ask::<String>(&["CONFIG", "SET", "maxmemory", "0"]);
    until("there is room", 20, || fleet.health().is_connected && count(&server) == 1);
    fleet.stop();
}
