//! What was in the log before the first start is judged by its own time.

use crate::support::Place;
use crate::support::place::seconds_of;
use crate::support::words::{ago, wrong_at};

#[test]
fn old_lines_lead_to_bans_by_their_own_time_and_no_further() {
    let place = Place::new("[defaults]\nmax_retry = 3\nfind_time = '1h'\nban_time = '1h'\n");
    let fail = |address: &str, minutes: &[i64]| {
        for ago_minutes in minutes {
            place.append(&wrong_at(address, "root", ago(ago_minutes * 60)));
        }
    };
    fail("192.0.2.3", &[300, 299, 298]); // its ban would be over
    fail("192.0.2.2", &[130, 70, 10]); // never three within an hour
    fail("192.0.2.1", &[30, 20, 10]);
    fail("192.0.2.4", &[9, 8]);
    let offence = ago(600).as_second();
    let mut daemon = place.start();
    place.settle(&mut daemon);
    let ban = place.ban_of("192.0.2.1").expect("it is banned");
    assert!((seconds_of(&ban["since"]) - offence).abs() <= 2, "{ban}");
    assert_eq!(seconds_of(&ban["until"]) - seconds_of(&ban["since"]), 3600);
    assert!(place.kernel.holds("192.0.2.1"));
    for address in ["192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        assert_eq!(place.ban_of(address), None, "{address}");
    }
    assert_eq!(place.counted("192.0.2.4", "sshd"), 2);
    place.fail("192.0.2.4", 1);
    place.settle(&mut daemon);
    assert!(place.ban_of("192.0.2.4").is_some());
}

#[test]
fn what_happened_while_it_was_stopped_counts_when_it_starts() {
    let place = Place::new("[defaults]\nmax_retry = 3\nban_time = '1h'\n");
    let mut daemon = place.start();
    place.fail("192.0.2.1", 1);
    place.settle(&mut daemon);
    daemon.stop();
    place.fail("192.0.2.1", 2);
    let mut daemon = place.launch(&[]);
    daemon.says("ban 192.0.2.1: 3 failures");
    assert!(place.ban_of("192.0.2.1").is_some());
}
