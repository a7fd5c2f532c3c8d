//! A host that runs fail2ban changes over: its configuration, not one file of it edited, and its own client.

mod killed;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::place::{seconds_between, seconds_of};
use crate::support::{Notices, Place, until};

const JAILS: &str = "[DEFAULT]
banaction = nftables-multiport
bantime = 1h
findtime = 10m
maxretry = 3

[sshd]
enabled = true
port = ssh,2222
backend = auto
logpath = LOG
ignoreip = 192.0.2.99

[broken]
enabled = true
filter = no-such-filter
logpath = LOG
";

/// Debian's own configuration, with the jails above.
fn configuration(place: &Place) -> std::path::PathBuf {
    let folder = place.path("fail2ban");
    let copied = Command::new("cp").arg("-r").arg("/etc/fail2ban").arg(&folder).status();
    assert!(copied.is_ok_and(|status| status.success()), "Debian's fail2ban is needed: run tests/setup.sh");
    // Debian switches a jail on that reads the machine's own log.
    let _ = fs::remove_file(folder.join("jail.d/defaults-debian.conf"));
    let jails = JAILS.replace("LOG", &place.log().display().to_string());
    fs::write(folder.join("jail.local"), jails).expect("write jail.local");
    // Nothing of the machine's own fail2ban is touched.
    let own = |name: &str| place.path(name).display().to_string();
    let files = format!(
        "[Definition]\nlogtarget = {}[padding=off, datetime=off]\ndbfile = {}\npidfile = {}\n",
        own("fail2ban.log"),
        own("fail2ban.sqlite3"),
        own("fail2ban.pid")
    );
    fs::write(folder.join("fail2ban.local"), files).expect("write fail2ban.local");
    folder
}

/// What Debian's client prints, and how it ends.
fn client(place: &Place, folder: &Path, words: &[&str]) -> (i32, String) {
    let mut command = Command::new("fail2ban-client");
    command.arg("-c").arg(folder).arg("-s").arg(place.path("f2b.sock")).args(words);
    let output = command.output().expect("run fail2ban-client");
    (output.status.code().unwrap_or(-1), String::from_utf8(output.stdout).expect("it prints text"))
}

#[test]
fn fail2bans_jails_run_and_its_own_client_drives_them() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    // A pattern is shown as what it finds, as fail2ban shows it.
    let log = place.log().display().to_string();
    let jails = fs::read_to_string(folder.join("jail.local")).expect("read jail.local");
    let pattern = format!("{}*", log.strip_suffix('g').expect("a log"));
    fs::write(folder.join("jail.local"), jails.replace(&log, &pattern)).expect("write jail.local");
    let socket = place.path("f2b.sock");
    let mut notices = Notices::listen();
    let mut daemon = place.launch_with(&[], &words(&folder, &socket));
    // One broken jail does not stop the others, and is named with its file.
    let said = daemon.says("no-such-filter");
    assert!(said.contains("broken"), "{said}");
    let mut daemon = daemon.ready();

    place.fail("192.0.2.99", 5);
    place.fail("192.0.2.7", 3);
    notices.added("192.0.2.7");
    place.settle(&mut daemon);
    assert!(!place.kernel.holds("192.0.2.99"), "ignoreip is heeded");
    assert!(place.kernel.table().contains("2222"), "the jail's ports are closed, by name and by number");

    let (code, status) = client(&place, &folder, &["status", "sshd"]);
    let expected = format!(
        "Status for the jail: sshd\n|- Filter\n|  |- Currently failed:\t0\n|  |- Total failed:\t3\n|  `- File list:\t{log}\n\
         `- Actions\n   |- Currently banned:\t1\n   |- Total banned:\t1\n   `- Banned IP list:\t192.0.2.7\n"
    );
    assert_eq!((code, status.as_str()), (0, expected.as_str()));
    assert_eq!(client(&place, &folder, &["ping"]).1, "Server replied: pong\n");
    assert_eq!(client(&place, &folder, &["set", "sshd", "banip", "198.51.100.8"]).1, "1\n");
    assert!(place.kernel.holds("198.51.100.8"), "what the client is told stands already");
    assert_eq!(client(&place, &folder, &["unban", "192.0.2.7"]).1, "1\n");
    assert!(!place.kernel.holds("192.0.2.7"));

    one_file_of_a_pattern_is_left_alone(&place, &folder);
    // A change by command and a reload: counts and bans go on.
    assert_eq!(client(&place, &folder, &["set", "sshd", "maxretry", "1"]).1, "1\n");
    place.fail("192.0.2.8", 1);
    notices.added("192.0.2.8");
    assert_eq!(client(&place, &folder, &["reload"]).0, 0);
    assert_eq!(client(&place, &folder, &["get", "sshd", "maxretry"]).1, "3\n");
    assert!(place.kernel.holds("192.0.2.8") && place.kernel.holds("198.51.100.8"));

    assert_eq!(client(&place, &folder, &["stop"]).1, "Shutdown successful\n");
    let (status, said) = daemon.ends();
    assert!(status.success(), "{said}");
    assert!(place.kernel.holds("198.51.100.8"), "stopping lifts no ban");
    fail2ban_would_read_on_at_the_end(&place);
}

/// What a pattern finds can be taken away file by file, as with fail2ban; the others are read on.
fn one_file_of_a_pattern_is_left_alone(place: &Place, folder: &Path) {
    let log = place.log().display().to_string();
    let other = format!("{}gotten", log.strip_suffix('g').expect("a log"));
    fs::write(&other, "").expect("make a log");
    let both = format!("Current monitored log file(s):\n|- {log}\n`- {other}\n");
    assert_eq!(client(place, folder, &["get", "sshd", "logpath"]).1, both);
    let one = format!("Current monitored log file(s):\n`- {log}\n");
    assert_eq!(client(place, folder, &["set", "sshd", "dellogpath", &other]).1, one);
    assert_eq!(client(place, folder, &["get", "sshd", "logpath"]).1, one);
    place.fail("192.0.2.77", 2);
    let lines = fs::read_to_string(place.log()).expect("read the log");
    let lines = lines.lines().filter(|line| line.contains("192.0.2.77")).map(|line| format!("{line}\n"));
    fs::write(&other, lines.collect::<String>()).expect("write a log");
    until("the failures are counted", || {
        client(place, folder, &["status", "sshd"]).1.contains("Total failed:\t5\n")
    });
    assert!(!place.kernel.holds("192.0.2.77"));
    fs::remove_file(other).expect("remove a log");
}

/// Its database tells where the log ends, and which log that is.
fn fail2ban_would_read_on_at_the_end(place: &Place) {
    let question = "SELECT jail, path, firstlinemd5, lastfilepos FROM logs";
    let output = Command::new("sqlite3").arg(place.path("fail2ban.sqlite3")).arg(question).output();
    let told = String::from_utf8(output.expect("run sqlite3").stdout).expect("it prints text");
    let text = fs::read(place.log()).expect("read the log");
    let first_line = text.split_inclusive(|byte| *byte == b'\n').next().expect("a line");
    let sum = mirror::legacy::first_line_checksum(first_line);
    assert_eq!(told, format!("sshd|{}|{sum}|{}\n", place.log().display(), text.len()));
}

fn words<'a>(folder: &'a Path, socket: &'a Path) -> [&'a str; 4] {
    ["--fail2ban-dir", folder.to_str().unwrap(), "--fail2ban-socket", socket.to_str().unwrap()]
}

#[test]
fn bans_grow_as_the_configuration_says_until_somebody_lets_the_address_off() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    let jails = fs::read_to_string(folder.join("jail.local")).unwrap();
    let jails =
        jails.replace("bantime = 1h", "bantime = 1\nbantime.increment = true\nbantime.multipliers = 1 2 600");
    fs::write(folder.join("jail.local"), jails).unwrap();
    let socket = place.path("f2b.sock");
    let mut daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    let mut span = || {
        place.fail("192.0.2.7", 3);
        daemon.says(" ban 192.0.2.7: ");
        let ban = place.ban_of("192.0.2.7").expect("a ban");
        let span = seconds_between(&ban["since"], &ban["until"]);
        if span < 600 {
            daemon.says("the ban of 192.0.2.7 is over");
        }
        span
    };
    assert_eq!((span(), span(), span()), (1, 2, 600));
    assert_eq!(client(&place, &folder, &["set", "sshd", "unbanip", "192.0.2.7"]).1, "1\n");
    assert_eq!((span(), span()), (1, 2));
    // Also when nobody is banned any more, and over a restart.
    for _time in 0..2 {
        assert_eq!(client(&place, &folder, &["set", "sshd", "unbanip", "192.0.2.7"]).1, "0\n");
    }
    let rows = || {
        let question = "SELECT count(*) FROM bips";
        let output = Command::new("sqlite3").arg(place.path("fail2ban.sqlite3")).arg(question).output();
        String::from_utf8(output.expect("run sqlite3").stdout).expect("it prints text")
    };
    until("the database", || rows() == "0\n");
    daemon.stop();
    let mut daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    place.fail("192.0.2.7", 3);
    daemon.says(" ban 192.0.2.7: ");
    let record = place.state().join("stockade.db");
    until("the record", || lengths(&record).len() == 6);
    assert_eq!(lengths(&record), [1, 2, 600, 1, 2, 1]);
    let actions = store::Archive::open(&record).and_then(|mut archive| archive.actions(None, 99));
    let actions = actions.expect("read the record");
    let forgotten =
        actions.iter().filter(|one| one.action.detail == "how often it was banned is forgotten in sshd");
    assert_eq!(forgotten.count(), 1);
}

/// Of all bans that are over, in the order in which they began.
fn lengths(store: &Path) -> Vec<i64> {
    let mut archive = store::Archive::open(store).expect("open the record");
    let past = archive.history(None, 99).expect("read the record");
    past.iter().rev().map(|one| (one.ban.until.since(one.ban.since).as_millis() / 1000) as i64).collect()
}

#[test]
fn what_fail2ban_held_is_taken_over_and_panels_see_and_lift_bans() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    let database = place.path("fail2ban.sqlite3");
    let sql = |statement: &str| {
        // As any other program it waits while the daemon writes.
        let mut command = Command::new("sqlite3");
        command.args(["-cmd", ".timeout 5000"]).arg(&database).arg(statement);
        let output = command.output().expect("run sqlite3");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let socket = place.path("f2b.sock");
    // A database as fail2ban leaves it: ours is made in its form, and then told a ban that we know nothing of.
    let daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    daemon.stop();
    fs::remove_dir_all(place.state()).unwrap();
    let since = crate::support::place::now_seconds() - 600;
    for table in ["bans", "bips"] {
        for ip in ["192.0.2.44", "2001:db8:1:2::44"] {
            sql(&format!(
                "INSERT INTO {table} (jail, ip, timeofban, bantime, bancount, data)
                 VALUES ('sshd', '{ip}', {since}, 3600, 1, '{{\"matches\": [], \"failures\": 5}}')"
            ));
        }
    }

    let mut notices = Notices::listen();
    let mut daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    assert!(place.kernel.holds("192.0.2.44"), "{}", place.kernel.table());
    let ban = place.ban_of("192.0.2.44").expect("the ban of fail2ban's");
    assert_eq!(seconds_of(&ban["until"]), since + 3600, "the time already served counts");
    // One address of a network that is banned as a whole has no row beside it.
    for table in ["bans", "bips"] {
        let question = format!("SELECT ip FROM {table} WHERE ip LIKE '2001:%'");
        until("the database", || sql(&question) == "2001:db8:1:2::/64");
    }
    assert_eq!(client(&place, &folder, &["unban", "2001:db8:1:2::44"]).1, "1\n");
    place.fail("192.0.2.45", 3);
    notices.added("192.0.2.45");
    place.settle(&mut daemon);

    // As MikoPBX's page asks.
    let question =
        "SELECT ip FROM bans WHERE timeofban + bantime > CAST(strftime('%s', 'now') AS INTEGER) ORDER BY ip";
    until("the database", || sql(question) == "192.0.2.44\n192.0.2.45");
    sql("DELETE FROM bans WHERE ip = '192.0.2.45'");
    daemon.says("unban 192.0.2.45 by a deletion from fail2ban's database");
    notices.removed("192.0.2.45");
    assert!(place.kernel.holds("192.0.2.44"));

    // The log, as fail2ban's own readers know it.
    let log = place.path("fail2ban.log");
    until("the log", || fs::read_to_string(&log).is_ok_and(|log| log.contains("[sshd] Ban 192.0.2.45")));
    let log = fs::read_to_string(&log).unwrap();
    for line in ["[sshd] Restore Ban 192.0.2.44", "[sshd] Found 192.0.2.45 - ", "[sshd] Unban 192.0.2.45"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    // Its options are heeded from the first line on.
    assert!(log.lines().all(|line| line.starts_with("fail2ban.") && !line.contains("  ")), "{log}");
    let said = daemon.said();
    assert!(!said.contains("ERROR"), "{said}");
    // What was lifted a moment ago may have its row in the one table or the other yet; nobody is banned again by that.
    daemon.kill();
    what_was_deleted_meanwhile_is_lifted(&place, &words(&folder, &socket), &sql);
}

/// Three bans hold; one of them is deleted after a stop, one after a kill.
fn what_was_deleted_meanwhile_is_lifted(place: &Place, words: &[&str], sql: &dyn Fn(&str) -> String) {
    let all = ["192.0.2.44", "192.0.2.46", "192.0.2.47"];
    let holds = || all.map(|address| place.kernel.holds(address));
    let mut daemon = place.launch_with(&[], words).ready();
    place.fail("192.0.2.46", 3);
    place.fail("192.0.2.47", 3);
    daemon.says(" ban 192.0.2.47: ");
    let status = client(place, Path::new(words[1]), &["status", "sshd"]).1;
    assert!(status.contains("Total banned:\t3"), "what is restored counts as banned: {status}");
    until("the database", || sql("SELECT count(*) FROM bips") == "3");
    daemon.stop();
    sql("DELETE FROM bans WHERE ip = '192.0.2.46'; VACUUM");
    assert_eq!(holds(), [true; 3], "stopping lifts no ban");
    let daemon = place.launch_with(&[], words).ready();
    until("the kernel", || holds() == [true, false, true]);
    until("the database", || sql("SELECT count(*) FROM bips") == "2");
    let said = daemon.stop();
    let why = "the ban of 192.0.2.46 in sshd is lifted: its row was deleted from fail2ban's database while Stockade did not run";
    assert!(said.contains(why), "{said}");
    let daemon = place.launch_with(&[], words).ready();
    // Until then the file is one that a fail2ban may have left, and nothing is missed in it.
    until("the database", || sql("SELECT enabled FROM jails WHERE name = 'sshd'") == "1");
    daemon.kill();
    // As MikoPBX does it when its protection is switched off.
    sql("DELETE FROM bans");
    let daemon = place.launch_with(&[], words).ready();
    until("the kernel", || holds() == [false; 3]);
    daemon.stop();
    assert_eq!(sql("SELECT count(*) FROM bans"), "0");
    // Nothing is lifted because the file is gone.
    let mut daemon = place.launch_with(&[], words).ready();
    place.fail("192.0.2.47", 3);
    daemon.says(" ban 192.0.2.47: ");
    daemon.stop();
    fs::remove_file(place.path("fail2ban.sqlite3")).expect("delete the database");
    let daemon = place.launch_with(&[], words).ready();
    until("the database", || sql("SELECT ip FROM bans") == "192.0.2.47");
    assert!(place.kernel.holds("192.0.2.47"));
    daemon.stop();
}

#[test]
fn what_was_before_the_start_is_told_to_actions() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    let told = place.path("told");
    let action = format!(
        "[Definition]\nactionban = printf '%%s %%s\\n' \"<ipfailures> <ipjailfailures>\" \"$(echo \"<ipmatches>\" | wc -l)\" >> {}\n",
        told.display()
    );
    fs::write(folder.join("action.d/tell.conf"), action).unwrap();
    let jails = fs::read_to_string(folder.join("jail.local")).unwrap();
    fs::write(folder.join("jail.local"), jails.replace("bantime = 1h", "bantime = 1\naction = tell"))
        .unwrap();
    let socket = place.path("f2b.sock");
    for expected in ["3 3 3\n", "3 3 3\n6 6 6\n"] {
        let mut daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
        place.fail("192.0.2.7", 3);
        daemon.says("the ban of 192.0.2.7 is over");
        until("the action", || fs::read_to_string(&told).is_ok_and(|told| told == expected));
        daemon.stop();
    }
}

#[test]
fn the_lines_of_a_ban_are_those_since_the_one_before() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    let told = place.path("told");
    let action = format!(
        "[Definition]\nactionban = echo \"<failures> $(echo \"<matches>\" | wc -l)\" >> {}\n",
        told.display()
    );
    fs::write(folder.join("action.d/tell.conf"), action).unwrap();
    let jails = fs::read_to_string(folder.join("jail.local")).unwrap();
    fs::write(
        folder.join("jail.local"),
        jails.replace("bantime = 1h", "bantime = 1\nmaxmatches = 5\naction = tell"),
    )
    .unwrap();
    let socket = place.path("f2b.sock");
    let mut daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    for expected in ["3 3\n", "3 3\n3 3\n"] {
        place.fail("192.0.2.7", 3);
        daemon.says("the ban of 192.0.2.7 is over");
        until("the action", || fs::read_to_string(&told).is_ok_and(|told| told == expected));
    }
    daemon.stop();
}

#[test]
fn how_often_somebody_was_banned_is_the_same_after_a_restart() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    for (file, old, new) in [
        ("jail.local", "bantime = 1h", "bantime = 1h\nbantime.increment = true"),
        ("fail2ban.local", "[Definition]", "[Definition]\ndbpurgeage = 30d"),
    ] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        fs::write(folder.join(file), text.replace(old, new)).unwrap();
    }
    let socket = place.path("f2b.sock");
    place.launch_with(&[], &words(&folder, &socket)).ready().stop();
    fs::remove_dir_all(place.state()).unwrap();
    let sql = |words: &str| {
        let output = Command::new("sqlite3").arg(place.path("fail2ban.sqlite3")).arg(words).output();
        String::from_utf8(output.expect("run sqlite3").stdout).expect("it prints text")
    };
    let ten_days_ago = crate::support::place::now_seconds() - 864_000;
    sql(&format!(
        "INSERT INTO bips (ip, jail, timeofban, bantime, bancount) VALUES ('192.0.2.74', 'sshd', {ten_days_ago}, 3600, 2)"
    ));
    let daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    client(&place, &folder, &["set", "sshd", "banip", "192.0.2.74"]);
    daemon.stop();
    let count = || sql("SELECT bancount FROM bans WHERE ip = '192.0.2.74'");
    assert_eq!(count(), "3\n");
    place.launch_with(&[], &words(&folder, &socket)).ready().stop();
    assert_eq!(count(), "3\n", "a restored ban is written as it was");
}

#[test]
fn how_often_fail2ban_had_banned_is_taken_over() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    let jails = fs::read_to_string(folder.join("jail.local")).unwrap();
    fs::write(
        folder.join("jail.local"),
        jails.replace("bantime = 1h", "bantime = 1h\nbantime.increment = true"),
    )
    .unwrap();
    let socket = place.path("f2b.sock");
    place.launch_with(&[], &words(&folder, &socket)).ready().stop();
    fs::remove_dir_all(place.state()).unwrap();
    // One of the times is over, one is so old that it is forgotten, one holds yet.
    let ago = |seconds: i64| crate::support::place::now_seconds() - seconds;
    let rows = format!(
        "INSERT INTO bips (ip, jail, timeofban, bantime, bancount) VALUES ('192.0.2.71', 'sshd', {}, 3600, 2), \
         ('192.0.2.72', 'sshd', {}, 3600, 2), ('192.0.2.73', 'sshd', {}, 7200, 2)",
        ago(4000),
        ago(100_000),
        ago(600)
    );
    let sql = |statement: &str| {
        let done = Command::new("sqlite3").arg(place.path("fail2ban.sqlite3")).arg(statement).status();
        assert!(done.is_ok_and(|status| status.success()));
    };
    sql(&rows);
    let replace = |address: &str, began: i64, seconds: i64, count: u32| {
        sql(&format!(
            "REPLACE INTO bips (ip, jail, timeofban, bantime, bancount) VALUES ('{address}', 'sshd', {}, {seconds}, {count})",
            ago(began)
        ));
    };
    replace("192.0.2.74", 5000, 3600, 1);
    replace("192.0.2.75", 9000, 3600, 4);
    for _start in 0..2 {
        let daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
        let hours = |address: &str| {
            let ban = place.ban_of(address).expect("a ban");
            seconds_between(&ban["since"], &ban["until"]) / 3600
        };
        assert_eq!(hours("192.0.2.73"), 2);
        for (address, expected) in [("192.0.2.71", 4), ("192.0.2.72", 1)] {
            client(&place, &folder, &["set", "sshd", "banip", address]);
            assert_eq!(hours(address), expected, "{address}");
        }
        daemon.stop();
    }
    // fail2ban ran meanwhile: it banned the one again, and the other after it had been let off.
    replace("192.0.2.74", 1000, 600, 2);
    replace("192.0.2.75", 1000, 600, 1);
    let daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    for (address, expected) in [("192.0.2.74", 4), ("192.0.2.75", 2)] {
        client(&place, &folder, &["set", "sshd", "banip", address]);
        let ban = place.ban_of(address).expect("a ban");
        assert_eq!(seconds_between(&ban["since"], &ban["until"]) / 3600, expected, "{address}");
    }
    daemon.stop();
    // Whoever is let off begins anew.
    let daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    client(&place, &folder, &["unban", "--all"]);
    client(&place, &folder, &["set", "sshd", "banip", "192.0.2.71", "192.0.2.73"]);
    for address in ["192.0.2.71", "192.0.2.73"] {
        let ban = place.ban_of(address).expect("a ban");
        assert_eq!(seconds_between(&ban["since"], &ban["until"]), 3600, "{address}");
    }
    daemon.stop();
}
