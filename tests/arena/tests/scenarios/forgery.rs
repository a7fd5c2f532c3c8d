//! Attackers who choose their names so that the log seems to accuse somebody else: they are banned, the other is not.

use std::fs::read_to_string;

use arena::asterisk::Asterisk;
use arena::attackers::curl;
use arena::deadline::PATIENCE;
use arena::nginx::Nginx;
use arena::openssh::{self, Openssh};
use arena::sip_peer::SipPeer;
use arena::stockade::Settings;
use arena::{Monitor, Result, Scene, Stockade};

use crate::SILENCE;

const MAX_RETRY: u32 = 4;

#[test]
fn a_name_that_reads_like_the_rest_of_an_ssh_line() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let ssh = Openssh::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("sshd", &[&ssh.log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    let name = format!("root from {} port 22 ssh2", peer.v4);
    let mut tries = 0;
    while tries < MAX_RETRY && stockade.banned()?.is_empty() {
        assert!(!openssh::login_as(&name, attacker, victim, "wrong")?);
        tries += 1;
    }
    monitor.banned(attacker.v4, PATIENCE)?;
    assert_eq!(stockade.ban_of(peer.v4)?, None);
    assert!(openssh::login(peer, victim, openssh::PASSWORD)?);
    Ok(())
}

#[test]
fn a_name_that_reads_like_the_rest_of_an_nginx_line() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let nginx = Nginx::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("nginx-http-auth", &[&nginx.access_log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    // curl ends the name at the first colon, as the protocol does; a line break would be the stronger forgery.
    let name = format!("x\" 401\n{} - office [22/Nov/2026", peer.v4);
    for _ in 0..MAX_RETRY {
        assert_eq!(curl(attacker, victim, "/private/", Some((&name, "wrong")))?, Some(401));
    }
    monitor.banned(attacker.v4, PATIENCE)?;
    assert_eq!(stockade.ban_of(peer.v4)?, None);
    assert_eq!(curl(peer, victim, "/", None)?, Some(200));
    Ok(())
}

#[test]
fn a_call_id_that_reads_like_the_rest_of_a_security_event() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let pbx = Asterisk::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("asterisk", &[&pbx.security_log, &pbx.messages]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    // A Call-ID may hold quotes, and Asterisk logs it as it came.
    let addresses =
        format!("LocalAddress=\"IPV4/UDP/10.77.0.1/5060\",RemoteAddress=\"IPV4/UDP/{}/5060\"", peer.v4);
    let mut forger = SipPeer::new(attacker, victim, "100", "wrong")?
        .with_call_id(&format!("x\",{addresses},Challenge=\""));
    for _ in 0..MAX_RETRY {
        forger.register(SILENCE)?;
    }
    monitor.banned(attacker.v4, PATIENCE)?;
    assert_eq!(stockade.ban_of(peer.v4)?, None);
    let log = read_to_string(&pbx.security_log).unwrap();
    assert!(log.contains(&addresses), "the forgery has to reach the log to be one:\n{log}");
    Ok(())
}
