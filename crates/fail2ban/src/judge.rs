//! One line through a filter: the date is cut out, `prefregex` takes the content, the first `failregex` that matches decides, unless an
//! `ignoreregex` does. Reads no clock, looks no name up, and counts nothing: whoever asks does.

mod candidates;
mod every;
mod groups;
mod pending;
mod record;
mod rule;
mod taken;
mod verdict;
mod who;
mod window;

use std::ops::Range;

use event::Moment;
use event::limit::FAIL2BAN_MATCH_LINES;
use jiff::tz::TimeZone;

use crate::date::DateDetector;
use crate::filter_file::FilterText;
use crate::pattern::{Names, PatternError, Places, Text};
use candidates::Candidates;
pub use every::{Every, Match};
pub use groups::{Groups, Value};
use pending::Pending;
use rule::Rule;
pub use taken::Taken;
use verdict::Found;
pub use verdict::{Failure, Verdict};
pub use who::Who;
use window::{CutLine, join};

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
    spare: Places,
    /// A line with its newline, without its date, and what the prefix leaves of it.
    ended: String,
    text: String,
    content: String,
    given_up: u64,
    notes_order: bool,
}

/// Where the date stands that is cut out of a line, and which moment it is.
#[derive(Clone, Copy, Debug)]
struct Dated {
    start: usize,
    end: usize,
    at: Option<Moment>,
    /// The line has none, and the date of the line before stands for it.
    is_last: bool,
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
            candidates: Candidates::new(&failures, prefix.as_ref()),
            prefix,
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
            spare: Places::default(),
            ended: String::new(),
            text: String::new(),
            content: String::new(),
            given_up: 0,
            notes_order: false,
        };
        (judge, wrong)
    }

    /// From now on failures have their groups' names in fail2ban's order, which costs time.
    pub fn note_order(&mut self) {
        self.notes_order = true;
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
        if self.lines_max > 1 {
            let at = self.take_in(line, now);
            return self.find_in_lines(at, now);
        }
        let mut ended = std::mem::take(&mut self.ended);
        ended.clear();
        ended.push_str(line);
        ended.push('\n');
        let verdict = self.single(&ended, now);
        self.ended = ended;
        verdict
    }

    /// As `line`, for a line as it stands in the file, with or without its newline: bytes that are no text are replaced.
    pub fn bytes(&mut self, line: &[u8], now: Moment) -> Verdict {
        let Ok(whole) = std::str::from_utf8(line) else {
            return self.line(String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']), now);
        };
        let line = whole.trim_end_matches(['\r', '\n']);
        // Most lines end with their newline and nothing else: then nothing need be copied.
        if self.lines_max == 1 && whole.len() == line.len() + 1 && whole.ends_with('\n') {
            self.single(whole, now)
        } else {
            self.line(line, now)
        }
    }

    /// Judges a message whose moment is known, such as the journal's: no date is looked for in it.
    pub fn message(&mut self, message: &str, at: Moment, now: Moment) -> Verdict {
        self.entry("", message, at, now)
    }

    /// As `message`, for a line that stands behind its date.
    pub fn entry(&mut self, date: &str, line: &str, at: Moment, now: Moment) -> Verdict {
        self.cut("", date, line);
        self.find_in_lines(Some(at), now)
    }

    /// Looks for the date of a line.
    fn dated(&mut self, line: &str, now: Moment) -> Dated {
        // fail2ban takes the last date for a line without one, if it is not older than this.
        let recent = Moment::from_millis(now.millis() - 60_000);
        let found = self.dates.find(line, now, &self.zone);
        let (start, end) = found.map_or((0, 0), |found| (found.start, found.end));
        if let Some(moment) = found.and_then(|found| found.at).filter(|_| end > start) {
            let (date, last) = self.last.get_or_insert_default();
            date.clear();
            date.push_str(&line[start..end]);
            *last = moment;
            return Dated { start, end, at: Some(moment), is_last: false };
        }
        if let Some((_, moment)) = self.last.as_ref().filter(|(_, last)| *last > recent) {
            return Dated { start: 0, end: 0, at: Some(*moment), is_last: true };
        }
        // An empty date is one that the pattern allows to be missing.
        let at = found.filter(|_| start == end).map(|_| now);
        Dated { start, end, at, is_last: false }
    }

    /// Cuts the date out of a line, and says which moment it is.
    fn take_in(&mut self, line: &str, now: Moment) -> Option<Moment> {
        let dated = self.dated(line, now);
        let last = self.last.as_ref().filter(|_| dated.is_last).map(|(date, _)| date.clone());
        let date = last.as_deref().unwrap_or(&line[dated.start..dated.end]);
        self.cut(&line[..dated.start], date, &line[dated.end..]);
        dated.at
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

    /// Judges a line with its newline, where no match spans several.
    fn single(&mut self, ended: &str, now: Moment) -> Verdict {
        let line = &ended[..ended.len() - 1];
        let dated = self.dated(line, now);
        if dated.start == 0 {
            return self.find(&ended[dated.end..], Some((ended, dated)), dated.at, now);
        }
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        text.push_str(&line[..dated.start]);
        text.push_str(&ended[dated.end..]);
        let verdict = self.find(&text, Some((ended, dated)), dated.at, now);
        self.text = text;
        verdict
    }

    fn find_in_lines(&mut self, at: Option<Moment>, now: Moment) -> Verdict {
        let mut text = std::mem::take(&mut self.text);
        join(&self.lines, &mut text);
        let verdict = self.find(&text, None, at, now);
        self.text = text;
        verdict
    }

    /// Finds the first pattern that matches; `single` is the line with its newline that `text` is all of but the date, unless the lines
    /// are in `self.lines`.
    fn find(
        &mut self,
        text: &str,
        single: Option<(&str, Dated)>,
        at: Option<Moment>,
        now: Moment,
    ) -> Verdict {
        let is_ascii = text.is_ascii();
        // A few patterns to ignore are tried before many of failures, all others behind them: so does fail2ban.
        if self.ignored.len() + 2 < self.failures.len()
            && let Some(index) = self.ignoring(text)
        {
            return Verdict::Ignored(index);
        }
        // What the prefix leaves is a part of the text, so a text that no pattern can match has none that one can.
        if !self.candidates.mark(text, is_ascii, &mut self.marked) && self.lines_max == 1 {
            return Verdict::Missed;
        }
        let Some(part) = self.content(text, is_ascii) else { return Verdict::Missed };
        // What is searched ends with a newline, as every line does.
        let mut content = std::mem::take(&mut self.content);
        let searched = if part.end == text.len() {
            &text[part.start..]
        } else {
            content.clear();
            content.push_str(&text[part.start..part.end]);
            content.push('\n');
            &content
        };
        let first = self.failures.iter().zip(&self.marked).position(|(rule, marked)| {
            *marked && rule.matches(searched, is_ascii, &mut self.places, &mut self.given_up)
        });
        let verdict = match first {
            Some(index) => {
                let copied = part.end < text.len();
                let found = Found { index, text, searched, from: part.start, copied, single, at };
                self.verdict(&found, now)
            }
            None => {
                if self.lines_max > 1 && searched.len() != text.len() {
                    // What the prefix left of the lines is what fail2ban keeps of them.
                    self.lines.clear();
                    self.cut("", "", searched.trim_end_matches('\n'));
                }
                Verdict::Missed
            }
        };
        self.content = content;
        verdict
    }

    /// What the prefix leaves of the text; up to its end, if that is its newline.
    fn content(&mut self, text: &str, is_ascii: bool) -> Option<Range<usize>> {
        let Some(rule) = &self.prefix else { return Some(0..text.len()) };
        if !rule.matches(text, is_ascii, &mut self.outer, &mut self.given_up) {
            return None;
        }
        let taken = rule.content.and_then(|group| self.outer.group(group));
        Some(match taken.filter(|(start, end)| start < end) {
            Some((start, end)) if end + 1 == text.len() => start..text.len(),
            Some((start, end)) => start..end,
            None => 0..text.len(),
        })
    }

    fn ignoring(&mut self, text: &str) -> Option<usize> {
        let is_ascii = text.is_ascii();
        // The groups of what is ignored are of no use, but those of the failure are.
        let places = &mut self.spare;
        self.ignored.iter().position(|rule| rule.matches(text, is_ascii, places, &mut self.given_up))
    }
}

#[cfg(test)]
mod tests;
