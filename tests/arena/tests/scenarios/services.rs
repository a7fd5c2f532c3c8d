//! The arena itself: the services write the lines that they are known for, and whoever knows the password gets in.
//! When a scenario fails, these tests tell whether a service or Stockade is the cause.

use std::fs::read_to_string;
use std::time::Duration;

use arena::ami::{self, Login};
use arena::asterisk::{self, Asterisk, OPERATOR};
use arena::deadline::PATIENCE;
use arena::knock::{Door, Held, knock};
use arena::nginx::{self, Nginx};
use arena::openssh::{self, Openssh};
use arena::scene::load;
use arena::sip_message::Answer;
use arena::sip_peer::SipPeer;
use arena::{Monitor, Process, Result, Scene, attackers};

use crate::SILENCE;

const SOON: Duration = Duration::from_secs(5);

#[test]
fn openssh_reports_through_syslog() -> Result<()> {
    let scene = Scene::new()?;
    let ssh = Openssh::start(&scene.victim, scene.directory())?;
    let mut log = Process::follow(&ssh.log)?;
    assert!(openssh::login(&scene.peer, &scene.victim, openssh::PASSWORD)?);
    log.line("an accepted password", SOON, |line| {
        line.contains("Accepted password for arena from 10.77.0.3 port")
    })?;
    let hydra = attackers::hydra_ssh(&scene.attacker, &scene.victim, scene.directory(), 3)?;
    let (_, said) = hydra.finish(PATIENCE)?;
    log.line("a failed password", SOON, |line| {
        line.contains("Failed password for root from 10.77.0.2 port")
    })?;
    let failures = read_to_string(&ssh.log).unwrap().matches("Failed password").count();
    assert_eq!(failures, 3, "{said}");
    Ok(())
}

#[test]
fn nginx_reports_wrong_passwords_and_requests() -> Result<()> {
    let scene = Scene::new()?;
    let nginx = Nginx::start(&scene.victim, scene.directory())?;
    let right = Some((nginx::ACCOUNT, nginx::PASSWORD));
    let curl = |path, login| attackers::curl(&scene.attacker, &scene.victim, path, login);
    assert_eq!(curl("/", None)?, Some(200));
    assert_eq!(curl("/private/", right)?, Some(200));
    assert_eq!(curl("/private/", Some((nginx::ACCOUNT, "wrong")))?, Some(401));
    assert_eq!(attackers::curl_v6(&scene.attacker, &scene.victim, "/private/", right)?, Some(200));
    let (_, said) =
        attackers::ffuf(&scene.attacker, &scene.victim, scene.directory(), &[".env", "wp-login.php"])?
            .finish(PATIENCE)?;
    let mut log = Process::follow(&nginx.error_log)?;
    log.line("a password mismatch", SOON, |line| {
        line.contains("user \"office\": password mismatch, client: 10.77.0.2")
    })?;
    let mut log = Process::follow(&nginx.access_log)?;
    log.line("a scanner's request", SOON, |line| line.contains("\"GET /wp-login.php HTTP/1.1\" 404"))
        .expect(&said);
    Ok(())
}

#[test]
fn asterisk_reports_security_events() -> Result<()> {
    let scene = Scene::new()?;
    let pbx = Asterisk::start(&scene.victim, scene.directory())?;
    let mut telephone = SipPeer::new(&scene.peer, &scene.victim, "100", &asterisk::password("100"))?;
    assert_eq!(telephone.register(SOON)?, Answer::Status(200));
    assert_eq!(telephone.register_with("wrong", SOON)?, Answer::Status(401));
    assert_eq!(ami::login(&scene.peer, &scene.victim, OPERATOR, SOON)?, Login::Accepted);
    assert_eq!(ami::login(&scene.attacker, &scene.victim, ("operator", "wrong"), SOON)?, Login::Rejected);
    let (_, said) = attackers::svwar(&scene.attacker, &scene.victim, "200")?.finish(PATIENCE)?;
    let mut lines = Process::follow(&pbx.security_log)?;
    let svcrack = attackers::svcrack(&scene.attacker, &scene.victim, scene.directory(), "100", 4)?;
    for _ in 0..4 {
        lines.line("a failed response", PATIENCE, |line| {
            line.contains("ChallengeResponseFailed") && line.contains("/10.77.0.2/")
        })?;
    }
    // It would go on waiting for a while after its last guess.
    drop(svcrack);
    let log = read_to_string(&pbx.security_log).unwrap();
    let count = |event: &str, peer: &str| {
        log.lines()
            .filter(|line| line.contains(&format!("SecurityEvent=\"{event}\"")) && line.contains(peer))
            .count()
    };
    assert_eq!(count("SuccessfulAuth", "IPV4/UDP/10.77.0.3/5060"), 1, "{log}");
    assert_eq!(count("InvalidPassword", "IPV4/TCP/10.77.0.2/"), 1, "{log}");
    let unknown = count("InvalidAccountID", "IPV4/UDP/10.77.0.2/");
    assert_eq!(unknown, attackers::SVWAR_REQUESTS as usize, "{said}");
    assert_eq!(count("ChallengeResponseFailed", "IPV4/UDP/10.77.0.2/"), 4, "{log}");
    Ok(())
}

/// A ban written by hand: what the scenarios look with sees it begin, sees it at work, and sees it end.
#[test]
fn the_instruments_know_a_ban_when_they_see_one() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let _nginx = Nginx::start(victim, scene.directory())?;
    let mut connection = Held::open(attacker, victim, SILENCE)?;
    assert!(connection.answers()?);
    let mut monitor = Monitor::start(victim)?;
    load(
        victim,
        "table inet stockade {
            set by_hand { type ipv4_addr; flags timeout; }
            chain prerouting { type filter hook prerouting priority -310; ip saddr @by_hand drop; }
        }
        add element inet stockade by_hand { 10.77.0.2 timeout 6s }",
    )?;
    monitor.banned(attacker.v4, SOON)?;
    assert!(!connection.answers()?);
    assert_eq!(knock(attacker, victim.address(), 80, SILENCE)?, Door::Silent);
    assert_eq!(knock(attacker, victim.address(), 80, PATIENCE)?, Door::Open, "the element's time is over");
    load(
        victim,
        "add element inet stockade by_hand { 10.77.0.2 }\ndelete element inet stockade by_hand { 10.77.0.2 }",
    )?;
    monitor.banned(attacker.v4, SOON)?;
    monitor.unbanned(attacker.v4, SOON)?;
    assert_eq!(knock(attacker, victim.address(), 443, SILENCE)?, Door::Refused);
    Ok(())
}
