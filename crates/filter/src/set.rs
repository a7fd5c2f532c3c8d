//! All filters of one source, judging its lines in one pass: the prefilter looks for every pattern's literals at once, a
//! pattern is tried only on lines that have one of its own, and groups are taken only from a match.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, Input};
use event::{JailName, Proof};
use memchr::{memchr, memrchr};

use crate::definition::{Prefix, ProofRule};
use crate::filter::{Filter, Kind, Rule};
use crate::found::{Forms, Found, Host, Written};
use crate::pattern::Workspace;
use crate::prefilter::{Prefilter, automaton};
use crate::prefix::{self, Syslog};

/// The filters of one source.
#[derive(Debug)]
pub struct FilterSet {
    jails: Vec<(JailName, Arc<Filter>)>,
    /// Rules of all jails, jail by jail, each as (jail, rule).
    rules: Vec<(u16, u16)>,
    /// For each literal of the prefilter, the rules that need it.
    needed_by: Vec<Vec<u32>>,
    /// Finds the lines with a literal.
    prefilter: Prefilter,
    /// Finds every literal in a line.
    every: AhoCorasick,
}

/// Room that judging needs, kept by the caller so that no line allocates.
#[derive(Debug, Default)]
pub struct Scratch {
    workspace: Workspace,
    candidates: Vec<u64>,
}

impl FilterSet {
    /// The set of `jails`, each with its filter. Rules of a kind not in `kinds` are left out.
    pub fn new(jails: Vec<(JailName, Arc<Filter>)>, kinds: &[Kind]) -> Self {
        let mut rules = Vec::new();
        let mut literals: Vec<&[u8]> = Vec::new();
        let mut needed_by: Vec<Vec<u32>> = Vec::new();
        let mut known = std::collections::HashMap::new();
        for (jail, (_, filter)) in jails.iter().enumerate() {
            for (index, rule) in
                filter.rules.iter().enumerate().filter(|(_, rule)| kinds.contains(&rule.kind))
            {
                for literal in rule.pattern.literals() {
                    let place = *known.entry(literal.as_slice()).or_insert_with(|| {
                        literals.push(literal);
                        needed_by.push(Vec::new());
                        literals.len() - 1
                    });
                    needed_by[place].push(rules.len() as u32);
                }
                rules.push((jail as u16, index as u16));
            }
        }
        let (prefilter, every) = (Prefilter::new(&literals), automaton(&literals));
        Self { jails, rules, needed_by, prefilter, every }
    }

    /// The jails in the order of `Found::jail`.
    pub fn jails(&self) -> &[(JailName, Arc<Filter>)] {
        &self.jails
    }

    /// Judges every line of `text`, a block of whole lines. For each line and jail, `each` gets the first rule that matches.
    pub fn judge_block<'t>(&'t self, text: &'t [u8], scratch: &mut Scratch, each: &mut dyn FnMut(Found<'t>)) {
        let mut hits = self.prefilter.hits(text);
        let mut at = 0;
        while let Some(hit) = hits.first(at) {
            let start = memrchr(b'\n', &text[at..hit.start]).map_or(at, |newline| at + newline + 1);
            let end = memchr(b'\n', &text[hit.end..]).map_or(text.len(), |newline| hit.end + newline);
            self.judge_near_line(&text[start..end], hit.start - start, scratch, each);
            at = end + 1;
        }
    }

    /// Judges one line, without its `\n`.
    pub fn judge_line<'t>(&'t self, line: &'t [u8], scratch: &mut Scratch, each: &mut dyn FnMut(Found<'t>)) {
        self.judge_near_line(line, 0, scratch, each);
    }

    /// Judges the message of a journal entry: there is no prefix, and the entry itself proves who wrote it.
    pub fn judge_message<'t>(
        &'t self,
        message: &'t [u8],
        scratch: &mut Scratch,
        each: &mut dyn FnMut(Found<'t>),
    ) {
        if self.collect_candidates(message, 0, scratch) {
            self.try_candidates(message, |_| Some((message, None)), scratch, each);
        }
    }

    /// `from` is where the first literal may stand.
    fn judge_near_line<'t>(
        &'t self,
        line: &'t [u8],
        from: usize,
        scratch: &mut Scratch,
        each: &mut dyn FnMut(Found<'t>),
    ) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !self.collect_candidates(line, from.min(line.len()), scratch) {
            return;
        }
        // Taken off once, and only if some filter wants it.
        let mut read: Option<Option<Syslog<'t>>> = None;
        let mut message_for = |filter: &Filter| -> Option<(&'t [u8], Option<Syslog<'t>>)> {
            if filter.prefix == Prefix::None {
                return Some((line, None));
            }
            let syslog = *read.get_or_insert_with(|| prefix::syslog(line));
            match syslog.filter(|syslog| filter.reads_program(syslog.program)) {
                Some(syslog) => Some((syslog.message, Some(syslog))),
                None if filter.prefix == Prefix::MaybeSyslog => Some((line, None)),
                None => None,
            }
        };
        self.try_candidates(line, &mut message_for, scratch, each);
    }

    /// Marks the rules whose literal stands in `line`; `false` if there are none.
    fn collect_candidates(&self, line: &[u8], from: usize, scratch: &mut Scratch) -> bool {
        scratch.candidates.clear();
        scratch.candidates.resize(self.rules.len().div_ceil(64), 0);
        let mut any = false;
        let mut state = aho_corasick::automaton::OverlappingState::start();
        let input = Input::new(line).span(from..line.len());
        loop {
            if self.every.try_find_overlapping(input.clone(), &mut state).is_err() {
                return any;
            }
            let Some(hit) = state.get_match() else { return any };
            any = true;
            for rule in &self.needed_by[hit.pattern().as_usize()] {
                scratch.candidates[*rule as usize / 64] |= 1 << (rule % 64);
            }
        }
    }

    fn try_candidates<'t>(
        &'t self,
        line: &'t [u8],
        mut message_for: impl FnMut(&Filter) -> Option<(&'t [u8], Option<Syslog<'t>>)>,
        scratch: &mut Scratch,
        each: &mut dyn FnMut(Found<'t>),
    ) {
        let Scratch { workspace, candidates } = scratch;
        let mut done: Option<u16> = None;
        for (word_index, word) in candidates.iter().enumerate() {
            let mut word = *word;
            while word != 0 {
                let index = word_index * 64 + word.trailing_zeros() as usize;
                word &= word - 1;
                let (jail, rule) = self.rules[index];
                if done == Some(jail) {
                    continue;
                }
                let filter = &*self.jails[usize::from(jail)].1;
                let Some((message, syslog)) = message_for(filter) else {
                    done = Some(jail);
                    continue;
                };
                if let Some(found) = try_rule(filter, usize::from(rule), message, syslog, workspace) {
                    done = Some(jail);
                    each(Found { jail: usize::from(jail), line, ..found });
                }
            }
        }
    }
}

fn try_rule<'t>(
    filter: &'t Filter,
    rule_index: usize,
    message: &'t [u8],
    syslog: Option<Syslog<'t>>,
    workspace: &mut Workspace,
) -> Option<Found<'t>> {
    let rule: &Rule = &filter.rules[rule_index];
    if !rule.pattern.matches(message, workspace) {
        return None;
    }
    let group = |index: Option<usize>| index.and_then(|index| workspace.group(message, index));
    let host = match group(rule.host) {
        // What looks like an address and is none is no evidence against anyone.
        Some(text) => Some(Host::read(text)?),
        None if rule.kind == Kind::Ignore => None,
        None => return None,
    };
    let time = match group(rule.time) {
        Some(text) => Some(Written { text, forms: Forms::Any(&filter.forms) }),
        None => syslog.map(|syslog| Written { text: syslog.time, forms: Forms::One(syslog.form) }),
    };
    let proof = match rule.proof {
        ProofRule::Proven => Proof::Proven,
        ProofRule::Claimed => Proof::Claimed,
        ProofRule::Transport => match group(rule.transport) {
            Some(text) if !text.eq_ignore_ascii_case(b"udp") => Proof::Proven,
            _ => Proof::Claimed,
        },
    };
    let count = syslog.map_or(1, |syslog| syslog.count);
    Some(Found {
        jail: 0,
        filter,
        rule,
        rule_index,
        host,
        user: group(rule.user),
        proof,
        count,
        line: message,
        time,
    })
}
