//! What Redis makes of publications, against what the register makes of them: a real redis-server, since the rule stands there once
//! more and in another language.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use event::limit;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use redis::Connection;

use super::*;
use crate::share::record::{BanRecord, Ceiling, Origins};
use crate::share::register::Register;
use crate::share::register::tests::{Happened, happened, put_in, standing};

struct Server {
    child: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let directory = tempfile::tempdir().unwrap();
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
            .arg("--dir")
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is installed (tests/setup.sh)");
        Self { child, port, _directory: directory }
    }

    fn connection(&self) -> Connection {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port)).unwrap();
        for _ in 0..1000 {
            if let Ok(connection) = client.get_connection() {
                return connection;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(10));
        }
        panic!("redis-server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keys() -> Keys {
    let key = |name: &str| format!("t:stockade:{{fleet}}:{name}");
    Keys {
        decisions: key("stream"),
        failures: key("failures"),
        bans: key("bans"),
        lifts: key("lifts"),
        nodes: key("nodes"),
        sent: key("sent"),
    }
}

fn publication(happened: &Happened) -> Publication {
    match happened {
        Happened::Ban(key, standing) => {
            let ban = event::Ban {
                subject: key.0,
                jail: key.1.clone(),
                scope: event::Scope::Jail,
                since: event::Moment::from_millis(standing.stamp.0),
                until: event::Moment::from_millis(standing.until.0),
                failures: 0,
                proof: event::Proof::Proven,
                reason: "r".to_owned(),
            };
            Publication::Ban(
                key.clone(),
                BanRecord::of(&ban, standing, crate::share::stamp::Offset::default()),
            )
        }
        Happened::Lift(key, tombstone) => Publication::Lift(key.clone(), LiftRecord::of(key, tombstone)),
    }
}

/// The snapshot as a node that comes later reads it: bans, and lifts above them.
fn snapshot(connection: &mut Connection, keys: &Keys) -> Register {
    let mut register = Register::default();
    let mut origins = Origins::default();
    let ceiling = Ceiling::Refuse(Stamp::NEVER);
    for (hash, is_bans) in [(&keys.bans, true), (&keys.lifts, false)] {
        let fields: Vec<(String, Vec<u8>)> = cmd("HGETALL").arg(hash).query(connection).unwrap();
        for (field, value) in fields {
            let one = if is_bans {
                let ban = BanRecord::read(&value, ceiling, &mut origins).unwrap();
                assert_eq!(ban_field(&ban.key), field);
                Happened::Ban(ban.key, ban.standing)
            } else {
                let lift = LiftRecord::read(&value, ceiling, &mut origins).unwrap();
                assert_eq!(lift_field(&lift.key), field);
                Happened::Lift(lift.key, lift.tombstone)
            };
            put_in(&mut register, &one);
        }
    }
    register
}

#[test]
fn redis_judges_as_the_register_does() {
    let server = Server::start();
    let mut connection = server.connection();
    let keys = keys();
    let clock: (i64, i64) = cmd("TIME").query(&mut connection).unwrap();
    let base = clock.0 * 1000 - 60_000;
    let mut runner = TestRunner::new(Config { cases: 200, ..Config::default() });
    let all = prop::collection::vec(happened(base), 0..30);
    let connection = std::cell::RefCell::new(connection);
    let result = runner.run(&all, |all| {
        let connection = &mut *connection.borrow_mut();
        let _: () = cmd("FLUSHALL").query(connection).unwrap();
        let mut register = Register::default();
        all.iter().for_each(|one| put_in(&mut register, one));
        let publications: Vec<_> = all.iter().map(publication).collect();
        let mut written = 0;
        for part in publications.chunks(7) {
            written += publish(&keys, part).query::<usize>(connection).unwrap();
        }
        let entries: usize = cmd("XLEN").arg(&keys.decisions).query(connection).unwrap();
        prop_assert_eq!(written, entries);
        prop_assert_eq!(standing(&snapshot(connection, &keys)), standing(&register));
        // All of it again is no news.
        for part in publications.chunks(7) {
            prop_assert_eq!(publish(&keys, part).query::<usize>(connection).unwrap(), 0);
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn what_is_older_than_the_memory_of_lifts_is_not_taken() {
    let server = Server::start();
    let mut connection = server.connection();
    let keys = keys();
    let clock: (i64, i64) = cmd("TIME").query(&mut connection).unwrap();
    let now = Stamp(clock.0 * 1000);
    let key = ("192.0.2.1".parse().unwrap(), event::JailName::new("manual"));
    let ban = |stamp: Stamp, until: Stamp| {
        let origin = crate::share::register::tests::origin(1);
        let standing = crate::share::register::Standing { stamp, until, told: until, origin, seen: 0 };
        publication(&Happened::Ban(key.clone(), standing))
    };
    let mut written =
        |publication: Publication| publish(&keys, &[publication]).query::<usize>(&mut connection).unwrap();
    let too_old = now.minus(limit::FLEET_LIFTS_KEPT).minus(SLACK);
    assert_eq!(written(ban(too_old, Stamp::NEVER)), 0);
    assert_eq!(written(ban(now.plus(SLACK * 3), Stamp::NEVER)), 0);
    assert_eq!(written(ban(Stamp(now.0 - 5000), Stamp(now.0 + 60_000))), 1);
    // Lifts were forgotten up to a second ago: a ban from before is taken only where it is known.
    let () = forget(&keys.lifts, Some(Stamp(now.0 - 1000)), &[])
        .query::<usize>(&mut connection)
        .map(drop)
        .unwrap();
    let mut written =
        |publication: Publication| publish(&keys, &[publication]).query::<usize>(&mut connection).unwrap();
    assert_eq!(written(ban(Stamp(now.0 - 4000), Stamp(now.0 + 60_000))), 1);
    let Publication::Ban(_, record) = ban(Stamp(now.0 - 2000), Stamp(now.0 + 60_000)) else { panic!() };
    let other = ("192.0.2.2".parse().unwrap(), event::JailName::new("manual"));
    assert_eq!(written(Publication::Ban(other.clone(), record.clone())), 0);
    assert_eq!(written(Publication::Ban(other, BanRecord { stamp: now.0, ..record })), 1);
}
