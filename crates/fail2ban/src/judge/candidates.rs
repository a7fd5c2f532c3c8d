//! Which patterns a line can match at all: those of whose texts one stands in it. Most lines have none of them, and go after one pass.

use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, dfa::DFA, packed};

use filter::finder::OneOf;

use super::rule::Rule;

/// Up to so many texts, their automaton may be a fast one that takes more memory.
const DENSE_TEXTS: usize = 100;

/// So many texts of a further list are looked for.
const BESIDES: usize = 3;

/// The texts of all patterns of failures.
#[derive(Debug)]
pub(super) struct Candidates {
    every: Every,
    /// Finds out quicker that there is none of the texts, if they are few enough.
    first: Option<packed::Searcher>,
    /// For each text, the patterns that need it.
    needed_by: Vec<Vec<usize>>,
    /// Patterns that need none.
    always: Vec<bool>,
    /// What else a line must have for each pattern: of each list one text.
    besides: Vec<Vec<OneOf>>,
    /// What it must have for the prefix. As that often stands in every line, it is looked for last.
    prefix: Vec<OneOf>,
}

/// Finds every one of the texts.
#[derive(Debug)]
enum Every {
    Dense(DFA),
    Sparse(NFA),
    /// It cannot be built: then every pattern is tried.
    Unknown,
}

impl Candidates {
    pub(super) fn new(failures: &[Rule], prefix: Option<&Rule>) -> Self {
        let mut texts: Vec<&[u8]> = Vec::new();
        let mut needed_by: Vec<Vec<usize>> = Vec::new();
        for (index, rule) in failures.iter().enumerate() {
            for text in rule.pattern.literals().first().into_iter().flatten() {
                let place = texts.iter().position(|known| known == text).unwrap_or_else(|| {
                    texts.push(text);
                    needed_by.push(Vec::new());
                    texts.len() - 1
                });
                needed_by[place].push(index);
            }
        }
        let every = if texts.len() <= DENSE_TEXTS {
            DFA::builder().prefilter(false).build(&texts).map(Every::Dense)
        } else {
            NFA::builder().prefilter(false).build(&texts).map(Every::Sparse)
        };
        let every = every.unwrap_or(Every::Unknown);
        let first = packed::Searcher::new(&texts);
        let always = failures.iter().map(|rule| rule.pattern.literals().is_empty()).collect();
        // Looking for many texts one by one takes longer than what it spares.
        let few = |rule: &Rule, skipped: usize| -> Vec<OneOf> {
            let lists = rule.pattern.literals().iter().skip(skipped);
            lists.filter(|list| list.len() <= BESIDES).map(|list| OneOf::new(list)).collect()
        };
        let besides = failures.iter().map(|rule| few(rule, 1)).collect();
        let prefix = prefix.map(|rule| few(rule, 0)).unwrap_or_default();
        Self { every, first, needed_by, always, besides, prefix }
    }

    /// Marks in `marked` which patterns to try on `text`; `false` if none of them can match, or the prefix cannot.
    pub(super) fn mark(&self, text: &str, is_ascii: bool, marked: &mut Vec<bool>) -> bool {
        marked.clear();
        if !is_ascii || matches!(self.every, Every::Unknown) {
            // Where case does not matter, letters beyond ASCII can stand for some of ASCII.
            marked.resize(self.always.len(), true);
            return !marked.is_empty();
        }
        marked.extend_from_slice(&self.always);
        let from = match &self.first {
            Some(searcher) => searcher.find(text).map_or(text.len(), |first| first.start()),
            None => 0,
        };
        let rest = &text.as_bytes()[from..];
        match &self.every {
            Every::Dense(automaton) => self.walk(automaton, rest, marked),
            Every::Sparse(automaton) => self.walk(automaton, rest, marked),
            Every::Unknown => {}
        }
        let bytes = text.as_bytes();
        for (marked, besides) in marked.iter_mut().zip(&self.besides) {
            *marked = *marked && besides.iter().all(|list| list.is_in(bytes));
        }
        marked.contains(&true) && self.prefix.iter().all(|list| list.is_in(bytes))
    }

    #[inline(always)]
    fn walk(&self, automaton: &impl Automaton, text: &[u8], marked: &mut [bool]) {
        let Ok(mut state) = automaton.start_state(Anchored::No) else { return marked.fill(true) };
        for byte in text {
            state = automaton.next_state(Anchored::No, state, *byte);
            if automaton.is_special(state) && automaton.is_match(state) {
                for index in 0..automaton.match_len(state) {
                    let text = automaton.match_pattern(state, index).as_usize();
                    self.needed_by[text].iter().for_each(|rule| marked[*rule] = true);
                }
            }
        }
    }
}
