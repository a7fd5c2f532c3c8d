//! A PBX in a container of a real Docker Engine, without the right to change any firewall: Asterisk's own list refuses SIP inside, and
//! through Redis the bouncer on the host closes every published port, in front of the container.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use arena::asterisk::{installation, password, prepare};
use arena::deadline::{Deadline, PATIENCE};
use arena::docker::{carry, find};
use arena::knock::{Door, knock};
use arena::scene::write;
use arena::sip_guess::guess;
use arena::sip_message::Answer;
use arena::sip_peer::SipPeer;
use arena::stockade::{Settings, binary};
use arena::{Docker, Error, Host, Process, Result, Scene};

use crate::SILENCE;

const START: &str = include_str!("containers.sh");
const IMAGE: &str = "pbx:arena";
const WEB: u16 = 8080;
const MAX_RETRY: u32 = 4;
/// Taking in an installation of some hundred megabytes, on a busy machine.
const STARTING: Duration = Duration::from_secs(120);

/// What docs/asterisk.md asks for, and Asterisk's web server.
const FILES: [(&str, &str); 4] = [
    ("http.conf", "[general]\nenabled=yes\nbindaddr=0.0.0.0\nbindport=80\n"),
    ("modules.conf", "load=res_pjsip_acl.so\n"),
    ("acl.conf", "#tryinclude stockade-acl.conf\n"),
    ("pjsip.conf", "\n[stockade]\ntype=acl\nacl=stockade\n"),
];

/// The containers: `redis` and `pbx`, both on the engine's bridge.
struct Pbx {
    docker: Docker,
    redis: String,
    _said: Process,
}

impl Pbx {
    fn start(scene: &Scene) -> Result<Self> {
        let directory = scene.directory();
        let tools = directory.join("tools");
        for program in [binary()?, find("redis-server")?] {
            carry(&program, &tools, "/opt/host")?;
        }
        write(&tools.join("start.sh"), START)?;
        let docker = Docker::start(&scene.victim, directory)?;
        docker.import(&installation()?, IMAGE)?;
        let tools = format!("{}:/opt/host:ro", tools.display());
        let redis =
            ["run", "--detach", "--name", "redis", "--volume", &tools, IMAGE, "/opt/host/redis-server"];
        docker.run(&[&redis[..], &["--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""]].concat())?;
        let redis = format!("redis://{}:6379/1", docker.address_of("redis")?);

        let home = prepare(directory, &FILES)?;
        write(&home.join("stockade.toml"), &settings(&redis)?)?;
        let home = format!("{}:/arena", home.display());
        let ports = ["8080:80/tcp", "5060:5060/udp", "5060:5060/tcp"].map(|port| format!("--publish={port}"));
        let mut words = vec!["run", "--detach", "--name", "pbx", "--volume", &tools, "--volume", &home];
        words.extend(ports.iter().map(String::as_str));
        words.extend([IMAGE, "/bin/sh", "-eu", "/opt/host/start.sh"]);
        docker.run(&words)?;
        let mut said = docker.follow("pbx")?;
        said.line("a line 'ready'", STARTING, |line| line == "ready")?;
        let mut full = Process::follow(&directory.join("asterisk/log/full"))?;
        full.line("'Asterisk Ready.'", STARTING, |line| line.contains("Asterisk Ready."))?;
        Ok(Self { docker, redis, _said: said })
    }

    /// A command of Stockade's in the container.
    fn stockade(&self, words: &[&str]) -> Result<String> {
        self.docker.run(&[&["exec", "pbx", "/opt/host/stockade"], words].concat())
    }

    fn is_banned(&self, who: &Host) -> Result<bool> {
        Ok(self.stockade(&["banned", "--json"])?.contains(&format!("\"{}\"", who.v4)))
    }
}

fn settings(redis: &str) -> Result<String> {
    let (server, database) = redis.rsplit_once('/').unwrap_or((redis, "0"));
    Settings::new(MAX_RETRY, "1h")
        .jail("asterisk", &[Path::new("/arena/log/security_log"), Path::new("/arena/log/messages")])
        .section(&format!("[redis]\nurl = '{server}'\ndatabase = {database}\nprefix = '_PH_REDIS_CLIENT:'"))
        .section("[asterisk]\ndirectory = '/arena/etc'\nsocket = '/arena/run/asterisk.ctl'")
        .toml()
}

/// `stockade bouncer` on the host of the engine.
fn bouncer(host: &Host, directory: &Path, redis: &str) -> Result<Process> {
    let mut command = host.command(binary()?);
    command.args([
        "bouncer",
        "--redis",
        redis,
        "--prefix",
        "_PH_REDIS_CLIENT:",
        "--every",
        "2s",
        "--state-dir",
    ]);
    command.arg(directory.join("bouncer"));
    let mut process = Process::start("stockade bouncer", &mut command)?;
    process.line("a line 'ready'", PATIENCE, |line| line == "ready")?;
    Ok(process)
}

/// Asks until the answer is as wanted.
fn until<T: PartialEq + std::fmt::Debug>(what: &str, wanted: &T, ask: impl Fn() -> Result<T>) -> Result<()> {
    let deadline = Deadline::after(PATIENCE);
    loop {
        let seen = ask()?;
        if seen == *wanted {
            return Ok(());
        }
        if deadline.left().is_none() {
            let seen = vec![format!("{seen:?} instead of {wanted:?}")];
            return Err(Error::Late { what: what.to_owned(), waited: PATIENCE, seen });
        }
    }
}

#[test]
fn a_ban_in_a_container_closes_sip_inside_and_every_published_port_on_the_host() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let pbx = Pbx::start(&scene)?;
    let web = |from: &Host, patience| knock(from, victim.address(), WEB, patience);
    let status = pbx.stockade(&["status", "--json"])?;
    assert!(status.contains("CAP_NET_ADMIN"), "it says that it may not change the firewall: {status}");
    let mut stranger = SipPeer::new(attacker, victim, "101", &password("101"))?;
    let mut telephone = SipPeer::new(peer, victim, "100", &password("100"))?;
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200));
    assert_eq!(stranger.ask(PATIENCE)?, Answer::Status(401));
    assert_eq!(web(attacker, PATIENCE)?, Door::Open);

    // Guessed passwords are found in Asterisk's log, with the attacker's own address; Asterisk refuses it by its list.
    for number in 0..MAX_RETRY {
        guess(attacker, victim, "100", &format!("wrong-{number}"), PATIENCE)?;
    }
    until("ban", &true, || pbx.is_banned(attacker))?;
    let deadline = Deadline::after(PATIENCE);
    while stranger.ask(PATIENCE)? != Answer::Status(403) {
        assert!(deadline.left().is_some(), "SIP is not refused");
    }
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200), "another address goes on registering");
    assert_eq!(web(attacker, PATIENCE)?, Door::Open, "the container cannot close the host's ports");

    let bouncer = bouncer(victim, scene.directory(), &pbx.redis)?;
    assert_eq!(
        web(attacker, SILENCE)?,
        Door::Silent,
        "the published port is closed in front of the container"
    );
    assert_eq!(stranger.ask(SILENCE)?, Answer::Silence, "the established flow of SIP too");
    assert_eq!(web(peer, PATIENCE)?, Door::Open);
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200));

    pbx.stockade(&["unban", &attacker.v4.to_string()])?;
    until("the published port again", &Door::Open, || web(attacker, SILENCE))?;
    let deadline = Deadline::after(PATIENCE);
    while stranger.register(PATIENCE)? != Answer::Status(200) {
        assert!(deadline.left().is_some(), "SIP is still refused");
    }

    // By hand, with the bouncer there from the beginning; and a bouncer that stops lifts nothing.
    pbx.stockade(&["ban", &attacker.v4.to_string(), "--for", "1h"])?;
    until("the end of the published port", &Door::Silent, || web(attacker, SILENCE))?;
    bouncer.stop(PATIENCE)?;
    assert_eq!(web(attacker, SILENCE)?, Door::Silent);
    let rules = arena::process::run(victim.command("iptables").args(["-t", "nat", "-S"]))?;
    assert!(rules.contains("DOCKER"), "the engine's rules are this host's: {rules}");
    let own = arena::process::run(Command::new("nft").args(["list", "tables"]))?;
    assert!(!own.contains("inet stockade"), "nothing of it is on the machine that tests: {own}");
    Ok(())
}
