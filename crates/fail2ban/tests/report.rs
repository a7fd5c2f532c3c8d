//! The report of `fail2ban-regex` must be the one that Debian's prints, but for the time that it took.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use event::Moment;
use fail2ban::report::{Asked, Log, Trial, arguments};
use jiff::tz::TimeZone;
use serde_json::Value;

const FILTERS: &str = "/etc/fail2ban/filter.d";
const LOGS: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";

/// What Debian's prints for each, all asked in one process.
fn theirs(asked: &[Vec<String>]) -> Vec<(String, i64)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report.py");
    let mut python = Command::new("/usr/bin/python3")
        .args(["-W", "ignore", script])
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: tests/setup.sh installs fail2ban");
    python.stdin.take().unwrap().write_all(serde_json::to_string(asked).unwrap().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let answers = answers.iter().map(|answer| {
        let text = answer[0].as_str().unwrap().lines().filter(|line| !line.starts_with("[processed in "));
        (text.map(|line| format!("{line}\n")).collect(), answer[1].as_i64().unwrap())
    });
    answers.collect()
}

fn now() -> Moment {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap();
    Moment::from_millis(i64::try_from(now.as_millis()).unwrap())
}

/// What ours prints.
fn ours(words: &[String]) -> (String, i64) {
    let Asked::Report(ask) = arguments(words) else { panic!("{words:?}") };
    let path = Path::new(&ask.log).to_owned();
    let log = if path.is_file() { Log::File } else { Log::Text };
    let bytes = if log == Log::File { std::fs::read(&path).unwrap() } else { ask.log.clone().into_bytes() };
    let (mut trial, mut text) = match Trial::begin(*ask, log, TimeZone::UTC) {
        Ok(begun) => begun,
        Err(text) => return (text, 255),
    };
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    // fail2ban leaves a line alone until its newline is there.
    if log == Log::File {
        lines.pop();
    }
    for line in lines {
        text += &trial.line(&String::from_utf8_lossy(line), now()).unwrap_or_default();
    }
    (text + &trial.report(None, now()), 0)
}

/// What has no date is shown with the present one, which goes on while the test runs.
fn undated(text: &str) -> String {
    let today =
        jiff::Timestamp::from_millisecond(now().millis()).unwrap().strftime("  %a %b %d ").to_string();
    // The cause why a pattern cannot be compiled is an engine's own, and stands behind this line.
    let head = text.split_once("':\n").filter(|(head, _)| head.contains("\nERROR: Unable to compile"));
    let lines = head
        .map_or(text, |(head, _)| head)
        .lines()
        .map(|line| line.split_once(&today).map_or(line, |(before, _)| before));
    lines.map(|line| settled(line) + "\n").collect()
}

/// Of a row that `--out row` prints, without the present time, and with Python's set, which has no order, in one.
fn settled(line: &str) -> String {
    let mut fields: Vec<String> = line.split('\t').map(str::to_owned).collect();
    let present = now().millis() as f64 / 1e3;
    if let [_, at, groups] = fields.as_mut_slice() {
        if at.trim_end_matches(',').parse::<f64>().is_ok_and(|at| (at - present).abs() < 3600.0) {
            at.clear();
        }
        if let Some((before, (users, behind))) =
            groups.split_once("'users': {").and_then(|(before, set)| Some((before, set.split_once('}')?)))
        {
            let mut users: Vec<&str> = users.split(", ").collect();
            users.sort_unstable();
            *groups = format!("{before}'users': {{{}}}{behind}", users.join(", "));
        }
    }
    fields.join("\t")
}

fn words(text: &[&str]) -> Vec<String> {
    text.iter().map(|&word| word.to_owned()).collect()
}

fn assert_same(asked: &[Vec<String>]) {
    let mut different = Vec::new();
    for (asked, theirs) in asked.iter().zip(theirs(asked)) {
        let theirs = (undated(&theirs.0), theirs.1);
        let ours = ours(asked);
        let ours = (undated(&ours.0), ours.1);
        if ours != theirs {
            let line = ours.0.lines().zip(theirs.0.lines()).find(|(ours, theirs)| ours != theirs);
            different.push(format!("{asked:?} {} {}\n  {line:?}", ours.1, theirs.1));
        }
    }
    assert!(different.is_empty(), "{} of {}:\n{}", different.len(), asked.len(), different.join("\n"));
}

#[test]
fn every_sample_log_with_its_filter() {
    let mut names: Vec<String> = std::fs::read_dir(LOGS)
        .expect("the package fail2ban is there: tests/setup.sh installs it")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| Path::new(FILTERS).join(format!("{name}.conf")).is_file())
        .collect();
    names.sort();
    assert!(names.len() > 80, "{}", names.len());
    // No name is looked up: with `-r` they count as they stand, with `--usedns no` they are none.
    let mut asked = Vec::new();
    for name in &names {
        let log = format!("{LOGS}/{name}");
        asked.push(words(&["--usedns", "no", &log, name]));
        asked.push(words(&["-r", "--print-all-matched", "--print-all-missed", &log, name]));
        asked.push(words(&["-r", "-o", "row", &log, name]));
        asked.push(words(&["-r", "-v", "--print-no-missed", "--print-all-ignored", &log, name]));
    }
    assert_same(&asked);
}

#[test]
fn lines_files_and_options() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let put = |name: &str, text: &str| {
        std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        path(name)
    };
    let common = "[Definition]\nfailregex = ^ bad <kind> from <HOST>$\n            ^ bad .* <HOST>$\n            \
                  ^ <F-NOFAIL>well</F-NOFAIL> <HOST>$\n            ^ other <HOST>$\n            ^ last <HOST>$\n\
                  ignoreregex = trusted\nkind = x\n";
    let foreign = put("foreign.conf", common);
    put(
        "filter.d/own.conf",
        &format!("{common}[Init]\nmaxlines = 1\ndatepattern = ^%%Y-%%m-%%d %%H:%%M:%%S\n"),
    );
    put("filter.d/own.local", "[Definition]\nignoreregex = trusted\n              another\n");
    put(
        "filter.d/spans.conf",
        "[Definition]\nfailregex = ^ connect from <HOST>$<SKIPLINES>^ refused$\n[Init]\nmaxlines = 4\n",
    );
    let many: String =
        (0..30).map(|second| format!("2026-01-02 03:04:{second:02} nothing {second}\n")).collect();
    let log = put(
        "log",
        &format!(
            "{many}2026-01-02 03:04:05 bad x from 192.0.2.1\n2026-01-02 03:04:05 bad y from 192.0.2.2 \n\
             2026-01-02 03:04:06 well 192.0.2.3\n# note\n\n2026-01-02 03:04:07 other 192.0.2.4\r\nno date here é\n\
             2026-01-02 03:04:08 trusted bad x from 192.0.2.5\n2026-01-02 03:04:09 bad 2001:db8::1\ncut"
        ),
    );
    let spans = put(
        "spans.log",
        "2026-01-02 03:04:05 connect from 192.0.2.1\n2026-01-02 03:04:05 between\n2026-01-02 03:04:06 refused\n\
         2026-01-02 03:04:07 connect from 192.0.2.2\n2026-01-02 03:04:08 well\n2026-01-02 03:04:09 x\n2026-01-02 03:04:09 y\n\
         2026-01-02 03:04:09 refused\n",
    );
    let timed = "2026-01-02 03:04:05 bad joe from 192.0.2.1\n2026-01-02T03:04:05+02:00 bad joe from 192.0.2.2\n\
                 @4000000043fd9b8e12345678 bad joe from 192.0.2.3\n1700000000.250 bad joe from 192.0.2.4\n";
    let dates = put(
        "dates.log",
        &format!("bad joe from 192.0.2.9\n{timed}2026-01-02 03:04:06 bad it's from 2001:db8::1\n"),
    );
    let timed = put("timed.log", timed);
    let user = r"bad <F-USER>\S+</F-USER> from <HOST>(?:<F-MLFID>x</F-MLFID>)?";
    let identity = r"bad <F-ID>\S+</F-ID> from <ADDR>";
    let tuple =
        r"bad <F-USER>\S</F-USER><F-TUPLE_USER>\S+</F-TUPLE_USER> from <ADDR>(<F-ALT_USER>x</F-ALT_USER>)?";
    let conf = folder.path().to_str().unwrap();
    let own = path("filter.d/own.conf");
    let line = "Jan  2 03:04:05 host bad 192.0.2.1";
    let long = format!("{line} {}", "x".repeat(80));
    let cases: &[&[&str]] = &[
        &["-c", conf, &log, "own"],
        &["-c", conf, &log, "own[kind=y, logtype=\"short\"]"],
        &["-c", conf, &log, "own.conf", "nothing 2"],
        &["-c", conf, "--print-all-missed", "--print-all-ignored", "--print-all-matched", &log, "own"],
        &["-c", conf, "--print-no-missed", "--print-no-ignored", &log, "own"],
        &["-c", conf, "--no-check-all", &log, "own"],
        &["-c", conf, "-d", "^%Y-%m-%d %H:%M:%S", "-vL50", &log, "own"],
        &["-c", conf, "-d", "{^LN-BEG}", &log, "own"],
        &["-c", conf, "-o", "id", &log, "own"],
        &["-c", conf, "--out=ip", &log, "own"],
        &["-c", conf, "-omsg", &log, "own"],
        &["-c", conf, "-o", "ip4", &log, "own"],
        &["-c", conf, "-o", "row", &log, "own"],
        &["-c", conf, "-o", "row", &spans, "spans"],
        &["-c", conf, "-o", "<ip>: <msg>|<F-SKIPLINES0>", &spans, "spans"],
        &["-o", "row", &dates, user],
        &["-o", "<ip> <F-USER>", &dates, user],
        &["-o", "users", &dates, user],
        &[
            "-o",
            "x<y <ip> <fid> <family> <ip-rev> <bogus> <F-NOPE> <F-ip4> <<F-USER>> < ip> <br><sp>",
            &dates,
            user,
        ],
        &["-o", "<failures> <bancount> <restored> <F-FAILURES> <matches> <msg>", &log, user],
        &["-o", "row", &dates, identity],
        &["-o", "<ip> <fid> <F-IP> <F-ID> <family> <ip-rev> <ip-host>", &dates, identity],
        &["-o", "row", &dates, tuple],
        &["-o", "fid <F-USER>", &dates, tuple],
        &["-o", "user", &dates, tuple],
        &["-o", "<time>", &timed, user],
        &["--timezone", "UTC+0200", "-o", "row", &timed, user],
        &["-c", conf, &spans, "spans"],
        &["-c", conf, "--print-all-matched", &spans, "spans"],
        &[&log, &own],
        &[&log, &foreign],
        &[&log, &format!("{foreign}[kind=y]")],
        &[&log, "^ bad .* from <ADDR>"],
        &[&log, "^ bad .* from <ADDR>", "from 192.0.2.2"],
        &["--usedns", "no", line, "bad <HOST>$"],
        &[&long, "^ host bad <HOST> x"],
        &[&format!("{line}\n{long}\n\nx\ny\nz\nlast"), "bad <HOST>"],
        &[line, "no host"],
        &[line, r"^no \[host\] it's"],
        &[line, "(open <HOST>"],
        &["-c", conf, line, "no-such-filter"],
    ];
    let cases: Vec<Vec<String>> = cases.iter().map(|case| words(case)).collect();
    assert_same(&cases);
}
