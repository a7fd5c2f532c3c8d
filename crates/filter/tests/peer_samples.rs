//! Our filters against the annotated sample logs of fail2ban, as Debian's package brings them: for the same service, the
//! same lines must name the same hosts. What differs on purpose is named in our samples file (`> differs TEXT`), with its
//! reason. `FILTER=sshd` looks at one filter only.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use filter::{Catalog, FilterSet, Kind, Scratch, samples};
use serde_json::Value;

/// Our filters, and the peer's sample files for the same service. Any of ours may find a line.
const SERVICES: &[(&[&str], &[&str])] = &[
    (&["sshd"], &["sshd"]),
    (&["dropbear"], &["dropbear"]),
    (&["asterisk", "asterisk-ami", "asterisk-iax"], &["asterisk"]),
    (&["freeswitch"], &["freeswitch"]),
    (&["nginx-http-auth"], &["nginx-http-auth"]),
    (&["nginx-limit-req"], &["nginx-limit-req"]),
    (&["nginx-errors", "exploit-scanner"], &["nginx-botsearch"]),
    (&["apache-auth"], &["apache-auth"]),
    (&["postfix"], &["postfix"]),
    (&["dovecot"], &["dovecot"]),
    (&["exim"], &["exim"]),
    (&["vsftpd"], &["vsftpd"]),
    (&["proftpd"], &["proftpd"]),
    (&["mysqld-auth"], &["mysqld-auth"]),
    (&["vaultwarden"], &["bitwarden"]),
    (&["nextcloud"], &["nextcloud"]),
    (&["grafana"], &["grafana"]),
];

#[test]
fn the_peer_and_we_find_the_same_hosts() {
    let logs = peer_logs();
    let only = std::env::var("FILTER").ok();
    let mut faults = Vec::new();
    let mut lines = 0;
    for (ours, theirs) in SERVICES {
        if only.as_deref().is_some_and(|only| !ours.contains(&only)) {
            continue;
        }
        // Which services the peer knows grows with its versions.
        for file in theirs.iter().map(|file| logs.join(file)).filter(|file| file.is_file()) {
            lines += compare(ours, &file, &mut faults);
        }
    }
    assert!(only.is_some() || lines > 300, "only {lines} lines of the peer were compared");
    assert!(faults.is_empty(), "{} unexplained differences:\n{}", faults.len(), faults.join("\n"));
}

fn peer_logs() -> PathBuf {
    let found = ["/usr/lib/python3/dist-packages/fail2ban/tests/files/logs"].map(PathBuf::from);
    let found = found.into_iter().find(|path| path.is_dir());
    found.expect("the peer's sample logs are needed: apt-get install --no-install-recommends fail2ban")
}

/// Compares one file of the peer with what our filters say; returns how many lines it compared.
fn compare(ours: &[&str], file: &Path, faults: &mut Vec<String>) -> usize {
    let catalog = Catalog::shipped();
    let jails = ours.iter().map(|name| (event::JailName::new(name), catalog.filter(name).unwrap())).collect();
    let set = FilterSet::new(jails, &[Kind::Ignore, Kind::Failure, Kind::Success]);
    let shipped = Catalog::all_shipped().iter().filter(|one| ours.contains(&one.name));
    let differs: Vec<&str> = shipped.flat_map(|one| samples::parse(one.samples).unwrap().differs).collect();
    let mut used = BTreeSet::new();
    let mut scratch = Scratch::default();
    let annotated = annotated(file);
    for line in &annotated {
        let mut hosts = BTreeSet::new();
        set.judge_line(line.text.as_bytes(), &mut scratch, &mut |found| {
            if found.rule.kind == Kind::Failure {
                hosts.extend(
                    found
                        .host
                        .map(|host| host.address().map_or(host.subject().to_string(), |a| a.to_string())),
                );
            }
        });
        let agree = match &line.host {
            Some(host) => hosts.len() == 1 && hosts.contains(host),
            None => hosts.is_empty(),
        };
        if agree {
            continue;
        }
        match differs.iter().find(|text| line.text.contains(**text)) {
            Some(text) => _ = used.insert(*text),
            None => faults.push(format!(
                "{}:{}: the peer says {:?}, we say {hosts:?}\n    {}",
                file.display(),
                line.number,
                line.host,
                line.text
            )),
        }
    }
    for text in differs.iter().filter(|text| !used.contains(*text)) {
        faults.push(format!("{}: '> differs {text}' explains nothing", ours.join(", ")));
    }
    annotated.len()
}

/// A line of the peer: the host that it must give, or none.
struct Annotated {
    number: usize,
    text: String,
    host: Option<String>,
}

/// What stands behind `# NAME:`, as the peer's own test reads it.
fn mark<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    let rest = line.strip_prefix('#')?.trim_start_matches('#');
    rest.strip_prefix(' ').unwrap_or(rest).strip_prefix(name)
}

fn annotated(file: &Path) -> Vec<Annotated> {
    let bytes = std::fs::read(file).unwrap_or_else(|wrong| panic!("{}: {wrong}", file.display()));
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<Annotated> = Vec::new();
    let mut wanted: Option<Value> = None;
    for (index, line) in text.lines().enumerate() {
        if let Some(json) = mark(line, "failJSON:") {
            wanted = serde_json::from_str(json).ok();
        } else if let Some(path) = mark(line, "addFILE:") {
            let path: String = serde_json::from_str(path.trim()).expect("addFILE names a file");
            lines.extend(annotated(&file.with_file_name(path)));
        } else if let Some(wanted) = wanted.take() {
            let host = wanted["host"].as_str().filter(|_| wanted["match"] == Value::Bool(true));
            lines.push(Annotated { number: index + 1, text: line.to_owned(), host: host.map(str::to_owned) });
        }
    }
    lines
}
