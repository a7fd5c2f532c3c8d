//! Any first line as a regular expression in Python's syntax with fail2ban's tags, and the rest as lines: compiled and searched within its
//! steps, or refused; what is found lies within the line.

#![no_main]

use fail2ban::pattern::{Names, Pattern, Places, Text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let Some((source, lines)) = text.split_once('\n') else { return };
    let Ok(pattern) = Pattern::new(source, Names::Read, Text::Line) else { return };
    let mut places = Places::default();
    for line in lines.lines() {
        let line = format!("{line}\n");
        if pattern.search(&line, &mut places) == Ok(true) {
            let (start, end) = places.group(0).expect("what was found stands somewhere");
            assert!(start <= end && end <= line.len());
            assert!(line.is_char_boundary(start) && line.is_char_boundary(end));
        }
    }
});
