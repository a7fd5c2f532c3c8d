//! One line through a filter: the date is cut out, `prefregex` takes the content, the first `failregex` that matches decides, unless an
//! `ignoreregex` does. Reads no clock, looks no name up, and counts nothing: whoever asks does.

mod candidates;
mod every;
mod groups;
mod pending;
mod record;
mod who;
mod window;

use std::collections::BTreeSet;
use std::sync::Arc;

use event::Moment;
use event::limit::FAIL2BAN_MATCH_LINES;
use jiff::tz::TimeZone;

use crate::date::DateDetector;
use crate::filter_file::FilterText;
use crate::pattern::{Names, Pattern, PatternError, Places, Text, Wrong};
use candidates::Candidates;
pub use every::{Every, Match};
use groups::{Complex, complex, groups};
pub use groups::{Groups, Value};
use pending::Pending;
use record::{Lines, Record};
pub use who::Who;
use who::who;
use window::{CutLine, Split, join, split};

/// Groups of which one at least must say whom a failure is about.
const IDENTITIES: [&str; 5] = ["fid", "ip4", "ip6", "dns", "mlfid"];

/// A filter at work on one log.
#[derive(Debug)]
pub struct Judge {
    prefix: Option<Rule>,
    failures: Vec<Rule>,
    ignored: Vec<Rule>,
    candidates: Candidates,
    /// Which patterns are to be tried on this line.
    marked: Vec<bool>,
    dates: DateDetector,
    zone: TimeZone,
    /// How many lines a match may span.
    lines_max: usize,
    lines: Vec<CutLine>,
    /// The last date that was found, as text and as a moment.
    last: Option<(String, Moment)>,
    pending: Pending,
    places: Places,
    /// Where the groups of the prefix stand.
    outer: Places,
    text: String,
    content: String,
    given_up: u64,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    complex: Vec<Complex>,
    /// The group that takes the content, in a prefix.
    content: Option<usize>,
}

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
    /// The accounts that one connection tried.
    pub users: BTreeSet<String>,
    /// Its lines, the first of them.
    pub lines: Vec<Arc<str>>,
}

impl Judge {
    /// Compiles the patterns of `filter`. What cannot be used is left out and told; without its `prefregex`, a filter would see more
    /// than it is meant to, so then nothing of it is used.
    pub fn new(
        filter: &FilterText,
        names: Names,
        dates: DateDetector,
        zone: TimeZone,
    ) -> (Self, Vec<PatternError>) {
        let lines_max = filter.maxlines.clamp(1, FAIL2BAN_MATCH_LINES) as usize;
        let (text, failure_text) =
            if lines_max > 1 { (Text::Lines, Text::EachLine) } else { (Text::Line, Text::Line) };
        let mut wrong = Vec::new();
        let prefix = filter.prefregex.as_deref().map(|source| Rule::new(source, names, text));
        let usable = !matches!(prefix, Some(Err(_)));
        let prefix = prefix.and_then(|prefix| prefix.map_err(|cause| wrong.push(cause)).ok());
        let known = |rule: &Rule| IDENTITIES.iter().any(|name| rule.pattern.has_group(name));
        let identified = prefix.as_ref().is_some_and(known);
        let failure = |source: &String| {
            let rule = Rule::new(source, names, failure_text)?;
            if identified || known(&rule) { Ok(rule) } else { Err(rule.nobody()) }
        };
        let mut compiled = |sources: &[String], compile: &dyn Fn(&String) -> Result<Rule, PatternError>| {
            let mut rules = Vec::new();
            for source in sources.iter().filter(|_| usable) {
                match compile(source) {
                    Ok(rule) => rules.push(rule),
                    Err(cause) => wrong.push(cause),
                }
            }
            rules
        };
        let failures = compiled(&filter.failregex, &failure);
        let ignored = compiled(&filter.ignoreregex, &|source| Rule::new(source, names, text));
        let judge = Self {
            prefix,
            candidates: Candidates::new(&failures),
            marked: Vec::new(),
            failures,
            ignored,
            dates,
            zone,
            lines_max,
            lines: Vec::new(),
            last: None,
            pending: Pending::default(),
            places: Places::default(),
            outer: Places::default(),
            text: String::new(),
            content: String::new(),
            given_up: 0,
        };
        (judge, wrong)
    }

    /// What was learned of the dates.
    pub fn dates(&self) -> &DateDetector {
        &self.dates
    }

    /// The patterns of failures, as they were written.
    pub fn patterns(&self) -> impl Iterator<Item = &str> {
        self.failures.iter().map(|rule| rule.pattern.source())
    }

    /// How often a search was given up because it took too many steps.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    /// Judges a line of a file, without its newline.
    pub fn line(&mut self, line: &str, now: Moment) -> Verdict {
        let at = self.take_in(line, now);
        self.find(at, now)
    }

    /// As `line`, for a line as it stands in the file, with or without its newline: bytes that are no text are replaced.
    pub fn bytes(&mut self, line: &[u8], now: Moment) -> Verdict {
        match std::str::from_utf8(line) {
            Ok(line) => self.line(line.trim_end_matches(['\r', '\n']), now),
            Err(_) => self.line(String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']), now),
        }
    }

    /// Cuts the date out of a line, and says which moment it is.
    fn take_in(&mut self, line: &str, now: Moment) -> Option<Moment> {
        // fail2ban takes the last date for a line without one, if it is not older than this.
        let recent = Moment::from_millis(now.millis() - 60_000);
        let found = self.dates.find(line, now, &self.zone);
        let (mut start, mut end, mut at) = (0, 0, None);
        if let Some(found) = found {
            (start, end) = (found.start, found.end);
            match found.at {
                Some(moment) if end > start => {
                    let (date, last) = self.last.get_or_insert_default();
                    date.clear();
                    date.push_str(&line[start..end]);
                    *last = moment;
                    at = Some(moment);
                }
                _ => {}
            }
        }
        if at.is_some() {
            self.cut(&line[..start], &line[start..end], &line[end..]);
            return at;
        }
        if let Some((date, moment)) = self.last.clone().filter(|(_, last)| *last > recent) {
            self.cut("", &date, line);
            return Some(moment);
        }
        self.cut(&line[..start], &line[start..end], &line[end..]);
        // An empty date is one that the pattern allows to be missing.
        found.filter(|found| found.start == found.end).map(|_| now)
    }

    /// Judges a message whose moment is known, such as the journal's: no date is looked for in it.
    pub fn message(&mut self, message: &str, at: Moment, now: Moment) -> Verdict {
        self.entry("", message, at, now)
    }

    /// As `message`, for a line that stands behind its date.
    pub fn entry(&mut self, date: &str, line: &str, at: Moment, now: Moment) -> Verdict {
        self.cut("", date, line);
        self.find(Some(at), now)
    }

    fn cut(&mut self, before: &str, date: &str, after: &str) {
        if self.lines.len() >= self.lines_max {
            let surplus = self.lines.len() - self.lines_max + 1;
            self.lines[..].rotate_left(surplus);
            self.lines.truncate(self.lines_max);
        } else {
            self.lines.push(CutLine::default());
        }
        if let Some(last) = self.lines.last_mut() {
            last.set(before, date, after);
        }
    }

    fn find(&mut self, at: Option<Moment>, now: Moment) -> Verdict {
        let mut text = std::mem::take(&mut self.text);
        let mut content = std::mem::take(&mut self.content);
        join(&self.lines, &mut text);
        let verdict = self.find_in(&text, &mut content, at, now);
        (self.text, self.content) = (text, content);
        verdict
    }

    fn find_in(&mut self, text: &str, content: &mut String, at: Option<Moment>, now: Moment) -> Verdict {
        // A few patterns to ignore are tried before many of failures, all others behind them: so does fail2ban.
        if self.ignored.len() + 2 < self.failures.len()
            && let Some(index) = self.ignoring(text)
        {
            return Verdict::Ignored(index);
        }
        // What the prefix leaves is a part of the text, so a text that no pattern can match has none that one can.
        if !self.candidates.mark(text, &mut self.marked) && self.lines_max == 1 {
            return Verdict::Missed;
        }
        let mut searched = text;
        if let Some(rule) = &self.prefix {
            if !rule.matches(text, &mut self.outer, &mut self.given_up) {
                return Verdict::Missed;
            }
            let taken = rule.content.and_then(|group| self.outer.group(group));
            match taken.filter(|(start, end)| start < end) {
                Some((start, end)) if end + 1 == text.len() => searched = &text[start..],
                Some((start, end)) => {
                    content.clear();
                    content.push_str(&text[start..end]);
                    content.push('\n');
                    searched = content;
                }
                None => {}
            }
        }
        let first = self.failures.iter().zip(&self.marked).position(|(rule, marked)| {
            *marked && rule.matches(searched, &mut self.places, &mut self.given_up)
        });
        let Some(index) = first else {
            if self.lines_max > 1 && searched.len() != text.len() {
                // What the prefix left of the lines is what fail2ban keeps of them.
                self.lines.clear();
                self.cut("", "", searched.trim_end_matches('\n'));
            }
            return Verdict::Missed;
        };
        let rule = &self.failures[index];
        let inner = groups(&rule.pattern, &rule.complex, searched, &self.places);
        let mut lines = Lines::default();
        let taken = if self.lines_max > 1 { self.taken(searched, &inner) } else { Split::default() };
        if !self.ignored.is_empty() {
            let mut matched = String::new();
            let ignored = if self.lines_max > 1 {
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
        let matched = if self.lines_max > 1 { &taken.matched } else { &self.lines };
        matched.iter().for_each(|line| lines.push(line.whole().into()));
        self.leave(taken.unmatched);
        let mut outer = match &self.prefix {
            Some(rule) => groups(&rule.pattern, &rule.complex, text, &self.outer),
            None => Groups::new(),
        };
        outer.remove("content");
        outer.extend(inner);
        self.conclude(index, Record { groups: outer, ..Record::default() }, lines, at, now)
    }

    /// Which of the lines a match of `self.places` took.
    fn taken(&self, searched: &str, groups: &Groups) -> Split {
        if self.lines.len() <= 1 {
            return Split { matched: self.lines.clone(), unmatched: Vec::new() };
        }
        let (start, end) = self.places.group(0).unwrap_or_default();
        let skipped: String = (0..)
            .map_while(|number| groups.get(format!("skiplines{number}").as_str()))
            .filter_map(|value| value.as_ref().and_then(Value::text))
            .collect();
        split(&self.lines, searched, start, end, &skipped)
    }

    /// Leaves what a match did not take for the next line.
    fn leave(&mut self, unmatched: Vec<CutLine>) {
        if self.lines_max > 1 {
            self.lines = unmatched;
        }
    }

    fn ignoring(&mut self, text: &str) -> Option<usize> {
        // The places of the failure's groups are not needed any more, but they must not be overwritten by a search that finds nothing.
        let mut places = Places::default();
        self.ignored.iter().position(|rule| rule.matches(text, &mut places, &mut self.given_up))
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
            Some(connection) => {
                let record = self.pending.merge(connection, found, lines, now);
                if record.is_harmless() {
                    return Verdict::NoFailure(pattern);
                }
                record
            }
            None => Record { lines, ..found },
        };
        let Some((who, address)) = who(&record.groups) else {
            if let Some(connection) = &connection {
                self.pending.wait(connection);
            }
            return Verdict::NoFailure(pattern);
        };
        if record.is_harmless() {
            return Verdict::NoFailure(pattern);
        }
        Verdict::Failure(Box::new(Failure {
            who,
            address,
            at,
            pattern,
            attempts: record.lines.count,
            groups: record.groups,
            users: record.users,
            lines: record.lines.kept,
        }))
    }
}

impl Rule {
    fn new(source: &str, names: Names, text: Text) -> Result<Self, PatternError> {
        let pattern = Pattern::new(source, names, text)?;
        let complex = complex(&pattern);
        let content = pattern.groups().find(|(_, name)| &***name == "content").map(|(number, _)| number);
        Ok(Self { pattern, complex, content })
    }

    fn nobody(&self) -> PatternError {
        PatternError { pattern: self.pattern.source().to_owned(), at: 0, wrong: Wrong::NoIdentity }
    }

    /// A search that is given up has found nothing, and is counted.
    fn matches(&self, text: &str, places: &mut Places, given_up: &mut u64) -> bool {
        self.pattern.search(text, places).unwrap_or_else(|_| {
            *given_up += 1;
            false
        })
    }
}

#[cfg(test)]
mod tests;
