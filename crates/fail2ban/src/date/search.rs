//! A template's regular expression, compiled: an automaton where that is exact, and otherwise an engine that backtracks within a budget.
//! It refuses to know what a match means.

use std::ops::Range;

use event::limit::{FAIL2BAN_PATTERN_SIZE_BYTES, FAIL2BAN_PATTERN_STEPS};
use regex_automata::Input;
use regex_automata::meta::Regex as Automaton;

use super::DateError;
use crate::pattern::python;
use crate::pattern::render::{Target, needs_backtracking, render};
use crate::pattern::syntax::Node;

/// What must be at an edge of a date: nothing, or no letter or digit that goes on outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edges {
    /// How the regular expression begins.
    pub begin: Begin,
    /// Whether a word must not go on behind it.
    pub end: bool,
}

/// What must stand before a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Anything.
    Open,
    /// No letter or digit that goes on in the date.
    Word,
    /// The line's beginning, and two other characters at most.
    Line,
}

/// A compiled regular expression.
#[derive(Debug)]
pub struct Search {
    engine: Engine,
    /// Names of the groups by number.
    pub names: Vec<Option<String>>,
    /// Groups of which the first that took part is the match, for those that have to look behind it.
    shown: Vec<usize>,
}

#[derive(Debug)]
enum Engine {
    Linear(Automaton),
    Backtracking(Box<fancy_regex::Regex>),
}

/// Where a match and its groups stand.
#[derive(Clone, Debug)]
pub struct Match {
    /// All of it.
    pub whole: Range<usize>,
    /// The groups by number; 0 is all of it.
    pub groups: Vec<Option<Range<usize>>>,
}

/// The beginning or the end of a word, or something that is no part of one on the other side: what look-ahead says in fail2ban's own.
const BEGIN: &str = r"(?:\A|\b|\b{end-half})";
const END: &str = r"(?:\b|\b{end-half})";

impl Search {
    /// Compiles a regular expression in Python's syntax.
    pub fn new(regex: &str, edges: Edges) -> Result<Self, DateError> {
        let bad = |cause: String| DateError::BadPattern { pattern: regex.to_owned(), cause };
        let parsed = python::parse(regex, false).map_err(|cause| bad(cause.wrong.to_string()))?;
        let before = match edges.begin {
            Begin::Open => "",
            Begin::Word => BEGIN,
            Begin::Line => r"\A(?:[^\p{L}\p{N}_]{0,2})?",
        };
        let backtracking = needs_backtracking(&parsed.root, true);
        let target = if backtracking { Target::Backtracking } else { Target::Linear };
        let text = framed(&parsed.root, target, before, if edges.end { END } else { "" });
        let engine = if backtracking {
            let mut builder = fancy_regex::RegexBuilder::new(&text);
            builder.backtrack_limit(FAIL2BAN_PATTERN_STEPS).delegate_size_limit(FAIL2BAN_PATTERN_SIZE_BYTES);
            Engine::Backtracking(Box::new(builder.build().map_err(|cause| bad(cause.to_string()))?))
        } else {
            Engine::Linear(automaton(&text)?)
        };
        Ok(Self { engine, names: parsed.names, shown: vec![0] })
    }

    /// Compiles a regular expression in the automaton's own syntax; what one of the groups `shown` takes is the match.
    pub fn behind(regex: &str, shown: &[usize]) -> Result<Self, DateError> {
        Ok(Self { engine: Engine::Linear(automaton(regex)?), names: Vec::new(), shown: shown.to_vec() })
    }

    /// The first match that begins in `part`, as if the text ended with it.
    pub fn find(&self, text: &str, part: Range<usize>) -> Option<Match> {
        let text = text.get(..part.end)?;
        // What stands before the match belongs to what is searched for there.
        let from = if self.shown == [0] {
            part.start
        } else {
            text.floor_char_boundary(part.start.saturating_sub(8))
        };
        let groups: Vec<Option<Range<usize>>> = match &self.engine {
            Engine::Linear(automaton) => {
                let input = Input::new(text).span(from..text.len());
                // Most templates do not match a line, and then nothing need be made room for.
                if !automaton.is_match(input.clone()) {
                    return None;
                }
                let mut found = automaton.create_captures();
                automaton.search_captures(&input, &mut found);
                found
                    .is_match()
                    .then(|| found.iter().map(|group| group.map(|span| span.range())).collect())?
            }
            Engine::Backtracking(regex) => {
                // A search that used up its steps has found no date.
                let found = regex.captures_from_pos(text, from).ok()??;
                found.iter().map(|group| group.map(|group| group.range())).collect()
            }
        };
        let whole = self.shown.iter().find_map(|&group| groups.get(group)?.clone())?;
        (whole.start >= part.start).then_some(Match { whole, groups })
    }
}

fn automaton(text: &str) -> Result<Automaton, DateError> {
    let config = Automaton::config()
        .nfa_size_limit(Some(FAIL2BAN_PATTERN_SIZE_BYTES))
        .hybrid_cache_capacity(FAIL2BAN_PATTERN_SIZE_BYTES / 8);
    Automaton::builder().configure(config).build(text).map_err(|cause| {
        let cause = cause.syntax_error().map_or_else(|| cause.to_string(), ToString::to_string);
        DateError::BadPattern { pattern: text.to_owned(), cause }
    })
}

/// The tree with something before and behind it. As fail2ban puts that before and behind the text, it belongs to the first and the last of
/// the alternatives only.
fn framed(root: &Node, target: Target, before: &str, behind: &str) -> String {
    if let Node::Case { ignored, node } = root {
        let flag = if *ignored { "(?i:" } else { "(?-i:" };
        return format!("{flag}{})", framed(node, target, before, behind));
    }
    let Node::Alternation(nodes) = root else {
        return format!("{before}{}{behind}", render(root, target, true));
    };
    let mut parts: Vec<String> = nodes.iter().map(|node| render(node, target, true)).collect();
    if let Some(first) = parts.first_mut() {
        first.insert_str(0, before);
    }
    if let Some(last) = parts.last_mut() {
        last.push_str(behind);
    }
    parts.join("|")
}
