//! The counter's rules, one test each: windows, proof, success, limits, bounds.

use std::time::Duration;

use counter::{Bound, Counter, Limits, LimitsError, Observation};
use event::{Failure, JailName, Moment, Proof, Subject, Success, Whitelist, limit};

fn jail(name: &str) -> JailName {
    JailName::new(name)
}

fn limits(max_retry: u32, find_seconds: u64) -> Limits {
    Limits { max_retry, find_time: Duration::from_secs(find_seconds) }
}

fn second(seconds: i64) -> Moment {
    Moment::from_seconds(1_000_000 + seconds)
}

/// Three failures within ten seconds, in the jails `ssh` and `sip`.
fn counter() -> Counter {
    let mut counter = Counter::new(Bound::default());
    counter.set_limits(&jail("ssh"), limits(3, 10)).unwrap();
    counter.set_limits(&jail("sip"), limits(3, 10)).unwrap();
    counter
}

fn failure(at: i64) -> Failure {
    Failure {
        jail: jail("ssh"),
        subject: "192.0.2.1".parse().unwrap(),
        address: None,
        at: second(at),
        account: None,
        count: 1,
        proof: Proof::Proven,
        echo: 0,
        pattern: "pattern".into(),
        line: "line".into(),
    }
}

fn success(at: i64, account: Option<&str>) -> Success {
    let Failure { jail, subject, .. } = failure(0);
    Success { jail, subject, at: second(at), account: account.map(Into::into), proof: Proof::Proven }
}

/// Feeds failures in order, each observed at the latest time so far; says which of them were offences.
fn offences(counter: &mut Counter, failures: &[Failure]) -> Vec<usize> {
    let (nobody, mut now, mut found) = (Whitelist::default(), second(i64::MIN / 2000), Vec::new());
    for (place, failure) in failures.iter().enumerate() {
        now = now.max(failure.at);
        if let Observation::Offence(_) = counter.observe(failure, &nobody, now) {
            found.push(place);
        }
    }
    found
}

#[test]
fn windows_are_exact() {
    for (times, expected) in [
        (vec![0, 1, 2], vec![2]),
        (vec![0, 5, 10], vec![2]),
        (vec![0, 5, 11], vec![]),
        (vec![0, 5, 11, 12], vec![3]),
        (vec![0, 1, 2, 3, 4], vec![2]),
        (vec![0, 1, 2, 3, 4, 5], vec![2, 5]),
        (vec![5, 10, 0], vec![2]),
        (vec![10, 0, 5], vec![2]),
        (vec![11, 1, 5], vec![2]),
        (vec![12, 1, 5], vec![]),
    ] {
        let failures: Vec<_> = times.iter().map(|at| failure(*at)).collect();
        assert_eq!(offences(&mut counter(), &failures), expected, "{times:?}");
    }
}

#[test]
fn a_line_that_stands_for_several_failures_weighs_as_many_but_no_more_than_the_limit() {
    let several = |count| Failure { count, ..failure(0) };
    assert_eq!(offences(&mut counter(), &[several(2), several(1)]), [1]);
    assert_eq!(offences(&mut counter(), &[several(2), several(0)]), [1]);
    let nobody = Whitelist::default();
    let answer = counter().observe(&several(u32::MAX), &nobody, second(0));
    assert!(matches!(answer, Observation::Offence(offence) if offence.failures == 3));
}

#[test]
fn an_offence_tells_all_that_the_decision_needs() {
    let (mut counter, nobody) = (counter(), Whitelist::default());
    for at in [0, 4] {
        counter.observe(&failure(at), &nobody, second(5));
    }
    let Observation::Offence(offence) = counter.observe(&failure(2), &nobody, second(5)) else { panic!() };
    assert_eq!((offence.at, offence.failures, offence.proof), (second(4), 3, Proof::Proven));
    assert_eq!((offence.max_retry, offence.find_time), (3, Duration::from_secs(10)));
    assert_eq!(counter.len(), 0);
}

#[test]
fn what_is_not_counted_says_why() {
    let (mut counter, nobody) = (counter(), Whitelist::default());
    assert_eq!(counter.observe(&failure(0), &nobody, second(11)), Observation::TooOld);
    let elsewhere = Failure { jail: jail("web"), ..failure(0) };
    assert_eq!(counter.observe(&elsewhere, &nobody, second(0)), Observation::UnknownJail);
    let list = Whitelist::new([("192.0.2.0/24".parse().unwrap(), "stockade.toml:7".to_owned())]);
    let Observation::Whitelisted { entry, origin } = counter.observe(&failure(0), &list, second(0)) else {
        panic!()
    };
    assert_eq!((entry.to_string().as_str(), origin), ("192.0.2.0/24", "stockade.toml:7"));
    assert!(counter.is_empty());
}

#[test]
fn a_failure_from_the_future_counts_as_of_now() {
    let (mut counter, nobody) = (counter(), Whitelist::default());
    counter.observe(&failure(3600), &nobody, second(0));
    counter.observe(&failure(60), &nobody, second(0));
    let standing = counter.standing(&jail("ssh"), &failure(0).subject, second(0)).unwrap();
    assert_eq!((standing.oldest, standing.newest), (second(0), second(60)));
}

#[test]
fn proven_failures_alone_make_a_proven_offence() {
    let (mut counter, nobody) = (counter(), Whitelist::default());
    let claimed = |at| Failure { proof: Proof::Claimed, ..failure(at) };
    let proof = |answer| match answer {
        Observation::Offence(offence) => Some(offence.proof),
        _ => None,
    };
    let mut tell = |failure: &Failure| proof(counter.observe(failure, &nobody, failure.at));
    assert_eq!(tell(&failure(0)), None);
    assert_eq!(tell(&claimed(1)), None);
    assert_eq!(tell(&claimed(2)), Some(Proof::Claimed));
    // The proven failure is still there; it does not help a second claimed offence, and is not lost by the first.
    assert_eq!(tell(&claimed(3)), None);
    assert_eq!(tell(&failure(4)), None);
    assert_eq!(tell(&failure(5)), Some(Proof::Proven));
    assert_eq!(counter.len(), 0);
}

#[test]
fn a_success_clears_its_own_accounts_failures_only() {
    let of = |account: &str, at| Failure { account: Some(account.into()), ..failure(at) };
    let start = |counter: &mut Counter| offences(counter, &[of("alice", 0), of("bob", 1)]);
    for (success, cleared) in [
        (success(2, Some("alice")), 1),
        (success(2, Some("carol")), 0),
        (success(2, None), 0),
        (success(-1, Some("alice")), 0),
        (Success { proof: Proof::Claimed, ..success(2, Some("alice")) }, 0),
        (Success { jail: jail("sip"), ..success(2, Some("alice")) }, 0),
        (Success { jail: jail("web"), ..success(2, Some("alice")) }, 0),
        (Success { subject: "192.0.2.2".parse().unwrap(), ..success(2, Some("alice")) }, 0),
    ] {
        let mut counter = counter();
        assert!(start(&mut counter).is_empty());
        assert_eq!(counter.succeeded(&success), cleared, "{success:?}");
        assert_eq!(offences(&mut counter, &[of("bob", 3)]), if cleared == 0 { vec![0] } else { vec![] });
    }
}

#[test]
fn jails_count_apart() {
    let elsewhere = |at| Failure { jail: jail("sip"), ..failure(at) };
    assert!(offences(&mut counter(), &[failure(0), elsewhere(0), failure(1), elsewhere(1)]).is_empty());
}

#[test]
fn new_limits_keep_the_counts() {
    let mut counter = counter();
    assert!(offences(&mut counter, &[failure(0), failure(1)]).is_empty());
    counter.set_limits(&jail("ssh"), limits(5, 10)).unwrap();
    assert!(offences(&mut counter, &[failure(2), failure(3)]).is_empty());
    counter.set_limits(&jail("ssh"), limits(2, 10)).unwrap();
    assert_eq!(offences(&mut counter, &[failure(4)]), [0]);
}

#[test]
fn limits_that_make_no_sense_are_refused() {
    let mut counter = counter();
    for (limits, expected) in [
        (limits(0, 10), LimitsError::MaxRetry { jail: jail("web"), given: 0 }),
        (limits(1001, 10), LimitsError::MaxRetry { jail: jail("web"), given: 1001 }),
        (limits(1, 0), LimitsError::FindTime { jail: jail("web") }),
    ] {
        assert_eq!(counter.set_limits(&jail("web"), limits), Err(expected));
    }
    let message = counter.set_limits(&jail("web"), limits(0, 10)).unwrap_err().to_string();
    assert_eq!(message, "jail 'web': max_retry 0 is out of range; write 1 to 1000");
    for number in counter.jails().count()..limit::JAILS {
        counter.set_limits(&jail(&format!("jail-{number}")), limits(1, 1)).unwrap();
    }
    assert!(matches!(counter.set_limits(&jail("web"), limits(1, 1)), Err(LimitsError::TooManyJails { .. })));
}

#[test]
fn a_removed_jail_is_forgotten_with_its_counts() {
    let mut counter = counter();
    let elsewhere = Failure { jail: jail("sip"), ..failure(0) };
    assert!(offences(&mut counter, &[failure(0), failure(1), elsewhere]).is_empty());
    assert!(counter.remove_jail(&jail("ssh")));
    assert!(!counter.remove_jail(&jail("ssh")));
    assert_eq!((counter.len(), counter.jails().count()), (1, 1));
    // The next jail takes the number of the removed one, but none of its counts.
    counter.set_limits(&jail("web"), limits(2, 10)).unwrap();
    assert!(offences(&mut counter, &[Failure { jail: jail("web"), ..failure(2) }]).is_empty());
}

#[test]
fn standings_tell_what_is_in_the_window_and_forget_clears_it() {
    let mut counter = counter();
    let elsewhere = Failure { jail: jail("sip"), proof: Proof::Claimed, ..failure(6) };
    assert!(offences(&mut counter, &[failure(0), failure(5), elsewhere]).is_empty());
    let subject = failure(0).subject;
    let standings = counter.standings(&subject, second(11));
    let told: Vec<_> = standings.iter().map(|one| (one.jail.as_str(), one.failures, one.proven)).collect();
    assert_eq!(told, [("ssh", 1, 1), ("sip", 1, 0)]);
    assert_eq!((standings[0].oldest, standings[0].newest), (second(5), second(5)));
    assert_eq!(counter.standing(&jail("ssh"), &subject, second(16)), None);
    assert_eq!(counter.forget(&subject), 2);
    assert_eq!((counter.forget(&subject), counter.len()), (0, 0));
}

#[test]
fn a_sweep_drops_what_is_over_and_counting_sweeps_on_its_way() {
    let (mut counter, nobody) = (counter(), Whitelist::default());
    let from =
        |last: u8, at| Failure { subject: Subject::exactly([198, 51, 100, last].into()), ..failure(at) };
    for last in 0..100 {
        counter.observe(&from(last, 0), &nobody, second(0));
    }
    counter.sweep(second(10), 100);
    assert_eq!(counter.len(), 100);
    counter.sweep(second(11), 40);
    assert_eq!(counter.len(), 60);
    for _ in 0..50 {
        counter.observe(&failure(11), &nobody, second(11));
        counter.forget(&failure(11).subject);
    }
    assert!(counter.len() < 10, "{}", counter.len());
}

#[test]
fn at_the_bound_whoever_failed_longest_ago_is_forgotten_and_the_persistent_is_still_caught() {
    let mut counter = Counter::new(Bound { subjects: 100, failures: 1000 });
    counter.set_limits(&jail("ssh"), limits(3, 3600)).unwrap();
    let nobody = Whitelist::default();
    let mut caught = 0;
    for number in 0..10_000u32 {
        let passing = Subject::exactly((0x0a00_0000 + number).to_be_bytes().into());
        counter.observe(&Failure { subject: passing, ..failure(0) }, &nobody, second(0));
        if number % 50 == 0 {
            let answer = counter.observe(&failure(0), &nobody, second(0));
            caught += u32::from(matches!(answer, Observation::Offence(_)));
        }
        assert!(counter.len() <= 100);
    }
    assert_eq!(caught, 66);
    assert!(counter.evicted() > 9_000);
}

#[test]
fn failures_are_bounded_in_all_too() {
    let mut counter = Counter::new(Bound { subjects: 100, failures: 50 });
    counter.set_limits(&jail("ssh"), limits(1000, 3600)).unwrap();
    for number in 0..10u8 {
        let subject = Subject::exactly([198, 51, 100, number].into());
        let failures: Vec<_> = (0..20).map(|at| Failure { subject, ..failure(at) }).collect();
        offences(&mut counter, &failures);
    }
    assert!(counter.len() <= 3, "{}", counter.len());
    assert!(counter.evicted() >= 7);
}

#[test]
fn observing_the_recorded_failures_again_rebuilds_the_windows() {
    let recorded: Vec<_> = [0, 1, 2, 3, 4].map(failure).into();
    let (mut before, mut after) = (counter(), counter());
    assert_eq!(offences(&mut before, &recorded), [2]);
    offences(&mut after, &recorded);
    assert_eq!(offences(&mut before, &[failure(5)]), offences(&mut after, &[failure(5)]));
}

#[test]
fn clocks_that_disagree_do_not_make_a_window_grow() {
    let mut counter = Counter::new(Bound::default());
    counter
        .set_limits(&jail("ssh"), Limits { max_retry: 1000, find_time: Duration::from_millis(1) })
        .unwrap();
    let nobody = Whitelist::default();
    for at in 0..5000 {
        let failure = Failure { at: Moment::from_millis(at * 10), ..failure(0) };
        counter.observe(&failure, &nobody, Moment::from_millis(0));
    }
    let standing = counter.standing(&jail("ssh"), &failure(0).subject, Moment::from_millis(0)).unwrap();
    assert_eq!(standing.failures, 1000);
}
