//! New settings while it runs.

use crate::support::words::refused;
use crate::support::{Notices, Place};

const WHO: &str = "192.0.2.1";

#[test]
fn new_limits_hold_at_once_for_what_was_counted_before() {
    let place = Place::new("[defaults]\nmax_retry = 10\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 3);
    place.settle(&mut daemon);

    place.configure("[defaults]\nmax_retry = 9\n");
    daemon.says("new settings (");
    assert!(daemon.said().contains("stockade.toml changed"), "{}", daemon.said());
    assert_eq!(place.json(&["status", "sshd"])["jails"][0]["max_retry"], 9);
    assert_eq!(place.counted(WHO, "sshd"), 3);

    daemon.hang_up();
    daemon.says("new settings (SIGHUP)");
    assert_eq!(place.counted(WHO, "sshd"), 3);

    place.configure("[defaults]\nmax_retry = 4\n");
    daemon.says("stockade.toml changed");
    let reload = place.run(&["reload"]);
    assert!(reload.code == 0 && reload.out.contains("jails are on"), "{reload:?}");
    daemon.says("new settings (asked by root)");
    assert_eq!(place.ban_of(WHO), None);
    place.fail(WHO, 1);
    assert_eq!(notices.added(WHO), "sshd_v4");
    assert_eq!(place.ban_of(WHO).expect("it is banned")["failures"], 4);
}

#[test]
fn broken_settings_are_told_with_every_line_and_the_old_ones_stay() {
    let place = Place::new("[defaults]\nmax_retry = 2\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.configure("[defaults]\nmax_retry = 'many'\nfind_time = '10 fortnights'\n");
    daemon.says("stockade.toml:2: ");
    daemon.says("stockade.toml:3: find_time '10 fortnights' is not a duration");
    let reload = place.run(&["reload"]);
    assert_eq!(reload.code, 1, "{reload:?}");
    for wanted in ["stockade.toml:2: ", "stockade.toml:3: ", "the old settings stay"] {
        assert!(reload.out.contains(wanted), "{wanted}: {reload:?}");
    }
    let status = place.json(&["status"]);
    let attention = status["attention"].to_string();
    assert!(attention.contains("the old ones stay") && attention.contains("stockade.toml:3"), "{status}");
    place.fail(WHO, 2);
    notices.added(WHO);

    place.configure("[defaults]\nmax_retry = 3\n");
    daemon.says("new settings (");
    assert_eq!(place.json(&["status"])["attention"], serde_json::json!([]));
}

#[test]
fn a_new_pattern_that_finds_a_file_that_is_read_already_counts_nothing_twice() {
    let off = "[jails.gate]\nenabled = false\n";
    let place = Place::new(&format!("[defaults]\nmax_retry = 100\n{off}"));
    let mut daemon = place.start();
    place.fail(WHO, 3);
    place.append(&refused(WHO).repeat(2));
    place.settle(&mut daemon);
    let (log, glob) = (place.log(), place.path("*.log"));
    place.configure(&format!(
        "[defaults]\nmax_retry = 100\n[jails.gate]\nenabled = true\nlogs = [{glob:?}, {log:?}, {log:?}]\n"
    ));
    daemon.says("new settings (");
    // The readers answer behind the new list of what to read.
    assert_eq!(place.run(&["status", "gate"]).code, 0);
    place.fail(WHO, 1);
    place.append(&refused(WHO));
    place.settle(&mut daemon);
    assert_eq!((place.counted(WHO, "sshd"), place.counted(WHO, "gate")), (4, 1));
    daemon.kill();
    let _daemon = place.start();
    assert_eq!((place.counted(WHO, "sshd"), place.counted(WHO, "gate")), (4, 1));
}

#[test]
fn a_log_that_is_no_glob_is_a_complaint_like_any_other() {
    let place = Place::new("[defaults]\nmax_retry = 2\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.configure("[jails.sshd]\nenabled = true\nlogs = '/var/log/[auth.log'\n");
    let line = daemon.says("'[auth.log' is not a glob");
    assert!(line.contains("stockade.toml:1: jail sshd: "), "{line}");
    place.fail(WHO, 2);
    notices.added(WHO);
}

#[test]
fn a_setting_that_needs_a_restart_says_so() {
    let place = Place::new("");
    let mut daemon = place.start();
    place.configure("[enforcement]\nmode = 'observe'\n[log]\nlevel = 'debug'\n");
    daemon.says("new settings (");
    let attention = place.json(&["status"])["attention"].to_string();
    assert!(
        attention.contains("mode in [enforcement] and level in [log] holds from the next start"),
        "{attention}"
    );
    place.configure("");
    daemon.says("new settings (");
    assert_eq!(place.json(&["status"])["attention"], serde_json::json!([]));
}

#[test]
fn a_new_whitelist_entry_lifts_the_ban() {
    let place = Place::new("[defaults]\nmax_retry = 2\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 2);
    notices.added(WHO);
    place.configure("[defaults]\nmax_retry = 2\n[whitelist]\naddresses = '192.0.2.0/28'\n");
    daemon.says("unban 192.0.2.1 by the whitelist");
    assert_eq!(place.ban_of(WHO), None);
    notices.removed(WHO);
    assert!(!place.kernel.holds(WHO));
    let why = place.run(&["why", WHO]);
    assert!(why.code == 1 && why.out.contains("on the whitelist as 192.0.2.0/28"), "{why:?}");
}

#[test]
fn the_one_switch_lifts_all_bans_and_brings_them_back() {
    let place = Place::new("[defaults]\nmax_retry = 2\n");
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    place.fail(WHO, 2);
    notices.added(WHO);
    place.configure("enabled = false\n[defaults]\nmax_retry = 2\n");
    daemon.says("new settings (");
    notices.removed(WHO);
    let status = place.json(&["status"]);
    assert!(status["attention"].to_string().contains("switched off"), "{status}");
    place.configure("[defaults]\nmax_retry = 2\n");
    notices.added(WHO);
}

#[test]
fn a_jail_that_is_switched_off_bans_nobody_any_more_and_another_one_begins() {
    let off = "[jails.gate]\nenabled = false\n";
    let place = Place::new(&format!("[defaults]\nmax_retry = 2\n{off}"));
    let mut daemon = place.start();
    let mut notices = Notices::listen();
    assert_eq!(place.run(&["status", "gate"]).code, 1);
    place.configure("[defaults]\nmax_retry = 2\n[jails.sshd]\nenabled = false\n");
    daemon.says("new settings (");
    // The readers answer behind the new list of what to read.
    assert_eq!(place.run(&["status", "gate"]).code, 0);
    place.fail(WHO, 2);
    place.append(&refused("192.0.2.2").repeat(2));
    assert_eq!(notices.added("192.0.2.2"), "gate_v4");
    assert_eq!((place.ban_of(WHO), place.run(&["status", "sshd"]).code), (None, 1));
}
