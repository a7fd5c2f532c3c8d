//! What is found where fail2ban's database ought to be: nothing, garbage, somebody else's file, older versions, what a killed writer left.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what was measured is told to whoever runs the tests"
)]

mod peer;

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use event::Moment;
use mirror::{Database, Legacy, MirrorError, Seal, legacy};
use peer::{banned, now, ours, panel, started};

#[test]
fn what_is_not_fail2bans_is_told_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    assert_eq!(legacy::read(&path, now()).unwrap(), Legacy::default());
    fs::write(&path, "").unwrap();
    assert_eq!(legacy::read(&path, now()).unwrap(), Legacy::default());
    let refuse = |what: &str| {
        let before = fs::read(&path).unwrap();
        let wrong = legacy::read(&path, now()).unwrap_err();
        assert!(wrong.to_string().contains("fail2ban.sqlite3"), "{what}: {wrong}");
        let (sender, _) = std::sync::mpsc::channel();
        let host = peer::Enforcer::new(sender);
        assert!(Database::open(Some(&path), Seal::default(), Box::new(host)).is_err(), "{what}");
        assert_eq!(fs::read(&path).unwrap(), before, "{what}");
        fs::remove_file(&path).unwrap();
    };
    fs::write(&path, "not a database at all, but quite long".repeat(100)).unwrap();
    refuse("text");
    panel(&path, &["CREATE TABLE contacts(name TEXT)", "INSERT INTO contacts VALUES('Ann')"]);
    refuse("somebody else's");
    drop(ours(&path));
    panel(&path, &["UPDATE fail2banDb SET version = 5"]);
    assert!(matches!(legacy::read(&path, now()), Err(MirrorError::Newer { found: 5, .. })));
    refuse("newer");
    fs::create_dir(&path).unwrap();
    assert!(legacy::read(&path, now()).is_err());
}

#[test]
fn a_damaged_database_is_an_error_to_read_and_set_aside_to_write() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    let first = ours(&path);
    for number in 0..2000 {
        first.database.tell(&banned(
            "sshd",
            &format!("10.0.{}.{}", number / 250, number % 250),
            now(),
            600,
            0,
        ));
    }
    first.settle();
    drop(first);
    let whole = fs::read(&path).unwrap();
    // Wherever it is damaged, it is read or refused, and never worse.
    for from in (100..whole.len()).step_by(whole.len() / 40) {
        let mut damaged = whole.clone();
        let until = (from + 3000).min(damaged.len());
        damaged[from..until].fill(0xa5);
        fs::write(&path, &damaged).unwrap();
        if let Err(wrong) = legacy::read(&path, now()) {
            assert!(wrong.to_string().contains("fail2ban.sqlite3"), "{wrong}");
        }
    }
    let mut damaged = whole.clone();
    let middle = whole.len() / 2;
    damaged[middle..middle + 20_000].fill(0xa5);
    fs::write(&path, &damaged).unwrap();
    let again = ours(&path);
    again.database.tell(&banned("sshd", "192.0.2.1", now(), 600, 0));
    again.settle();
    assert_eq!(panel(&path, &["SELECT ip FROM bans"]), "192.0.2.1");
    let aside = fs::read_dir(dir.path())
        .unwrap()
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().starts_with("fail2ban.sqlite3.20"));
    assert_eq!(fs::read(aside.unwrap().path()).unwrap(), damaged);
}

/// The tables as fail2ban 0.8, 0.9 and 0.10 made them, by their version.
fn old(path: &Path, version: i64, since: i64) {
    let more =
        if version == 3 { "bantime INTEGER NOT NULL, bancount INTEGER NOT NULL default 1, " } else { "" };
    let rows = if version == 3 { "600, 2, " } else { "" };
    panel(
        path,
        &[
            "CREATE TABLE fail2banDb(version INTEGER)",
            &format!("INSERT INTO fail2banDb VALUES({version})"),
            "CREATE TABLE jails(name TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL DEFAULT 1)",
            "INSERT INTO jails VALUES('sshd', 1)",
            "CREATE TABLE logs(jail TEXT NOT NULL, path TEXT, firstlinemd5 TEXT, lastfilepos INTEGER DEFAULT 0, UNIQUE(jail, path, firstlinemd5))",
            "INSERT INTO logs VALUES('sshd', '/var/log/auth.log', 'd41d8cd98f00b204e9800998ecf8427e', 7)",
            &format!(
                "CREATE TABLE bans(jail TEXT NOT NULL, ip TEXT, timeofban INTEGER NOT NULL, {more}data JSON)"
            ),
            "CREATE INDEX bans_jail_ip ON bans(jail, ip)",
            &format!(
                "INSERT INTO bans VALUES('sshd', '192.0.2.1', {}, {rows}'{{\"failures\": 5}}')",
                since - 5000
            ),
            &format!("INSERT INTO bans VALUES('sshd', '192.0.2.1', {since}, {rows}'{{\"failures\": 3}}')"),
        ],
    );
}

#[test]
fn older_versions_are_read_and_brought_up() {
    for version in 1..=3 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fail2ban.sqlite3");
        let since = now().seconds() - 100;
        old(&path, version, since);
        let read = legacy::read(&path, now()).unwrap();
        let told: Vec<_> =
            read.bans.iter().map(|ban| (ban.since.seconds(), ban.ban_time, ban.failures)).collect();
        assert_eq!(told, [(since, if version == 3 { 600 } else { -2 }, 3)], "{version}");
        assert_eq!(read.offsets[0].offset, 7);
        let ours = ours(&path);
        ours.database.tell(&started("sshd"));
        ours.database.tell(&banned("sshd", "192.0.2.2", now(), 600, 0));
        ours.settle();
        drop(ours);
        assert_eq!(legacy::read(&path, now()).unwrap().bans.len(), 2, "{version}");
        let told = panel(
            &path,
            &[
                "SELECT version FROM fail2banDb",
                "SELECT count(*) FROM bans",
                "SELECT count(*) FROM logs",
                "PRAGMA integrity_check",
                "PRAGMA foreign_key_check",
            ],
        );
        assert_eq!(told, "4\n3\n1\nok", "{version}");
    }
}

#[test]
fn a_log_ahead_left_by_a_killed_writer_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    drop(ours(&path));
    let script = "import sqlite3, sys, os, signal\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('PRAGMA journal_mode = WAL')\n\
                  c.execute('BEGIN')\nc.execute(\"INSERT INTO bips(ip, jail, timeofban, bantime) VALUES('192.0.2.1', 'sshd', 4000000000, -1)\")\n\
                  c.execute('COMMIT')\nos.kill(os.getpid(), signal.SIGKILL)\n";
    Command::new("/usr/bin/python3").args(["-c", script]).arg(&path).status().unwrap();
    assert!(dir.path().join("fail2ban.sqlite3-wal").exists());
    assert_eq!(legacy::read(&path, now()).unwrap().bans.len(), 1);
}

const FOLDER: &str = "MIRROR_KILL_TEST_FOLDER";

#[test]
#[ignore = "started and killed by the test below"]
fn writes_until_it_is_killed() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let ours = ours(&Path::new(&folder).join("fail2ban.sqlite3"));
    let start = now().millis();
    for number in 0_u32.. {
        let (high, low) = (number >> 8 & 255, number & 255);
        let ip = format!("10.{}.{high}.{low}", start.rem_euclid(200));
        ours.database.tell(&banned("sshd", &ip, now(), 600, 0));
        if number % 50 == 49 {
            ours.settle();
            println!("{number}");
        }
    }
}

#[test]
fn a_kill_while_writing_breaks_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    for kill in 0..20 {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_it_is_killed", "--ignored", "--nocapture"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let patience = usize::try_from(1 + RandomState::new().hash_one(kill) % 20).unwrap();
        let lines = BufReader::new(writer.stdout.take().unwrap()).lines().map_while(Result::ok);
        let written = lines.filter_map(|line| line.parse::<u32>().ok()).nth(patience).unwrap();
        writer.kill().unwrap();
        writer.wait().unwrap();
        let bans = legacy::read(&path, now()).unwrap().bans.len();
        assert!(bans > written as usize, "kill {kill}: {bans} of {written}");
        assert_eq!(panel(&path, &["PRAGMA integrity_check"]), "ok", "kill {kill}");
    }
}

#[test]
fn a_hundred_thousand_bans() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    let ours = ours(&path);
    let begin = now();
    let since = |begin: Moment| format!("{} ms", now().since(begin).as_millis());
    for number in 0..100_000_u32 {
        let ip = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
        ours.database.tell(&banned("sshd", &ip, begin, 600, 0));
    }
    ours.settle();
    assert_eq!(ours.database.lost(), 0);
    eprintln!("100000 bans written in {}, {} bytes", since(begin), fs::metadata(&path).unwrap().len());
    panel(&path, &["DELETE FROM bans WHERE ip = '10.0.0.7'"]);
    let begin = now();
    assert_eq!(ours.next_lifted(), ["sshd 10.0.0.7"]);
    eprintln!("one of them deleted: noticed {} after the panel had ended", since(begin));
    // A third of a second on an idle machine; what must not come back is a look at every row for each one.
    assert!(now().since(begin) < Duration::from_secs(5));
    panel(&path, &["DELETE FROM bans"]);
    let begin = now();
    let (lifted, _) = ours.lifted.recv_timeout(Duration::from_secs(10)).unwrap();
    eprintln!("all deleted: noticed {} after the panel had ended", since(begin));
    assert_eq!(lifted.len(), 99_999);
    ours.settle();
    eprintln!("all forgotten in {}", since(begin));
    drop(ours);
    let ours = peer::ours(&path);
    for number in 0..100_000_u32 {
        let ip = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
        ours.database.tell(&banned("sshd", &ip, begin, 600, 0));
    }
    ours.settle();
    drop(ours);
    let begin = now();
    assert_eq!(legacy::read(&path, begin).unwrap().bans.len(), 100_000);
    eprintln!("100000 bans read in {}", since(begin));
    let begin = now();
    drop(peer::ours(&path));
    eprintln!("opened and closed in {}", since(begin));
}
