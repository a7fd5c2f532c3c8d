//! SIPVicious against Asterisk: an established SIP flow ends with the ban, and what can be forged weighs less.

use std::time::Duration;

use arena::asterisk::{Asterisk, password};
use arena::attackers::{SVWAR_REQUESTS, svcrack, svwar};
use arena::deadline::PATIENCE;
use arena::kernel::flows;
use arena::knock::{Door, knock};
use arena::sip_guess::guess;
use arena::sip_message::Answer;
use arena::sip_peer::SipPeer;
use arena::stockade::Settings;
use arena::{Monitor, Result, Scene, Stockade};

use crate::SILENCE;

const MAX_RETRY: u32 = 4;
/// What the settings say if nothing else is written there.
const CLAIMED: (&str, Duration) = ("10m", Duration::from_secs(600));
/// Long enough to see the ban at work, short enough to see it end.
const SHORT: (&str, Duration) = ("8s", Duration::from_secs(8));

#[test]
fn svcrack_is_banned_and_its_established_flow_ends() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let pbx = Asterisk::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h")
        .claimed_ban_time(CLAIMED.0)
        .jail("asterisk", &[&pbx.security_log, &pbx.messages]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    // A telephone on the attacker's own address, so that there is a flow which the host's firewall lets through. It does
    // not log in: whoever did is not banned for what could be forged.
    let mut telephone = SipPeer::new(attacker, victim, "101", &password("101"))?;
    assert_eq!(telephone.ask(PATIENCE)?, Answer::Status(401));
    let mut bystander = SipPeer::new(peer, victim, "100", &password("100"))?;
    assert_eq!(bystander.register(PATIENCE)?, Answer::Status(200));
    assert!(flows(victim, attacker)?.contains("dport=5060"), "the kernel tracks the flow");

    let svcrack = svcrack(attacker, victim, scene.directory(), "100", 5000)?;
    monitor.banned(attacker.v4, PATIENCE)?;
    drop(svcrack);
    let ban = stockade.ban_of(attacker.v4)?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!((ban.jail.as_str(), ban.failures, ban.span()), ("asterisk", MAX_RETRY, CLAIMED.1));

    assert_eq!(telephone.ask(SILENCE)?, Answer::Silence, "the established flow must end");
    assert_eq!(knock(attacker, victim.address(), 5060, SILENCE)?, Door::Silent, "SIP over TCP too");
    assert!(!flows(victim, attacker)?.contains("dport=5060"), "the tracked flow is forgotten");
    assert_eq!(bystander.register(PATIENCE)?, Answer::Status(200), "another address goes on registering");

    stockade.unban(attacker.v4)?;
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200));
    Ok(())
}

#[test]
fn svwar_over_udp_is_banned_for_a_short_time_only() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let pbx = Asterisk::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h")
        .claimed_ban_time(SHORT.0)
        .jail("asterisk", &[&pbx.security_log, &pbx.messages]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    let mut telephone = SipPeer::new(&scene.peer, victim, "100", &password("100"))?;

    for account in 200..200 + MAX_RETRY / SVWAR_REQUESTS {
        svwar(attacker, victim, &account.to_string())?.finish(PATIENCE)?;
    }
    monitor.banned(attacker.v4, PATIENCE)?;
    let ban = stockade.ban_of(attacker.v4)?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!((ban.failures, ban.span()), (MAX_RETRY, SHORT.1), "the source may be forged");
    assert_eq!(knock(attacker, victim.address(), 5060, SILENCE)?, Door::Silent);
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200), "another address goes on registering");
    assert_eq!(knock(attacker, victim.address(), 5060, PATIENCE)?, Door::Open, "the ban ends by itself");
    Ok(())
}

#[test]
fn who_has_logged_in_is_not_banned_for_what_can_be_forged() -> Result<()> {
    let mut scene = Scene::new()?;
    let control = scene.another("control")?;
    let (victim, attacker) = (&scene.victim, &scene.attacker);
    let pbx = Asterisk::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    let settings = Settings::new(MAX_RETRY, "1h").jail("asterisk", &[&pbx.security_log, &pbx.messages]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;
    // An office with a registered telephone, and somebody in it (or somebody who forges its address) who guesses.
    let mut telephone = SipPeer::new(attacker, victim, "101", &password("101"))?;
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200));
    for from in [attacker, &control] {
        let mut stranger = SipPeer::on_port(from, victim, 5070, "100", "wrong")?;
        for _ in 0..MAX_RETRY {
            stranger.register(SILENCE)?;
        }
    }
    // The control's failures stand behind the office's in the log: once it is banned, the office's were counted.
    monitor.banned(control.v4, PATIENCE)?;
    assert_eq!(stockade.ban_of(attacker.v4)?, None);
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200));
    Ok(())
}

#[test]
fn guesses_over_tcp_are_banned_for_the_whole_time() -> Result<()> {
    let scene = Scene::new()?;
    let (victim, attacker, peer) = (&scene.victim, &scene.attacker, &scene.peer);
    let pbx = Asterisk::start(victim, scene.directory())?;
    let mut monitor = Monitor::start(victim)?;
    // The messages do not know the transport; whichever log tells first makes the first ban, and this is about the events.
    let settings =
        Settings::new(MAX_RETRY, "1h").claimed_ban_time(SHORT.0).jail("asterisk", &[&pbx.security_log]);
    let stockade = Stockade::start(victim, scene.directory(), &settings)?;

    for number in 1..=MAX_RETRY {
        let wrong = format!("wrong-{number}");
        assert_eq!(guess(attacker, victim, "100", &wrong, PATIENCE)?, Answer::Status(401));
    }
    monitor.banned(attacker.v4, PATIENCE)?;
    let ban = stockade.ban_of(attacker.v4)?.expect("the kernel keeps it out, so it is on the list");
    assert_eq!(
        (ban.failures, ban.span()),
        (MAX_RETRY, Duration::from_secs(3600)),
        "a handshake proves the address"
    );
    assert_eq!(guess(attacker, victim, "100", &password("100"), SILENCE)?, Answer::Silence);
    let mut telephone = SipPeer::new(attacker, victim, "101", &password("101"))?;
    assert_eq!(telephone.ask(SILENCE)?, Answer::Silence, "SIP over UDP too");
    assert_eq!(guess(peer, victim, "100", &password("100"), PATIENCE)?, Answer::Status(200));
    stockade.unban(attacker.v4)?;
    assert_eq!(telephone.register(PATIENCE)?, Answer::Status(200));
    Ok(())
}
