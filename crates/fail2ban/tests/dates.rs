//! Every line of fail2ban's sample logs, through the date detector of Debian's fail2ban and through ours: the same text must be cut out,
//! and it must mean the same moment.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use event::Moment;
use fail2ban::{DateDetector, filter_file};
use jiff::tz::TimeZone;
use serde_json::Value;

const FOLDER: &str = "/etc/fail2ban";
const SAMPLES: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";
/// 2005-08-14 12:00 in Zurich, as fail2ban's own tests have it.
const NOW: i64 = 1_124_013_600;
const ZONE: &str = "Europe/Zurich";

/// Patterns beside those of the stock filters.
const FURTHER: [&str; 14] = [
    "{DEFAULT}",
    "{^LN-BEG}",
    "{NONE}",
    "^{DATE}",
    "EPOCH",
    "{^LN-BEG}EPOCH",
    "^LEPOCH",
    "TAI64N",
    "{EPOCH}",
    "**%b %d %H:%M:%S**",
    "{UNB}%H:%M:%S",
    "%d(?P<x>[-/.])%b(?P=x)%Y:%X",
    "{^LN-BEG}%H:%M:%S\n%Exd[-/]%b",
    "%Y-%m-%d[ T]%k:%M(?::%S)?(?: ?%Exz)?$",
];

type Case = (Option<String>, Vec<String>);

fn cases() -> Vec<Case> {
    let mut found = Vec::new();
    let mut everything = Vec::new();
    let mut names: Vec<_> =
        std::fs::read_dir(SAMPLES).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    for name in names {
        let Ok(bytes) = std::fs::read(Path::new(SAMPLES).join(&name)) else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        let pattern = filter_file::read(Path::new(FOLDER), name.to_str().unwrap()).ok();
        let patterns = [None, pattern.and_then(|(filter, _)| filter.datepattern)];
        found.extend(
            patterns.into_iter().collect::<BTreeSet<_>>().into_iter().map(|pattern| (pattern, lines.clone())),
        );
        everything.extend(lines);
    }
    // All logs in one, so that the detector has to change its mind again and again.
    let further = FURTHER.iter().map(|pattern| Some((*pattern).to_owned())).chain([None]);
    found.extend(further.map(|pattern| (pattern, everything.clone())));
    found
}

fn asked(cases: &[Case]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dates.py");
    let mut python = Command::new("/usr/bin/python3")
        .args(["-W", "ignore", script, &NOW.to_string()])
        .env("TZ", ZONE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: tests/setup.sh installs fail2ban");
    python.stdin.take().unwrap().write_all(serde_json::to_string(cases).unwrap().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ours(detector: &mut DateDetector, line: &str, zone: &TimeZone) -> Value {
    let Some(found) = detector.find(line, Moment::from_seconds(NOW), zone) else { return Value::Null };
    let characters = |at: usize| line[..at].chars().count();
    serde_json::json!([
        characters(found.start),
        characters(found.end),
        found.at.map(|at| at.millis() as f64 / 1e3)
    ])
}

fn same(ours: &Value, theirs: &Value) -> bool {
    let second = |value: &Value| value[2].as_f64();
    let close = match (second(ours), second(theirs)) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() < 0.0011,
        (ours, theirs) => ours == theirs,
    };
    ours.is_null() == theirs.is_null() && ours[0] == theirs[0] && ours[1] == theirs[1] && close
}

#[test]
fn the_same_dates_are_found_as_by_fail2ban() {
    let cases = cases();
    let zone = TimeZone::get(ZONE).unwrap();
    let (mut lines, mut differences) = (0, Vec::new());
    for ((pattern, given), theirs) in cases.iter().zip(asked(&cases)) {
        let mut detector =
            DateDetector::new(pattern.as_deref(), None).unwrap_or_else(|cause| panic!("{cause}"));
        let theirs = theirs.as_array().unwrap_or_else(|| panic!("{pattern:?}: {theirs}"));
        for (line, theirs) in given.iter().zip(theirs) {
            let ours = ours(&mut detector, line, &zone);
            lines += 1;
            if !same(&ours, theirs) {
                differences.push(format!("{pattern:?}: {line}\n  ours   {ours}\n  theirs {theirs}"));
            }
        }
    }
    assert!(lines > 10_000, "only {lines} lines: is fail2ban installed?");
    let shown = &differences[..differences.len().min(30)];
    assert!(shown.is_empty(), "{} of {lines} lines differ:\n{}", differences.len(), shown.join("\n"));
}
