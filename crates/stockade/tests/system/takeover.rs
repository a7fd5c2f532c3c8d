//! A host that runs fail2ban changes over: its configuration, not one file of it edited, and its own client.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Notices, Place};

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
    let socket = place.path("f2b.sock");
    let words = ["--fail2ban-dir", folder.to_str().unwrap(), "--fail2ban-socket", socket.to_str().unwrap()];
    let mut notices = Notices::listen();
    let mut daemon = place.launch_with(&[], &words);
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
    let log = place.log().display().to_string();
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
}

#[test]
fn bans_grow_as_the_configuration_says() {
    let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
    let folder = configuration(&place);
    let jails = fs::read_to_string(folder.join("jail.local")).unwrap();
    let jails = jails
        .replace("bantime = 1h", "bantime = 100\nbantime.increment = true\nbantime.multipliers = 1 5 30");
    fs::write(folder.join("jail.local"), jails).unwrap();
    let socket = place.path("f2b.sock");
    let words = ["--fail2ban-dir", folder.to_str().unwrap(), "--fail2ban-socket", socket.to_str().unwrap()];
    let mut daemon = place.launch_with(&[], &words).ready();
    let mut spans = Vec::new();
    for _ in 0..3 {
        place.fail("192.0.2.7", 3);
        daemon.says(" ban 192.0.2.7: ");
        let ban = place.ban_of("192.0.2.7").expect("a ban");
        spans.push(crate::support::place::seconds_between(&ban["since"], &ban["until"]));
        assert_eq!(client(&place, &folder, &["set", "sshd", "unbanip", "192.0.2.7"]).1, "1\n");
    }
    assert_eq!(spans, [100, 500, 3000]);
}
