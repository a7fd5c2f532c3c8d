//! One pattern, ready to match: the program first, the automaton where the program cannot or may not answer.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use event::limit::MATCH_STEPS;
use regex_automata::meta::Regex;
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use regex_syntax::hir::Hir;

use crate::compile::compile;
use crate::definition::FilterErrorKind;
use crate::literal;
use crate::program::{Ending, Frame, GROUPS_MAX, NOWHERE, Program, SLOTS_MAX, Slots};

/// What has a program and asks for no more counted bytes than this fits the automaton's size limit for certain.
const COUNTED_MAX: u64 = 4000;

/// A compiled pattern with its prefilter literals.
#[derive(Debug)]
pub struct Pattern {
    text: String,
    literals: Vec<Vec<u8>>,
    names: Vec<Option<String>>,
    program: Option<Program>,
    /// Built when it is first needed: most patterns never need it, and it is the larger of the two.
    automaton: OnceLock<Option<Regex>>,
    overruns: AtomicU64,
}

/// What each group of a match took, from the first group on.
#[doc(hidden)]
pub type Groups = Vec<Option<Vec<u8>>>;

/// Room that matching needs, kept by the caller so that no match allocates.
#[derive(Debug)]
pub struct Workspace {
    slots: Slots,
    frames: Vec<Frame>,
}

impl Default for Workspace {
    fn default() -> Self {
        Self { slots: [NOWHERE; SLOTS_MAX], frames: Vec::with_capacity(64) }
    }
}

/// The regular expression as all of Stockade's own patterns are read: bytes, ASCII classes.
pub(crate) fn parse(text: &str) -> Result<Hir, FilterErrorKind> {
    regex_syntax::ParserBuilder::new()
        .unicode(false)
        .utf8(false)
        .build()
        .parse(text)
        .map_err(|cause| FilterErrorKind::Pattern(cause.to_string()))
}

impl Pattern {
    /// Compiles `text`, whose tags have been replaced. The pattern must be anchored at both ends and have a literal.
    pub fn new(text: String) -> Result<Self, FilterErrorKind> {
        let hir = parse(&text)?;
        let properties = hir.properties();
        use regex_syntax::hir::Look;
        if !properties.look_set_prefix().contains(Look::Start)
            || !properties.look_set_suffix().contains(Look::End)
        {
            return Err(FilterErrorKind::Unanchored);
        }
        let literals = literal::required(&hir).ok_or(FilterErrorKind::NoLiteral)?;
        let program = compile(&hir);
        let mut names = vec![None];
        collect_names(&hir, &mut names);
        if names.len() > 1 + GROUPS_MAX {
            return Err(FilterErrorKind::TooManyGroups);
        }
        let automaton = OnceLock::new();
        if program.as_ref().is_none_or(|program| program.counted() > COUNTED_MAX) {
            let built =
                build_automaton(&text).map_err(|cause| FilterErrorKind::Pattern(cause.to_string()))?;
            automaton.get_or_init(|| Some(built));
        }
        Ok(Self { text, literals, names, program, automaton, overruns: AtomicU64::new(0) })
    }

    /// Every match contains at least one of these.
    pub fn literals(&self) -> &[Vec<u8>] {
        &self.literals
    }

    /// The index of the group of that name.
    pub fn group(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.as_deref() == Some(name))
    }

    /// Names of the groups, by index.
    pub fn names(&self) -> impl Iterator<Item = (usize, &str)> {
        self.names.iter().enumerate().filter_map(|(index, name)| Some((index, name.as_deref()?)))
    }

    /// How often the program's budget was not enough and the automaton answered.
    pub fn overruns(&self) -> u64 {
        self.overruns.load(Ordering::Relaxed)
    }

    /// Whether `text` matches; the workspace then tells the groups.
    pub fn matches(&self, text: &[u8], workspace: &mut Workspace) -> bool {
        let Some(program) = &self.program else { return self.automaton_matches(text, workspace) };
        match program.run(text, &mut workspace.slots, &mut workspace.frames, MATCH_STEPS) {
            Ending::Matched => true,
            Ending::Refused => false,
            Ending::Overrun => {
                self.overruns.fetch_add(1, Ordering::Relaxed);
                self.automaton_matches(text, workspace)
            }
        }
    }

    /// What the program answers and what the automaton answers, each with what its groups took: for tests that compare the
    /// two. `None` if there is no program. After an overrun, both answers are the automaton's.
    #[doc(hidden)]
    pub fn both_answers(&self, text: &[u8]) -> Option<[Option<Groups>; 2]> {
        self.program.as_ref()?;
        let mut workspace = Workspace::default();
        let groups = |workspace: &Workspace| -> Groups {
            (1..self.names.len()).map(|group| workspace.group(text, group).map(<[u8]>::to_vec)).collect()
        };
        let ours = self.matches(text, &mut workspace).then(|| groups(&workspace));
        let theirs = self.automaton_matches(text, &mut workspace).then(|| groups(&workspace));
        Some([ours, theirs])
    }

    fn automaton_matches(&self, text: &[u8], workspace: &mut Workspace) -> bool {
        // It cannot fail to build here: what might was built with the pattern.
        let automaton = self.automaton.get_or_init(|| build_automaton(&self.text).ok());
        let Some(automaton) = automaton else { return false };
        let mut captures: Captures = automaton.create_captures();
        automaton.search_captures(&text.into(), &mut captures);
        workspace.slots.fill(NOWHERE);
        for group in 0..captures.group_len().min(SLOTS_MAX / 2) {
            if let Some(span) = captures.get_group(group) {
                workspace.slots[group * 2] = span.start as u32;
                workspace.slots[group * 2 + 1] = span.end as u32;
            }
        }
        captures.is_match()
    }
}

fn build_automaton(text: &str) -> Result<Regex, FilterErrorKind> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(Regex::config().utf8_empty(false))
        .build(text)
        .map_err(|cause| FilterErrorKind::Pattern(cause.to_string()))
}

impl Workspace {
    /// What the group of the last match took, if it took part.
    pub fn group<'t>(&self, text: &'t [u8], group: usize) -> Option<&'t [u8]> {
        let (start, end) = (*self.slots.get(group * 2)?, *self.slots.get(group * 2 + 1)?);
        if start == NOWHERE || end == NOWHERE { None } else { text.get(start as usize..end as usize) }
    }
}

fn collect_names(hir: &Hir, names: &mut Vec<Option<String>>) {
    use regex_syntax::hir::HirKind;
    match hir.kind() {
        HirKind::Capture(capture) => {
            let index = capture.index as usize;
            names.resize(names.len().max(index + 1), None);
            names[index] = capture.name.as_deref().map(str::to_owned);
            collect_names(&capture.sub, names);
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().for_each(|part| collect_names(part, names));
        }
        HirKind::Repetition(repetition) => collect_names(&repetition.sub, names),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn agree(pattern: &str, text: &[u8]) -> bool {
        let Ok(pattern) = Pattern::new(pattern.to_owned()) else { return true };
        let Some([ours, theirs]) = pattern.both_answers(text) else { return true };
        assert_eq!(ours, theirs, "{} on {:?}", pattern.text, String::from_utf8_lossy(text));
        ours.is_some()
    }

    /// Small pieces over a small alphabet, so that random texts often match and often nearly match.
    fn piece() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("a".to_owned()),
            Just("b".to_owned()),
            Just("ab".to_owned()),
            Just(".".to_owned()),
            Just("[ab]".to_owned()),
            Just("[^a]".to_owned()),
            Just(".*".to_owned()),
            Just("a+".to_owned()),
            Just("[bc]*?".to_owned()),
            Just(".{1,3}".to_owned()),
            Just("c{2}".to_owned()),
            Just("$".to_owned()),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
                prop::collection::vec(inner.clone(), 2..4)
                    .prop_map(|parts| format!("(?:{})", parts.join("|"))),
                inner.clone().prop_map(|part| format!("(?:{part})?")),
                inner.clone().prop_map(|part| format!("(?:{part})*")),
                inner.clone().prop_map(|part| format!("(?:{part})+?")),
                inner.prop_map(|part| format!("({part})")),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn program_and_automaton_agree(
            pieces in prop::collection::vec(piece(), 1..4),
            more in prop::collection::vec(piece(), 0..3),
            text in "[abc]{0,8}xyz[abcx]{0,8}",
        ) {
            agree(&format!("^{}xyz{}$", pieces.concat(), more.concat()), text.as_bytes());
        }
    }

    #[test]
    fn a_run_before_an_optional_end_takes_the_end() {
        assert!(agree("^xyz[ab]*(?:$|b)$", b"xyzaaa"));
        assert!(agree("^xyz([ab]*)b?$", b"xyzab"));
    }

    #[test]
    fn the_user_takes_all_that_it_can() {
        let pattern =
            r"^Failed password for (?:invalid user )?(?P<user>.*) from (?P<host>[0-9.]+) port \d+ ssh2$";
        let text =
            b"Failed password for invalid user x from 10.0.0.1 port 1 ssh2 from 192.0.2.1 port 22 ssh2";
        assert!(agree(pattern, text));
        let pattern = Pattern::new(pattern.to_owned()).unwrap();
        let mut workspace = Workspace::default();
        assert!(pattern.matches(text, &mut workspace));
        assert_eq!(workspace.group(text, pattern.group("host").unwrap()), Some(&b"192.0.2.1"[..]));
    }

    #[test]
    fn a_hostile_line_ends_in_the_automaton() {
        let pattern = Pattern::new("^(?:a|b|ab)*?.*.*.*x.*x.*needle$".to_owned()).unwrap();
        let text = [b"abx".repeat(8000), b"needl".to_vec()].concat();
        let mut workspace = Workspace::default();
        assert!(!pattern.matches(&text, &mut workspace));
        assert_eq!(pattern.overruns(), 1);
    }

    #[test]
    fn unanchored_patterns_and_patterns_without_text_are_refused() {
        assert!(matches!(Pattern::new("abc$".to_owned()), Err(FilterErrorKind::Unanchored)));
        assert!(matches!(Pattern::new("^abc".to_owned()), Err(FilterErrorKind::Unanchored)));
        assert!(matches!(Pattern::new("^abc|abc$".to_owned()), Err(FilterErrorKind::Unanchored)));
        assert!(matches!(Pattern::new(r"^\d+ \w+$".to_owned()), Err(FilterErrorKind::NoLiteral)));
    }

    #[test]
    fn many_branches_that_may_be_empty_compile_at_once() {
        // Following each way through them on its own would take 2^20 steps for every branch.
        let branches = "(?:[ab]?|[cd]?)".repeat(60);
        assert!(agree(&format!("^xyz{branches}(?:e|[f])?$"), b"xyzadacf"));
        assert!(!agree(&format!("^xyz{branches}(?:e|[f])?$"), b"xyzadacfa"));
    }

    #[test]
    fn a_group_that_a_match_cannot_tell_of_is_refused() {
        let groups = |count| Pattern::new(format!("^xyz{}(?P<host>[0-9.]+)$", "(a)".repeat(count)));
        let pattern = groups(6).unwrap();
        assert_eq!(pattern.group("host"), Some(7));
        assert!(agree(&pattern.text, b"xyzaaaaaa192.0.2.1"));
        assert!(matches!(groups(7), Err(FilterErrorKind::TooManyGroups)));
    }

    #[test]
    fn a_count_that_is_too_large_for_the_automaton_is_refused() {
        // As a program it is one step: it would be found out when the first hostile line needs the automaton.
        assert!(matches!(Pattern::new("^xyz[ab]{2,3000000}$".to_owned()), Err(FilterErrorKind::Pattern(_))));
        assert!(agree("^xyz[ab]{2,8000}$", b"xyzabab"));
    }
}
