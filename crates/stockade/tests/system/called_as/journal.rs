//! `fail2ban-regex systemd-journal`, beside Debian's with its library of the journal: the same files, the same report.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{Host, report};
use crate::support::journal::Journal;

const LOGS: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";
const BEGIN: i64 = 1_700_000_000_000_000;

/// Debian's filters that read the journal, each with the fields of the first alternative that it reads.
fn filters() -> BTreeMap<String, Vec<(String, String)>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir("/etc/fail2ban/filter.d").expect("run tests/setup.sh").flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let Some(matches) = text.lines().find_map(|line| line.strip_prefix("journalmatch = ")) else {
            continue;
        };
        let words = matches.split(" + ").next().unwrap_or_default().split(' ');
        let fields = words.filter_map(|word| word.split_once('='));
        let fields: Vec<_> = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if !fields.is_empty() {
            let name = entry.path().file_stem().expect("a name").to_string_lossy().into_owned();
            found.insert(name, fields);
        }
    }
    assert!(found.len() > 12, "{found:?}");
    found
}

/// The parts of a line of syslog, behind its time: host, program, process, message. What is no such line is a message.
fn parts(line: &str) -> (&str, &str, &str, &str) {
    let is_time = |word: &str| word.len() == 8 && word.bytes().filter(|byte| *byte == b':').count() == 2;
    let words: Vec<&str> = line.splitn(6, ' ').filter(|word| !word.is_empty()).collect();
    let Some(time) = words.iter().take(4).position(|word| is_time(word)) else {
        return ("box", "", "", line);
    };
    let behind =
        words.get(time).map_or(0, |word| word.as_ptr() as usize - line.as_ptr() as usize + word.len());
    let Some((host, rest)) = line[behind..].trim_start().split_once(' ') else {
        return ("box", "", "", line);
    };
    let Some((program, message)) = rest.split_once(": ").filter(|(program, _)| !program.contains(' ')) else {
        return (host, "", "", rest);
    };
    match program.strip_suffix(']').and_then(|program| program.split_once('[')) {
        Some((program, process)) => (host, program, process, message),
        None => (host, program, "", message),
    }
}

/// All sample lines of these filters, as their services would have sent them to journald.
fn write(path: &Path, filters: &BTreeMap<String, Vec<(String, String)>>) {
    let mut journal = Journal::begin(path);
    let mut micros = BEGIN;
    for (name, fields) in filters {
        let Ok(text) = fs::read(Path::new(LOGS).join(name)) else { continue };
        let text = String::from_utf8_lossy(&text).into_owned();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            micros += 1_000_003;
            let (host, program, process, message) = parts(line);
            let mut entry: Vec<(&str, &[u8])> = vec![
                ("_HOSTNAME", host.as_bytes()),
                ("_PID", process.as_bytes()),
                ("MESSAGE", message.as_bytes()),
            ];
            entry.extend(fields.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
            if !fields.iter().any(|(name, _)| name == "SYSLOG_IDENTIFIER") {
                entry.push(("SYSLOG_IDENTIFIER", program.as_bytes()));
            }
            journal.write(micros, &entry);
        }
    }
    journal.end();
}

fn compare(host: &Host, words: &[&str]) {
    let (ours, theirs) = (host.ours("fail2ban-regex", words), host.theirs("fail2ban-regex", words));
    let (our, their) = (report::timeless(&ours.out), report::timeless(&theirs.out));
    let differing = our.iter().zip(&their).find(|(our, their)| our != their);
    assert!(
        our == their,
        "{words:?}: ours and Debian's: {differing:?}, {} and {} lines",
        our.len(),
        their.len()
    );
    assert_eq!(ours.code, theirs.code, "{words:?}");
    // Python shows where it raised it, and of what class; what is wrong comes last. What `journalctl` finds out, it says in its words.
    let cause =
        theirs.err.lines().last().and_then(|line| line.split_once(": ")).map_or("", |(_, cause)| cause);
    let is_told = ours.err.trim_end().ends_with(cause) || ours.err.contains("journalctl ended with");
    assert!(is_told, "{words:?} {ours:?} {theirs:?}");
}

#[test]
fn every_filter_finds_the_same_in_the_journal() {
    let host = Host::new();
    let folder = host.place.path("journal");
    fs::create_dir(&folder).expect("make a directory");
    let filters = filters();
    write(&folder.join("samples.journal"), &filters);
    let log = format!("systemd-journal[journalpath={}]", folder.display());
    for name in filters.keys() {
        compare(&host, &["-r", "-v", "--print-all-matched", "--print-all-missed", &log, name]);
        compare(&host, &["-r", "-o", "msg", &log, name]);
    }
    // Every entry, by filters that know nothing of the journal, that have dates of their own, and over several lines.
    put(&host, "none", "[Definition]\ndatepattern = {NONE}\nfailregex = from <ADDR>$\n");
    put(
        &host,
        "dated",
        "[Definition]\ndatepattern = ^[^\\[]*\\[%%Y-%%m-%%d %%H:%%M:%%S\\]\nfailregex = \\] .* failed for '<HOST>'\n  from <HOST>$\n\
         journalmatch = _COMM=nothing\n  _SYSTEMD_UNIT=sshd.service + _SYSTEMD_UNIT=asterisk.service\n",
    );
    put(
        &host,
        "spans",
        "[Definition]\nfailregex = ^\\S+ sshd\\[(?P<pid>\\d+)\\]: .* from <HOST>(?: .*)?$<SKIPLINES>^\\S+ sshd\\[(?P=pid)\\]: .*$\n\
         [Init]\nmaxlines = 5\njournalmatch = _SYSTEMD_UNIT=sshd.service\n",
    );
    let cases: [&[&str]; 12] = [
        &["-rv", "-m", "", &log, "none"],
        &["-rv", "--print-all-matched", &log, "dated"],
        &["-rv", "-d", "{NONE}", &log, "dated"],
        &["-rv", "-d", "%Y-%m-%d", &log, "sshd"],
        &["-rv", "--print-all-matched", "--print-all-missed", &log, "spans"],
        &["-r", "-o", "msg", &log, "spans"],
        &["-r", "-m", "", &log, "apache-auth"],
        &["-r", "--no-check-all", &log, "sshd[mode=aggressive]"],
        &[
            "-r",
            "-m",
            "_SYSTEMD_UNIT=sshd.service + _SYSTEMD_UNIT=postfix.service PRIORITY=5 + +",
            &log,
            "sshd",
        ],
        &[
            "-r",
            "-m",
            "_SYSTEMD_UNIT=sshd.service _SYSTEMD_UNIT=postfix.service",
            &log,
            "postfix[mode=aggressive]",
        ],
        &["-r", &log, "from <HOST>$", "root"],
        &["--usedns", "no", "-L", "3", &log, "sshd"],
    ];
    cases.iter().for_each(|words| compare(&host, words));
}

fn put(host: &Host, name: &str, text: &str) {
    fs::write(host.conf().join(format!("filter.d/{name}.conf")), text).expect("write a filter");
}

#[test]
fn entries_of_every_form_and_journals_of_every_place() {
    let host = Host::new();
    let folder = host.place.path("journal");
    fs::create_dir(&folder).expect("make a directory");
    let mut journal = Journal::begin(&folder.join("own.journal"));
    let failed: &[u8] = b"Failed password for root from 192.0.2.1 port 22 ssh2";
    let comm = ("_COMM", b"sshd".as_slice());
    let entries: [&[(&str, &[u8])]; 12] = [
        &[comm, ("_HOSTNAME", b"box"), ("SYSLOG_IDENTIFIER", b"sshd"), ("_PID", b"7"), ("MESSAGE", failed)],
        &[comm, ("SYSLOG_PID", b"8"), ("_PID", b"7"), ("MESSAGE", failed)],
        &[
            comm,
            ("_SOURCE_REALTIME_TIMESTAMP", b"1699999995000007"),
            ("MESSAGE", b"two\nlines "),
            ("_PID", b"07"),
        ],
        &[
            comm,
            ("SYSLOG_IDENTIFIER", b"kernel"),
            ("_SOURCE_MONOTONIC_TIMESTAMP", b"123456789"),
            ("MESSAGE", b"a"),
        ],
        &[comm, ("_HOSTNAME", b"box"), ("SYSLOG_IDENTIFIER", b"kernel"), ("MESSAGE", b"b")],
        &[comm, ("SYSLOG_IDENTIFIER", b"kernel"), ("_PID", b"1"), ("MESSAGE", b"c")],
        &[comm, ("MESSAGE", b"one"), ("MESSAGE", b"other")],
        &[comm, ("_HOSTNAME", b"box"), ("_PID", b"007")],
        &[comm, ("MESSAGE", "r\u{e9}sum\u{e9}\t\u{1b}[1m".as_bytes())],
        &[comm, ("MESSAGE", b"caf\xe9")],
        &[("_COMM", b"cron"), ("MESSAGE", failed)],
        &[("_SYSTEMD_UNIT", b"sshd.service"), ("_HOSTNAME", b"box"), ("MESSAGE", failed)],
    ];
    for (second, fields) in (0..).zip(entries) {
        journal.write(BEGIN + second * 1_000_000 + i64::from(second == 3), fields);
    }
    journal.end();
    let (path, none) = (folder.display(), host.place.path("none"));
    let file = format!("journalfiles={path}/own.journal");
    for place in [
        &format!("journalpath={path}"),
        &format!("journalpath={path}, journalflags=4"),
        &file,
        &format!("journalfiles=\"{path}/o*.journal {}\"", none.display()),
    ] {
        let log = format!("systemd-journal[{place}]");
        compare(&host, &["-v", "--print-all-matched", "--print-all-missed", &log, "sshd"]);
    }
    for place in [
        "",
        "[journalflags=1]",
        "[journalflags=0]",
        "[journalflags=2]",
        "[namespace=nowhere]",
        "[bogus=1]",
        "[journalflags=x]",
        "[journalflags=16]",
        "[journalpath=/nowhere]",
        "[journalpath=]",
        "[journalfiles=]",
        "[journalpath",
        &format!("[journalpath={path}, {file}]"),
        &format!("[journalpath={path}, journalflags=1]"),
        &format!("[{file}, journalflags=4]"),
    ] {
        compare(&host, &["-r", &format!("systemd-journal{place}"), "sshd"]);
    }
    let log = format!("systemd-journal[{file}]");
    for encoding in ["latin1", "cp1251", "UTF-8"] {
        compare(&host, &["-e", encoding, "--print-all-missed", &log, "from <HOST>$"]);
    }
    for words in ["sshd", "_COMM=sshd comm", "__CURSOR=x", "_COMM='a b' + _COMM=\"sshd\""] {
        compare(&host, &["-m", words, &log, "sshd"]);
    }
}
