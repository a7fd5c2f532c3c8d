//! The report of `fail2ban-regex LOG REGEX`: what a filter finds in a log, in fail2ban's own words. It refuses to read the log, to look a
//! name up, and to read a clock: whoever asks hands over lines and moments.
//!
//! Not taken over: `--debuggex` (addresses of a website) and `--verbose-date`.

mod arguments;
mod filter;
mod out;
mod text;

use std::borrow::Cow;

use event::Moment;
use jiff::tz::TimeZone;

use crate::charset::{Charset, Encoding};
use crate::journal;
use crate::judge::{self, Every, Judge, Match, Verdict};
use crate::pattern::{Names, tags};
use crate::repr;
use crate::value::Value;
use out::Time;

pub use arguments::{Asked, arguments};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// `-c`: the folder of the configuration.
    pub config: String,
    /// `-d`: how dates look, whatever the filter says.
    pub datepattern: Option<String>,
    /// `--timezone`: of dates that name none.
    pub timezone: Option<String>,
    /// `-e`: the character set.
    pub encoding: String,
    /// `-r`: hosts as they stand.
    pub raw: bool,
    /// `--usedns`.
    pub usedns: Option<String>,
    /// `-L`: how many lines a match may span; it is also how many lines are printed. 0: what the filter says.
    pub maxlines: u32,
    /// `-m`: for the journal.
    pub journalmatch: Option<String>,
    /// How many `-v` there are.
    pub verbose: u32,
    /// `--no-check-all` is not there: every pattern is tried on every line.
    pub check_all: bool,
    /// `-o`: only this of each failure.
    pub out: Option<String>,
    /// `--print-no-missed`.
    pub no_missed: bool,
    /// `--print-no-ignored`.
    pub no_ignored: bool,
    /// `--print-all-matched`.
    pub all_matched: bool,
    /// `--print-all-missed`.
    pub all_missed: bool,
    /// `--print-all-ignored`.
    pub all_ignored: bool,
    /// The log, or a line.
    pub log: String,
    /// The filter, its file, or a pattern.
    pub regex: String,
    /// A pattern to ignore.
    pub ignoreregex: Option<String>,
}

/// What `LOG` turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// A file that is there.
    File,
    /// Lines of the journal.
    Journal,
    /// The text itself.
    Text,
}

/// Lines that are printed if there are no more than this.
const PRINTED: usize = 20;

/// A filter on trial.
#[derive(Debug)]
pub struct Trial {
    ask: Ask,
    judge: Judge,
    prefregex: Option<String>,
    failregex: Vec<Tried>,
    ignoreregex: Vec<Tried>,
    /// Whether `prefregex` matched when it was last tried.
    prefix_matched: bool,
    prefix_hits: u64,
    /// What its groups took, as Python shows it: the last, and all that are printed at `-v`.
    prefix_groups: String,
    prefix_shown: Vec<String>,
    printed: usize,
    tested: usize,
    matched: Kept,
    missed: Kept,
    ignored: Kept,
    zone: TimeZone,
    journal_match: Vec<String>,
    /// Whether dates are looked for at all: the journal's messages have their own.
    dated: bool,
    /// What lines are written in, unless it is UTF-8.
    charset: Option<Charset>,
}

/// A pattern, and what it matched.
#[derive(Debug)]
struct Tried {
    regex: String,
    hits: u64,
    /// What is shown of its matches at `-v`: the match, and whether others matched before.
    shown: Vec<(Match, bool)>,
}

/// Lines of one kind: how many, and those that are kept.
#[derive(Debug, Default)]
struct Kept {
    count: usize,
    lines: Vec<String>,
}

impl Trial {
    /// Reads the filter. The texts are what is printed: at once, or in the place of a report (exit code 255).
    pub fn begin(ask: Ask, log: Log, zone: TimeZone) -> Result<(Self, String), String> {
        if let Some(refused) = ask.out.as_deref().and_then(out::refused) {
            return Err(refused);
        }
        let mut read = filter::read(&ask, log, &zone)?;
        if ask.out.is_some() {
            read.judge.note_order();
        }
        let tried = |regexes: &[String]| -> Vec<Tried> {
            regexes.iter().map(|regex| Tried { regex: regex.clone(), hits: 0, shown: Vec::new() }).collect()
        };
        let names = if ask.usedns.as_deref() == Some("no") { Names::Skip } else { Names::Read };
        let printed = if ask.maxlines > 0 { ask.maxlines as usize } else { PRINTED };
        let trial = Self {
            prefregex: read
                .filter
                .prefregex
                .as_deref()
                .map(|source| tags::shown(source, names, tags::Spelling::default())),
            failregex: tried(&read.filter.failregex),
            ignoreregex: tried(&read.filter.ignoreregex),
            prefix_matched: false,
            prefix_hits: 0,
            prefix_groups: String::new(),
            prefix_shown: Vec::new(),
            printed,
            tested: 0,
            matched: Kept::default(),
            missed: Kept::default(),
            ignored: Kept::default(),
            zone,
            judge: read.judge,
            journal_match: read.journal_match,
            dated: log != Log::Journal || read.dated,
            charset: charset(&ask.encoding),
            ask,
        };
        let head = if trial.ask.out.is_some() { String::new() } else { read.head };
        Ok((trial, head))
    }

    /// The lines that `LOG` is, where it is the text itself.
    pub fn lines(text: &str) -> impl Iterator<Item = &str> {
        text.split('\n')
    }

    /// A line of a file as text.
    pub fn text<'l>(&self, line: &'l [u8]) -> Cow<'l, str> {
        match self.charset.as_ref().filter(|charset| !charset.is_plain(line)) {
            Some(charset) => {
                let mut text = String::new();
                charset.read(line, &mut text);
                Cow::Owned(text)
            }
            None => String::from_utf8_lossy(line),
        }
    }

    /// A line of the journal as text: it is UTF-8 whatever was asked for, unless it cannot be.
    pub fn journal_text<'l>(&self, line: &'l [u8]) -> Cow<'l, str> {
        std::str::from_utf8(line).map_or_else(|_| self.text(line), Cow::Borrowed)
    }

    /// Takes the next line. With `--out`, the text is to be printed at once.
    pub fn line(&mut self, line: &str, now: Moment) -> Option<String> {
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        if self.ask.out.is_some() {
            let verdict = self.judge.line(line, now);
            return self.only(verdict, None, now);
        }
        let every = self.judge.every(line, now, self.ask.check_all);
        self.count(line, every);
        None
    }

    /// Takes the next entry of the journal, as a line. `micros` is its moment.
    pub fn entry(&mut self, line: &str, micros: i64, now: Moment) -> Option<String> {
        let (date, at) = (journal::date(micros, &self.zone), Moment::from_millis(micros.div_euclid(1000)));
        if self.ask.out.is_some() {
            let verdict = self.judge.entry(&date, line, at, now);
            return self.only(verdict, Some(micros as f64 / 1e6), now);
        }
        let every = self.judge.every_of_entry(&date, line, at, now, self.ask.check_all);
        self.count(&(date + line), every);
        None
    }

    /// Which messages of the journal are wanted, by the command line or the filter; none: all.
    pub fn journal_match(&self) -> &[String] {
        &self.journal_match
    }

    /// What is printed behind the head once the journal is open.
    pub fn journal_head(&self) -> String {
        match self.journal_match.as_slice() {
            _ if self.ask.out.is_some() => String::new(),
            [] => "\n".to_owned(),
            words => format!("Use    journal match : {}\n\n", words.join(" ")),
        }
    }

    /// What `--out` prints of a failure. `exact` is its moment where that is known better than the judge knows it.
    fn only(&self, verdict: Verdict, exact: Option<f64>, now: Moment) -> Option<String> {
        let (Verdict::Failure(failure), Some(wanted)) = (verdict, &self.ask.out) else { return None };
        let seconds = |at: Moment| at.millis() as f64 / 1e3;
        let row = exact.or(failure.at.map(seconds));
        let last = failure.lines.last();
        let whole = exact.is_none() && last.is_some_and(|line| self.judge.dates().is_whole(line));
        let time = Time { row, tag: row.unwrap_or_else(|| seconds(now)), whole: whole && row.is_some() };
        Some(out::print(&failure, wanted, time))
    }

    fn count(&mut self, line: &str, every: Every) {
        let Every { prefix, groups, matched, ignored, taken } = every;
        // What was not tried stands as it did, and fail2ban counts it so.
        self.prefix_matched = prefix.unwrap_or(self.prefix_matched);
        if prefix == Some(true) && self.ask.verbose > 0 {
            self.prefix_groups = dictionary(groups);
        }
        if self.prefregex.is_some() && self.prefix_matched {
            self.count_prefix();
        }
        for &index in &ignored {
            if let Some(tried) = self.ignoreregex.get_mut(index) {
                tried.hits += 1;
            }
        }
        let mut failures = 0;
        let mut harmless = !ignored.is_empty();
        for found in matched {
            let (no_failure, several) = (found.harmless, failures > 1);
            if let Some(tried) = self.failregex.get_mut(found.pattern) {
                tried.hits += 1;
                if self.ask.verbose > 0 {
                    tried.shown.push((found, several));
                }
            }
            failures += usize::from(!no_failure);
            harmless |= no_failure;
        }
        self.take_back(&taken);
        self.tested += 1;
        let most = self.printed + 1;
        if harmless {
            let kept = !self.ask.no_ignored;
            self.ignored.add(line, kept && (self.ask.all_ignored || self.ignored.count < most));
        } else if failures > 0 {
            self.matched.add(line, self.ask.all_matched);
        } else {
            let kept = !self.ask.no_missed;
            self.missed.add(line, kept && (self.ask.all_missed || self.missed.count < most));
        }
    }

    fn count_prefix(&mut self) {
        self.prefix_hits += 1;
        if self.ask.verbose > 0 && self.prefix_shown.len() <= self.printed {
            let more = self.prefix_shown.len() == self.printed;
            self.prefix_shown.push(if more { "...".to_owned() } else { self.prefix_groups.clone() });
        }
    }

    /// Lines that were missed until a later one completed a match.
    fn take_back(&mut self, taken: &[String]) {
        for line in taken {
            if let Some(index) = self.missed.lines.iter().position(|kept| kept == line) {
                self.missed.lines.remove(index);
            }
            self.matched.add(line, self.ask.all_matched);
            self.missed.count = self.missed.count.saturating_sub(1);
        }
    }
}

/// Whether lines in this character set are read as such, and not as UTF-8.
pub fn is_read(encoding: &str) -> bool {
    matches!(Encoding::named(encoding), Encoding::Utf8) || charset(encoding).is_some()
}

/// None: UTF-8, or what is read as that. Of two bytes for each character, lines cannot be told apart one by one.
fn charset(encoding: &str) -> Option<Charset> {
    match Encoding::named(encoding) {
        Encoding::Known(charset) if !charset.is_wide() => Some(charset),
        _ => None,
    }
}

/// Groups as Python shows them.
fn dictionary(groups: Vec<(String, Option<judge::Value>)>) -> String {
    let text = |text: Option<String>| text.map_or(Value::None, Value::Text);
    let pairs = groups.into_iter().map(|(name, taken)| {
        let taken = match taken {
            None => Value::None,
            Some(judge::Value::Text(taken)) => Value::Text(taken.to_string()),
            Some(judge::Value::Tuple(parts)) => Value::Tuple(parts.into_iter().map(text).collect()),
        };
        (Value::Text(name), taken)
    });
    repr::repr(&Value::Dict(pairs.collect()))
}

impl Kept {
    fn add(&mut self, line: &str, kept: bool) {
        self.count += 1;
        if kept {
            self.lines.push(line.to_owned());
        }
    }
}
