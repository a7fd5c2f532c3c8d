//! Programs that use the database at the same time: panels that list bans, delete them or tidy the file up, and whoever replaces it.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "what was measured is told to whoever runs the tests"
)]

mod peer;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use dropin::Happening;
use event::Moment;
use mirror::Standing;
use peer::{banned, now, ours, panel, started, unbanned};

fn rows(path: &Path, table: &str) -> String {
    panel(path, &[&format!("SELECT jail, ip, bantime FROM {table} ORDER BY ip")])
}

#[test]
fn a_panel_lifts_bans_by_deleting_their_rows() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    let ours = ours(&path);
    for number in 1..=9 {
        ours.database.tell(&banned("sshd", &format!("192.0.2.{number}"), now(), 600, 0));
        ours.database.tell(&banned("asterisk", &format!("192.0.2.{number}"), now(), 600, 0));
    }
    ours.settle();
    panel(&path, &["DELETE FROM bans WHERE ip = '192.0.2.1'"]);
    let begin = now();
    assert_eq!(ours.next_lifted(), ["asterisk 192.0.2.1", "sshd 192.0.2.1"]);
    eprintln!("a deletion was noticed {} ms after the panel had ended", now().since(begin).as_millis());
    panel(&path, &["DELETE FROM bans WHERE jail = 'sshd' AND ip IN ('192.0.2.2', '192.0.2.3')", "VACUUM"]);
    assert_eq!(ours.next_lifted(), ["sshd 192.0.2.2", "sshd 192.0.2.3"]);
    // What was lifted is forgotten in the other table too, or fail2ban would take it up again.
    ours.settle();
    assert_eq!(panel(&path, &["SELECT count(*) FROM bips"]), "14");
    panel(&path, &["DELETE FROM bans", "VACUUM"]);
    assert_eq!(ours.next_lifted().len(), 14);
    ours.settle();
    assert_eq!(panel(&path, &["SELECT count(*) FROM bips"]), "0");
    // The enforcement's answer, and a ban of later.
    ours.database.tell(&unbanned("sshd", "192.0.2.9", false));
    ours.database.tell(&banned("sshd", "192.0.2.9", now(), 600, 1));
    assert!(ours.nothing_lifted());
    assert_eq!(rows(&path, "bans"), "sshd 192.0.2.9 600");
}

#[test]
fn what_is_no_deletion_of_a_ban_lifts_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    let ours = ours(&path);
    let old = Moment::from_seconds(now().seconds() - 200_000);
    ours.database.tell(&started("sshd"));
    ours.database.tell(&banned("sshd", "192.0.2.1", now(), 600, 0));
    ours.database.tell(&banned("sshd", "192.0.2.2", now(), 600, 0));
    ours.database.tell(&banned("sshd", "192.0.2.3", now(), 600, 0));
    ours.database.tell(&banned("sshd", "192.0.2.4", old, 100, 0));
    ours.database.tell(&banned("gone", "192.0.2.5", now(), 600, 0));
    ours.database.tell(&unbanned("sshd", "192.0.2.2", false));
    ours.database.tell(&unbanned("sshd", "192.0.2.3", true));
    ours.database.tell(&Happening::Stopped { jail: "gone".to_owned() });
    ours.settle();
    // What is over stays for a while; what was lifted by hand is forgotten.
    let stay = "sshd 192.0.2.1 600\nsshd 192.0.2.3 600\nsshd 192.0.2.4 100\ngone 192.0.2.5 600";
    assert_eq!(rows(&path, "bans"), stay);
    assert_eq!(panel(&path, &["SELECT name, enabled FROM jails ORDER BY name"]), "gone 0\nsshd 1");
    panel(&path, &["DELETE FROM bans WHERE ip IN ('192.0.2.3', '192.0.2.4', '192.0.2.5')", "VACUUM"]);
    assert!(ours.nothing_lifted());
    panel(
        &path,
        &["INSERT INTO bans(jail, ip, timeofban, bantime) VALUES('sshd', '192.0.2.9', 1, 1)", "VACUUM"],
    );
    assert!(ours.nothing_lifted());
    assert_eq!(rows(&path, "bans"), "sshd 192.0.2.1 600\nsshd 192.0.2.9 1");
}

#[test]
fn a_ban_told_again_or_prolonged_keeps_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    let ours = ours(&path);
    let at = now();
    ours.database.tell(&banned("sshd", "192.0.2.1", at, 600, 0));
    ours.settle();
    let mut again = banned("sshd", "192.0.2.1", at, 1200, 0);
    if let Happening::Banned { prolonged, lines, .. } = &mut again {
        *prolonged = true;
        lines.clear();
    }
    ours.database.tell(&again);
    ours.settle();
    assert_eq!(rows(&path, "bans"), "sshd 192.0.2.1 1200");
    assert_eq!(rows(&path, "bips"), "sshd 192.0.2.1 1200");
    drop(ours);
    // After a start, bans are told as restored: their rows are there, lines and all.
    let ours = peer::ours(&path);
    ours.database.tell(&again);
    ours.settle();
    assert_eq!(rows(&path, "bans"), "sshd 192.0.2.1 1200");
    assert!(panel(&path, &["SELECT data FROM bips"]).contains("failed from 192.0.2.1"));
    panel(&path, &["DELETE FROM bans"]);
    assert_eq!(ours.next_lifted(), ["sshd 192.0.2.1"]);
}

#[test]
fn a_file_that_is_deleted_replaced_or_stripped_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("storage");
    fs::create_dir(&real).unwrap();
    let (file, path) = (real.join("f2b.db"), dir.path().join("fail2ban.sqlite3"));
    // As MikoPBX has it.
    fs::write(&file, "").unwrap();
    std::os::unix::fs::symlink(&file, &path).unwrap();
    let ours = ours(&path);
    ours.database.tell(&started("sshd"));
    ours.database.tell(&banned("sshd", "192.0.2.1", now(), 600, 0));
    ours.settle();
    let stands = |what: &str| {
        ours.settle();
        assert_eq!(rows(&path, "bans"), "sshd 192.0.2.1 600", "{what}");
        assert_eq!(panel(&path, &["SELECT name, enabled FROM jails"]), "sshd 1", "{what}");
        assert!(ours.nothing_lifted(), "{what}");
    };
    fs::remove_file(&file).unwrap();
    stands("deleted");
    fs::write(real.join("new"), "").unwrap();
    fs::rename(real.join("new"), &file).unwrap();
    stands("replaced");
    panel(&path, &["DROP TABLE bans"]);
    stands("stripped");
    fs::remove_file(&path).unwrap();
    stands("the link is gone");
    fs::write(&path, "x".repeat(10_000)).unwrap();
    stands("overwritten");
    panel(&path, &["DELETE FROM bans"]);
    assert_eq!(ours.next_lifted(), ["sshd 192.0.2.1"]);
}

#[test]
fn readers_that_do_not_wait_are_not_refused_while_bans_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    let ours = ours(&path);
    let query = "SELECT jail, ip, timeofban, timeofban+bantime FROM bans WHERE timeofban+bantime > 1";
    let (mut refused, rounds) = (0, 100);
    for round in 0..rounds {
        for number in 0..50 {
            ours.database.tell(&banned("sshd", &format!("10.0.{round}.{number}"), now(), 600, 0));
        }
        let output =
            Command::new("/usr/bin/sqlite3").arg(&path).arg(query).stdin(Stdio::null()).output().unwrap();
        refused += u32::from(!output.status.success());
    }
    ours.settle();
    assert_eq!(panel(&path, &["SELECT count(*) FROM bans"]), "5000");
    eprintln!("{refused} of {rounds} readers without patience were refused");
    assert!(refused <= rounds / 4, "{refused}");
}

#[test]
fn a_lock_delays_and_an_overrun_is_made_good() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    let ours = ours(&path);
    ours.database.tell(&banned("sshd", "192.0.2.1", now(), 600, 0));
    ours.settle();
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1], isolation_level=None)\nc.execute('BEGIN EXCLUSIVE')\n\
                  print('held', flush=True)\nsys.stdin.readline()\nc.execute('COMMIT')\n";
    let mut holder = Command::new("/usr/bin/python3")
        .args(["-c", script])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let at = now();
    let address = |number: u32| format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
    let standing = |number| Standing {
        jail: "sshd".to_owned(),
        subject: address(number).parse().unwrap(),
        since: at,
        until: Moment::from_seconds(at.seconds() + 600),
        earlier: 0,
        failures: 3,
    };
    // Each with so many lines that not all of them find room.
    let count = 3_000;
    ours.database.set_bounds(50, 86_400);
    for number in 0..count {
        let mut happening = banned("sshd", &address(number), at, 600, 0);
        if let Happening::Banned { lines, .. } = &mut happening {
            *lines = vec!["x".repeat(400); 50];
        }
        ours.database.tell(&happening);
    }
    // It was lifted meanwhile, and nobody could be told.
    ours.database.tell(&unbanned("sshd", "192.0.2.1", false));
    assert!(ours.database.lost() > 0);
    *ours.standing.lock().unwrap() = Some((0..count).map(standing).collect());
    holder.stdin.take().unwrap().write_all(b"\n").unwrap();
    holder.wait().unwrap();
    let whole = || panel(&path, &["SELECT count(*), count(DISTINCT ip), min(ip) FROM bans"]);
    ours.settle();
    assert_eq!(whole(), "3000 3000 10.0.0.0");
    assert!(ours.nothing_lifted());
}
