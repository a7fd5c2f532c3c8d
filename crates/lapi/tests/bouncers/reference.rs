//! What CrowdSec's own LAPI answers, kept from version 1.4.6 as Debian 12 has it, against what ours answers to the same.

use serde_json::{Map, Value};

use crate::client::{STREAM, Site};

/// `GET /v1/decisions/stream?startup=true` after `cscli decisions add --range 198.51.100.0/24 -d 1h --reason manual`,
/// `--ip 2001:db8::1 -d 1h` and `--ip 192.0.2.1 -d 4h --reason "ssh bf"`.
const STARTUP: &str = r#"{"deleted":null,"new":[{"duration":"59m59.231629465s","id":2,"origin":"cscli","scenario":"manual","scope":"Range","type":"ban","value":"198.51.100.0/24"},{"duration":"59m59.231627752s","id":3,"origin":"cscli","scenario":"manual 'ban' from 'm1'","scope":"Ip","type":"ban","value":"2001:db8::1"},{"duration":"3h59m59.231627382s","id":1,"origin":"cscli","scenario":"ssh bf","scope":"Ip","type":"ban","value":"192.0.2.1"}]}"#;

/// The next one after `cscli decisions delete --ip 192.0.2.1`.
const DELETED: &str = r#"{"deleted":[{"duration":"-13.900208ms","id":1,"origin":"cscli","scenario":"ssh bf","scope":"Ip","type":"ban","value":"192.0.2.1"}],"new":null}"#;

/// `GET /v1/decisions?ip=192.0.2.1`.
const LIVE: &str = r#"[{"duration":"3h59m59.206481685s","id":1,"origin":"cscli","scenario":"ssh bf","scope":"Ip","type":"ban","value":"192.0.2.1"}]"#;

#[tokio::test]
async fn our_answers_have_the_fields_of_crowdsecs() {
    let site = Site::new();
    site.desk.ban("198.51.100.0/24", "manual", site.until(3600));
    site.desk.ban("2001:db8::1/128", "manual", site.until(3600));
    site.desk.ban("192.0.2.1", "ssh", site.until(14_400));
    agree(&site.get(&format!("{STREAM}?startup=true")).await, STARTUP);
    let live = site.get("/v1/decisions?ip=192.0.2.1").await;
    same_fields(&live.as_array().unwrap()[0], &parsed(LIVE).as_array().unwrap()[0]);
    site.desk.lift("192.0.2.1", "ssh");
    agree(&site.get(STREAM).await, DELETED);
}

/// The same lists, and in them the same decisions with the same fields. CrowdSec wrote `null` for an empty list until 1.4; since 1.5 it
/// writes `[]`, and so do we.
fn agree(ours: &Value, reference: &str) {
    let reference = parsed(reference);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(ours), names(&reference));
    for list in ["new", "deleted"] {
        let ours = ours[list].as_array().unwrap();
        let theirs = reference[list].as_array().cloned().unwrap_or_default();
        assert_eq!(ours.len(), theirs.len(), "{list}");
        for theirs in theirs {
            let ours = ours.iter().find(|one| one["value"] == theirs["value"]).expect("the same value");
            same_fields(ours, &theirs);
        }
    }
}

fn same_fields(ours: &Value, theirs: &Value) {
    let mut ours: Map<String, Value> = ours.as_object().unwrap().clone();
    // CrowdSec has it since 1.5.
    assert!(ours.remove("uuid").is_some_and(|uuid| uuid.is_string()));
    let theirs = theirs.as_object().unwrap();
    assert!(ours.keys().eq(theirs.keys()), "{ours:?} {theirs:?}");
    for name in ["value", "scope", "type"] {
        assert_eq!(ours[name], theirs[name]);
    }
    for (name, value) in theirs {
        assert_eq!(
            (ours[name].is_string(), ours[name].is_u64()),
            (value.is_string(), value.is_u64()),
            "{name}"
        );
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
