//! Any text as a filter file, and behind a zero byte a line: it is refused with a message, or judges the line, and then
//! both engines agree on each of its patterns.

#![no_main]

use std::sync::Arc;

use event::JailName;
use filter::{Filter, FilterSet, Kind, Scratch};
use libfuzzer_sys::fuzz_target;
use stockade_fuzz::check_found;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (text, line) = (parts.next().unwrap_or(b""), parts.next().unwrap_or(b""));
    let Ok(text) = std::str::from_utf8(text) else { return };
    let filter = match Filter::parse("fuzz", text) {
        Ok(filter) => Arc::new(filter),
        Err(wrong) => return assert!(!wrong.to_string().is_empty()),
    };
    for rule in filter.rules() {
        let Some([program, automaton]) = rule.both_answers(line) else { continue };
        assert_eq!(program, automaton, "{} on {:?}", rule.name, String::from_utf8_lossy(line));
        assert!(automaton.is_none() || rule.is_near(line), "{} matches without its literal", rule.name);
    }
    let kinds = [Kind::Ignore, Kind::Failure, Kind::Success];
    let set = FilterSet::new(vec![(JailName::new("fuzz"), filter)], &kinds);
    set.judge_line(line, &mut Scratch::default(), &mut |found| check_found(&found, line));
});
