//! One line through every pattern of a filter, not only up to the first that matches: what `fail2ban-regex` counts. It refuses to ban on it.

use std::borrow::Cow;

use event::Moment;

use super::Judge;
use super::groups::{Groups, Value};
use super::record::{Lines, Record};
use super::rule::Kept;
use super::who::who;
use super::window::{CutLine, join};

/// What became of a line.
#[derive(Clone, Debug, Default)]
pub struct Every {
    /// Whether `prefregex` was tried, and matched. None: it was not tried.
    pub prefix: Option<bool>,
    /// What the groups of `prefregex` took, in the pattern's order; `content` is among them.
    pub groups: Vec<(String, Option<Value>)>,
    /// The patterns of failures that matched, in order.
    pub matched: Vec<Match>,
    /// The patterns to ignore that matched, in order, each as often as it did.
    pub ignored: Vec<usize>,
    /// Earlier lines that this one's match took, where matches span lines.
    pub taken: Vec<String>,
}

/// A match of one pattern.
#[derive(Clone, Debug)]
pub struct Match {
    /// The index of the pattern.
    pub pattern: usize,
    /// Whether it is no failure by itself.
    pub harmless: bool,
    /// Whom it is about, if that is known yet.
    pub who: Option<String>,
    /// When.
    pub at: Option<Moment>,
}

impl Judge {
    /// Judges a line of a file by every pattern, or, unless `all`, up to the first that matches. A judge that is asked so must always be
    /// asked so.
    pub fn every(&mut self, line: &str, now: Moment, all: bool) -> Every {
        let before = self.that_stay();
        let at = self.take_in(line, now);
        self.every_line(&before, at, now, all)
    }

    /// As `every`, for an entry of the journal, whose moment is known and whose line stands behind its date.
    pub fn every_of_entry(&mut self, date: &str, line: &str, at: Moment, now: Moment, all: bool) -> Every {
        let before = self.that_stay();
        self.cut("", date, line);
        self.every_line(&before, Some(at), now, all)
    }

    /// The lines that are still there when the next one has come.
    fn that_stay(&self) -> Vec<CutLine> {
        let surplus = usize::from(self.lines.len() >= self.lines_max);
        self.lines[surplus..].to_vec()
    }

    fn every_line(&mut self, before: &[CutLine], at: Option<Moment>, now: Moment, all: bool) -> Every {
        let mut every = Every::default();
        self.every_pattern(at, now, all, &mut every);
        if self.lines_max > 1 {
            let gone = before.iter().filter(|line| !self.lines.contains(line));
            every.taken = gone.map(CutLine::whole).collect();
        }
        every
    }

    fn every_pattern(&mut self, at: Option<Moment>, now: Moment, all: bool, every: &mut Every) {
        let mut text = String::new();
        join(&self.lines, &mut text);
        if self.ignored.len() + 2 < self.failures.len() {
            self.every_ignoring(&text, all, every);
            if !every.ignored.is_empty() {
                return;
            }
        }
        let is_ascii = text.is_ascii();
        self.candidates.mark(&text, is_ascii, &mut self.marked);
        let mut outer = Groups::new();
        let mut searched = text.clone();
        if let Some(rule) = &self.prefix {
            let matched = rule.matches(&text, is_ascii, &mut self.outer, &mut self.given_up);
            every.prefix = Some(matched);
            if !matched {
                return;
            }
            outer = rule.groups(&Kept { line: text.as_str().into(), from: 0 }, &self.outer);
            let named = rule.pattern.groups().map(|(_, name)| name);
            every.groups = named.map(|name| (name.to_string(), outer.get(name).cloned().flatten())).collect();
            let taken = rule.content.and_then(|group| self.outer.group(group));
            if let Some((start, end)) = taken.filter(|(start, end)| start < end) {
                // What the prefix left is from here on the only line.
                self.lines.clear();
                self.cut("", "", &text[start..end]);
                join(&self.lines, &mut searched);
            }
            outer.remove("content");
        }
        for index in 0..self.failures.len() {
            let rule = &self.failures[index];
            if !self.marked[index] || !rule.matches(&searched, is_ascii, &mut self.places, &mut self.given_up)
            {
                continue;
            }
            let inner = rule.groups(&Kept { line: searched.as_str().into(), from: 0 }, &self.places);
            let taken = self.taken(rule, &searched, &inner);
            let merged = inner.beside(outer.clone());
            let several = self.lines_max > 1;
            let ignored = every.ignored.len();
            let mut matched = searched.clone();
            if several {
                join(&taken.matched, &mut matched);
            }
            self.every_ignoring(&matched, all, every);
            let mut lines = Lines::default();
            taken.matched.iter().for_each(|line| lines.push(line.whole().as_str().into()));
            if several {
                self.leave(taken.unmatched);
                join(&self.lines, &mut searched);
            }
            if every.ignored.len() == ignored {
                // Of a connection, what is no failure yet is nothing, unless all is shown.
                let told = all || !merged.get("mlfid").is_some_and(Option::is_some);
                let found = self.one_of_every(index, merged, lines, at, now);
                if told || !found.harmless {
                    every.matched.push(found);
                }
            }
            if !all {
                return;
            }
        }
    }

    fn every_ignoring(&mut self, text: &str, all: bool, every: &mut Every) {
        let (places, is_ascii) = (&mut self.spare, text.is_ascii());
        let found = self.ignored.iter().enumerate();
        let found = found.filter(|(_, rule)| rule.matches(text, is_ascii, places, &mut self.given_up));
        every.ignored.extend(found.map(|(index, _)| index).take(if all { usize::MAX } else { 1 }));
    }

    fn one_of_every(
        &mut self,
        pattern: usize,
        groups: Groups,
        lines: Lines,
        at: Option<Moment>,
        now: Moment,
    ) -> Match {
        let found = Record { groups, ..Record::default() };
        let connection = found.shared("mlfid");
        let record = match &connection {
            Some(connection) => self.pending.merge(connection, found, lines, now),
            None => Cow::Owned(found),
        };
        let who = who(&record.groups).map(|(who, _)| who.to_string());
        let harmless = record.is_harmless();
        drop(record);
        if let Some(connection) = connection.filter(|_| who.is_none()) {
            self.pending.wait(&connection);
        }
        Match { pattern, harmless, who, at }
    }
}
