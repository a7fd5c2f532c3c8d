//! Any text as `stockade.toml`: settings or complaints, never both, and each complaint is about a line that is there.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (settings, complaints) = config::check("fuzz.toml", text, |zone| zone.len() % 2 == 0);
    assert_eq!(settings.is_some(), complaints.is_empty());
    let lines = text.split('\n').count();
    for complaint in &complaints {
        assert!(complaint.line <= lines, "{complaint} in a file of {lines} lines");
        assert!(!complaint.to_string().contains('\u{1b}'), "{complaint:?} brings an escape to the terminal");
    }
    config::parse_duration(text);
});
