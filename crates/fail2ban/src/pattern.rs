//! One regular expression of a filter, ready to search: an automaton where that is exact, in time in proportion to the line. Look-around,
//! back-references and conditionals need a backtracking engine; it only sees lines that a looser automaton let through, and
//! its steps are counted.

pub mod tags;
pub mod syntax;
pub mod python;
pub mod render;
pub mod linear;
mod tail;
mod relaxed;

use std::fmt;
use std::sync::Arc;

use event::limit::{
    FAIL2BAN_PATTERN_PROGRAM, FAIL2BAN_PATTERN_SIZE_BYTES, FAIL2BAN_PATTERN_STEPS,
    FAIL2BAN_PATTERN_STEPS_OF_LINES,
};
use fancy_regex::Regex as Backtracking;
use filter::program::NOWHERE;

use linear::{Linear, Workspace, parsed};
use relaxed::Relaxed;
use render::{Target, needs_backtracking, render, render_ascii};
use syntax::Node;
pub use tags::Names;
use tail::{Tail, without_tail};

/// What the text to search may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// One line with its newline.
    Line,
    /// Several lines; `^` and `$` stand at the start and the end of all of it.
    Lines,
    /// Several lines; `^` and `$` stand at each one's start and end.
    EachLine,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was written, tags and all.
    source: Arc<str>,
    /// Names of the groups by number.
    names: Arc<[Option<Arc<str>>]>,
    engine: Engine,
    /// Texts of which every match has one of each list, the best list first; none if there are no such.
    literals: Vec<Literals>,
}

#[derive(Clone, Debug)]
enum Engine {
    Linear(Linear, Option<Tail>),
    Backtracking { guard: Linear, quick: Option<Quick>, exact: Arc<Backtracking> },
}

/// Finds most matches of a pattern that needs backtracking, in text of ASCII, and says where it cannot tell.
#[derive(Clone, Debug)]
struct Quick {
    linear: Linear,
    relaxed: Arc<Relaxed>,
}

/// Texts of which one at least stands in every match.
pub type Literals = filter::literal::Set;

/// So many lists of them are looked for.
const LITERAL_LISTS: usize = 3;

/// Where groups stand in the text; kept by the caller, so that searching allocates little.
#[derive(Clone, Debug, Default)]
pub struct Places {
    slots: Vec<u32>,
    /// The groups of a simpler pattern.
    relaxed: Vec<u32>,
    workspace: Workspace,
}

/// The search was given up: its steps were used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManySteps;

impl Pattern {
    /// Compiles `source`, tags first.
    pub fn new(source: &str, names: Names, text: Text) -> Result<Self, PatternError> {
        let wrong = |wrong| PatternError { pattern: source.to_owned(), at: 0, wrong };
        let resolved = tags::resolve(source, names);
        if resolved.trim_start().is_empty() {
            return Err(wrong(Wrong::Blank));
        }
        let parsed = python::parse(&tags::localise_flags(&resolved), text == Text::EachLine)?;
        let one_line = text == Text::Line;
        let hard = needs_backtracking(&parsed.root, one_line);
        let target = if hard { Target::Loose } else { Target::Linear };
        let shorter = without_tail(&parsed.root).filter(|_| one_line && !hard);
        let searched = shorter.as_ref().map_or(&parsed.root, |(root, _)| root);
        let (linear, literals) =
            compiled(searched, target, one_line).map_err(|cause| wrong(Wrong::Engine(cause)))?;
        let engine = if hard {
            let quick = Quick::new(&parsed.root, one_line);
            let steps = if one_line { FAIL2BAN_PATTERN_STEPS } else { FAIL2BAN_PATTERN_STEPS_OF_LINES };
            let exact = backtracking(&render(&parsed.root, Target::Backtracking, one_line), steps);
            let exact = exact.map_err(|cause| wrong(Wrong::Engine(cause)))?;
            Engine::Backtracking { guard: linear, quick, exact: Arc::new(exact) }
        } else {
            Engine::Linear(linear, shorter.map(|(_, tail)| tail))
        };
        let names = parsed.names.into_iter().map(|name| name.map(Arc::from)).collect();
        Ok(Self { source: source.into(), names, engine, literals })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Texts of which every match in a text of ASCII contains at least one of each list, the best list first.
    pub fn literals(&self) -> &[Literals] {
        &self.literals
    }

    /// Whether an automaton runs it, in time in proportion to the line.
    pub fn is_linear(&self) -> bool {
        matches!(self.engine, Engine::Linear(..))
    }

    /// The names of its groups, with their numbers.
    pub fn groups(&self) -> impl Iterator<Item = (usize, &Arc<str>)> {
        self.names.iter().enumerate().filter_map(|(number, name)| Some((number, name.as_ref()?)))
    }

    /// Whether there is a group of this name.
    pub fn has_group(&self, name: &str) -> bool {
        self.groups().any(|(_, known)| &**known == name)
    }

    /// Searches `text`; if it matches, `places` says where its groups stand.
    pub fn search(&self, text: &str, places: &mut Places) -> Result<bool, TooManySteps> {
        self.search_known(text, text.is_ascii(), places)
    }

    /// As `search`, for a text of which it is known whether it is ASCII throughout.
    pub fn search_known(
        &self,
        text: &str,
        is_ascii: bool,
        places: &mut Places,
    ) -> Result<bool, TooManySteps> {
        places.slots.clear();
        places.slots.resize(self.names.len() * 2, NOWHERE);
        match &self.engine {
            Engine::Linear(linear, tail) => {
                let found = linear.search(text, is_ascii, 0, &mut places.slots, &mut places.workspace)?;
                if let Some(tail) = tail.filter(|_| found) {
                    places.extend(tail, text);
                }
                Ok(found)
            }
            Engine::Backtracking { guard, quick, exact } => {
                if let Some(quick) = quick.as_ref().filter(|_| is_ascii)
                    && let Some(found) = quick.search(text, places)
                {
                    return Ok(found);
                }
                places.relaxed.clear();
                if !guard.search(text, is_ascii, 0, &mut places.relaxed, &mut places.workspace)? {
                    return Ok(false);
                }
                let Some(found) = exact.captures(text).map_err(|_| TooManySteps)? else { return Ok(false) };
                for (number, slots) in places.slots.chunks_exact_mut(2).enumerate() {
                    if let Some(group) = found.get(number) {
                        slots.copy_from_slice(&[group.start() as u32, group.end() as u32]);
                    }
                }
                Ok(true)
            }
        }
    }
}

impl Places {
    /// Where a group stands, by its number; 0 is the whole match.
    pub fn group(&self, number: usize) -> Option<(usize, usize)> {
        stands(&self.slots, number)
    }

    /// Lets the match and the tail's group go on to the end of the line.
    fn extend(&mut self, tail: Tail, text: &str) {
        let Some((_, end)) = self.group(0) else { return };
        let rest = &text.as_bytes()[end..];
        let end = end + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        for group in [Some(0), tail.group].into_iter().flatten() {
            self.slots[group * 2 + 1] = end as u32;
        }
    }
}

fn stands(slots: &[u32], group: usize) -> Option<(usize, usize)> {
    match slots.get(group * 2..group * 2 + 2)? {
        &[start, end] if start != NOWHERE && end != NOWHERE => Some((start as usize, end as usize)),
        _ => None,
    }
}

impl Quick {
    fn new(root: &Node, one_line: bool) -> Option<Self> {
        let relaxed = Relaxed::new(root).filter(|relaxed| !needs_backtracking(&relaxed.root, one_line))?;
        let ascii = parsed(&render_ascii(&relaxed.root, Target::Linear, one_line), false).ok()?;
        let linear = Linear::new(&ascii, &render(&relaxed.root, Target::Linear, one_line)).ok()?;
        Some(Self { linear, relaxed: Arc::new(relaxed) })
    }

    /// Whether the pattern matches, and where its groups stand then. None: this cannot be told.
    fn search(&self, text: &str, places: &mut Places) -> Option<bool> {
        let Places { slots, relaxed, workspace } = places;
        relaxed.clear();
        relaxed.resize(2 + self.relaxed.origin.len() * 2, NOWHERE);
        if !self.linear.search(text, true, 0, relaxed, workspace).ok()? {
            return Some(false);
        }
        if !self.relaxed.checks.iter().all(|check| check.holds(text, stands(relaxed, check.group))) {
            return None;
        }
        slots[..2].copy_from_slice(&relaxed[..2]);
        for (origin, taken) in self.relaxed.origin.iter().zip(relaxed[2..].chunks_exact(2)) {
            if *origin > 0 && taken[0] != NOWHERE {
                slots[origin * 2..origin * 2 + 2].copy_from_slice(taken);
            }
        }
        Some(true)
    }
}

/// What runs the tree, and texts of which every match in a text of ASCII has one.
fn compiled(root: &Node, target: Target, one_line: bool) -> Result<(Linear, Vec<Literals>), String> {
    let ascii = parsed(&render_ascii(root, target, one_line), false)?;
    let mut literals = filter::literal::all_required(&ascii, LITERAL_LISTS);
    literals.retain(|literals| !literals.iter().flatten().any(|byte| *byte == b'\n' || !byte.is_ascii()));
    let linear = Linear::new(&ascii, &render(root, target, one_line))?;
    Ok((linear, literals))
}

/// Without its optimisations: they have been wrong before, and what is not looked for quickly here is not looked for often.
fn backtracking(text: &str, steps: usize) -> Result<Backtracking, String> {
    let mut builder = fancy_regex::RegexBuilder::new(text);
    builder.backtrack_limit(steps).max_prog_size(FAIL2BAN_PATTERN_PROGRAM).optimize(false).seek(false);
    builder.delegate_size_limit(FAIL2BAN_PATTERN_SIZE_BYTES).build().map_err(|cause| cause.to_string())
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// The pattern.
    pub pattern: String,
    /// After how many of its characters.
    pub at: usize,
    /// Why.
    pub wrong: Wrong,
}

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// There is nothing in it.
    Blank,
    /// Longer than the limit.
    TooLong,
    /// Groups in groups beyond the limit.
    TooDeep,
    /// A `)` without its `(`.
    Unopened,
    /// A `(` without its `)`.
    Unclosed,
    /// A `[` without its `]`.
    OpenClass,
    /// `[z-a]`, `[\w-a]`.
    BadRange,
    /// A backslash before a letter that has no such meaning.
    BadEscape,
    /// A repetition of nothing.
    NothingToRepeat,
    /// A repetition of a repetition.
    RepeatOfRepeat,
    /// `{3,2}`
    BadBounds,
    /// A reference to a group that is not there or still open.
    NoSuchGroup,
    /// Two groups of one name.
    NameTwice,
    /// No name for a group.
    BadName,
    /// An unknown flag.
    BadFlag,
    /// A conditional with more than two branches.
    ThirdBranch,
    /// No group that says whom the failure is about.
    NoIdentity,
    /// What an engine says of it.
    Engine(String),
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' cannot be used as a pattern", self.pattern)?;
        if self.at > 0 {
            write!(f, ", at character {}", self.at)?;
        }
        write!(f, ": {}", self.wrong)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blank => "it is empty",
            Self::TooLong => "it is too long; split it",
            Self::TooDeep => "its groups are nested too deeply",
            Self::Unopened => "a ')' has no '('; write '\\)' for the character",
            Self::Unclosed => "a '(' has no ')'; write '\\(' for the character",
            Self::OpenClass => "a '[' has no ']'; write '\\[' for the character",
            Self::BadRange => "a range in '[…]' must go from a character to a later one",
            Self::BadEscape => "a '\\' stands before something that it gives no meaning",
            Self::NothingToRepeat => "a repetition has nothing before it to repeat",
            Self::RepeatOfRepeat => "a repetition is repeated; put '(?:…)' around the inner one",
            Self::BadBounds => "a repetition has a minimum above its maximum",
            Self::NoSuchGroup => "it refers to a group that is not there or not closed yet",
            Self::NameTwice => "two groups have one name (every host tag can stand in it only once)",
            Self::BadName => "a group's name must be letters, digits and '_'",
            Self::BadFlag => "a flag is unknown; known are i, m, s, x, a and u",
            Self::ThirdBranch => "a conditional has more than two branches",
            Self::NoIdentity => {
                "no group says whom a failure is about; write <HOST>, <ADDR>, <F-ID> or <F-MLFID>"
            }
            Self::Engine(cause) => cause,
        })
    }
}

impl std::error::Error for PatternError {}

#[cfg(test)]
mod tests;
