//! Any sequence of what a counter is told: it never holds more than its bound, an offence reaches its limit, and what is
//! forgotten is gone.

#![no_main]

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use counter::{Bound, Counter, Limits, Observation};
use event::{Failure, JailName, Moment, Proof, Subject, Success, Whitelist};
use libfuzzer_sys::{arbitrary, fuzz_target};
use stockade_fuzz::NOW;

#[derive(arbitrary::Arbitrary, Debug)]
enum Step {
    Fail { who: u8, jail: u8, when: When, count: u32, proven: bool, echo: u8, account: Option<u8> },
    Succeed { who: u8, jail: u8, when: When, proven: bool, account: Option<u8> },
    Forget { who: u8 },
    Limit { jail: u8, max_retry: u16, find_millis: u32 },
    Remove { jail: u8 },
    Sweep { slots: u8 },
    Pass { millis: u32 },
    Jump { to: i64 },
}

#[derive(arbitrary::Arbitrary, Debug)]
enum When {
    Now,
    Near(i16),
    Far(i32),
    Anywhere(i64),
}

impl When {
    fn moment(&self, now: Moment) -> Moment {
        match self {
            Self::Now => now,
            Self::Near(off) => Moment::from_millis(now.millis().saturating_add(i64::from(*off))),
            Self::Far(off) => Moment::from_millis(now.millis().saturating_add(i64::from(*off) * 1000)),
            Self::Anywhere(millis) => Moment::from_millis(*millis),
        }
    }
}

struct Run {
    counter: Counter,
    bound: Bound,
    known: HashMap<JailName, Limits>,
    now: Moment,
}

fuzz_target!(|input: (u8, u8, Vec<Step>)| {
    let (subjects, failures, steps) = input;
    let bound = Bound { subjects: 1 + usize::from(subjects % 40), failures: 1 + usize::from(failures) };
    let mut run = Run { counter: Counter::new(bound), bound, known: HashMap::new(), now: NOW };
    for step in &steps {
        run.take(step);
        assert!(run.counter.len() <= run.bound.subjects);
        assert_eq!(run.counter.windows_by_jail().values().sum::<u64>(), run.counter.len() as u64);
        assert_eq!(run.counter.jails().count(), run.known.len());
    }
});

impl Run {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Fail { who, jail, when, count, proven, echo, account } => {
                let failure = Failure {
                    jail: name(*jail),
                    subject: subject(*who),
                    address: None,
                    at: when.moment(self.now),
                    account: account.map(|account| account.to_string().into()),
                    count: *count,
                    proof: proof(*proven),
                    echo: *echo,
                    pattern: "".into(),
                    line: "".into(),
                };
                self.fail(&failure);
            }
            Step::Succeed { who, jail, when, proven, account } => {
                self.counter.succeeded(&Success {
                    jail: name(*jail),
                    subject: subject(*who),
                    at: when.moment(self.now),
                    account: account.map(|account| account.to_string().into()),
                    proof: proof(*proven),
                });
            }
            Step::Forget { who } => {
                self.counter.forget(&subject(*who));
                assert!(self.counter.standings(&subject(*who), self.now).is_empty());
            }
            Step::Limit { jail, max_retry, find_millis } => {
                let find_time = Duration::from_millis((*find_millis).into());
                let limits = Limits { max_retry: (*max_retry).into(), find_time };
                if self.counter.set_limits(&name(*jail), limits).is_ok() {
                    self.known.insert(name(*jail), limits);
                }
            }
            Step::Remove { jail } => {
                let known = self.known.remove(&name(*jail)).is_some();
                assert_eq!(self.counter.remove_jail(&name(*jail)), known);
            }
            Step::Sweep { slots } => self.counter.sweep(self.now, (*slots).into()),
            Step::Pass { millis } => self.now = self.now.after(Duration::from_millis((*millis).into())),
            Step::Jump { to } => self.now = Moment::from_millis(*to),
        }
    }

    fn fail(&mut self, failure: &Failure) {
        let whitelist = Whitelist::default();
        let limits = self.known.get(&failure.jail);
        match self.counter.observe(failure, &whitelist, self.now) {
            Observation::UnknownJail => assert!(limits.is_none()),
            Observation::Whitelisted { .. } => panic!("nobody is on the whitelist"),
            Observation::TooOld => assert!(failure.at < self.now),
            Observation::Counted { max_retry, .. } => {
                let limits = limits.expect("its jail is known");
                assert_eq!(max_retry, limits.max_retry);
                assert!(max_retry > 1, "one failure is enough, and was not");
            }
            Observation::Offence(offence) => {
                let limits = limits.expect("its jail is known");
                assert!(offence.failures >= limits.max_retry);
                assert_eq!((offence.max_retry, offence.subject), (limits.max_retry, failure.subject));
                if offence.proof == Proof::Proven {
                    assert_eq!(self.counter.standing(&failure.jail, &failure.subject, self.now), None);
                }
            }
        }
    }
}

fn name(jail: u8) -> JailName {
    JailName::new(&format!("jail{}", jail % 6))
}

fn subject(who: u8) -> Subject {
    let host = u16::from(who % 64);
    Subject::counted(match who % 2 {
        0 => IpAddr::V4(Ipv4Addr::new(192, 0, 2, host as u8)),
        _ => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, host, 0, 0, 0, 1)),
    })
}

fn proof(proven: bool) -> Proof {
    if proven { Proof::Proven } else { Proof::Claimed }
}
