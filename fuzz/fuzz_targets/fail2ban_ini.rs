//! Any text as a file of fail2ban's configuration, and each of its values as a filter or action with options: read or complained about.

#![no_main]

use std::path::Path;

use fail2ban::{ini, options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let (_, complaints) = ini::parse(&text, Path::new("jail.local"));
    // Each is one line with its place, whatever stands in the file.
    for complaint in complaints {
        let _ = complaint.to_string();
    }
    for line in text.lines() {
        let _ = options::Spelled::parse(line);
        let _ = options::split(line);
    }
});
