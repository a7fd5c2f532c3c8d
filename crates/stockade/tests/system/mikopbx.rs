//! MikoPBX on Stockade, from its first start of fail2ban to the last stop: the files that its PHP writes, its services' logs, the commands that it
//! gives, its page's question to the database. Its filters have the defects that are known of them.

mod pbx;

use std::fs;
use std::path::Path;

use crate::support::place::append;
use crate::support::{Deadline, Notices, until};
use pbx::{JAILS, MODULE, Pbx, event};

/// A save in its page writes all files anew and asks for a reload: so many saves.
const RELOADS: u32 = 8;

/// The attacker of each jail.
fn attackers() -> Vec<(&'static str, String)> {
    let jails = JAILS.iter().map(|jail| jail.0).chain([MODULE]);
    jails.enumerate().map(|(number, jail)| (jail, format!("198.51.100.{}", 20 + number))).collect()
}

fn rows(attackers: &[(&str, String)]) -> Vec<String> {
    let mut rows: Vec<String> =
        attackers.iter().map(|(jail, address)| format!("{jail} {address} 43200")).collect();
    rows.sort();
    rows
}

#[test]
fn from_the_first_start_to_the_last_stop() {
    let pbx = Pbx::new();
    let mut notices = Notices::listen();
    start(&pbx);
    every_jail_bans(&pbx, &mut notices);
    let attackers = attackers();
    until("the page lists all", || pbx.listed() == rows(&attackers));
    unban_and_log_target(&pbx);
    reload_often(&pbx);
    // What stood before the reloads was never gone.
    for (_, address) in &attackers[1..] {
        assert!(pbx.place.kernel.holds(address) && notices.of(address).len() == 1, "{address}");
    }
    let known = stop(&pbx);
    // Bans outlive the program, in the kernel and in the page.
    assert_eq!(pbx.listed(), rows(&attackers[1..]));
    assert!(pbx.place.kernel.holds(&attackers[1].1));
    start(&pbx);
    assert_ne!(pbx.pid(), Some(known));
    assert_eq!(pbx.listed(), rows(&attackers[1..]));
    // Protection is switched off in the page.
    pbx.php("$db->exec('DELETE FROM bans');");
    for (_, address) in &attackers[1..] {
        until("all are let in", || !pbx.place.kernel.holds(address));
    }
    assert_eq!(pbx.listed(), Vec::<String>::new());
    // And once more, with fail2ban stopped first.
    let (jail, address) = &attackers[4];
    pbx.attack(jail, address, 3);
    notices.added(address);
    until("the page lists it", || pbx.listed() == rows(&attackers[4..5]));
    stop(&pbx);
    pbx.php("$db->exec('DELETE FROM bans');");
    start(&pbx);
    until("it is let in", || !pbx.place.kernel.holds(address));
    assert_eq!(pbx.listed(), Vec::<String>::new());
    stop(&pbx);
}

/// As its PHP does it: a VACUUM, the start, and so many seconds of asking until it answers.
fn start(pbx: &Pbx) {
    pbx.php("$db->exec('VACUUM');");
    let begun = Deadline::start();
    let started = pbx.shell("fail2ban-client -x start");
    assert_eq!((started.code, started.out.as_str()), (0, "Server ready\n"), "{started:?}");
    assert_eq!(pbx.shell("fail2ban-client ping").out, "Server replied: pong\n");
    assert!(begun.elapsed().as_secs() < 15, "its PHP has given up");
    let pid = pbx.pid().expect("a pid file").as_raw_nonzero();
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).expect("it runs");
    assert_eq!(name, "fail2ban-server\n");
    let found = pbx.shell("pidof fail2ban-server").out;
    assert!(found.split_whitespace().any(|one| one == pid.to_string()), "{found}");
    let link = pbx.place.path("lib/fail2ban.sqlite3");
    assert!(link.is_symlink() && link.exists(), "the database is another file now");
    let status = pbx.debians(&["status"]).out;
    let mut jails: Vec<_> = JAILS.iter().map(|jail| jail.0).chain([MODULE]).collect();
    jails.sort_unstable();
    assert!(status.ends_with(&format!("Jail list:\t{}\n", jails.join(", "))), "{status}");
}

/// Says how it ends, and which process it was.
fn stop(pbx: &Pbx) -> rustix::process::Pid {
    let pid = pbx.pid().expect("a pid file");
    let stopped = pbx.shell("fail2ban-client -x stop");
    assert_eq!((stopped.code, stopped.out.as_str()), (0, "Shutdown successful\n"), "{stopped:?}");
    assert!(
        !Path::new(&format!("/proc/{}/exe", pid.as_raw_nonzero())).exists(),
        "the client waits for its end"
    );
    assert!(!pbx.place.path("run/fail2ban.sock").exists() && !pbx.place.path("run/fail2ban.pid").exists());
    pid
}

fn every_jail_bans(pbx: &Pbx, notices: &mut Notices) {
    // Those who are ignored come first, so that they would be banned by now.
    append(
        &pbx.log("security_log"),
        &format!("[2026-11-23 00:00:00] {}\n", event("InvalidPassword", "AMI", "198.51.100.9")).repeat(5),
    );
    for (jail, address) in attackers() {
        pbx.attack(jail, "203.0.113.9", 5);
        pbx.attack(jail, &address, 3);
        let set = notices.added(&address);
        assert!(set.contains(jail), "{jail} bans {address} in {set}");
    }
    let kernel = &pbx.place.kernel;
    assert!(!kernel.holds("203.0.113.9"), "ignoreip is heeded");
    assert!(!kernel.holds("198.51.100.9"), "ignoreregex is heeded");
    // Its action names both protocols, whatever `protocol` says; the module's is tcp alone.
    for protocol in ["tcp", "udp"] {
        let closed = pbx.guarded(protocol);
        for port in ["22", "80", "443", "5060-5061", "4569", "10000-10200", "8089", "5038", "8088"] {
            assert!(closed.split_whitespace().any(|word| word == port), "{protocol} {port}: {closed}");
        }
        let is_module_s = closed.contains("10201-65535 : goto jail_module_example");
        assert_eq!(is_module_s, protocol == "tcp", "{closed}");
    }
}

/// From the page's list, one is let in; and the log goes elsewhere.
fn unban_and_log_target(pbx: &Pbx) {
    let (_, address) = attackers().swap_remove(0);
    let unbanned = pbx.shell(&format!("fail2ban-client unban {address}"));
    assert_eq!((unbanned.code, unbanned.out.as_str()), (0, "1\n"));
    assert!(!pbx.place.kernel.holds(&address));
    until("the page lists it no more", || pbx.listed() == rows(&attackers()[1..]));
    let log = pbx.log("moved.log").display().to_string();
    let moved = pbx.shell(&format!("fail2ban-client set logtarget {log}"));
    assert!(moved.code == 0 && moved.out.contains(&log), "{moved:?}");
    let before = fs::read_to_string(pbx.log("fail2ban.log")).expect("a log");
    for (jail, address) in attackers() {
        assert!(before.contains(&format!("[{jail}] Found {address} - ")), "{jail} {before}");
        assert!(before.contains(&format!("NOTICE  [{jail}] Ban {address}\n")), "{jail} {before}");
    }
    assert!(before.contains(&format!("NOTICE  [dropbear] Unban {address}\n")), "{before}");
}

/// Many saves, one after the other. What Debian's client takes by itself to start and to read the files is measured beside it: `-t` reads
/// and sends nothing.
fn reload_often(pbx: &Pbx) {
    let begun = Deadline::start();
    for _ in 0..RELOADS {
        assert_eq!(pbx.debians(&["-t"]).code, 0);
    }
    let alone = begun.elapsed() / RELOADS;
    let begun = Deadline::start();
    for save in 0..RELOADS {
        pbx.write(3 + save % 2);
        let reloaded = pbx.debians(&["reload"]);
        assert_eq!((reloaded.code, reloaded.out.as_str()), (0, "OK\n"), "{reloaded:?}");
    }
    let whole = begun.elapsed() / RELOADS;
    let ours = whole.saturating_sub(alone);
    eprintln!(
        "a reload of 10 jails: {whole:?} with Debian's client, which takes {alone:?} for its test of the files alone"
    );
    assert!(ours.as_millis() < 1000, "a save in the page is felt");
    assert_eq!(pbx.shell("fail2ban-client get dropbear maxretry").out, "4\n");
    pbx.write(3);
    assert_eq!(pbx.shell("fail2ban-client reload").out, "OK\n");
}

/// The five that are known, in the files with which the other test runs.
#[test]
fn its_known_defects_are_named() {
    let pbx = Pbx::new();
    let folder = pbx.place.path("fail2ban").display().to_string();
    let answer = pbx.place.run(&["lint", "--fail2ban-dir", &folder, "--json"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let found = answer.json();
    let found: Vec<String> = found.as_array().expect("a list").iter().map(|one| one.to_string()).collect();
    let known = [
        ("impossible-start", "asterisk-main.conf", "hacking attempt"),
        ("address-from-header", "asterisk-main.conf", "Failed to authenticate (?:user|device)"),
        ("address-from-header", "asterisk-main.conf", "Sending fake auth rejection"),
        ("character-by-character", "mikopbx-www.conf", "UserAgent"),
        ("impossible-end", "asterisk-iax.conf", "IAX2"),
    ];
    for (kind, file, text) in known {
        let is_meant = |one: &&String| one.contains(kind) && one.contains(file) && one.contains(text);
        assert!(found.iter().any(|one| is_meant(&one)), "{kind} in {file}: {}", found.join("\n"));
    }
}
