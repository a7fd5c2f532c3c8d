//! One way to write a date: its regular expression, whether it is bound to the line's beginning or end, and what it means. It refuses to
//! know where in a log it was found before: the detector does.

use std::ops::Range;

use event::Moment;
use jiff::tz::TimeZone;

use super::form::Form;
use super::search::{Begin, Edges, Match, Search};
use super::{DateError, field, stamp};
use crate::pattern::linear::Workspace;

/// A way to write a date.
#[derive(Debug)]
pub struct Template {
    /// Tells it apart from others.
    pub name: String,
    /// As it was written, if it has `%` fields.
    pub pattern: Option<String>,
    /// How much its matches count where templates are compared.
    pub weight: f64,
    /// Whether it can only match at the line's beginning or end.
    pub anchored: Anchored,
    /// The first that matches furthest left counts. Several: a separator that must be the same throughout.
    searches: Vec<Search>,
    meaning: Meaning,
    /// How it is read by hand.
    form: Option<Form>,
}

/// Where a template can match at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anchored {
    /// Only at the line's beginning.
    pub begin: bool,
    /// Only at its end.
    pub end: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Groups named by fields.
    Fields,
    /// Seconds since 1970 in this group; `long` ones may be milli- or microseconds.
    Epoch { group: usize, long: bool },
    /// TAI64N, which is hexadecimal.
    Tai,
}

/// A match of a template.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The whole match: by its place the detector compares.
    pub whole: Range<usize>,
    /// The date, which is cut out of the line.
    pub cut: Range<usize>,
    /// The part that was searched.
    part: Range<usize>,
    /// How it was found.
    by: By,
}

#[derive(Clone, Debug)]
enum By {
    /// By a regular expression.
    Search(Match, usize),
    /// By hand: where the two digits of the second are, and what follows them and their fraction.
    Hand { second: usize, behind: usize },
}

impl Seen {
    /// Of a date that was read by hand: where the two digits of its second are, and what follows them and their fraction.
    pub fn second(&self) -> Option<(usize, usize)> {
        match self.by {
            By::Hand { second, behind } => Some((second, behind)),
            By::Search(..) => None,
        }
    }
}

const EPOCH: &str = r"[0-9]{10,11}\b(?:\.[0-9]{3,6})?";
const LONG_EPOCH: &str = r"[0-9]{10,11}(?:[0-9]{3}(?:\.[0-9]{1,6}|[0-9]{3})?)?";

impl Template {
    /// The template of one `datepattern`, but for those that stand for the default ones.
    pub fn new(pattern: &str) -> Result<Self, DateError> {
        let key = if pattern.contains('%') { pattern.to_owned() } else { pattern.to_uppercase() };
        if key.contains("EPOCH") {
            if let Some(part) = braced(pattern, &["{EPOCH}", "{LEPOCH}"]) {
                return Self::epoch_within(pattern, part, key.contains("LEPOCH"));
            }
            match key.as_str() {
                "EPOCH" | "LEPOCH" => return Self::epoch(key == "LEPOCH"),
                "{^LN-BEG}EPOCH" | "^EPOCH" => return Self::epoch_first(false),
                "{^LN-BEG}LEPOCH" | "^LEPOCH" => return Self::epoch_first(true),
                _ => {}
            }
        }
        match key.as_str() {
            "TAI64N" => Self::tai(Begin::Open),
            "{^LN-BEG}TAI64N" | "^TAI64N" => Self::tai(Begin::Line),
            _ => Self::fields(pattern),
        }
    }

    /// `{NONE}`: an empty date at the beginning of every line.
    pub fn none() -> Result<Self, DateError> {
        Self::fields("{UNB}^")
    }

    fn fields(pattern: &str) -> Result<Self, DateError> {
        let (text, mut edges) = match pattern.strip_prefix("{UNB}") {
            Some(text) => (text, Edges { begin: Begin::Open, end: false }),
            None => (pattern, Edges { begin: Begin::Word, end: true }),
        };
        let text = match text.strip_prefix("{^LN-BEG}") {
            Some(text) if edges.begin == Begin::Word => {
                edges.begin = Begin::Line;
                text
            }
            _ => text,
        };
        let (regex, name) =
            field::expand(text).ok_or_else(|| DateError::UnknownField { pattern: pattern.to_owned() })?;
        let regex = if field::has_words(text) { format!("(?iu){regex}") } else { regex };
        let mut made = Self::from_regex(name, &regex, edges, Meaning::Fields)?;
        made.pattern = Some(pattern.to_owned());
        made.form = Form::of(pattern);
        Ok(made)
    }

    fn from_regex(name: String, regex: &str, wanted: Edges, meaning: Meaning) -> Result<Self, DateError> {
        let (flags, regex) = without_flags(regex.trim());
        let edges = Edges {
            begin: if opens_itself(&regex) { Begin::Open } else { wanted.begin },
            end: wanted.end && !closes_itself(&regex),
        };
        let regex = if has_plain_group(&regex) { regex } else { in_group(&regex) };
        let anchored = Anchored {
            begin: edges.begin == Begin::Line || edges.begin == Begin::Open && begins_line(&regex),
            end: !edges.end && ends_line(&regex),
        };
        let regex = format!("{flags}{}", without_stars(&regex));
        let searches =
            by_separator(&regex).iter().map(|regex| Search::new(regex, edges)).collect::<Result<_, _>>()?;
        let marked = edges.begin == Begin::Line && !name.starts_with("{^LN-BEG}");
        let name = if marked { format!("{{^LN-BEG}}{name}") } else { name };
        Ok(Self { name, pattern: None, weight: 1.0, anchored, searches, meaning, form: None })
    }

    /// Seconds at the line's beginning, in a bracket there, or behind `audit(`.
    fn epoch(long: bool) -> Result<Self, DateError> {
        let number = if long { LONG_EPOCH } else { EPOCH };
        let regex = format!(r"(?:\A({number})|\A\[({number})|\baudit\(({number}))(?:\b|\b{{end-half}})");
        Ok(Self {
            name: if long { "LongEpoch" } else { "Epoch" }.to_owned(),
            pattern: None,
            weight: 1.0,
            anchored: Anchored::default(),
            searches: vec![Search::behind(&regex, &[1, 2, 3])?],
            meaning: Meaning::Epoch { group: 0, long },
            form: None,
        })
    }

    /// Seconds as the first thing in the line.
    fn epoch_first(long: bool) -> Result<Self, DateError> {
        let (number, name) = if long { (LONG_EPOCH, "LongEpoch") } else { (EPOCH, "Epoch") };
        let edges = Edges { begin: Begin::Line, end: true };
        Self::from_regex(name.to_owned(), &format!("({number})"), edges, Meaning::Epoch { group: 1, long })
    }

    /// Seconds at a place in a pattern of their own.
    fn epoch_within(pattern: &str, part: Range<usize>, long: bool) -> Result<Self, DateError> {
        let number = if long { LONG_EPOCH } else { EPOCH };
        let regex = format!("({}({number}){})", &pattern[..part.start], &pattern[part.end..]);
        let edges = Edges { begin: Begin::Word, end: true };
        Self::from_regex(pattern.to_owned(), &regex, edges, Meaning::Epoch { group: 2, long })
    }

    fn tai(begin: Begin) -> Result<Self, DateError> {
        Self::from_regex("TAI64N".to_owned(), "@[0-9a-f]{24}", Edges { begin, end: true }, Meaning::Tai)
    }

    /// The first match in this part of the line.
    pub fn find(&self, line: &str, part: Range<usize>, workspace: &mut Workspace) -> Option<Seen> {
        if let Some(spot) = self.form.and_then(|form| form.read(line, part.clone())) {
            let by = By::Hand { second: spot.second, behind: spot.behind };
            return Some(Seen { whole: spot.whole, cut: spot.cut, part, by });
        }
        self.search(line, part, workspace)
    }

    /// As `find`, by regular expressions alone.
    pub fn search(&self, line: &str, part: Range<usize>, workspace: &mut Workspace) -> Option<Seen> {
        let all = self.searches.iter().enumerate();
        let found =
            all.filter_map(|(search, regex)| Some((regex.find(line, part.clone(), workspace)?, search)));
        let (found, search) = found.min_by_key(|(found, search)| (found.whole.start, *search))?;
        let cut = match self.meaning {
            Meaning::Epoch { group: 0, .. } => found.whole.clone(),
            _ => found.group(1).unwrap_or(0..0),
        };
        let whole = found.whole.clone();
        Some(Seen { whole, cut, part, by: By::Search(found, search) })
    }

    /// The fields that a match took, each a letter, and where they stand. None: it was read by hand, or it is no match of fields.
    pub fn taken<'s>(
        &'s self,
        seen: &'s Seen,
    ) -> Option<impl Iterator<Item = (char, Range<usize>)> + Clone + 's> {
        let By::Search(found, search) = &seen.by else { return None };
        let fields = self.searches[*search].fields.iter();
        (self.meaning == Meaning::Fields)
            .then(|| fields.filter_map(|(letter, group)| Some((*letter, found.group(*group)?))))
    }

    /// Whether fail2ban makes a whole number of what it finds in this line, and none with a fraction: of TAI64N, and of a date in a zone
    /// that it names, or that is `assumed`.
    pub fn is_whole(&self, line: &str, assumed: bool) -> bool {
        match self.meaning {
            Meaning::Epoch { .. } => false,
            Meaning::Tai => true,
            Meaning::Fields => {
                let seen = self.search(line, 0..line.len(), &mut Workspace::default());
                let zone =
                    |(letter, part): (char, Range<usize>)| matches!(letter, 'z' | 'Z') && !part.is_empty();
                assumed || seen.is_some_and(|seen| self.taken(&seen).is_some_and(|mut taken| taken.any(zone)))
            }
        }
    }

    /// The moment that a match means. None: there is no such date.
    pub fn moment(
        &self,
        line: &str,
        seen: &Seen,
        assumed: Option<i32>,
        now: Moment,
        zone: &TimeZone,
    ) -> Option<Moment> {
        match self.meaning {
            Meaning::Fields => {
                let again;
                let seen = match &seen.by {
                    By::Search(..) => seen,
                    By::Hand { .. } => {
                        again = self.search(line, seen.part.clone(), &mut Workspace::default())?;
                        &again
                    }
                };
                let fields = self.taken(seen)?.map(|(letter, part)| (letter, &line[part]));
                stamp::moment(fields, assumed, now, zone)
            }
            Meaning::Epoch { group, long } => {
                let part = match &seen.by {
                    By::Search(found, _) if group > 0 => found.group(group)?,
                    _ => seen.whole.clone(),
                };
                epoch_moment(&line[part], long)
            }
            Meaning::Tai => {
                let digits = line.get(seen.cut.start + 2..seen.cut.start + 17)?;
                Some(Moment::from_seconds(i64::from_str_radix(digits, 16).ok()?))
            }
        }
    }
}

fn epoch_moment(text: &str, long: bool) -> Option<Moment> {
    let number: f64 = text.parse().ok()?;
    let seconds = match text.len() {
        16.. if long && !text.contains('.') => number / 1e6,
        13.. if long => number / 1e3,
        _ => number,
    };
    // Cast saturates; a float of so many digits is exact to the millisecond.
    Some(Moment::from_millis((seconds * 1e3).round() as i64))
}

/// Where the first of these words stands, whatever its case, with no backslash before it.
pub fn braced(text: &str, words: &[&str]) -> Option<Range<usize>> {
    let upper = text.to_ascii_uppercase();
    let found = words.iter().filter_map(|word| {
        let mut places = upper.match_indices(word).map(|(at, _)| at);
        places.find(|&at| !upper[..at].ends_with('\\')).map(|at| at..at + word.len())
    });
    found.min_by_key(|part| part.start)
}

/// Flags such as `(?iu)`, taken out: they stand before all the rest.
fn without_flags(regex: &str) -> (String, String) {
    for (at, _) in regex.match_indices("(?") {
        let letters = regex[at + 2..].bytes().take_while(u8::is_ascii_lowercase).count();
        let end = at + 2 + letters;
        if letters > 0 && regex[end..].starts_with(')') {
            return (regex[at..=end].to_owned(), format!("{}{}", &regex[..at], &regex[end + 1..]));
        }
    }
    (String::new(), regex.to_owned())
}

/// Whether it begins with `^` or `**`, in groups or not: then nothing is put before it.
fn opens_itself(regex: &str) -> bool {
    let inner = regex.trim_start_matches('(');
    let in_group = inner.len() < regex.len();
    inner.starts_with('^')
        || inner.starts_with("**")
        || in_group && inner.strip_prefix("?:").is_some_and(|inner| inner.starts_with('^'))
}

/// Whether it ends with `$`, `\b`, `\s` or `**`: then nothing is put behind it.
fn closes_itself(regex: &str) -> bool {
    let unescaped = |ending: &str| regex.strip_suffix(ending).is_some_and(|before| !before.ends_with('\\'));
    let stars = regex.trim_end_matches(')').strip_suffix("**").is_some_and(|before| !before.ends_with('\\'));
    ["$", "$)", r"\b", r"\s"].into_iter().any(unescaped) || stars
}

/// Whether there is a group that is captured and has no name.
fn has_plain_group(regex: &str) -> bool {
    regex.match_indices('(').any(|(at, _)| {
        let before = &regex[..at];
        !before.ends_with('\\') && !before.ends_with("(?") && !regex[at + 1..].starts_with('?')
    })
}

/// Puts all but an anchor at either end into a group.
fn in_group(regex: &str) -> String {
    let body = regex.strip_prefix('^').unwrap_or(regex);
    let inner = body.strip_suffix('$').unwrap_or(body);
    format!("{}({inner}){}", &regex[..regex.len() - body.len()], &body[inner.len()..])
}

fn begins_line(regex: &str) -> bool {
    if regex.starts_with('^') {
        return true;
    }
    let Some(inner) = regex.strip_prefix('(') else { return false };
    let inner = inner.strip_prefix("?:").unwrap_or(inner);
    inner.strip_prefix('^').is_some_and(|behind| !behind.starts_with('|'))
}

fn ends_line(regex: &str) -> bool {
    let free = |ending: &str| regex.strip_suffix(ending).is_some_and(|before| !before.ends_with(['\\', '|']));
    free("$") || free("$)")
}

/// Takes away the `**` at either end that says that no edge is wanted there.
fn without_stars(regex: &str) -> String {
    let inner = regex.trim_start_matches('(');
    let open = &regex[..regex.len() - inner.len()];
    let inner = inner.strip_prefix("**").unwrap_or(inner);
    let body = inner.trim_end_matches(')');
    let close = &inner[body.len()..];
    let body = match body.strip_suffix("**") {
        Some(kept) if !kept.ends_with('\\') => kept,
        _ => body,
    };
    format!("{open}{body}{close}")
}

/// Where a group takes one of a few characters and the same must come again, `(?P<x>[-/])…(?P=x)`, one regular expression for each
/// of them: no engine has to look back then.
fn by_separator(regex: &str) -> Vec<String> {
    let whole = vec![regex.to_owned()];
    let Some((_, name)) = regex.split_once("(?P=").and_then(|(_, tail)| Some((0, tail.split_once(')')?.0)))
    else {
        return whole;
    };
    let open = format!("(?P<{name}>[");
    let Some(at) = regex.find(&open) else { return whole };
    let Some((set, _)) = regex[at + open.len()..].split_once("])") else { return whole };
    // A `-` that is not at an end makes a range, a backslash or `^` something else: those are left to the engine.
    let ranged = set.get(1..set.len().saturating_sub(1)).is_some_and(|middle| middle.contains('-'));
    if set.is_empty() || ranged || set.contains(['\\', '^', '[']) || !set.is_ascii() {
        return whole;
    }
    let made = set.chars().map(|separator| {
        let written = format!("\\{separator}");
        regex
            .replacen(&format!("{open}{set}])"), &format!("(?P<{name}>{written})"), 1)
            .replace(&format!("(?P={name})"), &written)
    });
    if set.chars().all(|c| c.is_ascii_punctuation()) { made.collect() } else { whole }
}
