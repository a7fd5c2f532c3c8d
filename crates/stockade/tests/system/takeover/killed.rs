//! A kill just behind an unban: fail2ban's database could not be written any more, and is put right at the next start.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use super::{client, configuration, words};
use crate::support::{Place, until};

#[test]
fn a_ban_lifted_just_before_a_kill_has_no_row_for_fail2ban_to_restore() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    let socket = place.path("f2b.sock");
    let database = place.path("fail2ban.sqlite3");
    let sql = |statement: &str| {
        let output = Command::new("sqlite3").arg(&database).arg(statement).output().expect("run sqlite3");
        String::from_utf8(output.stdout).expect("it prints text")
    };
    let daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    for address in ["192.0.2.51", "192.0.2.52"] {
        assert_eq!(client(&place, &folder, &["set", "sshd", "banip", address]).1, "1\n");
    }
    let rows = "SELECT ip FROM bips UNION ALL SELECT ip FROM bans ORDER BY ip";
    let both = "192.0.2.51\n192.0.2.51\n192.0.2.52\n192.0.2.52\n";
    until("the database", || sql(rows) == both);
    // Somebody writes there, and the kill comes before the daemon has its turn.
    let mut writer = Command::new("sqlite3");
    writer.arg(&database).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut writer = writer.spawn().expect("run sqlite3");
    let mut input = writer.stdin.take().expect("an input");
    input.write_all(b"BEGIN IMMEDIATE;\nSELECT 'held';\n").expect("write");
    let mut held = [0; 5];
    writer.stdout.take().expect("an output").read_exact(&mut held).expect("the lock");
    assert_eq!(client(&place, &folder, &["unban", "192.0.2.51"]).1, "1\n");
    daemon.kill();
    drop(input);
    writer.wait().expect("sqlite3 ends");
    assert_eq!(sql(rows), both, "nothing could be written before the kill");

    let daemon = place.launch_with(&[], &words(&folder, &socket)).ready();
    until("the database", || sql(rows) == "192.0.2.52\n192.0.2.52\n");
    assert!(!place.kernel.holds("192.0.2.51") && place.kernel.holds("192.0.2.52"));
    daemon.stop();
}
