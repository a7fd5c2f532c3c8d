//! Which patterns a line can match at all: those of whose texts one stands in it. Most lines have none of them, and go after one pass.

use aho_corasick::automaton::OverlappingState;
use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, packed};

use super::Rule;

/// Up to so many texts, their automaton may be a fast one that takes more memory.
const DENSE_TEXTS: usize = 100;

/// The texts of all patterns of failures.
#[derive(Debug)]
pub(super) struct Candidates {
    /// None if it cannot be built: then every pattern is tried.
    automaton: Option<AhoCorasick>,
    /// Finds out quicker that there is none of the texts, if they are few enough.
    first: Option<packed::Searcher>,
    /// For each text, the patterns that need it.
    needed_by: Vec<Vec<usize>>,
    /// Patterns that need none.
    always: Vec<bool>,
}

impl Candidates {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut texts: Vec<&[u8]> = Vec::new();
        let mut needed_by: Vec<Vec<usize>> = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            for text in rule.pattern.literals().unwrap_or_default() {
                let place = texts.iter().position(|known| known == text).unwrap_or_else(|| {
                    texts.push(text);
                    needed_by.push(Vec::new());
                    texts.len() - 1
                });
                needed_by[place].push(index);
            }
        }
        let kind = (texts.len() <= DENSE_TEXTS).then_some(AhoCorasickKind::DFA);
        let automaton = AhoCorasick::builder().prefilter(false).kind(kind).build(&texts).ok();
        let first = packed::Searcher::new(&texts);
        let always = rules.iter().map(|rule| rule.pattern.literals().is_none()).collect();
        Self { automaton, first, needed_by, always }
    }

    /// Marks in `marked` which patterns to try on `text`; `false` if none.
    pub(super) fn mark(&self, text: &str, marked: &mut Vec<bool>) -> bool {
        marked.clear();
        let Some(automaton) = self.automaton.as_ref().filter(|_| text.is_ascii()) else {
            // Where case does not matter, letters beyond ASCII can stand for some of ASCII.
            marked.resize(self.always.len(), true);
            return !marked.is_empty();
        };
        marked.extend_from_slice(&self.always);
        let mut any = self.always.contains(&true);
        let from = match &self.first {
            Some(searcher) => match searcher.find(text) {
                Some(first) => first.start(),
                None => return any,
            },
            None => 0,
        };
        let input = Input::new(text).span(from..text.len());
        let mut state = OverlappingState::start();
        loop {
            automaton.find_overlapping(input.clone(), &mut state);
            let Some(hit) = state.get_match() else { return any };
            any = true;
            for index in &self.needed_by[hit.pattern().as_usize()] {
                marked[*index] = true;
            }
        }
    }
}
