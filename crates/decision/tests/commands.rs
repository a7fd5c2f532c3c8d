//! What becomes of an operator's commands.

use std::time::Duration;

use decision::{Answer, BanTime, Bounds, Command, Decider, Outcome, Settings};
use event::{Ban, Decision, JailName, Moment, Offence, Proof, Scope, Subject, Whitelist};

const HOUR: Duration = Duration::from_secs(3600);

fn now() -> Moment {
    Moment::from_seconds(1_000_000_000)
}

fn jail(name: &str) -> JailName {
    JailName::new(name)
}

fn subject(text: &str) -> Subject {
    text.parse().unwrap()
}

fn decider() -> Decider {
    let mut decider = Decider::new(Settings::default(), Bounds::default());
    decider.set_jail(&jail("ssh"), BanTime::For(HOUR));
    decider.set_jail(&jail("sip"), BanTime::For(HOUR));
    decider
}

fn ban_of(text: &str) -> Command {
    let actor = "root on the command line".to_owned();
    Command::Ban { subject: subject(text), jail: None, length: None, actor, force: false }
}

fn unban_of(text: &str) -> Command {
    Command::Unban { subject: subject(text), jail: None, actor: "root".to_owned() }
}

fn obey(decider: &mut Decider, command: &Command) -> Answer {
    decider.obey(command, &Whitelist::default(), now())
}

fn banned(answer: &Answer) -> &Ban {
    match &answer.decided[..] {
        [decided] if decided.memory.is_none() => match &decided.decision {
            Decision::Ban(ban) => ban,
            other => panic!("no ban: {other:?}"),
        },
        other => panic!("not one decision: {other:?}"),
    }
}

fn refused(answer: &Answer) -> &str {
    match &answer.decided[..] {
        [decided] => match &decided.decision {
            Decision::Refused(refusal) => &refusal.reason,
            other => panic!("not refused: {other:?}"),
        },
        other => panic!("not one decision: {other:?}"),
    }
}

fn lifted(answer: &Answer) -> Vec<String> {
    let unban = |decision: &Decision| match decision {
        Decision::Unban(unban) => format!("{} {} by {}", unban.subject, unban.jail, unban.actor),
        other => panic!("no unban: {other:?}"),
    };
    answer.decided.iter().map(|decided| unban(&decided.decision)).collect()
}

fn offence(text: &str, at: Moment) -> Offence {
    let (jail, subject, find_time) = (jail("ssh"), subject(text), HOUR);
    Offence { jail, subject, at, failures: 5, proof: Proof::Proven, max_retry: 5, find_time }
}

#[test]
fn a_ban_by_hand_closes_all_ports() {
    let answer = obey(&mut decider(), &ban_of("192.0.2.7"));
    let ban = banned(&answer);
    assert_eq!((ban.jail.as_str(), ban.scope, ban.failures), ("manual", Scope::AllPorts, 0));
    assert_eq!((ban.since, ban.until), (now(), now().after(24 * HOUR)));
    assert_eq!((ban.reason.as_str(), ban.proof), ("by root on the command line", Proof::Proven));
}

#[test]
fn jail_and_length_can_be_named() {
    let mut decider = decider();
    let command = |name: &str, length| {
        let (jail, actor) = (Some(jail(name)), "root".to_owned());
        Command::Ban { subject: subject("192.0.2.7"), jail, length, actor, force: false }
    };
    let answer = obey(&mut decider, &command("ssh", None));
    assert_eq!((banned(&answer).scope, banned(&answer).until), (Scope::Jail, now().after(HOUR)));
    // The last word of an operator holds, also where it is shorter.
    let answer = obey(&mut decider, &command("ssh", Some(BanTime::For(HOUR / 2))));
    assert_eq!((banned(&answer).until, decider.live()), (now().after(HOUR / 2), 1));
    let answer = obey(&mut decider, &command("ssh", Some(BanTime::ForEver)));
    assert_eq!(banned(&answer).until, Moment::NEVER);
    assert!(refused(&obey(&mut decider, &command("mail", None))).contains("no jail 'mail'"));
    let answer = obey(&mut decider, &command("ssh", Some(BanTime::For(Duration::ZERO))));
    assert!(refused(&answer).contains("no time at all"));
}

#[test]
fn the_whitelist_holds_against_operators_too() {
    let list = Whitelist::new([(subject("192.0.2.7"), "stockade.toml:7".to_owned())]);
    for text in ["192.0.2.7", "192.0.2.0/24"] {
        let Command::Ban { subject, jail, length, actor, .. } = ban_of(text) else { panic!() };
        let command = Command::Ban { subject, jail, length, actor, force: true };
        assert!(
            refused(&decider().obey(&command, &list, now())).contains("on the whitelist (stockade.toml:7)")
        );
    }
}

#[test]
fn very_wide_subnets_want_force() {
    for (text, plainly, with_force) in [
        ("10.0.0.0/8", true, true),
        ("10.0.0.0/7", false, true),
        ("0.0.0.0/0", false, false),
        ("2001::/19", true, true),
        ("2000::/18", false, true),
        ("::/0", false, false),
    ] {
        for (forced, expected) in [(false, plainly), (true, with_force)] {
            let Command::Ban { subject, jail, length, actor, .. } = ban_of(text) else { panic!() };
            let command = Command::Ban { subject, jail, length, actor, force: forced };
            let answer = obey(&mut decider(), &command);
            let is_ban = matches!(answer.decided[0].decision, Decision::Ban(_));
            assert_eq!(is_ban, expected, "{text} {forced} {answer:?}");
        }
    }
}

#[test]
fn an_unban_lifts_the_bans_of_its_subject_in_all_jails() {
    let mut decider = decider();
    obey(&mut decider, &ban_of("192.0.2.7"));
    decider.judge(&offence("192.0.2.7", now().after(48 * HOUR)), &Whitelist::default(), now());
    obey(&mut decider, &ban_of("192.0.2.8"));
    let one =
        Command::Unban { subject: subject("192.0.2.7"), jail: Some(jail("ssh")), actor: "web".to_owned() };
    let answer = obey(&mut decider, &one);
    assert_eq!(lifted(&answer), ["192.0.2.7 ssh by web"]);
    assert_eq!(answer.notes, ["192.0.2.7 is still banned in jail 'manual'"]);
    let answer = obey(&mut decider, &unban_of("192.0.2.7"));
    assert_eq!((lifted(&answer), answer.notes), (vec!["192.0.2.7 manual by root".to_owned()], vec![]));
    let answer = obey(&mut decider, &unban_of("192.0.2.7"));
    assert_eq!((answer.decided.len(), answer.notes), (0, vec!["192.0.2.7 is not banned".to_owned()]));
    assert_eq!(decider.live(), 1);
}

#[test]
fn an_unban_says_what_still_stands() {
    let mut decider = decider();
    obey(&mut decider, &ban_of("192.0.2.0/24"));
    let answer = obey(&mut decider, &unban_of("192.0.2.7"));
    let expected =
        ["192.0.2.7 is not banned", "192.0.2.7 is covered by 192.0.2.0/24 (jail 'manual'); unban that"];
    assert_eq!(answer.notes, expected);
    let answer = obey(&mut decider, &unban_of("192.0.0.0/16"));
    let expected = ["192.0.0.0/16 is not banned", "1 bans inside 192.0.0.0/16 stand; unban them one by one"];
    assert_eq!(answer.notes, expected);
}

#[test]
fn a_single_ipv6_address_means_its_64_when_it_is_unbanned() {
    let mut decider = decider();
    decider.judge(&offence("2001:db8::/64", now()), &Whitelist::default(), now());
    obey(&mut decider, &ban_of("2001:db8::1"));
    let answer = obey(&mut decider, &unban_of("2001:db8::1"));
    assert_eq!(lifted(&answer), ["2001:db8::1 manual by root", "2001:db8::/64 ssh by root"]);
    assert!(answer.notes.is_empty());
}

#[test]
fn an_unban_forgives() {
    let mut decider = decider();
    let nobody = Whitelist::default();
    decider.judge(&offence("192.0.2.7", now()), &nobody, now());
    let later = now().after(HOUR / 2);
    let answer = decider.obey(&unban_of("192.0.2.7"), &nobody, later);
    let row = answer.decided[0].memory.clone().unwrap();
    assert_eq!((row.times, row.last_at), (0, later));
    // The lines that led to the ban may be read again, here and in a new process: they are settled.
    let mut next = self::decider();
    next.restore([], [row]);
    for decider in [&mut decider, &mut next] {
        assert_eq!(decider.judge(&offence("192.0.2.7", now()), &nobody, later), Outcome::Replayed);
        let Outcome::Decided(again) = decider.judge(&offence("192.0.2.7", later.after(HOUR)), &nobody, later)
        else {
            panic!()
        };
        assert_eq!(again.memory.unwrap().times, 1);
    }
}

#[test]
fn everybody_can_be_let_go_at_once() {
    let mut decider = decider();
    for text in ["192.0.2.7", "192.0.2.8", "2001:db8::/64"] {
        obey(&mut decider, &ban_of(text));
    }
    let answer = obey(&mut decider, &Command::UnbanAll { actor: "root".to_owned() });
    assert_eq!((lifted(&answer).len(), decider.live()), (3, 0));
}

#[test]
fn who_gets_on_the_whitelist_is_let_go() {
    let mut decider = decider();
    for text in ["192.0.2.7", "192.0.2.8"] {
        obey(&mut decider, &ban_of(text));
    }
    let list = Whitelist::new([(subject("192.0.2.7"), "stockade.toml:7".to_owned())]);
    let decided = decider.lift_protected(&list, now());
    let answer = Answer { decided, notes: Vec::new() };
    assert_eq!(lifted(&answer), ["192.0.2.7 manual by the whitelist (stockade.toml:7)"]);
    assert_eq!(decider.live(), 1);
}
