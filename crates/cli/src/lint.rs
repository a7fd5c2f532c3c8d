//! Prints what `lint` finds, and what is odd about settings of our own. Changes nothing.

use std::path::Path;

use event::Moment;
use fail2ban::lint::{Ask, Finding, lint};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::table::harmless;
use crate::{Exit, out, say};

/// Characters of a pattern that are shown.
const SHOWN: usize = 100;

/// Looks at fail2ban's configuration in `folder`. Exit code 1 says that there is something to see to.
pub fn fail2ban(folder: &Path, all: bool, clock: fn() -> Moment, as_json: bool) -> Exit {
    if !folder.is_dir() {
        eprintln!(
            "stockade: {} is not there; name the directory of fail2ban's configuration with --fail2ban-dir",
            folder.display()
        );
        return Exit::NoInput;
    }
    let found = lint(folder, &Ask { all, now: clock(), zone: TimeZone::system() });
    print(&found, as_json);
    if found.is_empty() { Exit::Done } else { Exit::No }
}

/// What was noted about settings of our own.
pub fn notes(notes: &[String], as_json: bool) -> Exit {
    if as_json {
        let object = |note: &String| json!({ "severity": "note", "kind": "settings", "wrong": note });
        out::json(&notes.iter().map(object).collect::<Vec<_>>());
    } else {
        notes.iter().for_each(|note| say!("note: {}", harmless(note)));
        if notes.is_empty() {
            say!("nothing found");
        }
    }
    if notes.is_empty() { Exit::Done } else { Exit::No }
}

fn print(found: &[Finding], as_json: bool) {
    if as_json {
        return out::json(&found.iter().map(object).collect::<Vec<_>>());
    }
    for one in found {
        let Finding { place, about, pattern, fault } = one;
        say!("{}: {place}: {}: {}", fault.severity().word(), harmless(about), harmless(&fault.to_string()));
        if let Some(pattern) = pattern {
            say!("    {}", harmless(&shortened(pattern)));
        }
        say!("    {}", fault.why());
        say!("    instead: {}", harmless(&fault.instead()));
    }
    match found.len() {
        0 => say!("nothing found"),
        1 => say!("1 finding"),
        count => say!("{count} findings"),
    }
}

fn object(finding: &Finding) -> serde_json::Value {
    let Finding { place, about, pattern, fault } = finding;
    json!({
        "severity": fault.severity().word(),
        "kind": fault.kind(),
        "file": place.file.display().to_string(),
        "line": place.line,
        "about": about,
        "pattern": pattern,
        "wrong": fault.to_string(),
        "why": fault.why(),
        "instead": fault.instead(),
    })
}

/// The end of a pattern: what fail2ban's own prefixes make of its beginning is long, and the same for all.
fn shortened(pattern: &str) -> String {
    let surplus = pattern.chars().count().saturating_sub(SHOWN);
    if surplus == 0 {
        pattern.to_owned()
    } else {
        format!("…{}", pattern.chars().skip(surplus).collect::<String>())
    }
}
