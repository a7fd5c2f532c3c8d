//! Logs whose `logpath` ends with `tail`: where they end when they are seen for the first time. Reads no line of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;

use dropin::JailModel;
use event::Position;
use event::limit::FILES;
use glob::MatchOptions;

/// The logs that jails name, as they are written.
pub fn logs<'a>(jails: impl Iterator<Item = &'a JailModel>) -> BTreeSet<String> {
    jails
        .filter(|jail| !jail.reads_journal())
        .flat_map(|jail| &jail.logs)
        .map(|log| log.path.clone())
        .collect()
}

/// The present ends of the logs that are to be read from there on. Of a log that several jails read, each says so: there is one place
/// in it for all of them, and what a jail looks back for must not be lost to it. What was read `before` is read on where it is.
pub fn ends<'a>(
    jails: impl Iterator<Item = &'a JailModel>,
    before: &BTreeSet<String>,
) -> HashMap<String, Position> {
    let read_on: BTreeSet<String> = before.iter().flat_map(|log| paths(log)).collect();
    let mut readers: BTreeMap<String, Vec<(&str, bool)>> = BTreeMap::new();
    for jail in jails.filter(|jail| !jail.reads_journal()) {
        for log in &jail.logs {
            for path in paths(&log.path).into_iter().filter(|path| !read_on.contains(path)) {
                readers.entry(path).or_default().push((&jail.name, log.tail));
            }
        }
    }
    let mut ends = HashMap::new();
    for (path, readers) in readers.iter().filter(|(_, readers)| readers.iter().any(|(_, tail)| *tail)) {
        if let Some((jail, _)) = readers.iter().find(|(_, tail)| !tail) {
            tracing::warn!("{path}: is read back in spite of 'tail', since jail {jail} reads it back");
            continue;
        }
        // One that is not there yet is read whole once it is: all of it is new then.
        let length = fs::metadata(path).ok().filter(fs::Metadata::is_file).map(|found| found.len());
        if let Some(position) = length.and_then(|length| source::position_at(path.as_ref(), length).ok()) {
            ends.insert(path.clone(), position);
        }
    }
    ends
}

/// The files that a pattern means now, by the names under which their places are kept.
fn paths(pattern: &str) -> Vec<String> {
    if !pattern.contains(['*', '?', '[']) {
        return vec![pattern.to_owned()];
    }
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let found = glob::glob_with(pattern, options).into_iter().flatten().flatten();
    found.take(FILES).filter_map(|path: PathBuf| path.into_os_string().into_string().ok()).collect()
}
