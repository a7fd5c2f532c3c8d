//! What holds whatever happens: the protected are never banned, nothing is decided twice, bans do not shrink.

use std::time::Duration;

use decision::{BanTime, Bounds, Command, Decided, Decider, Escalation, Outcome, Settings};
use event::{Ban, Decision, JailName, Moment, Offence, Proof, Subject, Whitelist};
use proptest::prelude::*;

const JAILS: [&str; 3] = ["ssh", "sip", "web"];

fn decider(all_ports_after: u32) -> Decider {
    let escalation = Escalation { all_ports_after, ..Escalation::default() };
    let mut decider = Decider::new(Settings { escalation, ..Settings::default() }, Bounds::default());
    for (number, name) in JAILS.iter().enumerate() {
        let length = Duration::from_secs(600 * (number as u64 + 1));
        decider.set_jail(&JailName::new(name), BanTime::For(length));
    }
    decider
}

fn subject() -> impl Strategy<Value = Subject> {
    (0..4u8, prop_oneof![3 => Just(32u8), 1 => 20..32u8], any::<bool>()).prop_map(|(last, prefix, v6)| {
        if v6 {
            Subject::network(format!("2001:db8:0:{last}::").parse().unwrap(), prefix * 2)
        } else {
            Subject::network([192, 0, 2, last].into(), prefix)
        }
    })
}

fn offence() -> impl Strategy<Value = Offence> {
    (0..3usize, subject(), 0..3000i64, any::<bool>()).prop_map(|(jail, subject, at, proven)| Offence {
        jail: JailName::new(JAILS[jail]),
        subject,
        at: Moment::from_seconds(at),
        failures: 5,
        proof: if proven { Proof::Proven } else { Proof::Claimed },
        max_retry: 5,
        find_time: Duration::from_secs(600),
    })
}

fn offences() -> impl Strategy<Value = Vec<Offence>> {
    proptest::collection::vec(offence(), 1..30)
}

fn is_ban(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Decided(Decided { decision: Decision::Ban(_), .. }))
}

/// Judges `offences`, then those of them whose outcome was `wanted` again, in the same and in a new process: the second time
/// must change nothing.
fn hear_twice(
    offences: &[Offence],
    wanted: impl Fn(&Outcome) -> bool,
    all_ports_after: u32,
    now: Moment,
) -> Result<(), TestCaseError> {
    let nobody = Whitelist::default();
    let mut first = decider(all_ports_after);
    let wanted = offences.iter().filter(|offence| wanted(&first.judge(offence, &nobody, now)));
    let wanted: Vec<_> = wanted.collect();
    let mut next = decider(all_ports_after);
    next.restore(first.bans(), first.memory());
    for decider in [&mut first, &mut next] {
        let before: (Vec<_>, Vec<_>) = (decider.bans().collect(), decider.memory().collect());
        for offence in &wanted {
            let outcome = decider.judge(offence, &nobody, now);
            prop_assert!(!is_ban(&outcome), "{offence:?} gave {outcome:?}");
        }
        let after: (Vec<_>, Vec<_>) = (decider.bans().collect(), decider.memory().collect());
        prop_assert_eq!(before, after);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_protected_subject_is_ever_banned(
        offences in offences(), protected in proptest::collection::vec(subject(), 0..4), force in any::<bool>()
    ) {
        let list = Whitelist::new(protected.iter().map(|subject| (*subject, "test".to_owned())));
        let mut decider = decider(3);
        for offence in &offences {
            decider.judge(offence, &list, offence.at);
            let (subject, actor) = (offence.subject, "test".to_owned());
            decider.obey(&Command::Ban { subject, jail: None, length: None, actor, force }, &list, offence.at);
        }
        for ban in decider.bans() {
            prop_assert!(!protected.iter().any(|subject| subject.overlaps(&ban.subject)), "{ban:?}");
        }
    }

    #[test]
    fn hearing_everything_again_in_order_decides_nothing_again(offences in offences(), all_ports_after in 0..4u32) {
        let mut sorted = offences;
        sorted.sort_by_key(|offence| offence.at);
        hear_twice(&sorted, |_| true, all_ports_after, Moment::from_seconds(3000))?;
    }

    #[test]
    fn an_offence_that_gave_a_ban_gives_no_other_in_whatever_order(offences in offences(), all_ports_after in 0..4u32) {
        hear_twice(&offences, is_ban, all_ports_after, Moment::from_seconds(3000))?;
    }

    #[test]
    fn each_repeat_lasts_at_least_as_long(gaps in proptest::collection::vec(1..100_000i64, 1..50)) {
        let (mut decider, nobody) = (decider(3), Whitelist::default());
        let (mut at, mut longest) = (Moment::from_seconds(0), Duration::ZERO);
        for gap in gaps {
            decider.expire(at);
            let (jail, find_time) = (JailName::new("ssh"), Duration::from_secs(600));
            let subject = "192.0.2.1".parse().unwrap();
            let offence = Offence { jail, subject, at, failures: 5, proof: Proof::Proven, max_retry: 5, find_time };
            let Outcome::Decided(Decided { decision: Decision::Ban(ban), .. }) = decider.judge(&offence, &nobody, at)
            else {
                return Err(TestCaseError::fail("no ban"));
            };
            let length = ban.until.since(ban.since);
            prop_assert!(length >= longest && length <= Escalation::default().max);
            (longest, at) = (length, ban.until.after(Duration::from_secs(gap as u64)));
        }
    }

    #[test]
    fn every_ban_that_hits_a_subject_is_found(offences in offences(), asked in subject()) {
        let (mut decider, nobody) = (decider(3), Whitelist::default());
        offences.iter().for_each(|offence| drop(decider.judge(offence, &nobody, offence.at)));
        let wanted = |hit: &dyn Fn(&Ban) -> bool| decider.bans().filter(|ban| hit(ban)).count();
        prop_assert_eq!(decider.bans_of(&asked).len(), wanted(&|ban| ban.subject.covers(&asked)));
        let inside = |ban: &Ban| asked.covers(&ban.subject) && ban.subject != asked;
        prop_assert_eq!(decider.bans_inside(&asked).count(), wanted(&inside));
    }
}
