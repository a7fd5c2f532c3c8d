//! A pattern that an automaton can search: what runs it. For text that is ASCII throughout, as most lines are, a program that finds match
//! and groups in one go, within a budget of steps; past that, and for any other text, the automaton, in time in proportion to the line. It
//! refuses to know what the pattern was written as.

use std::sync::{Arc, OnceLock};

use event::limit::{FAIL2BAN_PATTERN_DEPTH, FAIL2BAN_PATTERN_SIZE_BYTES, MATCH_STEPS};
use filter::Program;
use filter::program::{Ending, NOWHERE, Room};
use regex_automata::Input;
use regex_automata::meta::Regex as Automaton;
use regex_automata::util::primitives::NonMaxUsize;
use regex_syntax::hir::Hir;

use super::TooManySteps;

/// The program and the automaton, the latter in two forms: a small one for text of ASCII, and one for any other. Each is only made
/// when a line comes that needs it: most never are, and making them is most of what a start would take.
#[derive(Clone, Debug)]
pub struct Linear {
    /// None if the pattern has something that programs do not do.
    program: Option<Arc<Program>>,
    ascii: Lazy,
    whole: Lazy,
    tree: Arc<Hir>,
    text: Arc<str>,
}

/// `None` within: it would be too large.
type Lazy = Arc<OnceLock<Option<Automaton>>>;

/// What searching needs besides the text, kept by the caller so that searching does not allocate.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    room: Room,
    slots: Vec<Option<NonMaxUsize>>,
}

impl Linear {
    /// For a pattern in the automaton's syntax: for text of ASCII, and for any.
    pub fn new(ascii: &Hir, whole: &str) -> Result<Self, String> {
        let program = Program::new(ascii).map(Arc::new);
        let first = match program {
            Some(_) => OnceLock::new(),
            // It has to do everything: one that is too large is said at once.
            None => OnceLock::from(Some(automaton(ascii)?)),
        };
        let tree = Arc::new(ascii.clone());
        Ok(Self { program, ascii: Arc::new(first), whole: Arc::default(), tree, text: whole.into() })
    }

    /// Searches `text` from `from` on; `is_ascii` says whether it is ASCII throughout. `slots` then say where each group begins and ends, or are `NOWHERE`.
    pub fn search(
        &self,
        text: &str,
        is_ascii: bool,
        from: usize,
        slots: &mut Vec<u32>,
        workspace: &mut Workspace,
    ) -> Result<bool, TooManySteps> {
        if let Some(program) = self.program.as_ref().filter(|_| is_ascii) {
            if slots.len() < program.slots() {
                slots.resize(program.slots(), NOWHERE);
            }
            match program.search(text.as_bytes(), from, slots, &mut workspace.room, MATCH_STEPS) {
                Ending::Matched => return Ok(true),
                Ending::Refused => return Ok(false),
                Ending::Overrun => {}
            }
        }
        let automaton = self.automaton(is_ascii)?;
        workspace.slots.clear();
        workspace.slots.resize(slots.len(), None);
        let input = Input::new(text).span(from..text.len());
        let found = automaton.search_slots(&input, &mut workspace.slots).is_some();
        for (slot, wide) in slots.iter_mut().zip(&workspace.slots) {
            *slot = wide.and_then(|at| u32::try_from(at.get()).ok()).unwrap_or(NOWHERE);
        }
        Ok(found)
    }

    /// The automaton for text of ASCII, or for any. One that would be too large counts as a search given up.
    fn automaton(&self, is_ascii: bool) -> Result<&Automaton, TooManySteps> {
        let made = if is_ascii {
            self.ascii.get_or_init(|| automaton(&self.tree).ok())
        } else {
            self.whole.get_or_init(|| parsed(&self.text, true).and_then(|hir| automaton(&hir)).ok())
        };
        made.as_ref().ok_or(TooManySteps)
    }
}

/// Reads a pattern in the automaton's syntax; without Unicode, it is one for bytes.
pub fn parsed(text: &str, unicode: bool) -> Result<Hir, String> {
    let mut builder = regex_syntax::ParserBuilder::new();
    let mut parser =
        builder.unicode(unicode).utf8(unicode).nest_limit(4 * FAIL2BAN_PATTERN_DEPTH as u32).build();
    parser.parse(text).map_err(|cause| cause.to_string())
}

pub(super) fn automaton(hir: &Hir) -> Result<Automaton, String> {
    let config = Automaton::config()
        .nfa_size_limit(Some(FAIL2BAN_PATTERN_SIZE_BYTES))
        .hybrid_cache_capacity(FAIL2BAN_PATTERN_SIZE_BYTES / 8);
    Automaton::builder().configure(config).build_from_hir(hir).map_err(|cause| cause.to_string())
}
