//! What `status` says of the sources.

use serde_json::Value;

use crate::support::place::append;
use crate::support::words::wrong;
use crate::support::{Notices, Place};

fn source(place: &Place, path: &std::path::Path) -> Value {
    let status = place.json(&["status"]);
    let sources = status["sources"].as_array().expect("sources").clone();
    let path = path.display().to_string();
    sources.into_iter().find(|source| source["source"] == *path).unwrap_or_else(|| panic!("{path}: {status}"))
}

#[test]
fn a_missing_log_is_shown_with_its_jails_and_followed_when_it_appears() {
    let place = Place::new("");
    let log = place.path("late/sshd.log");
    place.configure(&format!("[jails.sshd]\nenabled = true\nlogs = {log:?}\nmax_retry = 2\n"));
    let _daemon = place.start();
    let mut notices = Notices::listen();
    let missing = source(&place, &log);
    assert_eq!((&missing["state"], &missing["jails"]), (&"missing".into(), &serde_json::json!(["sshd"])));
    let status = place.json(&["status"]);
    assert!(status["attention"].to_string().contains("late/sshd.log is missing"), "{status}");
    assert!(place.run(&["status"]).out.contains("late/sshd.log is missing"));

    std::fs::create_dir(place.path("late")).expect("make the directory");
    append(&log, &wrong("192.0.2.1").repeat(2));
    notices.added("192.0.2.1");
    let there = source(&place, &log);
    assert_eq!((&there["state"], &there["lines"]), (&"following".into(), &2.into()));
    assert_eq!(place.json(&["status"])["attention"], serde_json::json!([]));
}

#[test]
fn a_line_that_is_too_long_is_counted_as_cut_and_nothing_else_is_lost() {
    let place = Place::new("[defaults]\nmax_retry = 2\n");
    let mut daemon = place.start();
    place.fail("192.0.2.1", 1);
    place.append(&("x".repeat(70 * 1024) + "\n"));
    place.append(&wrong("192.0.2.7").replace("root", &"r".repeat(70 * 1024)));
    place.fail("192.0.2.1", 1);
    place.settle(&mut daemon);
    assert_eq!(source(&place, &place.log())["cut_lines"], 2);
    assert!(place.ban_of("192.0.2.1").is_some());
    assert_eq!(place.counted("192.0.2.7", "sshd"), 0);
}

#[test]
fn a_clock_that_is_off_is_shown_and_arrival_counts() {
    let place = Place::new("[defaults]\nmax_retry = 2\nfind_time = '10m'\n");
    let mut daemon = place.start();
    let late = crate::support::words::wrong_at("192.0.2.1", "root", crate::support::words::ago(5 * 3600));
    place.append(&late.repeat(2));
    place.settle(&mut daemon);
    assert!(place.ban_of("192.0.2.1").is_some());
    let skew = source(&place, &place.log())["skew"].as_f64().expect("a skew");
    assert!((skew - 18_000.0).abs() < 30.0, "{skew}");
}

#[test]
fn a_rotated_log_is_read_to_its_end_and_then_the_new_one() {
    let place = Place::new("[defaults]\nmax_retry = 1000\n");
    let mut daemon = place.start();
    place.fail("192.0.2.1", 3);
    std::fs::rename(place.log(), place.path("auth.log.1")).expect("rotate");
    append(&place.path("auth.log.1"), &wrong("192.0.2.1").repeat(2));
    place.fail("192.0.2.1", 4);
    place.settle(&mut daemon);
    assert_eq!(place.counted("192.0.2.1", "sshd"), 9);
}
