//! Three nodes share a Redis: a ban on one is in the others' kernels, an unban on any of them holds on all, and who was away agrees
//! when it is back.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arena::deadline::{Deadline, PATIENCE};
use arena::process::run;
use arena::stockade::Settings;
use arena::{Error, Host, Monitor, Redis, Result, Scene, Stockade};

use crate::acl_asterisk::measured;

/// A ban is to be in the other nodes' kernels within this time.
const SOON: Duration = Duration::from_millis(50);
/// Bans whose way is measured.
const MEASURED: u8 = 20;

/// A node, with a log of its own.
struct Node {
    host: Host,
    log: PathBuf,
    monitor: Monitor,
    stockade: Stockade,
}

impl Node {
    fn start(host: &Host, directory: &Path, redis: &Redis, name: &str) -> Result<Self> {
        let home = directory.join(name);
        let log = home.join("auth.log");
        std::fs::create_dir_all(&home).map_err(Error::io("create", home.display()))?;
        File::create(&log).map_err(Error::io("create", log.display()))?;
        let monitor = Monitor::start(host)?;
        let stockade = Stockade::start(host, &home, &settings(&log, redis))?;
        let node = Self { host: host.clone(), log, monitor, stockade };
        node.wait_for_redis(true)?;
        Ok(node)
    }

    /// One failed login, as sshd writes it.
    fn fails(&self, address: Ipv4Addr) -> Result<()> {
        let mut log = OpenOptions::new().append(true).open(&self.log).map_err(Error::io("open", "a log"))?;
        writeln!(
            log,
            "Nov 22 10:00:00 node sshd[4242]: Failed password for root from {address} port 4242 ssh2"
        )
        .map_err(Error::io("write to", self.log.display()))
    }

    fn is_banned(&self, address: Ipv4Addr) -> Result<bool> {
        Ok(self.stockade.ban_of(address)?.is_some())
    }

    /// Until `address` is banned here, or is not.
    fn wait(&self, address: Ipv4Addr, banned: bool) -> Result<()> {
        self.until("the ban of another node", || Ok(self.is_banned(address)? == banned))
    }

    fn wait_for_redis(&self, connected: bool) -> Result<()> {
        self.until("Redis in status", || {
            let status = self.stockade.status()?;
            let redis =
                status["outlets"].as_array().and_then(|all| all.iter().find(|one| one["outlet"] == "redis"));
            Ok(redis.is_some_and(|redis| {
                redis["error"].is_null() == connected && (redis["is_current"] == true || !connected)
            }))
        })
    }

    fn until(&self, what: &str, is_so: impl Fn() -> Result<bool>) -> Result<()> {
        let deadline = Deadline::after(PATIENCE);
        while !is_so()? {
            if deadline.left().is_none() {
                let seen = vec![self.stockade.status()?.to_string()];
                return Err(Error::Late { what: what.to_owned(), waited: PATIENCE, seen });
            }
        }
        Ok(())
    }

    /// The wire to everybody else is cut, or whole again.
    fn wire(&self, state: &str) -> Result<()> {
        run(self.host.command("ip").args(["link", "set", "eth0", state])).map(drop)
    }
}

fn settings(log: &Path, redis: &Redis) -> Settings {
    let section = format!("[redis]\nurl = \"{}\"\nfleet = true\nfleet_counts = true", redis.url());
    Settings::new(3, "1h").jail("sshd", &[log]).section(&section)
}

fn three(scene: &Scene, redis: &Redis) -> Result<[Node; 3]> {
    let start = |host, name| Node::start(host, scene.directory(), redis, name);
    Ok([start(&scene.victim, "one")?, start(&scene.attacker, "two")?, start(&scene.peer, "three")?])
}

#[test]
fn a_ban_is_in_the_kernels_of_all_nodes_at_once_and_an_unban_holds_everywhere() -> Result<()> {
    let mut scene = Scene::new()?;
    let host = scene.another("redis")?;
    let redis = Redis::start(&host, scene.directory())?;
    let [mut one, mut two, mut three] = three(&scene, &redis)?;
    let mut spans = Vec::new();
    for number in 1..=MEASURED {
        let offender = Ipv4Addr::new(192, 0, 2, number);
        (0..3).try_for_each(|_| one.fails(offender))?;
        one.monitor.banned(offender, PATIENCE)?;
        let since = Deadline::after(PATIENCE);
        two.monitor.banned(offender, PATIENCE)?;
        three.monitor.banned(offender, PATIENCE)?;
        spans.push(since.elapsed());
    }
    spans.sort();
    let (median, longest) = (spans[spans.len() / 2], spans[spans.len() - 1]);
    measured(&format!(
        "from one node's kernel to both others': median {median:?}, longest of {MEASURED} {longest:?}"
    ));
    assert!(median < SOON, "{spans:?}");

    let offender = Ipv4Addr::new(192, 0, 2, 1);
    assert_eq!(redis.ask(&["EXISTS", "firewall:ssh:192.0.2.1"])?.trim(), "1");
    three.stockade.unban(offender)?;
    one.monitor.unbanned(offender, PATIENCE)?;
    two.monitor.unbanned(offender, PATIENCE)?;
    one.wait(offender, false)?;
    assert!(one.stockade.why(Ipv4Addr::new(192, 0, 2, 2)).is_ok(), "the others stay banned");
    Ok(())
}

#[test]
fn one_attempt_on_each_of_three_nodes_is_three_attempts() -> Result<()> {
    let mut scene = Scene::new()?;
    let host = scene.another("redis")?;
    let redis = Redis::start(&host, scene.directory())?;
    let mut nodes = three(&scene, &redis)?;
    let offender = Ipv4Addr::new(198, 51, 100, 7);
    nodes.iter().try_for_each(|node| node.fails(offender))?;
    nodes.iter_mut().try_for_each(|node| node.monitor.banned(offender, PATIENCE).map(drop))
}

#[test]
fn who_was_cut_off_or_stopped_agrees_when_it_is_back() -> Result<()> {
    let mut scene = Scene::new()?;
    let host = scene.another("redis")?;
    let redis = Redis::start(&host, scene.directory())?;
    let [one, two, three] = three(&scene, &redis)?;
    let address = |last| Ipv4Addr::new(203, 0, 113, last);

    // Node two is cut off and bans somebody whom node one lets off a little later.
    two.wire("down")?;
    (0..3).try_for_each(|_| two.fails(address(1)))?;
    two.wait(address(1), true)?;
    one.stockade.ban(address(1))?;
    one.stockade.unban(address(1))?;
    // Node three is stopped, and misses a ban and an unban.
    one.stockade.ban(address(3))?;
    one.stockade.ban(address(5))?;
    three.wait(address(3), true)?;
    three.wait(address(5), true)?;
    let Node { stockade, .. } = three;
    let stopped = stockade.stop()?;
    one.stockade.ban(address(2))?;
    one.stockade.unban(address(3))?;
    one.stockade.unban(address(5))?;
    one.stockade.ban(address(5))?;

    two.wire("up")?;
    two.wait(address(1), false)?;
    two.wait(address(2), true)?;
    let three = stopped.start()?;
    let deadline = Deadline::after(PATIENCE);
    while three.ban_of(address(2))?.is_none() || three.ban_of(address(3))?.is_some() {
        assert!(deadline.left().is_some(), "node three: {:?}", three.banned()?);
    }
    assert!(one.stockade.ban_of(address(1))?.is_none(), "the late ban of node two came back to node one");
    assert!(three.ban_of(address(1))?.is_none());
    while three.ban_of(address(5))?.is_none() {
        assert!(deadline.left().is_some(), "banned again behind the unban: {:?}", three.banned()?);
    }

    // Redis is lost with everything in it: every node goes on, and the new one is filled again.
    redis.kill();
    one.wait_for_redis(false)?;
    one.stockade.ban(address(4))?;
    let redis = Redis::start(&host, scene.directory())?;
    two.wait(address(4), true)?;
    two.wait(address(2), true)?;
    one.wait_for_redis(true)?;
    assert_eq!(redis.ask(&["EXISTS", "firewall:ssh:203.0.113.2"])?.trim(), "1");
    assert!(two.stockade.ban_of(address(3))?.is_none(), "what was lifted stays lifted");
    Ok(())
}
