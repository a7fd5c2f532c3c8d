//! Logs whose `logpath` ends with `tail`: where they end when they are seen for the first time. Reads no line of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;

use dropin::JailModel;
use event::Position;
use event::limit::FILES;
use fail2ban::{Remark, Topic};
use glob::MatchOptions;

/// The logs that jails name, as they are written.
pub fn logs<'a>(jails: impl Iterator<Item = &'a JailModel>) -> BTreeSet<String> {
    jails
        .filter(|jail| !jail.reads_journal())
        .flat_map(|jail| &jail.logs)
        .map(|log| log.path.clone())
        .collect()
}

/// The present ends of the logs that are to be read from there on. Of a log that several jails read, each says so, else
/// that is remarked: there is one place in it for all of them, and what a jail looks back for must not be lost to it. What was read
/// `before` is read on where it is.
pub fn ends<'a>(
    jails: impl Iterator<Item = &'a JailModel>,
    before: &BTreeSet<String>,
) -> (HashMap<String, Position>, Vec<Remark>) {
    let read_on: BTreeSet<String> = before.iter().flat_map(|log| paths(log)).collect();
    let mut readers: BTreeMap<String, Vec<(&str, bool)>> = BTreeMap::new();
    for jail in jails.filter(|jail| !jail.reads_journal()) {
        for log in &jail.logs {
            for path in paths(&log.path).into_iter().filter(|path| !read_on.contains(path)) {
                readers.entry(path).or_default().push((&jail.name, log.tail));
            }
        }
    }
    let (mut ends, mut remarks) = (HashMap::new(), Vec::new());
    for (path, readers) in readers.iter().filter(|(_, readers)| readers.iter().any(|(_, tail)| *tail)) {
        if let Some((jail, _)) = readers.iter().find(|(_, tail)| !tail) {
            let text = format!("{path} is read back in spite of 'tail', since jail {jail} reads it back");
            let tails = readers.iter().filter(|(_, tail)| *tail);
            remarks.extend(tails.map(|(jail, _)| Remark::new(Topic::jail(jail, "logpath"), text.clone())));
            continue;
        }
        // One that is not there yet is read whole once it is: all of it is new then.
        let length = fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| found.len());
        if let Some(position) = length.and_then(|length| source::position_at(path.as_ref(), length).ok()) {
            ends.insert(path.clone(), position);
        }
    }
    (ends, remarks)
}

/// The files that a pattern means now, by the names under which their places are kept.
pub fn paths(pattern: &str) -> Vec<String> {
    if !pattern.contains(['*', '?', '[']) {
        return vec![pattern.to_owned()];
    }
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let found = glob::glob_with(pattern, options).into_iter().flatten().flatten();
    found.take(FILES).filter_map(|path: PathBuf| path.into_os_string().into_string().ok()).collect()
}
