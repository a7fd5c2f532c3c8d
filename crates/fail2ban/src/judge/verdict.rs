//! What a match comes to: a failure, none yet, or a line to ignore. It refuses to search for failures: the judge has found one.

use std::borrow::Cow;
use std::sync::Arc;

use event::Moment;

use super::groups::Groups;
use super::record::{Lines, Record};
use super::rule::{Kept, Rule};
use super::taken::Taken;
use super::who::{Who, who};
use super::window::{CutLine, Split, join, split};
use super::{Dated, Judge};

/// What a line is.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// A failure.
    Failure(Box<Failure>),
    /// A `failregex` matched, but it is no failure by itself, or not yet: the index of the pattern.
    NoFailure(usize),
    /// An `ignoreregex` matched: its index.
    Ignored(usize),
    /// Nothing matched.
    Missed,
}

/// A failure.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Whom it is about.
    pub who: Who,
    /// The address, where the failure is about another identity.
    pub address: Option<Who>,
    /// When; `None` if the line has no date and none came shortly before.
    pub at: Option<Moment>,
    /// The index of the `failregex`.
    pub pattern: usize,
    /// How many lines it took.
    pub attempts: usize,
    /// What the groups took.
    pub groups: Groups,
    /// The accounts that one connection tried, each once, in order.
    pub users: Vec<Taken>,
    /// Its lines, the first of them.
    pub lines: Vec<Taken>,
    /// The names of the groups, and `users`, in the order in which fail2ban has them, if the judge was told to note it.
    pub order: Vec<Arc<str>>,
}

/// A match of a pattern of failures.
#[derive(Clone, Copy)]
pub(super) struct Found<'t> {
    /// The index of the pattern.
    pub(super) index: usize,
    pub(super) text: &'t str,
    /// What the prefix left of it, which begins there in `text`, or is a copy.
    pub(super) searched: &'t str,
    pub(super) from: usize,
    pub(super) copied: bool,
    /// The line with its newline that `text` is all of but the date; none: the lines are the judge's.
    pub(super) single: Option<(&'t str, Dated)>,
    pub(super) at: Option<Moment>,
}

impl Judge {
    /// What the match of `self.places` comes to, and that of the prefix in `self.outer`.
    pub(super) fn verdict(&mut self, found: &Found<'_>, now: Moment) -> Verdict {
        let Found { index, text, searched, from, copied, single, at } = *found;
        let rule = &self.failures[index];
        let whole = kept(text, single);
        let content = if copied {
            Kept { line: searched.into(), from: 0 }
        } else {
            Kept { line: Arc::clone(&whole.line), from: whole.from + from }
        };
        let inner = rule.groups(&content, &self.places);
        let taken = if self.lines_max > 1 { self.taken(rule, searched, &inner) } else { Split::default() };
        let order = if self.notes_order { self.order(rule, &inner) } else { Vec::new() };
        let groups = match &self.prefix {
            Some(prefix) => {
                let mut outer = prefix.groups(&whole, &self.outer);
                outer.remove("content");
                inner.beside(outer)
            }
            None => inner,
        };
        if !self.ignored.is_empty() {
            let ignored = if self.lines_max > 1 {
                let mut matched = String::new();
                join(&taken.matched, &mut matched);
                self.ignoring(&matched)
            } else {
                self.ignoring(searched)
            };
            if let Some(index) = ignored {
                self.leave(taken.unmatched);
                return Verdict::Ignored(index);
            }
        }
        let mut lines = Lines::default();
        match single {
            Some((ended, dated)) => lines.push(self.line_of(&whole, ended, dated)),
            None if self.lines_max > 1 => {
                taken.matched.iter().for_each(|line| lines.push(line.whole().as_str().into()));
            }
            None => self.lines.iter().for_each(|line| lines.push(line.whole().as_str().into())),
        }
        self.leave(taken.unmatched);
        self.conclude(index, Record { groups, order, ..Record::default() }, lines, at, now)
    }

    /// The names of the prefix's groups, then those of a pattern, as they stand there; what they come to put together is behind them.
    fn order(&self, rule: &Rule, inner: &Groups) -> Vec<Arc<str>> {
        let prefix = self.prefix.iter().flat_map(|prefix| prefix.pattern.groups());
        let named = prefix.filter(|(_, name)| ***name != *"content").chain(rule.pattern.groups());
        let together = inner.iter().map(|(name, _)| name);
        let mut order = Record::default();
        order.note_order(named.map(|(_, name)| name).chain(together).cloned());
        order.order
    }

    /// A single line as it is told: with its date, or the one that stands for it.
    fn line_of(&self, whole: &Kept, ended: &str, dated: Dated) -> Taken {
        let length = ended.len() - 1;
        match &self.last {
            Some((date, _)) if dated.is_last => [date.as_str(), &ended[..length]].concat().as_str().into(),
            _ if whole.line.len() == ended.len() => Taken::new(&whole.line, 0..length),
            _ => ended[..length].into(),
        }
    }

    /// Which of the lines a match of `self.places` took.
    pub(super) fn taken(&self, rule: &Rule, searched: &str, groups: &Groups) -> Split {
        if self.lines.len() <= 1 {
            return Split { matched: self.lines.clone(), unmatched: Vec::new() };
        }
        let (start, end) = self.places.group(0).unwrap_or_default();
        let names = (0..).map(|number| format!("skiplines{number}"));
        let skipped: String = names
            .take_while(|name| rule.pattern.has_group(name))
            .filter_map(|name| groups.get(&name)?.as_ref()?.text())
            .collect();
        split(&self.lines, searched, start, end, &skipped)
    }

    /// Leaves what a match did not take for the next line.
    pub(super) fn leave(&mut self, unmatched: Vec<CutLine>) {
        if self.lines_max > 1 {
            self.lines = unmatched;
        }
    }

    fn conclude(
        &mut self,
        pattern: usize,
        found: Record,
        lines: Lines,
        at: Option<Moment>,
        now: Moment,
    ) -> Verdict {
        let connection = found.shared("mlfid");
        let record = match &connection {
            Some(connection) => self.pending.merge(connection, found, lines, now),
            None => Cow::Owned(Record { lines, ..found }),
        };
        if record.is_harmless() && connection.is_some() {
            return Verdict::NoFailure(pattern);
        }
        let Some((who, address)) = who(&record.groups) else {
            drop(record);
            if let Some(connection) = &connection {
                self.pending.wait(connection);
            }
            return Verdict::NoFailure(pattern);
        };
        if record.is_harmless() {
            return Verdict::NoFailure(pattern);
        }
        let record = record.into_owned();
        Verdict::Failure(Box::new(Failure {
            who,
            address,
            at,
            pattern,
            attempts: record.lines.count,
            groups: record.groups,
            users: record.users,
            lines: record.lines.kept,
            order: record.order,
        }))
    }
}

/// A copy of `text` for what the groups took to be pieces of; of all of the line, where the text is the rest of it.
fn kept(text: &str, single: Option<(&str, Dated)>) -> Kept {
    match single {
        Some((ended, dated)) if dated.start == 0 => Kept { line: ended.into(), from: dated.end },
        _ => Kept { line: text.into(), from: 0 },
    }
}
