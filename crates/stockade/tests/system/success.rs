//! A login clears the failures of its own account, and of nobody else.

use crate::support::Place;
use crate::support::deadline::now;
use crate::support::words::{accepted, ago, wrong_at};

const WHO: &str = "192.0.2.1";

#[test]
fn a_login_clears_its_own_account_only_and_stays_cleared_after_a_restart() {
    let place = Place::new("[defaults]\nmax_retry = 10\n");
    let mut daemon = place.start();
    for (account, times) in [("anna", 4), ("root", 3)] {
        place.append(&wrong_at(WHO, account, now()).repeat(times));
    }
    place.append(&wrong_at("192.0.2.2", "anna", now()).repeat(2));
    place.settle(&mut daemon);
    assert_eq!(place.counted(WHO, "sshd"), 7);
    place.append(&accepted(WHO, "anna"));
    place.settle(&mut daemon);
    assert_eq!((place.counted(WHO, "sshd"), place.counted("192.0.2.2", "sshd")), (3, 2));
    daemon.kill();
    let _daemon = place.start();
    assert_eq!((place.counted(WHO, "sshd"), place.counted("192.0.2.2", "sshd")), (3, 2));
}

#[test]
fn failures_and_logins_are_taken_in_the_order_of_their_lines() {
    let place = Place::new("[defaults]\nmax_retry = 5\nfind_time = '1h'\nban_time = '1h'\n");
    // Somebody who mistypes a few times before each login, read at once after a pause.
    for minutes in [50, 40, 30] {
        place.append(&wrong_at(WHO, "anna", ago(minutes * 60)).repeat(3));
        place.append(&wrong_at(WHO, "anna", ago(minutes * 60 - 1)).replace("Failed", "Accepted"));
    }
    place.append(&wrong_at(WHO, "anna", ago(60)));
    let mut daemon = place.start();
    place.settle(&mut daemon);
    assert_eq!((place.ban_of(WHO), place.counted(WHO, "sshd")), (None, 1));

    // The same while it runs, in one piece: what comes after the login counts.
    let line = wrong_at("192.0.2.2", "anna", now());
    let text = line.repeat(4) + &line.replace("Failed", "Accepted") + &line.repeat(2);
    place.append(&text);
    place.settle(&mut daemon);
    assert_eq!((place.ban_of("192.0.2.2"), place.counted("192.0.2.2", "sshd")), (None, 2));
    daemon.kill();
    let _daemon = place.start();
    assert_eq!((place.counted(WHO, "sshd"), place.counted("192.0.2.2", "sshd")), (1, 2));
}
