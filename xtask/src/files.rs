//! The shape of source files: each opens by saying what it holds, none grows past what fits a head, and each crate stands on
//! the map.

use std::fs;
use std::path::Path;

use crate::sources;

/// A longer file holds more than one noun.
const LINES_MAX: usize = 500;

/// Every file that is out of shape.
pub fn check(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for path in ["crates", "xtask", "tests", "fuzz"].iter().flat_map(|dir| sources(&root.join(dir), "rs")) {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let name = path.strip_prefix(root).unwrap_or(&path).display();
        if !text.starts_with("//!") {
            complaints.push(format!(
                "{name}: begins without '//!': say what the file holds and what it refuses to do"
            ));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            complaints.push(format!(
                "{name}: {lines} lines; past {LINES_MAX} it holds more than one noun, divide it"
            ));
        }
    }
    complaints.extend(unmapped(root));
    complaints
}

/// Crates that ARCHITECTURE.md does not mention.
fn unmapped(root: &Path) -> Vec<String> {
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap_or_default();
    let crates = fs::read_dir(root.join("crates")).expect("the workspace has crates");
    let names = crates.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    names
        .filter(|name| !map.contains(&format!("crates/{name}`")))
        .map(|name| format!("ARCHITECTURE.md: crates/{name} is not on the map"))
        .collect()
}
