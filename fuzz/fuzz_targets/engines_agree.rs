//! A shipped pattern, chosen by the first two bytes, and a text: program and automaton give the same answer and the same
//! groups, and what matches has one of the literals that the prefilter looks for. So for every pattern whose literal is there.

#![no_main]

use filter::filter::Rule;
use libfuzzer_sys::fuzz_target;
use stockade_fuzz::SHIPPED;

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first_chunk::<2>() else { return };
    let rules = || SHIPPED.jails().iter().flat_map(|(_, filter)| filter.rules());
    let chosen = usize::from(u16::from_le_bytes(*choice)) % rules().count();
    for (index, rule) in rules().enumerate() {
        if index == chosen || rule.is_near(text) {
            agree(rule, text);
        }
    }
});

fn agree(rule: &Rule, text: &[u8]) {
    let Some([program, automaton]) = rule.both_answers(text) else { return };
    assert_eq!(program, automaton, "{} on {:?}", rule.name, String::from_utf8_lossy(text));
    assert!(
        automaton.is_none() || rule.is_near(text),
        "{} matches without its literal: {:?}",
        rule.name,
        String::from_utf8_lossy(text)
    );
}
