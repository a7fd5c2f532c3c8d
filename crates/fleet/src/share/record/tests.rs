//! Records there and back between clocks that differ, and records that no honest node writes.

use std::time::Duration;

use event::Moment;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::share::failures::FailureRecord;

const NOW: i64 = 1_795_390_000_000;

fn offset(millis: i64) -> Offset {
    Offset::measured(Moment::from_millis(0), Moment::from_millis(millis), Moment::from_millis(0))
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9a-f:./]{0,20}".prop_map(Value::from),
        Just(json!([1, {"a": "b"}])),
        (NOW - 10_000_000_000..NOW + 10_000_000_000).prop_map(Value::from),
    ]
}

fn good() -> Value {
    json!({
        "subject": "192.0.2.1", "jail": "sshd", "scope": "jail", "since": NOW - 5, "until": NOW + 600_000, "stamp": NOW,
        "failures": 5, "reason": "r", "node": "n", "name": "n", "by": "x", "at": NOW, "count": 2, "account": "root",
        "echo": 0, "pattern": "p", "address": "192.0.2.1",
    })
}

fn bounded(ban: &SharedBan, written: Stamp) -> bool {
    let standing = &ban.standing;
    standing.stamp <= written.plus(AHEAD)
        && standing.stamp >= Stamp(0)
        && ban.since <= standing.stamp
        && (standing.until <= standing.stamp.plus(limit::FLEET_LONGEST)
            || (standing.until == Stamp::NEVER && ban.failures == 0))
        && ban.reason.len() <= limit::FLEET_TEXT_BYTES
        && ban.key.0.prefix_bits() >= limit::FLEET_WIDEST_V4
        && JailName::valid(ban.key.1.as_str())
}

proptest! {
    #[test]
    fn nothing_that_is_read_is_beyond_its_bound(
        changes in prop::collection::vec((any::<prop::sample::Index>(), value()), 0..4),
        late in 0u64..100_000,
    ) {
        let mut record = good();
        let names: Vec<String> = record.as_object().unwrap().keys().cloned().collect();
        for (name, value) in changes {
            record[name.get(&names)] = value;
        }
        let written = Stamp(NOW).plus(Duration::from_millis(late));
        let ceiling = ceiling_of(u64::try_from(written.0).unwrap(), written);
        let mut origins = Origins::default();
        let text = record.to_string();
        if let Ok(ban) = BanRecord::read(text.as_bytes(), ceiling, &mut origins) {
            prop_assert!(bounded(&ban, written), "{:?}", ban);
        }
        if let Ok(lift) = LiftRecord::read(text.as_bytes(), ceiling, &mut origins) {
            prop_assert!(lift.tombstone.stamp <= written.plus(AHEAD));
        }
        let list = format!("[{text}]");
        let read = FailureRecord::read(list.as_bytes(), "node", written, written, Offset::default());
        for failure in read.into_iter().flatten().flatten() {
            prop_assert!((1..=limit::MAX_RETRY).contains(&failure.count));
            prop_assert!(failure.at.millis() <= written.0 && failure.line.len() <= limit::EVIDENCE_BYTES);
            prop_assert!(failure.account.is_none_or(|account| account.len() <= limit::ACCOUNT_BYTES));
            prop_assert_eq!(failure.proof, Proof::Proven);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut origins = Origins::default();
        let ceiling = Ceiling::Refuse(Stamp(NOW));
        let _ = BanRecord::read(&bytes, ceiling, &mut origins);
        let _ = LiftRecord::read(&bytes, ceiling, &mut origins);
        let _ = FailureRecord::read(&bytes, "node", Stamp(NOW), Stamp(NOW), Offset::default());
    }

    #[test]
    fn a_ban_is_the_same_whatever_the_clocks_of_writer_and_reader(
        writer in -100_000_000i64..100_000_000,
        reader in -100_000_000i64..100_000_000,
        seconds in 1u64..2_000_000,
        failures in 0u32..20,
        is_endless in any::<bool>(),
    ) {
        let (writer, reader) = (offset(writer), offset(reader));
        let since = writer.moment(Stamp(NOW));
        let is_endless = is_endless && failures == 0;
        let until = if is_endless { Moment::NEVER } else { since.after(Duration::from_secs(seconds)) };
        let ban = Ban {
            subject: "2001:db8::/64".parse().unwrap(), jail: JailName::new("sshd"), scope: Scope::Jail, since, until,
            failures, proof: Proof::Proven, reason: "5 \"failures\"\u{7f} in 10m".to_owned(),
        };
        let origin = Origin { id: Arc::from("n"), name: Arc::from("Node 1") };
        let standing = Standing { stamp: Stamp(NOW), until: writer.stamp(until), told: writer.stamp(until), origin, seen: 0 };
        let text = serde_json::to_string(&BanRecord::of(&ban, &standing, writer)).unwrap();
        let ceiling = ceiling_of(u64::try_from(NOW).unwrap(), Stamp(NOW));
        let read = BanRecord::read(text.as_bytes(), ceiling, &mut Origins::default()).unwrap();
        prop_assert_eq!(&read.standing, &standing);
        let heard = read.ban(reader);
        prop_assert_eq!(reader.stamp(heard.since), Stamp(NOW));
        prop_assert_eq!(reader.stamp(heard.until), standing.until);
        prop_assert_eq!(heard.reason, "5 \"failures\"  in 10m");
    }
}

#[test]
fn a_number_of_an_entry_that_is_a_lie_is_not_believed_either() {
    let now = Stamp(NOW);
    let of = |millis| match ceiling_of(millis, now) {
        Ceiling::Cut(written) => written,
        Ceiling::Refuse(_) => panic!("an entry says when it was written"),
    };
    assert_eq!(of(u64::try_from(NOW).unwrap() - 7_200_000), Stamp(NOW - 7_200_000));
    assert_eq!(of(32_503_680_000_000), now);
    assert_eq!(of(u64::MAX), now);
}
