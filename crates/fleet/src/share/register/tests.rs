//! The register against what it promises, for any entries in any order: a small world of subjects and jails, so that they meet.

use std::collections::BTreeMap;
use std::sync::Arc;

use event::{JailName, Subject};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// What happened somewhere in the fleet.
#[derive(Clone, Debug)]
pub(crate) enum Happened {
    Ban(Key, Standing),
    Lift(LiftKey, Tombstone),
}

pub(crate) fn origin(number: u8) -> Origin {
    Origin { id: Arc::from(format!("node{number}")), name: Arc::from(format!("name {number}")) }
}

fn subject() -> impl Strategy<Value = Subject> {
    (1u8..4).prop_map(|last| format!("192.0.2.{last}").parse().unwrap())
}

fn jail() -> impl Strategy<Value = JailName> {
    prop_oneof![Just("sshd"), Just("nginx")].prop_map(JailName::new)
}

/// Stamps come from a few milliseconds behind `base`, so that many are equal.
pub(crate) fn happened(base: i64) -> impl Strategy<Value = Happened> {
    let until =
        prop_oneof![4 => (1i64..4).prop_map(move |n| Stamp(base + 600_000 * n)), 1 => Just(Stamp::NEVER)];
    let ban =
        (subject(), jail(), 0i64..12, until, 0u8..3).prop_map(move |(subject, jail, stamp, until, node)| {
            let standing =
                Standing { stamp: Stamp(base + stamp), until, told: until, origin: origin(node), seen: 0 };
            Happened::Ban((subject, jail), standing)
        });
    let lift = (subject(), prop::option::of(jail()), 0i64..12, 0u8..3).prop_map(
        move |(subject, jail, stamp, node)| {
            let tombstone =
                Tombstone { stamp: Stamp(base + stamp), by: "x".into(), origin: origin(node), seen: 0 };
            Happened::Lift((subject, jail), tombstone)
        },
    );
    prop_oneof![3 => ban, 2 => lift]
}

pub(crate) fn put_in(register: &mut Register, happened: &Happened) {
    match happened {
        Happened::Ban(key, standing) => {
            register.ban(key, standing.clone());
        }
        Happened::Lift(key, tombstone) => {
            register.lift(key, tombstone.clone());
        }
    }
}

/// All that holds.
pub(crate) fn standing(register: &Register) -> BTreeMap<Key, (Stamp, Stamp, Arc<str>)> {
    let each = register.bans.iter().flat_map(|(subject, bans)| {
        bans.iter()
            .map(|(jail, ban)| ((*subject, jail.clone()), (ban.stamp, ban.until, ban.origin.id.clone())))
    });
    each.collect()
}

fn bans(register: &Register) -> Vec<Happened> {
    let each = register.bans.iter().flat_map(|(subject, bans)| {
        bans.iter().map(|(jail, ban)| Happened::Ban((*subject, jail.clone()), ban.clone()))
    });
    each.collect()
}

/// The slow way to the same answer: of each key the latest stamp, if no lift that covers it is as late, and between which ends it may
/// end: the latest of those decided after the lift, and the latest of all.
fn model(all: &[Happened]) -> BTreeMap<Key, (Stamp, Stamp, Stamp)> {
    let lifted = |key: &Key| {
        let covering = all.iter().filter_map(|one| match one {
            Happened::Lift((subject, jail), lift) if *subject == key.0 => {
                jail.as_ref().is_none_or(|jail| *jail == key.1).then_some(lift.stamp)
            }
            _ => None,
        });
        covering.max()
    };
    let mut holds: BTreeMap<Key, (Stamp, Stamp, Stamp)> = BTreeMap::new();
    for one in all {
        let Happened::Ban(key, ban) = one else { continue };
        let stands = lifted(key).is_none_or(|lift| lift < ban.stamp);
        let (stamp, shortest, longest) = holds.entry(key.clone()).or_default();
        *longest = (*longest).max(ban.until);
        if stands {
            *stamp = (*stamp).max(ban.stamp);
            *shortest = (*shortest).max(ban.until);
        }
    }
    holds.retain(|_, (stamp, ..)| *stamp > Stamp(0));
    holds
}

fn agrees(register: &Register, model: &BTreeMap<Key, (Stamp, Stamp, Stamp)>) -> Result<(), TestCaseError> {
    let holds = standing(register);
    prop_assert_eq!(holds.keys().collect::<Vec<_>>(), model.keys().collect::<Vec<_>>());
    for (key, (stamp, until, _)) in holds {
        let (latest, shortest, longest) = model[&key];
        prop_assert_eq!(stamp, latest);
        prop_assert!(shortest <= until && until <= longest);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_order_and_any_repetition_lead_to_the_same_bans(
        all in prop::collection::vec(happened(1000), 0..40),
        order in prop::collection::vec(any::<Index>(), 0..120),
    ) {
        let expected = model(&all);
        let mut in_order = Register::default();
        all.iter().for_each(|one| put_in(&mut in_order, one));
        agrees(&in_order, &expected)?;
        // Drawn at random, with repetition, and then all from the last to the first.
        let mut at_random = Register::default();
        if !all.is_empty() {
            order.iter().for_each(|index| put_in(&mut at_random, index.get(&all)));
        }
        all.iter().rev().for_each(|one| put_in(&mut at_random, one));
        agrees(&at_random, &expected)?;
        prop_assert_eq!(at_random.held, expected.len());
        // The ends agree too once each has been told what the other holds, as by a walk through the snapshot.
        let (one, other) = (bans(&in_order), bans(&at_random));
        other.iter().for_each(|one| put_in(&mut in_order, one));
        one.iter().for_each(|one| put_in(&mut at_random, one));
        let ends = |register: &Register| standing(register).into_values().map(|(_, until, _)| until).collect::<Vec<_>>();
        prop_assert_eq!(ends(&in_order), ends(&at_random));
    }

    #[test]
    fn what_a_lift_says_is_what_it_did(
        all in prop::collection::vec(happened(1000), 0..30),
        (key, stamp) in (subject(), prop::option::of(jail()), 0i64..14).prop_map(|(s, j, t)| ((s, j), Stamp(1000 + t))),
    ) {
        let mut register = Register::default();
        all.iter().for_each(|one| put_in(&mut register, one));
        let before = standing(&register);
        let tombstone = Tombstone { stamp, by: "x".into(), origin: origin(9), seen: 0 };
        let lifting = register.lift(&key, tombstone);
        let after = standing(&register);
        match lifting {
            None => prop_assert_eq!(&before, &after),
            Some(lifting) => {
                let gone: Vec<_> = before.keys().filter(|key| !after.contains_key(key)).collect();
                prop_assert_eq!(gone.len(), lifting.jails.len());
                prop_assert!(gone.iter().all(|(subject, jail)| *subject == key.0 && lifting.jails.contains(jail)));
                let stays = |(subject, jail): &Key| {
                    *subject == key.0 && key.1.as_ref().is_none_or(|lifted| lifted == jail)
                };
                prop_assert_eq!(lifting.outlived, after.keys().any(stays));
            }
        }
    }
}

#[test]
fn a_full_register_takes_no_further_ban_and_lets_known_ones_change() {
    let mut register = Register { bans_max: 2, ..Register::default() };
    let standing = |stamp| Standing {
        stamp: Stamp(stamp),
        until: Stamp(stamp + 10),
        told: Stamp(0),
        origin: origin(0),
        seen: 0,
    };
    let key = |last: u8| (format!("192.0.2.{last}").parse().unwrap(), JailName::new("sshd"));
    assert_eq!(register.ban(&key(1), standing(1)), Verdict::News);
    assert_eq!(register.ban(&key(2), standing(1)), Verdict::News);
    assert_eq!(register.ban(&key(3), standing(1)), Verdict::Full);
    assert_eq!(register.ban(&key(1), standing(2)), Verdict::News);
    assert_eq!(register.ban(&key(1), standing(1)), Verdict::Older);
    register.forget_bans(Stamp(11));
    assert_eq!((register.held, register.bans.len()), (1, 1));
    assert_eq!(register.ban(&key(3), standing(1)), Verdict::News);
}

#[test]
fn the_oldest_lifts_are_forgotten_first() {
    let mut register = Register::default();
    for stamp in 0..10 {
        let key = (format!("192.0.2.{stamp}").parse().unwrap(), None);
        let tombstone = Tombstone { stamp: Stamp(stamp), by: "x".into(), origin: origin(0), seen: 0 };
        register.lift(&key, tombstone);
    }
    assert_eq!(register.forget_lifts(Stamp(-1), 10), None);
    assert_eq!(register.forget_lifts(Stamp(-1), 4), Some(Stamp(5)));
    assert_eq!(register.lifts.len(), 4);
    assert_eq!(register.forget_lifts(Stamp(8), 4), Some(Stamp(8)));
    assert_eq!(register.lifts.len(), 1);
}
