//! Debian's fail2ban and the mirror hand a database to each other: the same bans hold, for the same time. And its recidive filter
//! finds in the log what it is to find.

mod peer;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use dropin::{Happening, LogTarget};
use event::Moment;
use jiff::tz::TimeZone;
use mirror::{Latest, Log, Terms, legacy};
use peer::{Peer, already_banned, banned, now, ours, panel, started, unbanned};

const GROWING: Terms = Terms { ban_time: 600, grows: true, max_time: None };

fn terms(jail: &str) -> Terms {
    match jail {
        "sshd" => GROWING,
        "forever" => Terms { ban_time: -1, grows: false, max_time: None },
        _ => Terms { ban_time: 600, grows: false, max_time: None },
    }
}

/// What Debian's server has banned: jail, address, since, for how long.
fn of_debian(peer: &Peer) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for jail in ["sshd", "forever", "plain"] {
        let told = peer.client(&["get", jail, "banip", "--with-time"]);
        for line in told.lines().filter(|line| !line.is_empty()) {
            // "192.0.2.1 \t2026-11-23 00:00:00 + 600 = 2026-11-23 00:10:00"
            let words: Vec<&str> = line.split_whitespace().collect();
            all.insert(format!("{jail} {} {} {} + {}", words[0], words[1], words[2], words[4]));
        }
    }
    all
}

/// What our reading of its database says, in the same words.
fn of_ours(peer: &Peer) -> BTreeSet<String> {
    let legacy = legacy::read(&peer.database(), now()).unwrap();
    let held = legacy.bans.iter().filter_map(|ban| Some((ban, ban.until(terms(&ban.jail), now())?)));
    held.map(|(ban, until)| {
        let seconds = if until == Moment::NEVER { -1 } else { until.seconds() - ban.since.seconds() };
        let since = jiff::Timestamp::from_second(ban.since.seconds()).unwrap();
        let since = since.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S");
        format!("{} {} {since} + {seconds}", ban.jail, ban.ip)
    })
    .collect()
}

#[test]
fn bans_of_debian_are_taken_over_as_debian_itself_would() {
    let mut peer = Peer::new();
    peer.start();
    peer.client(&["set", "sshd", "bantime", "1"]);
    peer.client(&["set", "sshd", "banip", "192.0.2.5"]);
    peer.wait_for(&["get", "sshd", "banip"], str::is_empty);
    peer.client(&["set", "sshd", "bantime", "600"]);
    peer.client(&["set", "sshd", "banip", "192.0.2.1", "192.0.2.5"]);
    peer.client(&["set", "forever", "banip", "192.0.2.2", "2001:db8::1"]);
    peer.client(&["set", "plain", "banip", "192.0.2.3", "192.0.2.4"]);
    peer.client(&["set", "plain", "unbanip", "192.0.2.4"]);
    peer.client(&["set", "plain", "attempt", "192.0.2.6", "one failed", "two failed", "three failed"]);
    peer.wait_for(&["get", "plain", "banip"], |told| told.contains("192.0.2.6"));
    // Its database is written a little later.
    let count = |_: &str| panel(&peer.database(), &["SELECT count(*) FROM bips"]) == "6";
    peer.wait_for(&["ping"], count);
    peer.stop();

    let legacy = legacy::read(&peer.database(), now()).unwrap();
    let grown = legacy.bans.iter().find(|ban| ban.ip == "192.0.2.5").unwrap();
    assert_eq!((grown.ban_time, grown.ban_count), (1200, 2));
    let attempted = legacy.bans.iter().find(|ban| ban.ip == "192.0.2.6").unwrap();
    assert_eq!(attempted.matches.join(","), "one failed,two failed,three failed");
    assert!(!legacy.bans.iter().any(|ban| ban.ip == "192.0.2.4"));

    let mine = of_ours(&peer);
    assert_eq!(mine.len(), 6, "{mine:?}");
    peer.start();
    peer.wait_for(&["ping"], |_| of_debian(&peer).len() == 6);
    assert_eq!(of_debian(&peer), mine);

    // Killed, it leaves a database that is read as well.
    peer.kill();
    assert_eq!(of_ours(&peer), mine);
}

#[test]
fn logs_are_known_by_the_checksum_that_debian_keeps() {
    let mut peer = Peer::new();
    std::fs::write(
        peer.path("auth.log"),
        "Nov 23 00:31:57 host sshd[1]: first\nNov 23 00:31:58 host sshd[1]: second\n",
    )
    .unwrap();
    peer.start();
    peer.stop();
    let legacy = legacy::read(&peer.database(), now()).unwrap();
    assert_eq!(legacy.offsets.len(), 3, "{legacy:?}");
    let offset = &legacy.offsets[0];
    assert!(offset.holds() && offset.offset > 0, "{offset:?}");
    assert_eq!(legacy::first_line_checksum(b"Nov 23 00:31:57 host sshd[1]: first\n"), offset.first_line_md5);
    std::fs::write(peer.path("auth.log"), format!("another first line\n{}", "x".repeat(200))).unwrap();
    assert!(!offset.holds());
}

#[test]
fn debian_restores_what_is_written_here() {
    let mut peer = Peer::new();
    let at = Moment::from_seconds(now().seconds() - 100);
    let mirror = ours(&peer.database());
    for jail in ["sshd", "forever", "plain", "gone"] {
        mirror.database.tell(&started(jail));
    }
    mirror.database.tell(&banned("sshd", "192.0.2.1", at, 600, 0));
    mirror.database.tell(&banned("sshd", "192.0.2.2", at, 4800, 3));
    mirror.database.tell(&banned("forever", "192.0.2.3", at, -1, 0));
    mirror.database.tell(&banned("forever", "2001:db8::1", at, -1, 0));
    mirror.database.tell(&banned("plain", "192.0.2.4", at, 600, 0));
    // These are over, by hand and by time.
    mirror.database.tell(&banned("plain", "192.0.2.5", at, 600, 0));
    mirror.database.tell(&unbanned("plain", "192.0.2.5", false));
    mirror.database.tell(&banned("plain", "192.0.2.6", at, 60, 0));
    mirror.database.tell(&unbanned("plain", "192.0.2.6", true));
    mirror.database.tell(&banned("gone", "192.0.2.7", at, 600, 0));
    mirror.database.tell(&Happening::Stopped { jail: "gone".to_owned() });
    drop(mirror);

    let mine: BTreeSet<String> = of_ours(&peer).into_iter().filter(|ban| !ban.starts_with("gone")).collect();
    assert_eq!(mine.len(), 5, "{mine:?}");
    peer.start();
    peer.wait_for(&["ping"], |_| of_debian(&peer).len() == 5);
    assert_eq!(of_debian(&peer), mine);
    let told = panel(
        &peer.database(),
        &["PRAGMA integrity_check", "SELECT count(*) FROM bans", "PRAGMA foreign_key_check"],
    );
    assert_eq!(told, "ok\n7");
    // And it counts on: the next ban of a repeat offender is its fifth.
    let log = || std::fs::read_to_string(peer.path("theirs.log")).unwrap();
    assert!(!log().contains("New database created") && !log().contains("ERROR"), "{}", log());
    peer.client(&["set", "sshd", "bantime", "600"]);
    peer.stop();
    let legacy = legacy::read(&peer.database(), now()).unwrap();
    assert_eq!(legacy.bans.iter().find(|ban| ban.ip == "192.0.2.2").unwrap().ban_count, 4);
    assert_eq!(legacy.bans.iter().find(|ban| ban.ip == "192.0.2.1").unwrap().matches.len(), 3);
}

#[test]
fn its_tables_are_debians_to_the_letter() {
    let mut peer = Peer::new();
    peer.start();
    peer.stop();
    let path = peer.path("ours.sqlite3");
    drop(ours(&path));
    // But for spaces, which are the text's and not the table's.
    let tables = [
        "SELECT name, replace(replace(replace(sql, ' ', ''), char(10), ''), 'IFNOTEXISTS', '') FROM sqlite_master ORDER BY name",
        "SELECT * FROM fail2banDb",
        "PRAGMA journal_mode",
    ];
    assert_eq!(panel(&path, &tables), panel(&peer.database(), &tables));
    let mode =
        |path: &std::path::Path| std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(path).unwrap());
    assert_eq!(mode(&path) & 0o777, 0o600);
}

#[test]
fn the_recidive_filter_finds_bans_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.log");
    let target =
        LogTarget { name: path.display().to_string(), options: Vec::new(), syslog_socket: "auto".to_owned() };
    let log = Log::start(&target, "INFO", now, TimeZone::system()).unwrap();
    let mut restored = banned("sshd", "192.0.2.20", now(), 600, 0);
    if let Happening::Banned { restored, .. } = &mut restored {
        *restored = true;
    }
    let mut prolonged = banned("sshd", "192.0.2.21", now(), 1200, 1);
    if let Happening::Banned { prolonged, .. } = &mut prolonged {
        *prolonged = true;
    }
    log.tell(&started("sshd"));
    log.tell(&banned("sshd", "192.0.2.1", now(), 600, 0));
    log.tell(&banned("asterisk iax", "2001:db8:1:2::/64", now(), 600, 0));
    log.tell(&banned("recidive", "192.0.2.22", now(), 600, 0));
    log.tell(&restored);
    log.tell(&prolonged);
    log.tell(&unbanned("sshd", "192.0.2.23", true));
    log.tell(&already_banned("sshd", "192.0.2.24", 5));
    log.tell(&Happening::Stopped { jail: "sshd".to_owned() });
    drop(log);

    let output = Command::new("/usr/bin/fail2ban-regex")
        .args(["-o", "ip"])
        .arg(&path)
        .arg("/etc/fail2ban/filter.d/recidive.conf")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(found.lines().collect::<Vec<_>>(), ["192.0.2.1", "2001:db8:1:2::"], "{text}");
    assert!(text.contains(" NOTICE  [sshd] Restore Ban 192.0.2.20\n"), "{text}");
    assert!(text.contains(": NOTICE  [sshd] Increase Ban 192.0.2.21 (2 # 20m -> 20"), "{text}");
    assert!(text.contains("fail2ban.jail           ["), "{text}");
    assert!(text.contains("]: INFO    Jail 'sshd' started\n"), "{text}");
}

/// What Debian's code puts together of all bans of an address: the failures, then the lines.
const MERGED: &str = "
import sys
sys.path.insert(0, '/usr/lib/python3/dist-packages')
from fail2ban.server.database import Fail2BanDb
db = Fail2BanDb(sys.argv[1])
db.maxMatches = 10
jail = type('Jail', (), {'name': sys.argv[3]})() if len(sys.argv) > 3 else None
ticket = db.getBansMerged(ip=sys.argv[2], jail=jail)
print(ticket.getAttempt(), *ticket.getMatches(), sep='|', end='')
";

#[test]
fn bans_of_an_address_are_put_together_as_debian_does() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fail2ban.sqlite3");
    let ours = ours(&path);
    let begin = now().seconds();
    let ago = |seconds: i64| Moment::from_seconds(begin - seconds);
    let ban = |jail: &str, since: Moment, lines: usize| {
        let mut told = banned(jail, "192.0.2.1", since, 600, 0);
        if let Happening::Banned { lines: told, .. } = &mut told {
            *told = (0..lines).map(|line| format!("{jail} {} {line}", since.seconds())).collect();
        }
        told
    };
    for (jail, seconds, lines) in
        [("sshd", 900, 4), ("plain", 800, 5), ("sshd", 700, 3), ("sshd", 650, 0), ("plain", 9, 2)]
    {
        ours.database.tell(&ban(jail, ago(seconds), lines));
        ours.database.tell(&unbanned(jail, "192.0.2.1", true));
    }
    ours.database.tell(&banned("sshd", "192.0.2.2", now(), 600, 0));
    ours.settle();
    panel(
        &path,
        &[
            "UPDATE bans SET data = '{}' WHERE timeofban = (SELECT max(timeofban) FROM bans WHERE jail = 'plain')",
        ],
    );
    let history = ours.database.history();
    let since = ago(0);
    let is_as_theirs = |jail: &str, is_over_all_jails: bool, since: Moment, lines: &[String]| {
        let words = if is_over_all_jails { None } else { Some(jail) };
        let mut python = Command::new("/usr/bin/python3");
        python.args(["-c", MERGED]).arg(&path).arg("192.0.2.1").args(words);
        let theirs = python.output().unwrap();
        let latest = Latest { jail, ip: "192.0.2.1", since, failures: 3, lines };
        let (failures, lines) = history.merged(&latest, is_over_all_jails).unwrap();
        let merged = std::iter::once(failures.to_string()).chain(lines).collect::<Vec<_>>().join("|");
        assert_eq!(merged, String::from_utf8_lossy(&theirs.stdout), "{jail} {theirs:?}");
        merged
    };
    let lines = ["the last".to_owned()];
    // It is not written yet; that comes a moment later, and changes nothing.
    let latest = Latest { jail: "sshd", ip: "192.0.2.1", since, failures: 3, lines: &lines };
    let before = history.merged(&latest, true).unwrap();
    let mut told = ban("sshd", since, 0);
    if let Happening::Banned { lines: told, .. } = &mut told {
        *told = lines.to_vec();
    }
    ours.database.tell(&told);
    ours.settle();
    assert_eq!(history.merged(&latest, true).unwrap(), before);
    assert_eq!(before.0, 3 * 5 + 1);
    let all = is_as_theirs("sshd", true, since, &lines);
    assert!(all.ends_with("|the last") && all.split('|').count() == 11, "{all}");
    is_as_theirs("sshd", false, since, &lines);
    is_as_theirs("plain", false, ago(9), &[]);
    assert_eq!(history.merged(&Latest { ip: "192.0.2.9", ..latest }, true).unwrap(), (3, lines.to_vec()));
    // What another program writes there keeps nobody from reading the rest.
    panel(&path, &["INSERT INTO bans VALUES('odd', '192.0.2.1', 'soon', 600, 1, '{}')"]);
    assert_eq!(history.merged(&latest, true).unwrap().0, before.0 + 1);
}
