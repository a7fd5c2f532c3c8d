//! The shelf against `BTreeMap`, which does the same in more memory; and what it costs.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use proptest::prelude::*;
use shelf::Shelf;

#[derive(Clone, Debug)]
enum Step {
    Insert(u16, u8),
    Remove(u16),
    /// So many keys in order from here on.
    Fill(u16, u16),
    /// So many keys from here on are taken out.
    Clear(u16, u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (any::<u16>(), any::<u8>()).prop_map(|(key, value)| Step::Insert(key, value)),
        2 => any::<u16>().prop_map(Step::Remove),
        2 => (any::<u16>(), 0..600_u16).prop_map(|(from, count)| Step::Fill(from, count)),
        1 => (any::<u16>(), 0..20_000_u16).prop_map(|(from, count)| Step::Clear(from, count)),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_holds_what_a_map_holds(steps in steps(), from in any::<u16>(), to in any::<u16>()) {
        let (mut shelf, mut map) = (Shelf::new(), BTreeMap::new());
        for step in steps {
            match step {
                Step::Insert(key, value) => prop_assert_eq!(shelf.insert(key, value), map.insert(key, value)),
                Step::Remove(key) => prop_assert_eq!(shelf.remove(&key), map.remove(&key)),
                Step::Fill(from, count) => for key in from..=from.saturating_add(count) {
                    prop_assert_eq!(shelf.insert(key, 1), map.insert(key, 1));
                },
                Step::Clear(from, count) => for key in from..=from.saturating_add(count) {
                    prop_assert_eq!(shelf.remove(&key), map.remove(&key));
                },
            }
            prop_assert_eq!((shelf.len(), shelf.is_empty()), (map.len(), map.is_empty()));
        }
        prop_assert!(shelf.iter().eq(map.iter()));
        let (low, high) = (from.min(to), from.max(to));
        prop_assert!(shelf.range(low..=high).eq(map.range(low..=high)));
        prop_assert!(shelf.range(low..high).eq(map.range(low..high)));
        prop_assert!(shelf.range((Excluded(low), Unbounded)).eq(map.range((Excluded(low), Unbounded))));
        prop_assert!(shelf.range(..high).eq(map.range(..high)));
        prop_assert_eq!(shelf.get(&low), map.get(&low));
        prop_assert_eq!(shelf.contains_key(&high), map.contains_key(&high));
    }
}

/// Keys in an order without order, the same each time.
fn scattered(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

#[test]
fn rows_take_little_more_than_they_are() {
    let rows = 200_000;
    // An attacker chooses the order: behind a full run, keys that fall one by one.
    let falling = (0..128).chain((128..rows).rev());
    for (order, keys) in [
        ("scattered", scattered(rows).collect::<Vec<_>>()),
        ("growing", (0..rows).collect()),
        ("falling", falling.collect()),
    ] {
        let mut shelf: Shelf<u64, [u8; 24]> = Shelf::new();
        keys.iter().for_each(|key| _ = shelf.insert(*key, [0; 24]));
        let each = shelf.bytes() as f64 / rows as f64;
        assert!(each < 32.0 * 1.2, "{order}: {each:.1} bytes for 32");
    }
}

#[test]
fn a_shelf_that_was_full_keeps_no_space() {
    let mut shelf: Shelf<u64, [u8; 24]> = Shelf::new();
    scattered(100_000).for_each(|key| _ = shelf.insert(key, [0; 24]));
    scattered(100_000).skip(1_000).for_each(|key| _ = shelf.remove(&key));
    let each = shelf.bytes() / shelf.len();
    assert!(each < 200, "{each} bytes for 32 when one in a hundred is left");
    scattered(1_000).for_each(|key| _ = shelf.remove(&key));
    assert!(shelf.is_empty() && shelf.bytes() < 1024, "{} bytes for nothing", shelf.bytes());
}
