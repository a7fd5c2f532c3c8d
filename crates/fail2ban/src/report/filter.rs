//! What `REGEX` is: a filter of the folder, a file of its own, or a pattern; and what is said of it before the report. It refuses to judge lines.

use std::path::Path;

use jiff::tz::TimeZone;

use super::{Ask, Log, Trial};
use crate::date::DateDetector;
use crate::filter_file::{self, FilterText};
use crate::judge::Judge;
use crate::options::Spelled;
use crate::pattern::{Names, PatternError, Wrong, tags};
use crate::repr;
use crate::value::Value;
use crate::words;

/// A filter, ready to judge.
pub struct Read {
    pub filter: FilterText,
    pub judge: Judge,
    pub head: String,
    pub journal_match: Vec<String>,
    /// Whether the filter or the command line says how dates look.
    pub dated: bool,
}

/// Reads what `ask` names. What cannot be used is what is printed instead.
pub fn read(ask: &Ask, log: Log, zone: &TimeZone) -> Result<Read, String> {
    let mut head = "\nRunning tests\n=============\n\n".to_owned();
    if ask.maxlines > 0 {
        head += &format!("Use         maxlines : {}\n", ask.maxlines);
    }
    let wrong = |head: &str, text: &str| {
        if ask.out.is_some() { format!("{text}\n") } else { format!("{head}{text}\n") }
    };
    if let Some(pattern) = &ask.datepattern {
        let dates = DateDetector::new(Some(pattern), ask.timezone.as_deref());
        let dates = dates.map_err(|cause| wrong(&head, &format!("ERROR: {cause}")))?;
        head += &format!("Use      datepattern : {pattern} : {}\n", detector(&dates));
    }
    let mut filter = named(ask, log, &mut head).map_err(|text| wrong(&head, &text))?;
    if let Some(ignored) = &ask.ignoreregex {
        head += &format!("Use ignoreregex line : {}\n", short(ignored));
        filter.ignoreregex.push(ignored.clone());
    }
    if ask.maxlines > 0 {
        filter.maxlines = ask.maxlines;
    }
    let pattern = ask.datepattern.as_deref().or(filter.datepattern.as_deref());
    let dates = DateDetector::new(pattern, ask.timezone.as_deref());
    let dates = dates.map_err(|cause| wrong(&head, &format!("ERROR: {cause}")))?;
    let names = if ask.usedns.as_deref() == Some("no") { Names::Skip } else { Names::Read };
    let multiline = filter.maxlines > 1;
    let (judge, refused) = Judge::new(&filter, names, dates, zone.clone());
    if let Some(refused) = refused.first() {
        let text = refusal(refused, &filter, names);
        return Err(wrong(&head, &text));
    }
    // Of several matches in a filter, fail2ban takes the last here.
    let given = ask.journalmatch.as_deref().map(words::shell);
    let journal_match = given.or_else(|| filter.journalmatch.last().cloned()).unwrap_or_default();
    head += &log_head(ask, log, multiline);
    // Whether the journal can be read must be known before more is said of it.
    if log != Log::Journal {
        head.push('\n');
    }
    let dated = pattern.is_some();
    Ok(Read { judge, head, journal_match, dated, filter })
}

/// What fail2ban says of a pattern that it cannot use. Its cause stands on a line of its own, in our words.
fn refusal(refused: &PatternError, filter: &FilterText, names: Names) -> String {
    if refused.wrong == Wrong::NoIdentity {
        return format!("ERROR: No failure-id group in '{}'", refused.pattern);
    }
    let sources = filter.prefregex.iter().chain(&filter.failregex).chain(&filter.ignoreregex);
    let same = |source: &&String| {
        let resolved = tags::resolve(source, names);
        [source.as_str(), &resolved, &tags::localise_flags(&resolved)].contains(&refused.pattern.as_str())
    };
    let shown =
        sources.into_iter().find(same).map(|source| tags::shown(source, names, tags::Spelling::default()));
    let shown = shown.unwrap_or_else(|| refused.pattern.clone());
    format!("ERROR: Unable to compile regular expression '{shown}':\n{}", refused.wrong)
}

/// A filter that is called by name or by its file; anything else is a pattern.
fn named(ask: &Ask, log: Log, head: &mut String) -> Result<FilterText, String> {
    let Some((folder, base, spelled)) = file(ask) else {
        *head += &format!("Use   failregex line : {}\n", short(&ask.regex));
        return Ok(FilterText { failregex: vec![ask.regex.clone()], maxlines: 1, ..FilterText::default() });
    };
    let base_name = Path::new(&spelled.name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if base.starts_with("filter.d/") {
        *head += &format!("Use   failregex filter file : {base_name}, basedir: {folder}\n");
    } else {
        *head += &format!("Use   failregex file : {}\n", spelled.name);
    }
    if !spelled.options.is_empty() {
        let pairs = spelled.options.iter().map(|(name, text)| (Value::text(name), Value::text(text)));
        *head += &format!("Use   filter options : {}\n", repr::repr(&Value::Dict(pairs.collect())));
    }
    let journal = log == Log::Journal;
    let read = filter_file::read_base(Path::new(&folder), &base, &spelled, journal);
    let (filter, _) = read.map_err(|complaints| {
        let said: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        format!("Wrong config file: {}\nERROR: failed to load filter {}", said.join("; "), ask.regex)
    })?;
    if ask.maxlines == 0 && filter.options.contains_key("maxlines") {
        *head += &format!("Use         maxlines : {}\n", filter.maxlines);
    }
    if ask.datepattern.is_none()
        && let Some(pattern) = &filter.datepattern
    {
        // One that is wrong is complained about when the lines' detector is made.
        if let Ok(dates) = DateDetector::new(Some(pattern), ask.timezone.as_deref()) {
            *head += &format!("Use      datepattern : {pattern} : {}\n", detector(&dates));
        }
    }
    Ok(filter)
}

/// The folder, the file in it without its ending, and how it is spelled.
fn file(ask: &Ask) -> Option<(String, String, Spelled)> {
    let head = ask.regex.split('[').next().unwrap_or_default();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '-' | '.');
    if head.is_empty() || !head.chars().all(plain) {
        return None;
    }
    let spelled = Spelled::parse(&ask.regex).ok()?;
    let name = spelled.name.as_str();
    let dotted = name.chars().rev().take(6).any(|c| c == '.');
    let endings: &[&str] = if dotted { &[""] } else { &["", ".conf", ".local"] };
    let config = ask.config.trim_end_matches('/');
    for ending in endings {
        let asked = format!("{name}{ending}");
        let (path, folder) = match asked.rsplit_once('/') {
            Some((folder, _)) => (asked.clone(), folder.to_owned()),
            None if config.ends_with("/filter.d") => (format!("{config}/{asked}"), config.to_owned()),
            None => (format!("{config}/filter.d/{asked}"), format!("{config}/filter.d")),
        };
        if !Path::new(&path).is_file() {
            continue;
        }
        let stem = Path::new(&path).file_stem()?.to_string_lossy().into_owned();
        let within = folder == "filter.d" || folder.ends_with("/filter.d");
        let (folder, base) = match folder.strip_suffix("filter.d").filter(|_| within) {
            Some(above) => (above.trim_end_matches('/').to_owned(), format!("filter.d/{stem}")),
            None => (folder, stem),
        };
        return Some((folder, base, spelled));
    }
    None
}

/// What fail2ban says of the templates.
fn detector(dates: &DateDetector) -> String {
    let mut hits = dates.hits();
    match (hits.next(), hits.next(), hits.next()) {
        (Some((_, name)), _, None) => name,
        _ => "Default Detectors".to_owned(),
    }
}

fn log_head(ask: &Ask, log: Log, multiline: bool) -> String {
    match log {
        Log::File => format!("Use         log file : {}\nUse         encoding : {}\n", ask.log, ask.encoding),
        Log::Journal => format!("Use         systemd journal\nUse         encoding : {}\n", ask.encoding),
        Log::Text if !multiline && !ask.log.contains('\n') => {
            format!("Use      single line : {}\n", short(&ask.log))
        }
        Log::Text => {
            let lines: Vec<&str> = Trial::lines(&ask.log).collect();
            let mut head = format!("Use      multi line : {} line(s)\n", lines.len());
            for (index, line) in lines.iter().enumerate().take(5) {
                head += &format!("| {:>2.2}: {}\n", (index + 1).to_string(), short(line));
            }
            head + if lines.len() > 5 { "| ...\n`-\n" } else { "`-\n" }
        }
    }
}

/// As much of a text as fits on a line.
fn short(text: &str) -> String {
    if text.chars().count() <= 53 {
        return text.to_owned();
    }
    text.chars().take(50).chain("...".chars()).collect()
}
