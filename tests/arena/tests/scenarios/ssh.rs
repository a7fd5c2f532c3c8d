//! hydra against OpenSSH: the plainest case, from the first guess to the unban, and what a restart does not change.

use std::fs::read_to_string;
use std::time::Duration;

use arena::attackers::hydra_ssh;
use arena::deadline::PATIENCE;
use arena::knock::{Door, knock};
use arena::openssh::{self, Openssh};
use arena::stockade::Settings;
use arena::{Monitor, Result, Scene, Stockade};

use crate::SILENCE;

const MAX_RETRY: u32 = 3;

#[test]
fn hydra_is_banned_at_the_configured_count_and_let_in_again() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let ssh = Openssh::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("sshd", &[&ssh.log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;

    let hydra = hydra_ssh(attacker, victim, scene.directory(), 1000)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    let ban = stockade.ban_of(attacker.v4)?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!((ban.jail.as_str(), ban.failures, ban.span()), ("sshd", MAX_RETRY, Duration::from_secs(3600)));
    let failures =
        read_to_string(&ssh.log).unwrap().matches("Failed password for root from 10.77.0.2").count();
    assert!(failures >= MAX_RETRY as usize, "banned after {failures} failures in the log");
    assert!(stockade.why(attacker.v4)?.contains("sshd"));
    drop(hydra);

    assert_eq!(knock(attacker, victim.address(), 22, SILENCE)?, Door::Silent);
    assert_eq!(
        knock(attacker, victim.address(), 80, SILENCE)?,
        Door::Refused,
        "a ban covers its jail's ports only"
    );
    assert!(stockade.dropped("sshd")? > 0, "what was swallowed is counted");
    assert!(openssh::login(peer, victim, openssh::PASSWORD)?, "another address must not notice");

    stockade.unban(attacker.v4)?;
    assert_eq!(knock(attacker, victim.address(), 22, PATIENCE)?, Door::Open);
    assert!(openssh::login(attacker, victim, openssh::PASSWORD)?);
    assert_eq!(stockade.banned()?, []);
    Ok(())
}

#[test]
fn a_restart_lifts_no_ban() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let ssh = Openssh::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("sshd", &[&ssh.log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    let hydra = hydra_ssh(attacker, victim, scene.directory(), 1000)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    drop(hydra);
    let before = stockade.banned()?;

    let stopped = stockade.stop()?;
    assert_eq!(knock(attacker, victim.address(), 22, SILENCE)?, Door::Silent, "the kernel keeps the ban");
    let stockade = stopped.start()?;
    assert_eq!(knock(attacker, victim.address(), 22, SILENCE)?, Door::Silent);
    assert_eq!(stockade.banned()?, before);
    Ok(())
}

#[test]
fn a_wrong_login_counts_once_whatever_sshd_says_about_it() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let ssh = Openssh::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("sshd", &[&ssh.log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;

    // sshd writes two lines about the first, three about the second: the name is unknown, the password wrong, the
    // connection closed.
    assert!(!openssh::login(peer, victim, "wrong")?);
    assert!(!openssh::login_as("nobody-here", peer, victim, "wrong")?);
    // These stand behind the peer's in the log: once the attacker is banned, the peer's were counted.
    let hydra = hydra_ssh(attacker, victim, scene.directory(), 1000)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    drop(hydra);
    assert_eq!(stockade.ban_of(peer.v4)?, None, "two wrong logins of three allowed");
    assert!(openssh::login(peer, victim, openssh::PASSWORD)?);
    Ok(())
}
