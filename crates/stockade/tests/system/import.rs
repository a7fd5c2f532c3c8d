//! `import` and `lint` on a host that runs fail2ban: the settings that come out are right, and find what fail2ban's filters find.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::place::{Answer, STOCKADE, finish};

/// Debian's package brings them.
const SAMPLES: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";

/// Lines as sshd writes them, forged ones among them: where fail2ban's own samples differ from ours, our samples say why.
const SSHD: &str = "Nov 22 10:00:00 pbx sshd[41]: Failed password for root from 192.0.2.1 port 40000 ssh2\n\
Nov 22 10:00:01 pbx sshd[42]: Failed password for invalid user admin from 192.0.2.2 port 40001 ssh2\n\
Nov 22 10:00:02 pbx sshd[43]: Invalid user x from 198.51.100.9 from 192.0.2.3 port 40002\n\
Nov 22 10:00:03 pbx sshd[44]: Accepted password for root from 203.0.113.1 port 40003 ssh2\n\
Nov 22 10:00:04 pbx sshd[45]: error: maximum authentication attempts exceeded for root from 2001:db8::5 port 1 ssh2 [preauth]\n";

fn stockade(words: &[&str]) -> Answer {
    let mut command = Command::new(STOCKADE);
    command.args(words);
    finish(command, "")
}

fn folder() -> tempfile::TempDir {
    let made = tempfile::tempdir().expect("a directory");
    let here = made.path().to_str().expect("a plain path");
    assert!(Command::new("cp").args(["-a", "/etc/fail2ban", here]).status().expect("cp runs").success());
    fs::write(made.path().join("sshd.log"), SSHD).expect("write the log");
    fs::write(made.path().join("fail2ban/jail.d/defaults-debian.conf"), "").expect("write the jails");
    let jails = "[sshd]\nenabled = true\nlogpath = HERE/sshd.log\n[proftpd]\nenabled = true\n[sieve]\nenabled = true\n[solid-pop3d]\nenabled = true\n";
    fs::write(made.path().join("fail2ban/jail.local"), jails.replace("HERE", here)).expect("write the jails");
    made
}

/// The addresses of which `scan` says that they failed.
fn hosts(words: &[&str]) -> BTreeSet<String> {
    let answer = stockade(&[&["scan", "--json", "--now", "2026-11-22T12:00:00Z"], words].concat());
    assert_eq!(answer.code, 0, "{answer:?}");
    let lines =
        answer.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("one object a line"));
    lines
        .filter(|line| line["verdict"] == "failure")
        .filter_map(|line| Some(line["host"].as_str()?.to_owned()))
        .collect()
}

#[test]
fn imported_settings_are_right_and_find_the_same_addresses() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).to_str().expect("a plain path").to_owned();
    let (fail2ban, settings) = (path("fail2ban"), path("stockade.toml"));
    let words = ["import", "fail2ban", "--fail2ban-dir", &fail2ban, "--output", &settings];
    let made = stockade(&words);
    assert_eq!((made.code, made.err.as_str()), (0, ""), "{made:?}");
    let check = stockade(&["check", "--config", &settings]);
    assert_eq!(check.code, 0, "{check:?}");
    for jail in ["sshd", "proftpd", "sieve", "solid-pop3d"] {
        assert!(check.out.contains(&format!("jail {jail}: on")), "{check:?}");
    }
    let logs = [("sshd", path("sshd.log"))];
    let samples = ["proftpd", "sieve", "solid-pop3d"]
        .map(|name| (name, Path::new(SAMPLES).join(name).display().to_string()));
    for (filter, log) in logs.iter().chain(&samples) {
        let theirs = hosts(&["--fail2ban-dir", &fail2ban, "--filter", filter, log]);
        let ours = hosts(&["--config", &settings, "--filter", filter, log]);
        assert!(!theirs.is_empty());
        assert_eq!(theirs, ours, "{filter}");
    }
    // What is there is not written over, unless that is asked for.
    let again = stockade(&words);
    assert!(again.code == 1 && again.err.contains("--force"), "{again:?}");
    assert_eq!(stockade(&[words.as_slice(), &["--force"]].concat()).code, 0);
}

#[test]
fn lint_says_where_what_and_why() {
    let folder = folder();
    let fail2ban = folder.path().join("fail2ban");
    let filter = "[Definition]\nfailregex = ^bad ^<HOST>$\n            ^from .* to <HOST>\n";
    fs::write(fail2ban.join("filter.d/mine.conf"), filter).expect("write the filter");
    let jails = format!(
        "[mine]\nenabled = true\nusedns = no\nlogpath = {}\n",
        folder.path().join("sshd.log").display()
    );
    fs::write(fail2ban.join("jail.local"), jails).expect("write the jails");
    let words = ["lint", "--fail2ban-dir", fail2ban.to_str().expect("a plain path")];
    let said = stockade(&words);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("filter.d/mine.conf:2: filter mine: a ^ stands behind something"), "{said:?}");
    let told = stockade(&[words.as_slice(), &["--json"]].concat()).json();
    let kinds: Vec<_> =
        told.as_array().expect("a list").iter().map(|one| (&one["kind"], &one["line"])).collect();
    assert_eq!(
        kinds,
        [(&Value::from("injectable"), &Value::from(3)), (&Value::from("impossible-start"), &Value::from(2))]
    );
    fs::write(fail2ban.join("filter.d/mine.conf"), "[Definition]\nfailregex = ^bad <HOST>$\n")
        .expect("write the filter");
    let said = stockade(&words);
    assert_eq!((said.code, said.out.as_str()), (0, "nothing found\n"), "{said:?}");
}
