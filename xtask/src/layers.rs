//! Who may depend on whom. A stage knows `event` and no other stage; the pure crates have no dependency that does I/O.

use std::fs;
use std::path::Path;

/// The stages, in the order of the flow.
const STAGES: [&str; 6] = ["source", "filter", "counter", "decision", "store", "enforcement"];

/// The pure crates and everything that each may depend on.
const PURE: [(&str, &[&str]); 5] = [
    ("event", &[]),
    (
        "filter",
        &["event", "aho-corasick", "jiff", "memchr", "regex-automata", "regex-syntax", "serde", "toml_edit"],
    ),
    ("counter", &["event"]),
    ("shelf", &[]),
    ("decision", &["event", "shelf"]),
];

/// What stands beside the kernel. None knows a stage or another of them, but for the bouncer, which is put together from two of
/// them and enforcement.
const BESIDE: [&str; 3] = ["fleet", "acl", "blocklist"];

/// What is served over HTTP, and which of its neighbours each may not know.
const APART: [(&str, &[&str]); 5] = [
    ("gate", &["api", "lapi", "miko", "page"]),
    ("api", &["lapi", "miko", "page"]),
    ("lapi", &["api", "miko", "page"]),
    ("miko", &["api", "lapi", "page"]),
    ("page", &["api", "lapi", "miko"]),
];

/// Every dependency that the architecture forbids.
pub fn check(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for stage in STAGES {
        for dependency in dependencies(root, stage) {
            if STAGES.contains(&dependency.as_str()) {
                complaints.push(format!(
                    "crates/{stage}/Cargo.toml: depends on {dependency}; no stage depends on a stage, they speak through event"
                ));
            }
        }
    }
    for (name, forbidden) in APART {
        for dependency in dependencies(root, name) {
            if STAGES.contains(&dependency.as_str()) || forbidden.contains(&dependency.as_str()) {
                complaints.push(format!(
                    "crates/{name}/Cargo.toml: depends on {dependency}; what is served over HTTP knows the program by the trait \
                     control::Desk alone, and the routers meet only in crates/stockade/src/web.rs"
                ));
            }
        }
    }
    for name in BESIDE {
        for dependency in dependencies(root, name) {
            if STAGES.contains(&dependency.as_str()) || BESIDE.contains(&dependency.as_str()) {
                complaints.push(format!(
                    "crates/{name}/Cargo.toml: depends on {dependency}; what stands beside the kernel is told values of event, and \
                     asks its Host"
                ));
            }
        }
    }
    for (name, allowed) in PURE {
        for dependency in dependencies(root, name).iter().filter(|one| !allowed.contains(&one.as_str())) {
            complaints.push(format!(
                "crates/{name}/Cargo.toml: depends on {dependency}; {name} is pure: add it in xtask/src/layers.rs only if it \
                 reads no clock, file or socket"
            ));
        }
    }
    complaints
}

/// The names under `[dependencies]`; what only tests need is free.
fn dependencies(root: &Path, name: &str) -> Vec<String> {
    let path = root.join("crates").join(name).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()));
    let section = text.lines().skip_while(|line| line.trim() != "[dependencies]").skip(1);
    let lines = section.take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split(['.', '=', ' ']).next());
    names.filter(|name| !name.is_empty() && !name.starts_with('#')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_dependencies_of_a_crate_are_read() {
        assert_eq!(super::dependencies(&crate::root(), "counter"), ["event"]);
    }
}
