//! Every filter of Debian's fail2ban, with every set of options that its sample logs name, must come out of our reader with the very
//! texts that fail2ban's own reader gives.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use fail2ban::filter_file;
use serde_json::{Value, json};

const FOLDER: &str = "/etc/fail2ban";
const SAMPLES: &str = "/usr/lib/python3/dist-packages/fail2ban/tests/files/logs";

type Options = BTreeMap<String, String>;

/// Every filter, plain and with the options of its samples.
fn cases() -> Vec<(String, Options)> {
    let mut found = Vec::new();
    let mut names: Vec<String> = std::fs::read_dir(Path::new(FOLDER).join("filter.d"))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".conf").map(str::to_owned))
        .collect();
    names.sort();
    for name in names {
        found.push((name.clone(), Options::new()));
        let text = std::fs::read(Path::new(SAMPLES).join(&name)).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            let Some((head, json)) = line.split_once("Options:") else { continue };
            if !head.starts_with('#') || !(head.ends_with("filter") || head.ends_with("file")) {
                continue;
            }
            let sets: Value = serde_json::from_str(json).unwrap();
            for set in sets.as_array().cloned().unwrap_or_else(|| vec![sets]) {
                let options = set.as_object().unwrap().iter().filter(|(key, _)| !key.starts_with("test."));
                let options = options.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()));
                found.push((name.clone(), options.collect()));
            }
        }
    }
    found
}

fn asked(folder: &str, cases: &[(String, Options)]) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/filters.py");
    let mut python = Command::new("/usr/bin/python3")
        .args(["-W", "ignore", script, folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: tests/setup.sh installs fail2ban");
    python.stdin.take().unwrap().write_all(serde_json::to_string(cases).unwrap().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// As a jail would spell it.
fn spelled(name: &str, options: &Options) -> String {
    let inner: Vec<String> = options.iter().map(|(key, value)| format!("{key}=\"{value}\"")).collect();
    if inner.is_empty() { name.to_owned() } else { format!("{name}[{}]", inner.join(",")) }
}

fn ours(folder: &str, spelled: &str) -> Value {
    match filter_file::read(Path::new(folder), spelled) {
        Err(complaints) => json!({ "error": complaints.iter().map(ToString::to_string).collect::<Vec<_>>() }),
        Ok((filter, complaints)) => {
            // `common.conf` and its kind are there to be included, and define no filter.
            let expected = if spelled.contains("common") { 1 } else { 0 };
            assert!(complaints.len() <= expected, "{spelled}: {complaints:?}");
            let mut made = json!({
                "failregex": filter.failregex, "ignoreregex": filter.ignoreregex, "journalmatch": filter.journalmatch,
                "options": filter.options,
            });
            let one = |name: &str, value: Option<String>| value.map(|value| (name.to_owned(), json!(value)));
            let lines = filter
                .options
                .contains_key("maxlines")
                .then(|| ("maxlines".to_owned(), json!(filter.maxlines)));
            let singles = [
                one("prefregex", filter.prefregex),
                one("datepattern", filter.datepattern),
                one("usedns", filter.usedns),
            ];
            made.as_object_mut().unwrap().extend(singles.into_iter().flatten().chain(lines));
            made
        }
    }
}

#[test]
fn every_stock_filter_comes_out_as_fail2ban_reads_it() {
    let cases = cases();
    assert!(cases.len() > 100, "only {} cases: is fail2ban installed?", cases.len());
    let mut differences = Vec::new();
    for ((name, options), theirs) in cases.iter().zip(asked(FOLDER, &cases)) {
        let spelled = spelled(name, options);
        let ours = ours(FOLDER, &spelled);
        if theirs.get("error").is_some() && ours.get("error").is_some() {
            continue;
        }
        for key in [
            "failregex",
            "ignoreregex",
            "prefregex",
            "datepattern",
            "maxlines",
            "usedns",
            "journalmatch",
            "options",
            "error",
        ] {
            if ours.get(key) != theirs.get(key) {
                differences.push(format!(
                    "{spelled}: {key}\n  ours   {:?}\n  theirs {:?}",
                    ours.get(key),
                    theirs.get(key)
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
