//! A jail's options as values: numbers, spans, lists. What cannot be taken is complained about, and the default counts.

use std::path::PathBuf;
use std::time::Duration;

use event::limit;

use crate::complaint::{Complaint, Place, Wrong};
use crate::duration;
use crate::ini::Value;
use crate::interpolate::Given;
use crate::options::Spelled;
use crate::value as plain;
use crate::words;

/// What a jail counts, how, and for how long it bans.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Where lines come from: `auto`, `polling`, `pyinotify`, `systemd` and what may stand behind it in brackets.
    pub backend: String,
    /// The logs.
    pub logpath: Vec<LogPath>,
    /// The character set of the logs; `auto` is the system's.
    pub logencoding: Option<String>,
    /// The zone of dates that name none.
    pub logtimezone: Option<String>,
    /// Whether the jail is left out, and not an error, when it has no logs.
    pub skip_if_nologs: bool,
    /// Whether the jail reads the journal when it has no logs, as since fail2ban 1.1.1; None: no file says so.
    pub systemd_if_nologs: Option<bool>,
    /// How many failures lead to a ban.
    pub maxretry: u32,
    /// How many lines of them are kept.
    pub maxmatches: Option<u32>,
    /// In which time they must happen.
    pub findtime: Duration,
    /// For how long; None is for ever.
    pub bantime: Option<Duration>,
    /// How bans grow.
    pub increment: Increment,
    /// Addresses, networks, names and `file:` that are never banned, as written.
    pub ignoreip: Vec<String>,
    /// Whether the host's own addresses are never banned.
    pub ignoreself: bool,
    /// A command that says whether an address is never banned.
    pub ignorecommand: Option<String>,
    /// What its answers are kept by, and how long: `key`, `max-count`, `max-time`.
    pub ignorecache: Vec<(String, String)>,
}

/// `bantime.increment` and its family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Increment {
    /// Whether bans of an address that was banned before last longer.
    pub enabled: bool,
    /// What the formula multiplies by, as written.
    pub factor: Option<String>,
    /// The formula, as written.
    pub formula: Option<String>,
    /// Multipliers by the number of earlier bans; the last goes on.
    pub multipliers: Vec<i64>,
    /// The longest.
    pub maxtime: Option<Duration>,
    /// Up to how much is added at random.
    pub rndtime: Option<Duration>,
    /// Whether bans by all jails count.
    pub overalljails: bool,
}

/// A path or a pattern of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPath {
    /// The pattern.
    pub pattern: String,
    /// Whether only what is written from now on is read.
    pub tail: bool,
    /// Where it is written.
    pub place: Place,
}

impl LogPath {
    /// The files that there are at present.
    pub fn files(&self) -> Vec<PathBuf> {
        crate::disk::matching(&self.pattern)
    }
}

/// An option and how it is taken.
pub struct Name {
    /// Its name.
    pub name: &'static str,
    kind: Kind,
    /// What counts where no file says anything.
    pub default: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Truth,
}

/// How a truth is written for filters and actions to interpolate.
pub const TRUE: &str = "True";

const fn text(name: &'static str) -> Name {
    Name { name, kind: Kind::Text, default: None }
}

const fn truth(name: &'static str) -> Name {
    Name { name, kind: Kind::Truth, default: None }
}

const fn number(name: &'static str) -> Name {
    Name { name, kind: Kind::Number, default: None }
}

const ENABLED: Name = Name { name: "enabled", kind: Kind::Truth, default: Some("false") };
const BACKEND: Name = Name { name: "backend", kind: Kind::Text, default: Some("auto") };
const FILTER: Name = Name { name: "filter", kind: Kind::Text, default: Some("") };

/// What is read before the filter.
pub const FIRST: [Name; 3] = [ENABLED, BACKEND, FILTER];

/// Every option of a jail, in fail2ban's order.
pub const NAMES: [Name; 31] = [
    ENABLED,
    BACKEND,
    number("maxretry"),
    number("maxmatches"),
    text("findtime"),
    text("bantime"),
    truth("bantime.increment"),
    text("bantime.factor"),
    text("bantime.formula"),
    text("bantime.multipliers"),
    text("bantime.maxtime"),
    text("bantime.rndtime"),
    truth("bantime.overalljails"),
    text("ignorecommand"),
    truth("ignoreself"),
    text("ignoreip"),
    text("ignorecache"),
    FILTER,
    text("logtimezone"),
    text("logencoding"),
    text("logpath"),
    truth("skip_if_nologs"),
    truth("systemd_if_nologs"),
    Name { name: "action", kind: Kind::Text, default: Some("") },
    text("usedns"),
    text("prefregex"),
    text("ignoreregex"),
    text("failregex"),
    number("maxlines"),
    text("datepattern"),
    text("journalmatch"),
];

impl Name {
    /// A value that was converted, as the plain value that fail2ban's client sends.
    pub(crate) fn plain(&self, text: &str) -> plain::Value {
        match self.kind {
            Kind::Text => plain::Value::text(text),
            Kind::Truth => plain::Value::Bool(text == TRUE),
            Kind::Number => text.parse().map_or(plain::Value::None, plain::Value::Int),
        }
    }

    /// The value as fail2ban passes it on. A number that is none is left out, and that is said.
    pub fn converted(&self, value: Value, complaints: &mut Vec<Complaint>) -> Option<Value> {
        let text = match self.kind {
            Kind::Text => return Some(value),
            Kind::Truth if is_true(&value.text) => TRUE.to_owned(),
            Kind::Truth => "False".to_owned(),
            Kind::Number => match value.text.trim().parse::<i64>() {
                Ok(number) => number.to_string(),
                Err(_) => {
                    complaints.push(bad(self.name, &value, "a number; the default is taken"));
                    return None;
                }
            },
        };
        Some(Value { text, place: value.place })
    }
}

/// Whether fail2ban takes a text for true.
pub(crate) fn is_true(text: &str) -> bool {
    ["1", "on", "true", "yes"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn bad(option: &str, value: &Value, expected: &'static str) -> Complaint {
    let wrong = Wrong::BadValue { option: option.to_owned(), value: value.text.clone(), expected };
    Complaint { place: value.place.clone(), wrong }
}

impl Settings {
    /// Takes the options. What a jail cannot do without is an error.
    pub(super) fn read(options: &Given, complaints: &mut Vec<Complaint>) -> Result<Self, Complaint> {
        let filled =
            |name: &str| options.get(name).map(|value| value.text.clone()).filter(|text| !text.is_empty());
        let truth = |name: &str| options.get(name).map(|value| value.text == TRUE);
        let mut count = |name: &str| {
            let value = options.get(name)?;
            let number = value.text.parse::<u32>().ok().filter(|&number| number > 0);
            if number.is_none() {
                complaints.push(bad(name, value, "a number above 0; the default is taken"));
            }
            number
        };
        let (maxretry, maxmatches) = (count("maxretry").unwrap_or(3), count("maxmatches"));
        let findtime = span(options, "findtime")?.flatten().unwrap_or(Duration::from_mins(10));
        Ok(Self {
            backend: filled("backend").unwrap_or_else(|| "auto".to_owned()),
            logpath: log_paths(options, complaints),
            logencoding: filled("logencoding"),
            logtimezone: filled("logtimezone"),
            skip_if_nologs: truth("skip_if_nologs").unwrap_or(false),
            systemd_if_nologs: truth("systemd_if_nologs"),
            maxretry,
            maxmatches,
            findtime,
            bantime: span(options, "bantime")?.unwrap_or(Some(Duration::from_mins(10))),
            increment: Increment::read(options)?,
            ignoreip: words::listed(&filled("ignoreip").unwrap_or_default()).map(str::to_owned).collect(),
            ignoreself: truth("ignoreself").unwrap_or(true),
            ignorecommand: filled("ignorecommand"),
            ignorecache: cache(options)?,
        })
    }
}

impl Increment {
    fn read(options: &Given) -> Result<Self, Complaint> {
        let filled = |name: &str| options.get(name).filter(|value| !value.text.is_empty());
        let truth = |name: &str| options.get(name).is_some_and(|value| value.text == TRUE);
        let text = |name: &str| filled(name).map(|value| value.text.clone());
        let multipliers = match filled("bantime.multipliers") {
            None => Vec::new(),
            Some(value) => {
                let numbers: Option<Vec<i64>> =
                    value.text.split_whitespace().map(|number| number.parse().ok()).collect();
                numbers
                    .ok_or_else(|| bad("bantime.multipliers", value, "numbers with spaces between them"))?
            }
        };
        Ok(Self {
            enabled: truth("bantime.increment"),
            factor: text("bantime.factor"),
            formula: text("bantime.formula"),
            multipliers,
            maxtime: span(options, "bantime.maxtime")?.flatten(),
            rndtime: span(options, "bantime.rndtime")?.flatten(),
            overalljails: truth("bantime.overalljails"),
        })
    }
}

/// A span; `Some(None)` is a negative one, which is for ever.
fn span(options: &Given, name: &str) -> Result<Option<Option<Duration>>, Complaint> {
    let Some(value) = options.get(name).filter(|value| !value.text.is_empty()) else { return Ok(None) };
    let expected = "a span of time; write e.g. 600, 10m or 1w2d";
    let seconds = duration::seconds(&value.text).ok_or_else(|| bad(name, value, expected))?;
    Ok(Some(if seconds < 0.0 {
        None
    } else {
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }))
}

fn log_paths(options: &Given, complaints: &mut Vec<Complaint>) -> Vec<LogPath> {
    let Some(value) = options.get("logpath") else { return Vec::new() };
    let mut found = Vec::new();
    for line in value.text.split('\n').filter(|line| !line.trim().is_empty()) {
        if found.len() >= limit::FAIL2BAN_ENTRIES {
            complaints.push(Complaint { place: value.place.clone(), wrong: Wrong::TooMany("log files") });
            break;
        }
        let (pattern, word) = line.rsplit_once(' ').unwrap_or((line, "head"));
        if !matches!(word, "head" | "tail") {
            complaints.push(bad(
                "logpath",
                value,
                "a path, or a path and 'tail' or 'head'; the line is read as a path",
            ));
        }
        let pattern = if matches!(word, "head" | "tail") { pattern } else { line };
        let (pattern, tail) = (pattern.trim().to_owned(), word == "tail");
        found.push(LogPath { pattern, tail, place: value.place.clone() });
    }
    found
}

fn cache(options: &Given) -> Result<Vec<(String, String)>, Complaint> {
    let Some(value) = options.get("ignorecache").filter(|value| !value.text.is_empty()) else {
        return Ok(Vec::new());
    };
    let spelled = Spelled::parse(&format!("cache[{}]", value.text));
    spelled.map(|spelled| spelled.options).map_err(|wrong| Complaint { place: value.place.clone(), wrong })
}
