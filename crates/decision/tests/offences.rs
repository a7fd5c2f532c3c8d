//! What becomes of offences: whitelist, evidence, escalation, replays, bounds. One test for each rule.

use std::time::Duration;

use decision::{BanTime, Bounds, Decided, Decider, Escalation, Outcome, Remembered, Settings};
use event::{Ban, Decision, JailName, Moment, Offence, Proof, Scope, Success, Whitelist};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn jail(name: &str) -> JailName {
    JailName::new(name)
}

fn second(seconds: i64) -> Moment {
    Moment::from_seconds(1_000_000_000 + seconds)
}

fn span(seconds: i64) -> Duration {
    Duration::from_secs(seconds as u64)
}

/// The jails `ssh`, `sip` and `web`, each with bans of an hour.
fn decider() -> Decider {
    let mut decider = Decider::new(Settings::default(), Bounds::default());
    for name in ["ssh", "sip", "web"] {
        decider.set_jail(&jail(name), BanTime::For(span(HOUR)));
    }
    decider
}

fn offence(at: i64) -> Offence {
    Offence {
        jail: jail("ssh"),
        subject: "192.0.2.7".parse().unwrap(),
        at: second(at),
        failures: 5,
        proof: Proof::Proven,
        max_retry: 5,
        find_time: span(10 * MINUTE),
    }
}

fn claimed(at: i64) -> Offence {
    Offence { proof: Proof::Claimed, ..offence(at) }
}

fn in_jail(name: &str, at: i64) -> Offence {
    Offence { jail: jail(name), ..offence(at) }
}

/// Judges at the time of the offence, after taking out what is over by then.
fn judge(decider: &mut Decider, offence: &Offence) -> Outcome {
    decider.expire(offence.at);
    decider.judge(offence, &Whitelist::default(), offence.at)
}

fn ban(outcome: Outcome) -> (Ban, Option<Remembered>) {
    match outcome {
        Outcome::Decided(Decided { decision: Decision::Ban(ban), memory }) => (ban, memory),
        other => panic!("no ban: {other:?}"),
    }
}

fn reason(outcome: Outcome) -> String {
    match outcome {
        Outcome::Decided(Decided { decision: Decision::Refused(refusal), memory: None }) => refusal.reason,
        other => panic!("not refused: {other:?}"),
    }
}

fn seconds(ban: &Ban) -> i64 {
    ban.until.since(ban.since).as_secs() as i64
}

#[test]
fn the_first_offence_is_an_ordinary_ban() {
    let (ban, memory) = ban(judge(&mut decider(), &offence(0)));
    assert_eq!((ban.since, ban.until, ban.scope), (second(0), second(HOUR), Scope::Jail));
    assert_eq!((ban.failures, ban.proof), (5, Proof::Proven));
    assert_eq!(ban.reason, "5 failures within 10 min (limit 5)");
    let memory = memory.unwrap();
    assert_eq!((memory.times, memory.jails, memory.last_at), (1, vec![jail("ssh")], second(0)));
    assert_eq!(memory.last_until, second(HOUR));
}

#[test]
fn whoever_is_on_the_whitelist_is_not_banned() {
    for (entry, expected) in [
        ("192.0.2.7", "192.0.2.7 is on the whitelist (stockade.toml:7)"),
        ("192.0.2.0/24", "192.0.2.7 lies in 192.0.2.0/24, which is on the whitelist (stockade.toml:7)"),
    ] {
        let list = Whitelist::new([(entry.parse().unwrap(), "stockade.toml:7".to_owned())]);
        let mut decider = decider();
        assert_eq!(reason(decider.judge(&offence(0), &list, second(0))), expected);
        assert_eq!(decider.live(), 0);
    }
    let list = Whitelist::new([("192.0.2.9".parse().unwrap(), "loopback".to_owned())]);
    let wide = Offence { subject: "192.0.2.0/24".parse().unwrap(), ..offence(0) };
    let expected = "192.0.2.0/24 contains 192.0.2.9, which is on the whitelist (loopback)";
    assert_eq!(reason(decider().judge(&wide, &list, second(0))), expected);
}

#[test]
fn a_jail_that_nobody_set_up_bans_nobody() {
    let mut decider = decider();
    assert!(reason(judge(&mut decider, &in_jail("mail", 0))).contains("no jail 'mail'"));
    assert!(decider.remove_jail(&jail("ssh")));
    assert!(reason(judge(&mut decider, &offence(0))).contains("no jail 'ssh'"));
}

#[test]
fn repeats_grow_widen_and_fade() {
    let mut decider = decider();
    // When the offence happens, how long the ban is, how wide, and the how-manieth it is.
    let mut at = 0;
    for (hours, scope, times) in
        [(1, Scope::Jail, 1), (2, Scope::Jail, 2), (4, Scope::AllPorts, 3), (8, Scope::AllPorts, 4)]
    {
        let (ban, memory) = ban(judge(&mut decider, &offence(at)));
        assert_eq!((seconds(&ban), ban.scope), (hours * HOUR, scope));
        assert_eq!(memory.unwrap().times, times);
        assert_eq!(ban.reason.contains("ban no."), times > 1);
        at += hours * HOUR + MINUTE;
    }
    // The last ban ended a minute before `at`; thirty days after that end it still counts, a second later not any more.
    let end = at - MINUTE;
    let mut faded = Decider::new(Settings::default(), Bounds::default());
    faded.set_jail(&jail("ssh"), BanTime::For(span(HOUR)));
    faded.restore([], decider.memory());
    assert_eq!(seconds(&ban(judge(&mut faded, &offence(end + 30 * DAY + 1))).0), HOUR);
    assert_eq!(seconds(&ban(judge(&mut decider, &offence(end + 30 * DAY))).0), 16 * HOUR);
}

#[test]
fn what_has_faded_does_not_make_another_jail_wide() {
    let mut decider = decider();
    judge(&mut decider, &offence(0));
    let (first, memory) = ban(judge(&mut decider, &in_jail("sip", HOUR + 30 * DAY + 1)));
    assert_eq!((first.scope, memory.unwrap().jails), (Scope::Jail, vec![jail("sip")]));
}

#[test]
fn no_ban_grows_past_the_longest_and_for_ever_stays_for_ever() {
    let mut decider = decider();
    let mut at = 0;
    for _ in 0..40 {
        let (ban, _) = ban(judge(&mut decider, &offence(at)));
        assert!(seconds(&ban) <= 30 * DAY);
        at += seconds(&ban) + 1;
    }
    assert_eq!(seconds(&ban(judge(&mut decider, &offence(at))).0), 30 * DAY);
    decider.set_jail(&jail("ssh"), BanTime::ForEver);
    let (last, _) = ban(judge(&mut decider, &offence(at + 31 * DAY)));
    assert_eq!(last.until, Moment::NEVER);
    assert!(decider.expire(Moment::from_millis(i64::MAX - 1)).is_empty());
}

#[test]
fn an_offender_of_a_second_jail_is_kept_from_all_ports() {
    let mut decider = decider();
    judge(&mut decider, &offence(0));
    let (wide, memory) = ban(judge(&mut decider, &in_jail("sip", MINUTE)));
    assert_eq!((wide.scope, seconds(&wide)), (Scope::AllPorts, 2 * HOUR));
    assert_eq!(memory.unwrap().jails, [jail("ssh"), jail("sip")]);
    // While all ports are closed, what comes from other jails was on its way and has nothing to add.
    for late in [in_jail("web", 2 * MINUTE), in_jail("ssh", 3 * MINUTE)] {
        let answer = judge(&mut decider, &late);
        assert!(matches!(answer, Outcome::AlreadyBanned { .. }), "{answer:?}");
    }
    // A jail with much longer bans has, and that is no repeat either.
    decider.set_jail(&jail("web"), BanTime::For(span(10 * HOUR)));
    let (longer, memory) = ban(judge(&mut decider, &in_jail("web", 4 * MINUTE)));
    assert_eq!((seconds(&longer), memory.unwrap().times), (20 * HOUR, 2));
    // And back in the first jail, the others are still remembered.
    let later = ban(judge(&mut decider, &in_jail("ssh", 3 * DAY))).0;
    assert_eq!(later.scope, Scope::AllPorts);
}

#[test]
fn claims_give_a_short_ban_without_memory() {
    let mut decider = decider();
    for at in [0, HOUR, 2 * HOUR, 3 * HOUR] {
        let (ban, memory) = ban(judge(&mut decider, &claimed(at)));
        assert_eq!((seconds(&ban), ban.scope, ban.proof), (600, Scope::Jail, Proof::Claimed));
        assert_eq!(memory, None);
        assert!(ban.reason.ends_with("by senders that may be forged"));
    }
    decider.set_jail(&jail("ssh"), BanTime::For(span(MINUTE)));
    assert_eq!(seconds(&ban(judge(&mut decider, &claimed(4 * HOUR))).0), MINUTE);
    decider.set_jail(&jail("ssh"), BanTime::ForEver);
    assert_eq!(seconds(&ban(judge(&mut decider, &claimed(5 * HOUR))).0), 600);
}

#[test]
fn claims_do_not_ban_who_logged_in_lately() {
    let success = |at, proof| {
        let Offence { jail, subject, .. } = offence(0);
        Success { jail, subject, at: second(at), account: None, proof }
    };
    let mut decider = decider();
    decider.remember_success(&success(0, Proof::Proven));
    decider.remember_success(&success(-DAY, Proof::Proven));
    let expected = "only claimed evidence, and it logged in 3 h ago";
    assert_eq!(reason(judge(&mut decider, &claimed(3 * HOUR))), expected);
    assert!(reason(judge(&mut decider, &claimed(DAY))).contains("1 day ago"));
    ban(judge(&mut decider, &offence(DAY)));
    let mut decider = self::decider();
    decider.remember_success(&success(0, Proof::Claimed));
    ban(judge(&mut decider, &claimed(1)));
    let mut decider = self::decider();
    decider.remember_success(&success(0, Proof::Proven));
    ban(judge(&mut decider, &claimed(DAY + 1)));
}

#[test]
fn proof_replaces_claims_and_claims_never_touch_proof() {
    let mut decider = decider();
    ban(judge(&mut decider, &claimed(0)));
    let (proven, memory) = ban(judge(&mut decider, &offence(0)));
    assert_eq!((seconds(&proven), proven.proof, memory.unwrap().times), (HOUR, Proof::Proven, 1));
    let answer = judge(&mut decider, &claimed(HOUR - 1));
    assert!(matches!(answer, Outcome::AlreadyBanned { .. }), "{answer:?}");
    assert_eq!(decider.bans().next(), Some(proven));
}

#[test]
fn an_offence_during_the_ban_prolongs_it_by_more_than_a_tenth_or_not_at_all() {
    let mut decider = decider();
    ban(judge(&mut decider, &offence(0)));
    let answer = judge(&mut decider, &offence(6 * MINUTE));
    let expected =
        Outcome::AlreadyBanned { subject: offence(0).subject, jail: jail("ssh"), until: second(HOUR) };
    assert_eq!(answer, expected);
    let (longer, memory) = ban(judge(&mut decider, &offence(6 * MINUTE + 1)));
    assert_eq!(longer.until, second(HOUR + 6 * MINUTE + 1));
    assert_eq!(memory.unwrap().times, 1, "a burst is one ban, not a repeat");
    assert_eq!(decider.live(), 1);
}

#[test]
fn a_banned_subnet_covers_its_addresses() {
    let mut decider = decider();
    let wide = Offence { subject: "192.0.2.0/24".parse().unwrap(), ..offence(0) };
    ban(judge(&mut decider, &wide));
    let answer = judge(&mut decider, &offence(1));
    assert!(matches!(answer, Outcome::AlreadyBanned { subject, .. } if subject == wide.subject));
    ban(judge(&mut decider, &in_jail("sip", 1)));
    assert_eq!(decider.bans_of(&offence(0).subject).len(), 2);
    assert_eq!(decider.bans_inside(&wide.subject).count(), 1);
}

#[test]
fn an_offence_heard_twice_is_one() {
    let mut decider = decider();
    ban(judge(&mut decider, &offence(0)));
    ban(judge(&mut decider, &in_jail("sip", 5)));
    let memory: Vec<_> = decider.memory().collect();
    for again in [offence(0), in_jail("sip", 5), offence(-1)] {
        assert_eq!(decider.judge(&again, &Whitelist::default(), second(10)), Outcome::Replayed);
    }
    // Also in a new process that has only what was stored, and after the bans are over.
    let mut next = self::decider();
    assert_eq!(next.restore(decider.bans(), memory.clone()), 0);
    assert_eq!(next.memory().collect::<Vec<_>>(), memory);
    next.expire(second(DAY));
    assert_eq!(next.live(), 0);
    assert_eq!(next.judge(&offence(0), &Whitelist::default(), second(DAY)), Outcome::Replayed);
}

#[test]
fn an_offence_whose_ban_would_be_over_gives_none() {
    let mut decider = decider();
    let answer = decider.judge(&offence(0), &Whitelist::default(), second(HOUR));
    assert_eq!(answer, Outcome::Over { until: second(HOUR) });
    let (late, _) = ban(decider.judge(&offence(0), &Whitelist::default(), second(HOUR - 1)));
    assert_eq!(late.until, second(HOUR));
}

#[test]
fn at_the_bound_new_bans_are_refused_and_old_ones_can_still_grow() {
    let mut decider = Decider::new(Settings::default(), Bounds { bans: 1, offenders: 1, friends: 1 });
    decider.set_jail(&jail("ssh"), BanTime::For(span(HOUR)));
    ban(judge(&mut decider, &offence(0)));
    let other = Offence { subject: "192.0.2.8".parse().unwrap(), ..offence(1) };
    assert!(reason(judge(&mut decider, &other)).starts_with("all 1 places for bans are taken"));
    ban(judge(&mut decider, &offence(30 * MINUTE)));
    assert_eq!(decider.expire(second(2 * HOUR)).len(), 1);
    ban(judge(&mut decider, &Offence { at: second(3 * HOUR), ..other }));
    assert_eq!((decider.remembers(), decider.evicted()), ((1, 0), (1, 0)));
}

#[test]
fn settings_can_be_replaced() {
    let mut decider = decider();
    ban(judge(&mut decider, &offence(0)));
    let escalation = Escalation { factor: 10, all_ports_after: 2, ..Escalation::default() };
    decider.set_settings(Settings { escalation, ..Settings::default() });
    let (second, _) = ban(judge(&mut decider, &offence(2 * HOUR)));
    assert_eq!((seconds(&second), second.scope), (10 * HOUR, Scope::AllPorts));
}

#[test]
fn bans_end_in_their_time_and_in_order() {
    let mut decider = decider();
    for (last, at) in [(3, 30), (1, 10), (2, 20)] {
        let subject = format!("192.0.2.{last}").parse().unwrap();
        ban(judge(&mut decider, &Offence { subject, ..offence(at) }));
    }
    assert!(decider.expire(second(HOUR + 9)).is_empty());
    let ended = decider.expire(second(HOUR + 20));
    let ended: Vec<_> = ended.iter().map(|ban| ban.subject.to_string()).collect();
    assert_eq!(ended, ["192.0.2.1", "192.0.2.2"]);
    assert_eq!(decider.live(), 1);
}
