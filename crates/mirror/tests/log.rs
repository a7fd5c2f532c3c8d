//! The log beside Debian's own, through rotation, to syslog, and when nobody takes it.

mod peer;

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use dropin::{Happening, LogTarget};
use event::{Failure, JailName, Proof};
use jiff::tz::TimeZone;
use mirror::Log;
use peer::{Peer, already_banned, banned, now, started, unbanned};

fn target(name: impl AsRef<Path>) -> LogTarget {
    LogTarget {
        name: name.as_ref().display().to_string(),
        options: Vec::new(),
        syslog_socket: "auto".to_owned(),
    }
}

fn found(jail: &str, ip: &str) -> Happening {
    let address: std::net::IpAddr = ip.parse().unwrap();
    Happening::Found {
        jail: jail.to_owned(),
        failure: Failure {
            jail: JailName::new(jail),
            subject: event::Subject::counted(address),
            address: Some(address),
            at: now(),
            account: None,
            count: 1,
            proof: Proof::Proven,
            echo: 0,
            pattern: "p".into(),
            line: "[sshd] Ban 192.0.2.66".into(),
        },
    }
}

/// Without times and process numbers.
fn bare(text: &str) -> Vec<String> {
    let blank = |line: &str| -> String {
        let (head, tail) = line.split_at(line.find(']').unwrap_or(0));
        let (time, rest) = head.split_at(23);
        let number = rest.find('[').map_or(rest.len(), |at| at + 1);
        assert!(time.chars().all(|one| one.is_ascii_digit() || "-: ,".contains(one)), "{line}");
        let tail = if tail.contains("Found") { &tail[..tail.len() - 19] } else { tail };
        format!("{}{tail}", &rest[..number])
    };
    text.lines().map(blank).collect()
}

#[test]
fn lines_are_debians_byte_for_byte() {
    let mut peer = Peer::new();
    peer.start();
    peer.client(&["set", "plain", "banip", "192.0.2.3", "2001:db8::"]);
    peer.client(&["set", "plain", "unbanip", "192.0.2.3"]);
    let line = "host sshd[7]: Failed password for root from 192.0.2.9 port 22 ssh2\n";
    fs::write(
        peer.path("auth.log"),
        format!("{} {line}", jiff::Timestamp::from_second(now().seconds()).unwrap()),
    )
    .unwrap();
    let their_log = peer.path("theirs.log");
    let theirs = || fs::read_to_string(&their_log).unwrap();
    peer.wait_for(&["ping"], |_| theirs().contains("[plain] Found"));
    peer.stop();

    let path = peer.path("ours.log");
    let log = Log::start(&target(&path), "INFO", now, TimeZone::system()).unwrap();
    log.tell(&started("plain"));
    log.tell(&banned("plain", "192.0.2.3", now(), 600, 0));
    log.tell(&banned("plain", "2001:db8::/64", now(), 600, 0));
    log.tell(&unbanned("plain", "192.0.2.3", false));
    log.tell(&found("plain", "192.0.2.9"));
    log.tell(&unbanned("plain", "2001:db8::/64", true));
    log.tell(&Happening::Stopped { jail: "plain".to_owned() });
    drop(log);
    let ours = fs::read_to_string(path).unwrap();
    assert!(ours.ends_with('\n'));
    let of_theirs: Vec<_> = bare(&theirs())
        .into_iter()
        .filter(|line| line.contains("[plain] ") || line.contains("Jail 'plain' st"))
        .collect();
    assert_eq!(bare(&ours), of_theirs);
}

#[test]
fn rotation_levels_and_targets() {
    let dir = tempfile::tempdir().unwrap();
    let (path, old, other) =
        (dir.path().join("fail2ban.log"), dir.path().join("fail2ban.log.1"), dir.path().join("other.log"));
    let log = Log::start(&target(&path), "INFO", now, TimeZone::UTC).unwrap();
    log.tell(&banned("sshd", "192.0.2.1", now(), 600, 0));
    let holds = |path: &Path, text: &str| {
        // The writer has a thread of its own.
        while !fs::read_to_string(path).is_ok_and(|told| told.contains(text)) {
            std::thread::yield_now();
        }
    };
    holds(&path, "Ban 192.0.2.1\n");
    fs::rename(&path, &old).unwrap();
    log.flush();
    log.tell(&banned("sshd", "192.0.2.2", now(), 600, 0));
    holds(&path, "Ban 192.0.2.2\n");
    assert!(!fs::read_to_string(&old).unwrap().contains("192.0.2.2"));

    log.set_level("NOTICE").unwrap();
    log.tell(&found("sshd", "192.0.2.3"));
    log.set_level("warning").unwrap();
    log.tell(&banned("sshd", "192.0.2.4", now(), 600, 0));
    log.tell(&already_banned("sshd", "192.0.2.5", 100));
    holds(&path, ": WARNING [sshd] 192.0.2.5 already banned\n");
    let told = fs::read_to_string(&path).unwrap();
    assert!(!told.contains("192.0.2.3") && !told.contains("192.0.2.4"), "{told}");
    assert!(log.set_level("LOUD").is_err());

    log.set_level("INFO").unwrap();
    let wrong = log.set_target(&target(dir.path().join("no/such/folder.log"))).unwrap_err();
    assert!(wrong.to_string().contains("folder.log"), "{wrong}");
    log.tell(&banned("sshd", "192.0.2.6", now(), 600, 0));
    holds(&path, "Ban 192.0.2.6\n");
    log.set_target(&target(&other)).unwrap();
    log.tell(&banned("sshd", "192.0.2.7", now(), 600, 0));
    holds(&other, "Ban 192.0.2.7\n");
    assert_eq!(log.lost(), 0);
}

#[test]
fn syslog_gets_datagrams_as_pythons_handler_sends_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut to = target("SYSLOG");
    to.syslog_socket = path.display().to_string();
    to.options.push(("facility".to_owned(), "LOCAL0".to_owned()));
    let log = Log::start(&to, "INFO", now, TimeZone::UTC).unwrap();
    log.tell(&banned("sshd", "192.0.2.1", now(), 600, 0));
    let mut buffer = [0; 1000];
    let mut next = |socket: &UnixDatagram| {
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let pid = std::process::id();
    assert_eq!(next(&socket), format!("<133>fail2ban.actions[{pid}]: NOTICE [sshd] Ban 192.0.2.1\0"));
    // Syslog began anew.
    drop(socket);
    fs::remove_file(&path).unwrap();
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    log.tell(&found("sshd", "192.0.2.2"));
    assert!(
        next(&socket).starts_with(&format!("<134>fail2ban.filter[{pid}]: INFO [sshd] Found 192.0.2.2 - "))
    );
    to.syslog_socket = dir.path().join("nobody").display().to_string();
    assert!(Log::start(&to, "INFO", now, TimeZone::UTC).is_err());
}

#[test]
fn a_target_that_takes_nothing_costs_lines_and_no_time() {
    // A full disk.
    let log = Log::start(&target("/dev/full"), "INFO", now, TimeZone::UTC).unwrap();
    for _ in 0..100 {
        log.tell(&found("sshd", "192.0.2.1"));
    }
    while log.lost() < 100 {
        std::thread::yield_now();
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.log");
    log.set_target(&target(&path)).unwrap();
    log.tell(&found("sshd", "192.0.2.2"));
    drop(log);
    let told = fs::read_to_string(&path).unwrap();
    assert!(told.contains("WARNING 100 lines of this log were lost"), "{told}");

    // A pipe that nobody reads any more: no writer waits for it.
    let pipe = dir.path().join("pipe");
    assert!(std::process::Command::new("/usr/bin/mkfifo").arg(&pipe).status().unwrap().success());
    assert!(Log::start(&target(&pipe), "INFO", now, TimeZone::UTC).is_err());
    let reader = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    let log = Log::start(&target(&pipe), "INFO", now, TimeZone::UTC).unwrap();
    let begin = now();
    for _ in 0..100_000 {
        log.tell(&found("sshd", "192.0.2.1"));
    }
    let took = now().since(begin);
    assert!(took < Duration::from_secs(20), "{took:?}");
    while log.lost() == 0 {
        std::thread::yield_now();
    }
    drop(log);
    drop(reader);
}
