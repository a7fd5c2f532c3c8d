//! What long lists take.

use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;

use config::{Blocklist, ListOrigin};

use crate::deadline::Stopwatch;
use crate::host::{Site, list};

const LINES: u32 = 100_000;

/// Resident memory in KiB.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Prints what it takes: `cargo test -p blocklist --test lists a_hundred -- --nocapture`.
#[test]
#[allow(clippy::print_stdout, reason = "a measurement")]
fn a_hundred_thousand_lines_are_no_burden() {
    let (home, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = home.path().join("bad.txt");
    let mut text = String::new();
    for number in 0..LINES {
        let address = Ipv4Addr::from(0x0b00_0000 + number.wrapping_mul(7919) % 0x0400_0000 * 4);
        let _ = writeln!(text, "{address} # seen {number} times");
    }
    fs::write(&path, &text).unwrap();
    drop(text);
    let before = resident();
    let began = Stopwatch::start();
    let list = Blocklist { max_entries: LINES, ..list(ListOrigin::File(path)) };
    let site = Site::start(list, state.path());
    let entries = site.entries();
    let (took, after) = (began.elapsed(), resident());
    assert_eq!(entries.len(), LINES as usize);
    println!(
        "{LINES} lines: read, kept and delivered in {took:?}; resident before {before} KiB, after {after} KiB"
    );
    assert!(after.saturating_sub(before) < 100 * 1024, "{before} KiB, then {after} KiB");
}
