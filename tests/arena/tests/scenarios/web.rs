//! curl and ffuf against nginx: counting is exact, the ban ends by itself, and IPv6 is no way around it.

use std::time::Duration;

use arena::attackers::{curl, curl_v6, ffuf};
use arena::deadline::{Deadline, PATIENCE};
use arena::knock::{Door, Held, knock};
use arena::nginx::{ACCOUNT, Nginx, PASSWORD};
use arena::stockade::Settings;
use arena::{Host, Monitor, Result, Scene, Stockade};

use crate::SILENCE;

const MAX_RETRY: u32 = 4;
const JAIL: &str = "nginx-http-auth";
/// Long enough to see the ban at work, short enough to see it end.
const SHORT: (&str, Duration) = ("6s", Duration::from_secs(6));

#[test]
fn one_failure_less_than_configured_is_no_ban() -> Result<()> {
    let mut scene = Scene::new()?;
    let control = scene.another("control")?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let nginx = Nginx::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail(JAIL, &[&nginx.error_log, &nginx.access_log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;

    // The control's failures stand behind the attacker's in the log: once it is banned, the attacker's were counted.
    wrong_passwords(attacker, victim, MAX_RETRY - 1)?;
    wrong_passwords(&control, victim, MAX_RETRY)?;
    monitor.banned(control.v4, PATIENCE)?;
    assert_eq!(stockade.ban_of(attacker.v4)?, None);
    assert_eq!(private(attacker, victim, PASSWORD)?, Some(200));

    wrong_passwords(attacker, victim, 1)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    let ban = stockade.ban_of(attacker.v4)?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!((ban.jail.as_str(), ban.failures), (JAIL, MAX_RETRY));
    assert_eq!(private(attacker, victim, PASSWORD)?, None);
    assert_eq!(private(&scene.peer, victim, PASSWORD)?, Some(200), "another address must not notice");
    Ok(())
}

#[test]
fn a_ban_silences_open_connections_and_ends_by_itself() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let nginx = Nginx::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, SHORT.0).jail(JAIL, &[&nginx.access_log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    let mut connection = Held::open(attacker, victim, SILENCE)?;
    assert!(connection.answers()?);

    wrong_passwords(attacker, victim, MAX_RETRY)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    let ban = stockade.ban_of(attacker.v4)?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!(ban.span(), SHORT.1);
    assert!(!connection.answers()?, "a connection from before the ban must not go on");

    // One attempt: it begins while the ban stands, and the kernel repeats it until somebody answers.
    let since = Deadline::after(PATIENCE);
    assert_eq!(knock(attacker, victim.address(), 80, PATIENCE)?, Door::Open);
    assert!(since.elapsed() > Duration::from_millis(500), "the attempt was to begin during the ban");
    assert_eq!(stockade.banned()?, []);
    Ok(())
}

#[test]
fn an_ipv6_attacker_is_banned_with_its_network() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let nginx = Nginx::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail(JAIL, &[&nginx.access_log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;

    for number in 1..=MAX_RETRY {
        let wrong = format!("wrong-{number}");
        assert_eq!(curl_v6(attacker, victim, "/private/", Some((ACCOUNT, &wrong)))?, Some(401));
    }
    monitor.banned(attacker.v6_network(), PATIENCE)?;
    let ban = stockade.ban_of("fd77:0:0:2::/64")?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!(ban.failures, MAX_RETRY);
    let right = Some((ACCOUNT, PASSWORD));
    assert_eq!(curl_v6(attacker, victim, "/private/", right)?, None);
    assert_eq!(curl_v6(peer, victim, "/private/", right)?, Some(200), "another network must not notice");
    stockade.unban("fd77:0:0:2::/64")?;
    assert_eq!(knock(attacker, victim.v6.into(), 80, PATIENCE)?, Door::Open);
    Ok(())
}

#[test]
fn a_whitelisted_address_is_never_banned() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let nginx = Nginx::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail(JAIL, &[&nginx.access_log]).whitelist(peer.v4);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;

    wrong_passwords(peer, victim, 2 * MAX_RETRY)?;
    wrong_passwords(attacker, victim, MAX_RETRY)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    assert_eq!(stockade.ban_of(peer.v4)?, None);
    assert_eq!(private(peer, victim, PASSWORD)?, Some(200));
    Ok(())
}

#[test]
fn ffuf_is_banned_for_asking_what_only_scanners_ask() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let nginx = Nginx::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("exploit-scanner", &[&nginx.access_log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;

    let paths = [
        ".env",
        ".git/config",
        "HNAP1",
        "actuator/env",
        "cgi-bin/luci",
        ".aws/credentials",
        "containers/json",
    ];
    let ffuf = ffuf(attacker, victim, scene.directory(), &paths)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    drop(ffuf);
    let ban = stockade.ban_of(attacker.v4)?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!((ban.jail.as_str(), ban.failures), ("exploit-scanner", MAX_RETRY));
    assert_eq!(curl(attacker, victim, "/", None)?, None);
    assert_eq!(curl(&scene.peer, victim, "/", None)?, Some(200), "another address must not notice");
    Ok(())
}

/// Guesses so often, one request after the other; each is answered with a no.
fn wrong_passwords(from: &Host, to: &Host, count: u32) -> Result<()> {
    for number in 1..=count {
        assert_eq!(
            private(from, to, &format!("wrong-{number}"))?,
            Some(401),
            "guess {number} from {}",
            from.v4
        );
    }
    Ok(())
}

fn private(from: &Host, to: &Host, password: &str) -> Result<Option<u16>> {
    curl(from, to, "/private/", Some((ACCOUNT, password)))
}
