//! The counter against a naive model that keeps every failure in a list: the same answers, whatever the order of lines.

use std::time::Duration;

use counter::{Bound, Counter, Limits, Observation};
use event::{Failure, JailName, Moment, Proof, Subject, Success, Whitelist};
use proptest::prelude::*;

const MAX_RETRY: u32 = 4;
const FIND_MILLIS: i64 = 50;

#[derive(Clone, Debug)]
enum Step {
    Fail { subject: u8, jail: u8, late: i64, account: Option<u8>, count: u32, proven: bool },
    Succeed { subject: u8, jail: u8, account: Option<u8>, proven: bool },
    Pass { millis: i64 },
}

#[derive(Clone, Debug)]
struct Known {
    subject: u8,
    jail: u8,
    at: i64,
    account: Option<u8>,
    count: u32,
    proven: bool,
    spent: bool,
}

#[derive(Default)]
struct Model {
    failures: Vec<Known>,
}

impl Model {
    /// Weight, and time of the latest, of the heaviest stretch of all those that begin anywhere and contain `at`.
    fn heaviest(&self, new: &Known, weight: impl Fn(&Known) -> u32) -> u32 {
        let same = |known: &&Known| known.subject == new.subject && known.jail == new.jail;
        let stretch = |start: i64| {
            let within = |known: &&Known| (start..=start + FIND_MILLIS).contains(&known.at);
            self.failures.iter().filter(same).filter(within).map(&weight).sum()
        };
        (new.at - FIND_MILLIS..=new.at).map(stretch).max().unwrap()
    }

    fn fail(&mut self, new: &Known, now: i64) -> Option<(u32, Proof)> {
        self.failures.retain(|known| known.at >= now - FIND_MILLIS);
        self.failures.push(new.clone());
        let proven = self.heaviest(new, |known| if known.proven { known.count } else { 0 });
        let all = self.heaviest(new, |known| if known.spent { 0 } else { known.count });
        let same = |known: &Known| known.subject == new.subject && known.jail == new.jail;
        if proven >= MAX_RETRY {
            self.failures.retain(|known| !same(known));
            return Some((proven, Proof::Proven));
        }
        if all >= MAX_RETRY {
            self.failures.retain(|known| !same(known) || known.proven);
            self.failures.iter_mut().filter(|known| same(known)).for_each(|known| known.spent = true);
            return Some((all, Proof::Claimed));
        }
        None
    }
}

fn step() -> impl Strategy<Value = Step> {
    let (subject, jail, account) = (0..3u8, 0..2u8, proptest::option::of(0..2u8));
    prop_oneof![
        8 => (subject.clone(), jail.clone(), -5..60i64, account.clone(), 1..3u32, any::<bool>()).prop_map(
            |(subject, jail, late, account, count, proven)| Step::Fail { subject, jail, late, account, count, proven }
        ),
        1 => (subject, jail, account, any::<bool>()).prop_map(
            |(subject, jail, account, proven)| Step::Succeed { subject, jail, account, proven }
        ),
        4 => (0..40i64).prop_map(|millis| Step::Pass { millis }),
    ]
}

fn jail(number: u8) -> JailName {
    JailName::new(&format!("jail-{number}"))
}

fn subject(number: u8) -> Subject {
    Subject::counted([192, 0, 2, number].into())
}

fn proof(proven: bool) -> Proof {
    if proven { Proof::Proven } else { Proof::Claimed }
}

fn account(number: Option<u8>) -> Option<Box<str>> {
    number.map(|number| format!("account-{number}").into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_counter_answers_as_the_model_does(steps in proptest::collection::vec(step(), 1..120)) {
        let mut counter = Counter::new(Bound::default());
        let limits = Limits { max_retry: MAX_RETRY, find_time: Duration::from_millis(FIND_MILLIS as u64) };
        (0..2).for_each(|number| counter.set_limits(&jail(number), limits).unwrap());
        let (mut model, mut now, nobody) = (Model::default(), 1_000_000i64, Whitelist::default());
        for step in steps {
            match step {
                Step::Pass { millis } => now += millis,
                Step::Fail { subject: who, jail: place, late, account: name, count, proven } => {
                    let at = now - late;
                    let failure = Failure {
                        jail: jail(place), subject: subject(who), address: None, at: Moment::from_millis(at),
                        account: account(name), count, proof: proof(proven), echo: 0, pattern: "p".into(), line: "l".into(),
                    };
                    let answer = counter.observe(&failure, &nobody, Moment::from_millis(now));
                    if at < now - FIND_MILLIS {
                        prop_assert_eq!(answer, Observation::TooOld);
                        continue;
                    }
                    let new = Known { subject: who, jail: place, at, account: name, count, proven, spent: false };
                    match (model.fail(&new, now), answer) {
                        (None, Observation::Counted { .. }) => {}
                        (Some((failures, proof)), Observation::Offence(offence)) => {
                            prop_assert_eq!((offence.failures, offence.proof), (failures, proof));
                            prop_assert!(offence.at >= Moment::from_millis(at));
                        }
                        (expected, answer) => prop_assert!(false, "{expected:?}, but {answer:?}"),
                    }
                }
                Step::Succeed { subject: who, jail: place, account: name, proven } => {
                    counter.succeeded(&Success {
                        jail: jail(place), subject: subject(who), at: Moment::from_millis(now),
                        account: account(name), proof: proof(proven),
                    });
                    if proven && name.is_some() {
                        let cleared = |known: &Known| {
                            (known.subject, known.jail, known.account) == (who, place, name) && known.at <= now
                        };
                        model.failures.retain(|known| !cleared(known));
                    }
                }
            }
            model.failures.retain(|known| known.at >= now - FIND_MILLIS);
            for (who, place) in (0..3).flat_map(|who| (0..2).map(move |place| (who, place))) {
                let same = |known: &&Known| known.subject == who && known.jail == place;
                let proven: u32 = model.failures.iter().filter(same).filter(|k| k.proven).map(|k| k.count).sum();
                let standing = counter.standing(&jail(place), &subject(who), Moment::from_millis(now));
                prop_assert_eq!(standing.map_or(0, |standing| standing.proven), proven);
            }
        }
    }
}
