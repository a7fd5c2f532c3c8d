//! A template's regular expression, compiled: an automaton where that is exact, and otherwise an engine that backtracks within a budget.
//! It refuses to know what a match means.

use std::ops::Range;

use event::limit::{FAIL2BAN_PATTERN_SIZE_BYTES, FAIL2BAN_PATTERN_STEPS};
use filter::program::NOWHERE;

use super::DateError;
use crate::pattern::linear::{Linear, Workspace, parsed};
use crate::pattern::python;
use crate::pattern::render::{Target, needs_backtracking, render, render_ascii};
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
    /// The fields of a date, each a letter, and the groups that take them.
    pub fields: Vec<(char, usize)>,
    groups: usize,
    /// Groups of which the first that took part is the match, for those that have to look behind it.
    shown: Vec<usize>,
}

#[derive(Debug)]
enum Engine {
    Linear(Linear),
    Backtracking(Box<fancy_regex::Regex>),
}

/// Where a match and its groups stand.
#[derive(Clone, Debug)]
pub struct Match {
    /// All of it.
    pub whole: Range<usize>,
    slots: Vec<u32>,
}

impl Match {
    /// Where a group stands, by its number; 0 is all of it.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        match self.slots.get(number * 2..number * 2 + 2)? {
            &[start, end] if start != NOWHERE && end != NOWHERE => Some(start as usize..end as usize),
            _ => None,
        }
    }
}

/// The beginning or the end of a word, or something that is no part of one on the other side: what look-ahead says in fail2ban's own.
const BEGIN: &str = r"(?:\A|\b|\b{end-half})";
const END: &str = r"(?:\b|\b{end-half})";

impl Search {
    /// Compiles a regular expression in Python's syntax.
    pub fn new(regex: &str, edges: Edges) -> Result<Self, DateError> {
        let bad = |cause: String| DateError::BadPattern { pattern: regex.to_owned(), cause };
        let parsed = python::parse(regex, false).map_err(|cause| bad(cause.wrong.to_string()))?;
        let backtracking = needs_backtracking(&parsed.root, true);
        let target = if backtracking { Target::Backtracking } else { Target::Linear };
        let text =
            framed(&parsed.root, &|node| render(node, target, true), edges.before(false), edges.behind());
        let engine = if backtracking {
            let mut builder = fancy_regex::RegexBuilder::new(&text);
            builder.backtrack_limit(FAIL2BAN_PATTERN_STEPS).delegate_size_limit(FAIL2BAN_PATTERN_SIZE_BYTES);
            Engine::Backtracking(Box::new(builder.build().map_err(|cause| bad(cause.to_string()))?))
        } else {
            let ascii = framed(
                &parsed.root,
                &|node| render_ascii(node, target, true),
                edges.before(true),
                edges.behind(),
            );
            Engine::Linear(linear(&ascii, &text)?)
        };
        let names = parsed.names.iter().enumerate();
        let fields = names.filter_map(|(group, name)| {
            let mut letters = name.as_deref()?.chars();
            let (letter, None) = (letters.next()?, letters.next()) else { return None };
            Some((letter, group))
        });
        Ok(Self { engine, fields: fields.collect(), groups: parsed.names.len(), shown: vec![0] })
    }

    /// Compiles a regular expression in the automaton's own syntax; what one of the groups `shown` takes is the match.
    pub fn behind(regex: &str, shown: &[usize]) -> Result<Self, DateError> {
        let engine = Engine::Linear(linear(regex, regex)?);
        Ok(Self { engine, fields: Vec::new(), groups: 1 + shown.len(), shown: shown.to_vec() })
    }

    /// The first match that begins in `part`, as if the text ended with it.
    pub fn find(&self, text: &str, part: Range<usize>, workspace: &mut Workspace) -> Option<Match> {
        let text = text.get(..part.end)?;
        // What stands before the match belongs to what is searched for there.
        let from = if self.shown == [0] {
            part.start
        } else {
            text.floor_char_boundary(part.start.saturating_sub(8))
        };
        let mut found = Match { whole: 0..0, slots: vec![NOWHERE; self.groups * 2] };
        match &self.engine {
            // A search that used up its steps has found no date.
            Engine::Linear(linear) => {
                linear
                    .search(text, text.is_ascii(), from, &mut found.slots, workspace)
                    .ok()
                    .filter(|found| *found)?;
            }
            Engine::Backtracking(regex) => {
                let taken = regex.captures_from_pos(text, from).ok()??;
                for (slots, group) in found.slots.chunks_exact_mut(2).zip(taken.iter()) {
                    if let Some(group) = group {
                        slots.copy_from_slice(&[group.start() as u32, group.end() as u32]);
                    }
                }
            }
        }
        found.whole = self.shown.iter().find_map(|&group| found.group(group))?;
        (found.whole.start >= part.start).then_some(found)
    }
}

impl Edges {
    /// What a regular expression says of what stands before a date, for text of ASCII or for any.
    fn before(self, ascii: bool) -> &'static str {
        match (self.begin, ascii) {
            (Begin::Open, _) => "",
            (Begin::Word, _) => BEGIN,
            (Begin::Line, false) => r"\A(?:[^\p{L}\p{N}_]{0,2})?",
            (Begin::Line, true) => r"\A(?:[^0-9A-Za-z_]{0,2})?",
        }
    }

    fn behind(self) -> &'static str {
        if self.end { END } else { "" }
    }
}

fn linear(ascii: &str, whole: &str) -> Result<Linear, DateError> {
    let bad = |cause| DateError::BadPattern { pattern: whole.to_owned(), cause };
    let hir = parsed(ascii, false).map_err(bad)?;
    Linear::new(&hir, whole).map_err(bad)
}

/// The tree with something before and behind it. As fail2ban puts that before and behind the text, it belongs to the first and the last of
/// the alternatives only.
fn framed(root: &Node, write: &dyn Fn(&Node) -> String, before: &str, behind: &str) -> String {
    if let Node::Case { ignored, node } = root {
        let flag = if *ignored { "(?i:" } else { "(?-i:" };
        return format!("{flag}{})", framed(node, write, before, behind));
    }
    let Node::Alternation(nodes) = root else {
        return format!("{before}{}{behind}", write(root));
    };
    let mut parts: Vec<String> = nodes.iter().map(write).collect();
    if let Some(first) = parts.first_mut() {
        first.insert_str(0, before);
    }
    if let Some(last) = parts.last_mut() {
        last.push_str(behind);
    }
    parts.join("|")
}
