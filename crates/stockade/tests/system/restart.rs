//! Stops and crashes: no line is lost, none counts twice, no ban has a gap.

use std::sync::mpsc::sync_channel;

use crate::support::place::append;
use crate::support::words::{refused, wrong};
use crate::support::{Daemon, Deadline, Notices, Place};

const WHO: &str = "192.0.2.1";
const OTHER: &str = "192.0.2.2";
const ROUNDS: usize = 8;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

/// A log is written in pieces that end anywhere, while the daemon is stopped and killed at any moment and started again.
#[test]
fn every_line_counts_exactly_once_over_stops_and_kills() {
    let place = Place::new("[defaults]\nmax_retry = 1000\nfind_time = '1h'\n");
    let mut numbers = Numbers(20_261_122);
    let mut written = 0;
    let mut daemon = Some(place.start());
    for round in 0..ROUNDS {
        let lines = 40 + numbers.below(60);
        let text = wrong(WHO).repeat(lines) + &wrong(OTHER);
        written += lines as u64;
        let cuts = (0..12).map(|_| numbers.below(text.len())).collect();
        let at_which_piece = numbers.below(12);
        interrupt(&place, &mut daemon, &text, cuts, at_which_piece, round % 2 == 0);
    }
    let mut daemon = daemon.expect("it runs");
    place.settle(&mut daemon);
    assert_eq!((place.counted(WHO, "sshd"), place.counted(OTHER, "sshd")), (written, ROUNDS as u64));
    daemon.kill();
    let _daemon = place.start();
    assert_eq!((place.counted(WHO, "sshd"), place.counted(OTHER, "sshd")), (written, ROUNDS as u64));
}

/// Writes `text` in pieces from another thread, and ends the daemon when one of them is on its way; the pieces behind it
/// are written while nothing runs, or while it starts again.
fn interrupt(
    place: &Place,
    daemon: &mut Option<Daemon>,
    text: &str,
    mut cuts: Vec<usize>,
    piece: usize,
    kill: bool,
) {
    cuts.extend([0, text.len()]);
    cuts.sort_unstable();
    let (reached, is_reached) = sync_channel(0);
    let log = place.log();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for (number, pair) in cuts.windows(2).enumerate() {
                append(&log, &text[pair[0]..pair[1]]);
                if number == piece {
                    reached.send(()).expect("the test waits for it");
                }
            }
        });
        is_reached.recv().expect("the writer gets there");
        let running = daemon.take().expect("it runs");
        if kill {
            running.kill();
            // The next one may come no further than into what it has to catch up.
            place.launch(&[]).kill();
        } else {
            running.stop();
        }
        *daemon = Some(place.start());
    });
}

#[test]
fn bans_outlive_kill_and_stop_without_a_moment_outside_the_kernel() {
    let place = Place::new("[defaults]\nmax_retry = 3\nban_time = '1h'\n");
    let daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 3);
    notices.added(WHO);
    assert_eq!(place.run(&["ban", "2001:db8::/48"]).code, 0);
    notices.added("2001:db8::");
    let before = place.json(&["banned"]);

    daemon.kill();
    assert!(place.kernel.holds(WHO) && place.kernel.holds("2001:db8::/48"));
    let daemon = place.start();
    assert_eq!(place.json(&["banned"]), before);
    let said = daemon.stop();
    assert!(said.contains("stopped: SIGTERM"), "{said}");
    assert!(place.kernel.holds(WHO) && place.kernel.holds("2001:db8::/48"));
    let _daemon = place.start();
    assert_eq!(place.json(&["banned"]), before);
    assert!(place.kernel.holds(WHO) && place.kernel.holds("2001:db8::/48"));
    for address in [WHO, "2001:db8::"] {
        let gone: Vec<_> = notices.of(address).into_iter().filter(|notice| !notice.came).collect();
        assert!(gone.is_empty(), "{address} was out of the kernel: {gone:?}");
    }
}

/// Two jails find the same file, each by a pattern of its own, so it is read twice.
#[test]
fn a_file_that_two_patterns_find_counts_exactly_once_in_each_jail() {
    let place = Place::new("");
    let glob = place.path("auth*.log");
    place.configure(&format!(
        "[defaults]\nmax_retry = 1000\nfind_time = '1h'\n[jails.gate]\nenabled = true\nlogs = {glob:?}\n"
    ));
    // Much to read, yet less in all than what a first start judges: the first one may be killed before it has told anything.
    let filler = "nothing of interest\n".repeat(10_000);
    for _ in 0..ROUNDS {
        let lines = wrong(WHO).repeat(20) + &refused(WHO).repeat(20);
        place.append(&(filler.clone() + &lines + &filler + &lines));
        let mut daemon = place.launch(&[]);
        daemon.says("ready");
        daemon.kill();
    }
    let mut daemon = place.start();
    place.settle(&mut daemon);
    place.append(&refused(OTHER).repeat(1000));
    daemon.says(&format!("ban {OTHER}: "));
    let written = 40 * ROUNDS as u64;
    assert_eq!((place.counted(WHO, "sshd"), place.counted(WHO, "gate")), (written, written));
}

#[test]
fn a_log_that_is_rotated_while_nothing_runs_is_read_from_where_it_was_left() {
    let place = Place::new("[defaults]\nmax_retry = 1000\nfind_time = '1h'\n");
    let mut daemon = place.start();
    place.fail(WHO, 3);
    place.settle(&mut daemon);
    daemon.stop();
    place.fail(WHO, 2);
    std::fs::rename(place.log(), place.path("auth.log.1")).expect("rotate");
    place.fail(WHO, 4);
    let mut daemon = place.start();
    place.settle(&mut daemon);
    assert_eq!(place.counted(WHO, "sshd"), 9);
}

#[test]
fn what_an_operator_has_forgiven_stays_forgiven() {
    let place = Place::new("[defaults]\nmax_retry = 3\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 3);
    notices.added(WHO);
    assert_eq!(place.run(&["unban", WHO]).code, 0);
    place.fail(WHO, 1);
    place.settle(&mut daemon);
    daemon.kill();
    let mut daemon = place.start();
    assert_eq!((place.ban_of(WHO), place.counted(WHO, "sshd")), (None, 1));
    assert_eq!(place.json(&["why", WHO])["history"][0]["what"], "unban");
    place.fail(WHO, 1);
    place.settle(&mut daemon);
    assert_eq!((place.ban_of(WHO), place.counted(WHO, "sshd")), (None, 2));
    assert!(!place.kernel.holds(WHO));
}

/// A long log is being caught up with when the daemon is told to stop; bans found so far are in force.
#[test]
fn a_stop_in_the_middle_of_catching_up_loses_nothing() {
    let place = Place::new("[defaults]\nmax_retry = 1000\nfind_time = '1h'\n");
    place.append(&(wrong(WHO).repeat(300) + &wrong(OTHER)).repeat(3));
    for _ in 0..3 {
        place.start().stop();
    }
    let mut daemon = place.start();
    place.settle(&mut daemon);
    assert_eq!((place.counted(WHO, "sshd"), place.counted(OTHER, "sshd")), (900, 3));
}

#[test]
fn a_ban_that_ends_while_nothing_runs_is_history_afterwards() {
    let place = Place::new("[defaults]\nmax_retry = 1\nban_time = '1s'\n");
    let daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 1);
    notices.added(WHO);
    assert_eq!(place.run(&["ban", OTHER, "--for", "forever"]).code, 0);
    daemon.stop();
    let deadline = Deadline::start();
    while place.kernel.holds(WHO) {
        assert!(!deadline.left().is_zero(), "the kernel ends it by itself: {}", place.kernel.table());
    }
    let _daemon = place.start();
    assert_eq!(place.ban_of(WHO), None);
    assert_eq!(place.json(&["why", WHO])["history"][0]["what"], "expired");
    let other = place.ban_of(OTHER).expect("it is banned for ever");
    assert!(other["until"].is_null() && place.kernel.holds(OTHER), "{other}");
}

#[test]
fn a_stop_at_once_after_a_ban_leaves_the_ban_in_the_kernel() {
    let place = Place::new("");
    for number in 1..=5 {
        let address = format!("192.0.2.{number}");
        let daemon = place.start();
        assert_eq!(place.run(&["ban", &address]).code, 0);
        daemon.stop();
        assert!(place.kernel.holds(&address), "{address}: {}", place.kernel.table());
    }
}
