//! The commands: their exit codes and what they print.

use std::fs;
use std::process::{Command, Stdio};

use argon2::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use event::Moment;
use store::Store;

use crate::support::place::{STOCKADE, finish, now_seconds};
use crate::support::{Answer, Notices, Place};

/// A command that needs no place of its own.
fn alone(words: &[&str], input: &str) -> Answer {
    let mut command = Command::new(STOCKADE);
    command.args(words);
    finish(command, input)
}

#[test]
fn exit_codes_tell_scripts_what_happened() {
    let place = Place::new("");
    for words in
        [&["status"][..], &["banned"], &["why", "192.0.2.1"], &["reload"], &["jails"], &["unban", "--all"]]
    {
        let answer = place.run(words);
        assert!(
            answer.code == 69 && answer.err.contains("no stockade answers here"),
            "{words:?}: {answer:?}"
        );
    }
    for words in [&["fly"][..], &["ban"], &["run", "--nonsense"], &["unban", "192.0.2.1", "--all"], &[]] {
        assert_eq!(alone(words, "").code, 2, "{words:?}");
    }
    assert_eq!(alone(&["--version"], "").code, 0);
    let _daemon = place.start();
    for (words, code) in [
        (&["status"][..], 0),
        (&["status", "sshd"], 0),
        (&["status", "nosuch"], 1),
        (&["banned"], 0),
        (&["jails"], 0),
        (&["why", "192.0.2.1"], 1),
        (&["ban", "192.0.2.1"], 0),
        (&["why", "192.0.2.1"], 0),
        (&["unban", "192.0.2.1"], 0),
    ] {
        let answer = place.run(words);
        assert_eq!(answer.code, code, "{words:?}: {answer:?}");
    }
}

#[test]
fn check_tells_every_complaint_at_once() {
    let place = Place::new("");
    let settings = place.settings();
    let settings = settings.to_str().expect("a path");
    let good = alone(&["check", "--config", settings], "");
    assert!(good.code == 0 && good.out.contains("nothing to complain about"), "{good:?}");
    let json = alone(&["check", "--json", "--config", settings], "").json();
    assert_eq!(json, serde_json::json!({ "complaints": [], "jails": ["barrier", "gate", "sshd"] }));

    place.configure(
        "[defaults]\nmax_retry = 0\nfind_time = '10 fortnights'\n[whitelist]\naddresses = 'host.example'\n\
         [jails.sshd]\nmaxretry = 3\nports = '22'\n[jails.other]\nfilter = 'nosuch'\n",
    );
    let bad = alone(&["check", "--config", settings], "");
    assert_eq!(bad.code, 78, "{bad:?}");
    for wanted in [":2: ", ":3: ", ":5: ", ":7: ", ":8: "] {
        assert!(bad.out.contains(&format!("stockade.toml{wanted}")), "{wanted}: {}", bad.out);
    }
    let json = alone(&["check", "--json", "--config", settings], "");
    assert_eq!(
        (json.code, json.json()["complaints"].as_array().map(Vec::len)),
        (78, Some(bad.out.lines().count()))
    );
    let (status, said) = place.launch(&[]).ends();
    assert_eq!(status.code(), Some(78), "{said}");
    assert!(said.contains("stockade.toml:2: ") && said.contains("stockade.toml:8: "), "{said}");
    assert_eq!(alone(&["check", "--config", "/nowhere/stockade.toml"], "").code, 78);
}

#[test]
fn jails_and_filters_are_listed_for_programs() {
    let place = Place::new("[defaults]\nmax_retry = 7\nfind_time = '10m'\nban_time = 'forever'\n");
    let _daemon = place.start();
    let jails = place.json(&["jails"]);
    let rows = jails.as_array().expect("jails");
    assert_eq!(
        rows.iter().map(|row| row["jail"].as_str().unwrap_or_default()).collect::<Vec<_>>(),
        ["barrier", "gate", "sshd"]
    );
    let sshd = &rows[2];
    assert_eq!(
        (&sshd["max_retry"], &sshd["find_time"], &sshd["ban_time"]),
        (&7.into(), &600.into(), &().into())
    );
    assert_eq!((&sshd["filter"], &sshd["ports"]), (&"sshd".into(), &serde_json::json!(["tcp/22"])));
    assert!(place.run(&["jails"]).out.contains("7 in 10m, forever"));

    let settings = place.settings();
    let filters = alone(&["filters", "--json", "--config", settings.to_str().expect("a path")], "").json();
    let names: Vec<_> =
        filters.as_array().expect("filters").iter().filter_map(|row| row["filter"].as_str()).collect();
    for name in ["sshd", "asterisk", "barrier", "gate"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let sshd = alone(&["filters", "sshd"], "");
    assert!(sshd.code == 0 && sshd.out.contains("wrong-password"), "{sshd:?}");
    assert_eq!(alone(&["filters", "nosuch"], "").code, 1);
}

const LINES: &str = "\
Nov  1 00:00:01 pbx sshd[42]: Failed password for root from 192.0.2.1 port 40000 ssh2
Nov  1 00:00:02 pbx sshd[42]: Accepted password for anna from 192.0.2.2 port 40000 ssh2
Nov  1 00:00:03 pbx kernel: nothing of interest
Nov  1 00:00:04 pbx sshd[42]: message repeated 3 times: [ Failed password for root from 2001:db8::1 port 40000 ssh2]
";

#[test]
fn scan_judges_line_by_line_without_counting() {
    let scan = ["scan", "--filter", "sshd", "--now", "2026-11-22T12:00:00", "--tz", "UTC"];
    let json = alone(&[&scan[..], &["--json", "-"]].concat(), LINES);
    assert_eq!(json.code, 0, "{json:?}");
    let rows: Vec<serde_json::Value> =
        json.out.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect();
    let verdicts: Vec<_> = rows.iter().map(|row| row["verdict"].as_str().unwrap_or_default()).collect();
    assert_eq!(verdicts, ["failure", "nofail", "missed", "failure"]);
    assert_eq!(rows.iter().filter_map(|row| row["line"].as_u64()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    // 2026-11-01T00:00:01Z
    assert_eq!((&rows[0]["host"], &rows[0]["time"]), (&"192.0.2.1".into(), &1_793_491_201.0.into()));
    assert_eq!(
        (&rows[0]["attempts"], &rows[0]["groups"]),
        (&1.into(), &serde_json::json!({ "user": "root" }))
    );
    assert_eq!((&rows[3]["host"], &rows[3]["attempts"]), (&"2001:db8::1".into(), &3.into()));

    let zurich =
        ["scan", "--filter", "sshd", "--now", "2026-10-20T12:00:00", "--tz", "Europe/Zurich", "--json", "-"];
    let first = alone(&zurich, LINES).out;
    let row: serde_json::Value =
        serde_json::from_str(first.lines().next().expect("a line")).expect("an object");
    // The first of November lies ahead of --now: it is last year's, an hour east of Greenwich.
    assert_eq!(row["time"], 1_761_951_601.0);

    assert_eq!(alone(&[&scan[..], &["--count", "-"]].concat(), LINES).out, "2\n");
    let summary = alone(&[&scan[..], &["-"]].concat(), LINES).out;
    assert!(summary.starts_with("4 lines: 2 failures, 1 successes, 0 ignored, 1 missed\n"), "{summary}");
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("auth.log");
    fs::write(&file, LINES).expect("write the log");
    let file = file.to_str().expect("a path");
    assert_eq!(alone(&["scan", "--filter", "sshd", "--count", file, file], "").out, "4\n");

    for (words, code) in [
        (&["scan", "--filter", "nosuch", "-"][..], 2),
        (&["scan", "--filter", "sshd", "--tz", "Nowhere/Else", "-"], 2),
        (&["scan", "--filter", "sshd", "--now", "yesterday", "-"], 2),
        (&["scan", "--filter", "sshd", "/nowhere/auth.log"], 66),
        (&["scan", "--filter", "sshd"], 2),
    ] {
        let answer = alone(words, "");
        assert!(answer.code == code && !answer.err.is_empty(), "{words:?}: {answer:?}");
    }
}

#[test]
fn whoever_stops_reading_gets_no_panic() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().to_str().expect("a path");
    for words in [
        &["filters"][..],
        &["filters", "--json"],
        &["filters", "sshd"],
        &["completions", "bash"],
        &["check"],
        &["scan", "--filter", "sshd", "-"],
        &["scan", "--filter", "sshd", "--json", "-"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().expect("make a pipe");
        drop(reader);
        let mut command = Command::new(STOCKADE);
        command
            .args(words)
            .args(["--state-dir", state])
            .stdout(writer)
            .stderr(Stdio::piped())
            .stdin(Stdio::null());
        let output = command.output().expect("run the command");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked") && output.status.code().is_some(), "{words:?}: {said}");
    }
}

#[test]
fn completions_are_printed_for_the_shell() {
    let bash = alone(&["completions", "bash"], "");
    assert!(bash.code == 0 && bash.out.contains("_stockade()") && bash.out.contains("unban"), "{}", bash.err);
    assert_eq!(alone(&["completions", "cobol"], "").code, 2);
}

#[test]
fn the_password_is_kept_as_an_argon2id_hash_whether_it_runs_or_not() {
    let place = Place::new("");
    let stored = || {
        let now = Moment::from_seconds(now_seconds());
        let opened = store::Sqlite::open(&place.state().join("stockade.db"), now).expect("open the store");
        opened.store.secret("admin_password").expect("read the store").expect("a hash")
    };
    let fits = |hash: &str, password: &str| {
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        let hash = PasswordHash::new(hash).expect("a PHC string");
        argon2::Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
    };
    assert_eq!(place.run_with(&["passwd"], "correct horse\n").code, 0);
    assert!(fits(&stored(), "correct horse") && !fits(&stored(), "wrong horse"));

    let daemon = place.start();
    let answer = place.run_with(&["passwd"], "battery staple");
    assert!(answer.code == 0 && answer.out.contains("password is set"), "{answer:?}");
    assert!(!answer.out.contains("battery"), "{answer:?}");
    daemon.stop();
    assert!(fits(&stored(), "battery staple"));

    let short = place.run_with(&["passwd"], "short\n");
    assert!(short.code == 2 && short.err.contains("8 characters"), "{short:?}");
    assert!(fits(&stored(), "battery staple"));
}

#[test]
fn down_leaves_nothing_in_the_kernel_and_the_next_run_brings_the_bans_back() {
    let place = Place::new("");
    let daemon = place.start();
    let mut notices = Notices::listen();
    assert_eq!(place.run(&["ban", "192.0.2.1"]).code, 0);
    notices.added("192.0.2.1");
    let down = place.run(&["down"]);
    assert!(down.code == 0 && down.out.contains("no ban is in force"), "{down:?}");
    let (status, said) = daemon.ends();
    assert!(status.success() && said.contains("stopped: down, asked by root"), "{said}");
    assert!(!said.contains("keeps the bans"), "{said}");
    assert_eq!(place.kernel.table(), "");

    let daemon = place.start();
    assert!(place.kernel.holds("192.0.2.1"));
    daemon.stop();
    assert!(place.kernel.holds("192.0.2.1"));
    let down = place.run(&["down", "--json"]);
    assert!(down.code == 0 && down.json()["message"].is_string(), "{down:?}");
    assert_eq!(place.kernel.table(), "");
    assert_eq!(place.run(&["down"]).code, 0);
}

#[test]
fn down_leaves_nothing_in_the_kernel_even_in_the_middle_of_a_reload() {
    let place = Place::new("");
    for _ in 0..3 {
        let daemon = place.start();
        // All of these are answered in one turn, or in any other cut.
        std::thread::scope(|scope| {
            for words in [&["reload"][..], &["ban", "192.0.2.1"], &["reload"], &["down"]] {
                let place = &place;
                scope.spawn(move || place.run(words));
            }
        });
        daemon.ends();
        assert_eq!(place.kernel.table(), "");
    }
}
