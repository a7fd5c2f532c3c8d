//! Jails that read the journal: the same files and the same configuration, given to Debian's fail2ban with its library of the journal and to ours.
//! What differs is compared by address, time and the lines that are kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::debian::Debian;
use super::{Ban, banned, configuration, differences};
use crate::support::deadline::now;
use crate::support::journal::Journal;
use crate::support::{Daemon, Deadline, Place};

/// The jails: name, what stands in the section, and what its service writes: identifier, fields, message.
type Jail = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], &'static str);

const JAILS: [Jail; 9] = [
    (
        "sshd",
        "backend = systemd[journalpath=FOLDER]",
        "sshd",
        &[("_SYSTEMD_UNIT", "sshd.service")],
        "Failed password for root from ADDRESS port 40000 ssh2",
    ),
    (
        "postfix",
        "backend = systemd[journalpath=FOLDER, journalflags=0]",
        "postfix/smtpd",
        &[("_SYSTEMD_UNIT", "postfix.service")],
        "NOQUEUE: reject: RCPT from unknown[ADDRESS]: 450 4.7.1 <x>: Helo command rejected: Host not found; from=<> to=<> \
         proto=ESMTP helo=<x>",
    ),
    (
        "dovecot",
        "backend = systemd[journalfiles=FOLDER/own.journal]",
        "dovecot",
        &[("_SYSTEMD_UNIT", "dovecot.service")],
        "pop3-login: Aborted login (auth failed, 1 attempts in 2 secs): user=<x>, method=PLAIN, rip=ADDRESS, lip=192.0.2.250",
    ),
    (
        "asterisk",
        "maxretry = 3\nbackend = systemd[journalfiles=\"FOLDER/none FOLDER/*.journal\"]",
        "asterisk",
        &[("_SYSTEMD_UNIT", "asterisk.service")],
        "[2012-02-13 17:21:54] NOTICE[1638] chan_sip.c: Registration from '<sip:301@example.com>' failed for 'ADDRESS' - Wrong password",
    ),
    (
        "recidive",
        "backend = systemd[journalpath=FOLDER]\nbantime = 1h\nfindtime = 10m",
        "fail2ban.actions",
        &[("_SYSTEMD_UNIT", "fail2ban.service"), ("PRIORITY", "5")],
        "NOTICE [other] Ban ADDRESS",
    ),
    (
        "two",
        "filter =\nbackend = systemd[journalpath=FOLDER]\nfailregex = ^\\s*box door\\[\\d+\\]: knock of <ADDR>$\n\
         journalmatch = _SYSTEMD_UNIT=one.service _SYSTEMD_UNIT=two.service",
        "door",
        &[("_SYSTEMD_UNIT", "two.service")],
        "knock of ADDRESS",
    ),
    (
        "several",
        "filter =\nbackend = systemd[journalpath=FOLDER]\nfailregex = ^box gate\\[\\d+\\]: push of <ADDR>$\n\
         journalmatch = _SYSTEMD_UNIT=nothing.service _UID=7\n    _COMM=\"a b\" PRIORITY=4 + _COMM=nothing",
        "gate",
        &[("_COMM", "a b"), ("PRIORITY", "4")],
        "push of ADDRESS",
    ),
    (
        "spans",
        "filter =\nbackend = systemd[journalpath=FOLDER]\nmaxlines = 4\ndatepattern = {NONE}\n\
         failregex = ^box wall\\[(?P<pid>\\d+)\\]: climb of <ADDR>\\\\nby night$<SKIPLINES>^box wall\\[(?P=pid)\\]: climb\n\
         journalmatch = _SYSTEMD_UNIT=wall.service",
        "wall",
        &[("_SYSTEMD_UNIT", "wall.service")],
        "climb of ADDRESS\nby night",
    ),
    (
        "all",
        "filter =\nbackend = systemd[journalpath=FOLDER]\nmaxretry = 4\nfailregex = <F-ID>198\\.18\\.250\\.<ADDR></F-ID>$\n    (?:knock|push|Ban)\\D+<ADDR>$",
        "thing",
        &[("_COMM", "thing")],
        "one more Ban ADDRESS",
    ),
];

struct Contest {
    _daemon: Daemon,
    debian: Debian,
    place: Place,
    journal: Journal,
}

impl Contest {
    fn start(before: impl FnOnce(&mut Journal)) -> Self {
        let place = Place::new("[http]\nlisten = false\n[jails.sshd]\nenabled = 'auto'\n");
        let folder = place.path("journal");
        fs::create_dir(&folder).expect("make a directory");
        let mut journal = Journal::begin(&folder.join("own.journal"));
        before(&mut journal);
        let debian = Debian::start(&configured(&place, "debian", &folder));
        let ours = configured(&place, "ours", &folder);
        let daemon = place.launch_with(&[], &["--fail2ban-dir", ours.to_str().expect("UTF-8")]).ready();
        Self { _daemon: daemon, debian, place, journal }
    }

    /// Waits until both have found the same, and something in each jail.
    fn compare(&self, bans: usize) {
        let deadline = Deadline::start();
        loop {
            let (theirs, ours) = (self.debian.history(), self.ours());
            let wrong = differences(&theirs, &ours);
            let kept = (kept(&self.place.path("debian")), kept(&self.place.path("ours")));
            if wrong.is_empty() && theirs.len() == bans && kept.0 == kept.1 {
                return;
            }
            assert!(
                !deadline.left().is_zero(),
                "{} bans, {} differences:\n{}\n{kept:#?}\n{}",
                theirs.len(),
                wrong.len(),
                wrong.join("\n"),
                self.debian.log()
            );
        }
    }

    fn ours(&self) -> Vec<Ban> {
        JAILS.iter().flat_map(|jail| banned(&self.place.path("ours"), jail.0)).collect()
    }
}

/// Debian's configuration with these jails and no others.
fn configured(place: &Place, name: &str, folder: &Path) -> PathBuf {
    let made = configuration(place, name, "", "");
    let mut jails =
        "[DEFAULT]\naction = nothing\nbantime = 1h\nfindtime = 10m\nmaxretry = 3\nusedns = no\n".to_owned();
    for (jail, section, ..) in JAILS {
        let section = section.replace("FOLDER", &folder.display().to_string());
        jails.push_str(&format!("\n[{jail}]\nenabled = true\n{section}\n"));
    }
    fs::write(made.join("jail.local"), jails).expect("write jail.local");
    made
}

/// The lines that fail2ban's database keeps of each ban. Not of failures of several lines, which are one text with us, nor of those of whom two
/// jails hear for long: what is kept of an address is kept for all jails together.
fn kept(folder: &Path) -> Vec<String> {
    let mut command = Command::new("sqlite3");
    command.arg(folder.join("run/fail2ban.sqlite3")).args(["-cmd", ".timeout 5000"]);
    command.arg("select jail, ip, json_extract(data, '$.failures'), json_extract(data, '$.matches') from bans where jail <> 'spans' and ip <> '198.18.0.20' and ip not like '%.3' order by 1, 2");
    let output = command.output().expect("run sqlite3");
    // Debian's library keeps the first line in its three parts; whoever reads them puts them together.
    let text = String::from_utf8(output.stdout).expect("it prints text");
    text.lines()
        .map(|row| {
            row.replacen("[[\"\",\"", "[\"", 1)
                .replacen("+00:00 \",\"", "+00:00 ", 1)
                .replacen("\"],\"", "\",\"", 1)
        })
        .collect()
}

/// So many entries of the jail's service about `address`, from `micros` on, with these fields in the place of its own.
fn write(journal: &mut Journal, jail: &Jail, address: &str, micros: i64, times: i64, other: &[(&str, &str)]) {
    let (_, _, program, fields, message) = jail;
    let message = message.replace("ADDRESS", address);
    // Two lines of one process are one failure where matches span lines, and no connection is two.
    let process = |one: i64| (1000 + (micros / 1_000_000 + one * 7) % 9000).to_string();
    for one in 0..times {
        let process = process(one);
        let mut entry: Vec<(&str, &[u8])> = vec![
            ("_HOSTNAME", b"box"),
            ("SYSLOG_IDENTIFIER", program.as_bytes()),
            ("_PID", process.as_bytes()),
            ("MESSAGE", message.as_bytes()),
        ];
        let fields = if other.is_empty() { fields } else { other };
        entry.extend(fields.iter().map(|(name, value)| (*name, value.as_bytes())));
        journal.write(micros + one * 1_000_001, &entry);
        if jail.0 == "spans" {
            journal.write(micros + one * 1_000_001 + 5, &entry);
        }
    }
}

fn ago(seconds: i64) -> i64 {
    now().as_microsecond() - seconds * 1_000_000
}

/// One for each jail; `all` hears of what four others do, and of strangers too; two came in at another door.
const HISTORY: usize = 18;

/// Of each jail but `all` one who was slow and one who is quick; `all` hears of four.
const LIVE: usize = 20;

#[test]
fn the_journal_leads_to_the_same_bans() {
    let mut contest = Contest::start(|journal| {
        for (at, jail) in JAILS.iter().enumerate() {
            let address = |last: usize| format!("198.18.{at}.{last}");
            write(journal, jail, &address(1), ago(900), 5, &[]);
            write(journal, jail, &address(2), ago(400), 4, &[]);
            write(journal, jail, &address(3), ago(380), 2, &[]);
            write(journal, jail, &address(4), ago(360), 2, &[]);
            write(
                journal,
                jail,
                &address(5),
                ago(340),
                5,
                &[("_SYSTEMD_UNIT", "cron.service"), ("PRIORITY", "6")],
            );
        }
        write(journal, &JAILS[0], "198.18.0.6", ago(300), 3, &[("_COMM", "sshd")]);
        connections(journal);
    });
    contest.compare(HISTORY);
    for (at, jail) in JAILS.iter().enumerate() {
        write(&mut contest.journal, jail, &format!("198.18.{at}.3"), ago(1), 1, &[]);
        write(&mut contest.journal, jail, &format!("198.18.{at}.7"), ago(0), 4, &[]);
    }
    contest.compare(HISTORY + LIVE);
}

/// Two connections at a time: only the process says which address is meant.
fn connections(journal: &mut Journal) {
    let mut say = |process: i64, second: i64, message: &str| {
        let process = process.to_string();
        let fields: [(&str, &[u8]); 5] = [
            ("_HOSTNAME", b"box"),
            ("SYSLOG_IDENTIFIER", b"sshd"),
            ("_PID", process.as_bytes()),
            ("_SYSTEMD_UNIT", b"sshd.service"),
            ("MESSAGE", message.as_bytes()),
        ];
        journal.write(ago(200 - second), &fields);
    };
    for round in 0..3 {
        say(20 + round, 10 * round, "Connection from 198.18.0.20 port 5 on 192.0.2.250 port 22");
        say(40 + round, 10 * round + 1, "Connection from 198.18.0.40 port 6 on 192.0.2.250 port 22");
        say(20 + round, 10 * round + 2, "User root not allowed because account is locked");
    }
}
