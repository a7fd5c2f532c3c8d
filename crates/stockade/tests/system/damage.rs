//! The store is damaged while nothing runs.

use std::fs;

use crate::support::place::seconds_of;
use crate::support::{Notices, Place};

const WHO: &str = "192.0.2.1";

#[test]
fn a_damaged_store_is_set_aside_and_the_bans_are_taken_over_from_the_kernel() {
    let place = Place::new("[defaults]\nmax_retry = 3\nban_time = '1h'\n");
    let daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 3);
    notices.added(WHO);
    for subject in ["198.51.100.0/24", "2001:db8::1", "2001:db9::/48"] {
        assert_eq!(place.run(&["ban", subject]).code, 0);
        notices.added(
            subject
                .split('/')
                .next()
                .map_or("", |first| if first == "2001:db8::1" { "2001:db8::" } else { first }),
        );
    }
    let before = place.json(&["banned"]);
    daemon.stop();
    let store = place.state().join("stockade.db");
    let garbage = "this was a database once\n".repeat(2000);
    fs::write(&store, &garbage).expect("write garbage");

    let mut daemon = place.start();
    let after = place.json(&["banned"]);
    let rows = |value: &serde_json::Value| {
        let rows = value.as_array().expect("rows").iter();
        rows.map(|row| (row["address"].clone(), row["jail"].clone(), row["scope"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&after), rows(&before));
    for (one, other) in before.as_array().expect("rows").iter().zip(after.as_array().expect("rows")) {
        assert!((seconds_of(&one["until"]) - seconds_of(&other["until"])).abs() <= 1, "{one} {other}");
    }
    assert!(place.kernel.holds(WHO));
    for address in [WHO, "198.51.100.0", "2001:db8::", "2001:db9::"] {
        assert!(notices.of(address).iter().all(|notice| notice.came), "{address}: {:?}", notices.of(address));
    }
    let status = place.json(&["status"]);
    let attention = status["attention"].to_string();
    assert!(attention.contains("damaged") && attention.contains("4 bans were taken over"), "{status}");
    let aside = fs::read_dir(place.state()).expect("list the state").flatten().map(|entry| entry.path());
    let kept: Vec<_> = aside.filter(|path| path.to_string_lossy().contains(".corrupt-")).collect();
    assert!(kept.iter().any(|path| fs::read_to_string(path).is_ok_and(|text| text == garbage)), "{kept:?}");

    place.fail("192.0.2.9", 3);
    place.settle(&mut daemon);
    assert!(place.ban_of("192.0.2.9").is_some());
    daemon.stop();
    let _daemon = place.start();
    assert_eq!(place.json(&["banned"]).as_array().map(Vec::len), Some(6));
}
