//! Judges the lines of files with one filter, without counting: what `scan` prints.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::sync::Arc;

use event::limit::LINE_BYTES;
use event::{JailName, Moment, Origin};
use filter::{Catalog, Filter, FilterSet, Found, Kind, Scratch, Zone};
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use source::{SourceError, StreamSource};

use crate::Exit;
use crate::args::Scan;
use crate::say;
use crate::table::{harmless, table};

/// Judges every file in turn. `clock` says what "now" is unless `--now` does.
pub fn scan(arguments: &Scan, catalog: &Catalog, clock: fn() -> Moment, json: bool) -> Exit {
    let filter = match catalog.filter(&arguments.filter) {
        Ok(filter) => filter,
        Err(wrong) => return fail(Exit::Usage, &wrong),
    };
    let zone = match zone(arguments, clock()) {
        Ok(zone) => zone,
        Err(wrong) => return fail(Exit::Usage, &wrong),
    };
    let mut report = Report::new(filter, zone, arguments.count);
    for path in &arguments.files {
        let input = match open(path) {
            Ok(input) => input,
            Err(cause) => return fail(Exit::NoInput, &format!("{}: {cause}", path.display())),
        };
        let judged = if json && !arguments.count {
            report.print_json(input, clock)
        } else {
            report.count(input, clock)
        };
        if let Err(cause) = judged {
            return fail(Exit::NoInput, &format!("{}: {cause}", path.display()));
        }
    }
    if arguments.count {
        say!("{}", report.failures);
    } else if !json {
        report.print_summary();
    }
    Exit::Done
}

pub(crate) fn fail(exit: Exit, wrong: &dyn std::fmt::Display) -> Exit {
    eprintln!("stockade: {wrong}");
    exit
}

pub(crate) fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if path.as_os_str() == "-" { Ok(Box::new(io::stdin().lock())) } else { Ok(Box::new(File::open(path)?)) }
}

pub(crate) fn zone(arguments: &Scan, now: Moment) -> Result<Zone, String> {
    let zone = match &arguments.tz {
        None => TimeZone::system(),
        Some(name) => TimeZone::get(name).map_err(|cause| {
            format!("--tz '{name}' is not a time zone ({cause}); write e.g. 'Europe/Zurich'")
        })?,
    };
    let now = match &arguments.now {
        None => now,
        Some(text) => moment(text, &zone)
            .ok_or_else(|| format!("--now '{text}' is not a time; write e.g. '2026-11-22T12:00:00'"))?,
    };
    Ok(Zone { zone, now })
}

fn moment(text: &str, zone: &TimeZone) -> Option<Moment> {
    if let Ok(timestamp) = text.parse::<jiff::Timestamp>() {
        return Some(Moment::from_millis(timestamp.as_millisecond()));
    }
    let local: jiff::civil::DateTime = text.parse().ok()?;
    Some(Moment::from_millis(zone.to_ambiguous_timestamp(local).compatible().ok()?.as_millisecond()))
}

/// The state of one scan.
struct Report {
    set: FilterSet,
    zone: Zone,
    scratch: Scratch,
    lines: u64,
    failures: u64,
    successes: u64,
    ignored: u64,
    cut: u64,
    by_rule: Vec<(String, u64)>,
}

impl Report {
    fn new(filter: Arc<Filter>, zone: Zone, count_only: bool) -> Self {
        // A success is no failure: where only those are counted, it need not even be looked for.
        let kinds: &[Kind] = if count_only {
            &[Kind::Ignore, Kind::Failure]
        } else {
            &[Kind::Ignore, Kind::Failure, Kind::Success]
        };
        let by_rule = filter.rules().iter().map(|rule| (rule.name.clone(), 0)).collect();
        let set = FilterSet::new(vec![(JailName::new(&filter.name), filter)], kinds);
        let scratch = Scratch::default();
        Self { set, zone, scratch, lines: 0, failures: 0, successes: 0, ignored: 0, cut: 0, by_rule }
    }

    /// Counts what is found, block by block.
    fn count(&mut self, input: impl Read, clock: fn() -> Moment) -> Result<(), SourceError> {
        let mut stream = StreamSource::new(input, Origin::CatchUp, clock);
        let Self { set, scratch, failures, successes, ignored, by_rule, .. } = self;
        while stream.read(&mut |block| {
            set.judge_block(block.text, scratch, &mut |found| {
                match found.rule.kind {
                    Kind::Failure => *failures += 1,
                    Kind::Success => *successes += 1,
                    Kind::Ignore => *ignored += 1,
                }
                by_rule[found.rule_index].1 += 1;
            });
        })? {}
        self.lines += stream.health().lines;
        self.cut += stream.health().cut_lines;
        Ok(())
    }

    /// One JSON object a line, in order.
    fn print_json(&mut self, input: impl Read, clock: fn() -> Moment) -> Result<(), SourceError> {
        let mut stream = StreamSource::new(input, Origin::CatchUp, clock);
        let mut out = BufWriter::new(io::stdout().lock());
        let mut written = Ok(());
        while written.is_ok()
            && stream.read(&mut |block| {
                written = filter::lines(block.text).try_for_each(|line| {
                    self.print_verdict(line.strip_suffix(b"\n").unwrap_or(line), &mut out)
                });
            })?
        {}
        // Whoever reads our output may have had enough of it.
        let _ = written.and_then(|()| out.flush());
        Ok(())
    }

    fn print_verdict(&mut self, line: &[u8], out: &mut impl Write) -> io::Result<()> {
        self.lines += 1;
        let mut found = None;
        self.set.judge_line(line, &mut self.scratch, &mut |one| found = Some(one));
        serde_json::to_writer(&mut *out, &verdict(self.lines, found.as_ref(), &self.zone))?;
        out.write_all(b"\n")
    }

    fn print_summary(&self) {
        say!(
            "{} lines: {} failures, {} successes, {} ignored, {} missed",
            self.lines,
            self.failures,
            self.successes,
            self.ignored,
            self.lines.saturating_sub(self.failures + self.successes + self.ignored)
        );
        if self.cut > 0 {
            say!("{} lines were longer than {LINE_BYTES} bytes and were skipped", self.cut);
        }
        let rows: Vec<_> = self.by_rule.iter().filter(|(_, count)| *count > 0).collect();
        if !rows.is_empty() {
            let rows: Vec<_> =
                rows.into_iter().map(|(name, count)| vec![name.clone(), count.to_string()]).collect();
            say!("\n{}", table(&["PATTERN", "LINES"], &rows).trim_end());
        }
    }
}

fn verdict(number: u64, found: Option<&Found<'_>>, zone: &Zone) -> Value {
    let Some(found) = found else { return json!({ "line": number, "verdict": "missed" }) };
    let verdict = match found.rule.kind {
        Kind::Failure => "failure",
        Kind::Success => "nofail",
        Kind::Ignore => "ignored",
    };
    let text = |bytes: &[u8]| harmless(&String::from_utf8_lossy(bytes));
    let mut groups = Map::new();
    if let Some(user) = found.user {
        groups.insert("user".to_owned(), text(user).into());
    }
    let host = found
        .host
        .map(|host| host.address().map_or_else(|| host.subject().to_string(), |host| host.to_string()));
    let at = found.written(zone).unwrap_or(zone.now);
    json!({
        "line": number,
        "verdict": verdict,
        "host": host,
        "time": at.millis() as f64 / 1000.0,
        "attempts": found.count,
        "groups": groups,
        "pattern": found.rule.name,
        "proof": found.proof.to_string(),
    })
}
