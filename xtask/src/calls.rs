//! What the pure crates may not even name: clocks, files, sockets, processes, threads. And nobody runs a shell.

use std::fs;
use std::path::Path;

use crate::sources;

const PURE: [&str; 4] = ["event", "filter", "counter", "decision"];

const FORBIDDEN_IN_PURE: [&str; 11] = [
    "std::fs",
    "std::net::Tcp",
    "std::net::Udp",
    "std::process",
    "std::thread",
    "std::os::unix::net",
    "SystemTime",
    "Instant::now",
    "Zoned::now",
    "TimeZone::system",
    "TimeZone::get",
];

/// The one crate that runs a shell: fail2ban's actions are shell commands that an administrator wrote. Log text never gets into their
/// text there; it goes by environment.
const SHELL_USER: &str = "crates/action/src/run.rs";

/// A shell would read what an attacker wrote into a log line.
const SHELLS: [&str; 4] = ["\"sh\"", "\"bash\"", "\"/bin/sh\"", "\"/bin/bash\""];

/// Every forbidden name.
pub fn check(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    for name in PURE {
        for path in sources(&root.join("crates").join(name).join("src"), "rs") {
            complaints.extend(named(
                &path,
                root,
                &FORBIDDEN_IN_PURE,
                "this crate is pure: it is told what it needs to know",
            ));
        }
    }
    for path in sources(&root.join("crates"), "rs")
        .iter()
        .filter(|path| path.components().any(|part| part.as_os_str() == "src"))
        .filter(|path| **path != root.join(SHELL_USER))
    {
        complaints.extend(named(
            path,
            root,
            &SHELLS,
            "no shell: attacker-controlled text must never reach one",
        ));
    }
    complaints
}

fn named(path: &Path, root: &Path, forbidden: &[&str], why: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let name = path.strip_prefix(root).unwrap_or(path).display();
    let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(number, line)| {
        forbidden.iter().filter(move |word| line.contains(**word)).map(move |word| (number, word))
    })
    .map(|(number, word)| format!("{name}:{}: names {word}; {why}", number + 1))
    .collect()
}
