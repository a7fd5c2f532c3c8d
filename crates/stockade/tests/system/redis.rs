//! Bans as keys in a Redis, as MikoPBX's web server and any bouncer read them, for as long as the settings say so.

use std::process::{Child, Command, Stdio};

use crate::support::{Place, until};

/// Debian's `redis-server` in the test's namespace, killed when dropped.
struct Redis(Child);

impl Redis {
    fn start(place: &Place) -> Self {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "redis-server", "--port", "6379", "--save", "", "--dir"]);
        command.arg(place.path("")).stdout(Stdio::null());
        let redis = Self(command.spawn().expect("redis-server is needed: run tests/setup.sh"));
        until("an answer of redis", || ask(&["-n", "1", "PING"]) == "PONG");
        redis
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(words: &[&str]) -> String {
    let output = Command::new("redis-cli").args(words).output().expect("run redis-cli");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// As MikoPBX's nginx asks.
fn exists(category: &str, address: &str) -> bool {
    ask(&["-n", "1", "EXISTS", &format!("_PH_REDIS_CLIENT:firewall:{category}:{address}")]) == "1"
}

const SETTINGS: &str = "[defaults]\nmax_retry = 2\nban_time = '1h'\n[whitelist]\naddresses = ['198.51.100.0/24']\n\
                        [redis]\nurl = 'redis://127.0.0.1:6379'\ndatabase = 1\nprefix = '_PH_REDIS_CLIENT:'\n";

#[test]
fn mikopbx_finds_bans_and_whitelist_where_it_looks_for_them() {
    let place = Place::new(SETTINGS);
    let _redis = Redis::start(&place);
    let mut daemon = place.start();
    place.fail("192.0.2.7", 2);
    place.settle(&mut daemon);
    until("the key", || exists("ssh", "192.0.2.7"));
    assert_eq!(ask(&["-n", "1", "GET", "_PH_REDIS_CLIENT:firewall:ssh:192.0.2.7"]), "1");
    let left: i64 = ask(&["-n", "1", "TTL", "_PH_REDIS_CLIENT:firewall:ssh:192.0.2.7"]).parse().unwrap();
    assert!((3500..=3600).contains(&left), "{left}");
    assert!(!exists("http", "192.0.2.7"));
    assert_eq!(ask(&["-n", "1", "SMEMBERS", "_PH_REDIS_CLIENT:firewall:whitelist"]), "198.51.100.0/24");

    // By hand: all ports, so all categories.
    assert_eq!(place.run(&["ban", "203.0.113.9"]).code, 0);
    until("all keys", || ["http", "sip", "ami", "iax", "ssh"].iter().all(|one| exists(one, "203.0.113.9")));
    assert_eq!(place.run(&["unban", "203.0.113.9"]).code, 0);
    until("no key", || ["http", "sip", "ami", "iax", "ssh"].iter().all(|one| !exists(one, "203.0.113.9")));

    // The one switch: off, nobody is refused anywhere.
    place.configure(&format!("enabled = false\n{SETTINGS}"));
    daemon.says("new settings");
    until("no key while switched off", || !exists("ssh", "192.0.2.7"));
    place.configure(SETTINGS);
    daemon.says("new settings");
    until("the key again", || exists("ssh", "192.0.2.7"));
}

#[test]
fn without_redis_everything_else_goes_on_and_status_says_so() {
    let place = Place::new(SETTINGS);
    let mut daemon = place.start();
    place.fail("192.0.2.7", 2);
    place.settle(&mut daemon);
    until("the ban in the kernel", || place.kernel.holds("192.0.2.7"));
    until("what is wrong", || {
        let status = place.json(&["status"]);
        status["attention"].as_array().is_some_and(|all| all.iter().any(|one| one["code"] == "redis-away"))
    });
    let _redis = Redis::start(&place);
    until("the key of a ban from before", || exists("ssh", "192.0.2.7"));
    until("nothing to point out", || place.json(&["status"])["outlets"][0]["error"].is_null());
}
