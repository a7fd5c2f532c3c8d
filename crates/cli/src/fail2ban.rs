//! Judges the lines of files with a filter of fail2ban's: what `scan --fail2ban-dir` prints. Bans nobody and looks no name up.

use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use event::limit::LINE_BYTES;
use event::{Moment, Origin};
use fail2ban::filter_file;
use fail2ban::judge::{Failure, Judge, Value, Verdict};
use fail2ban::pattern::Names;
use fail2ban::{DateDetector, FilterText};
use filter::Zone;
use serde_json::{Map, Value as Json, json};
use source::{SourceError, StreamSource};

use crate::Exit;
use crate::args::Scan;
use crate::say;
use crate::scan::{fail, open, zone};
use crate::table::{harmless, table};

/// Judges every file in turn with the filter of `folder`. What cannot be used of the filter is said on stderr and left out.
pub fn scan(arguments: &Scan, folder: &Path, clock: fn() -> Moment, json: bool) -> Exit {
    let zone = match zone(arguments, clock()) {
        Ok(zone) => zone,
        Err(wrong) => return fail(Exit::Usage, &wrong),
    };
    let filter = match filter_file::read(folder, &arguments.filter) {
        Ok((filter, complaints)) => {
            complaints.iter().for_each(|complaint| warn(complaint));
            filter
        }
        Err(complaints) => {
            complaints.iter().for_each(|complaint| warn(complaint));
            return fail(Exit::Config, &format!("the filter '{}' cannot be used", arguments.filter));
        }
    };
    let mut report = match Report::new(&filter, zone) {
        Ok(report) => report,
        Err(wrong) => return fail(Exit::Config, &wrong),
    };
    let print_json = json && !arguments.count;
    for path in &arguments.files {
        let judged = open(path)
            .map_err(|cause| cause.to_string())
            .and_then(|input| report.judge(input, clock, print_json).map_err(|cause| cause.to_string()));
        if let Err(cause) = judged {
            return fail(Exit::NoInput, &format!("{}: {cause}", path.display()));
        }
    }
    if arguments.count {
        say!("{}", report.failures);
    } else if !json {
        report.print_summary();
    }
    if report.judge.given_up() > 0 {
        let count = report.judge.given_up();
        warn(&format!("{count} searches took too many steps and were given up; their lines count as missed"));
    }
    Exit::Done
}

fn warn(what: &dyn std::fmt::Display) {
    eprintln!("stockade: {what}");
}

/// The state of one scan.
struct Report {
    judge: Judge,
    /// The lines are the journal's: they have no date.
    journal: bool,
    now: Moment,
    lines: u64,
    failures: u64,
    harmless: u64,
    ignored: u64,
    cut: u64,
    by_pattern: Vec<u64>,
}

impl Report {
    fn new(filter: &FilterText, zone: Zone) -> Result<Self, String> {
        let dates =
            DateDetector::new(filter.datepattern.as_deref(), None).map_err(|cause| cause.to_string())?;
        let names = if filter.usedns.as_deref() == Some("no") { Names::Skip } else { Names::Read };
        let journal = filter.options.get("logtype").is_some_and(|kind| kind == "journal");
        let (judge, wrong) = Judge::new(filter, names, dates, zone.zone);
        wrong.iter().for_each(|cause| warn(cause));
        let by_pattern = vec![0; judge.patterns().count()];
        let now = zone.now;
        Ok(Self { judge, journal, now, lines: 0, failures: 0, harmless: 0, ignored: 0, cut: 0, by_pattern })
    }

    fn judge(&mut self, input: impl Read, clock: fn() -> Moment, json: bool) -> Result<(), SourceError> {
        let mut stream = StreamSource::new(input, Origin::CatchUp, clock);
        let mut out = BufWriter::new(io::stdout().lock());
        let mut written = Ok(());
        while written.is_ok()
            && stream.read(&mut |block| {
                written = filter::lines(block.text).try_for_each(|line| {
                    let verdict = self.judge_line(line);
                    if json { self.print(&verdict, &mut out) } else { Ok(()) }
                });
            })?
        {}
        self.cut += stream.health().cut_lines;
        // Whoever reads our output may have had enough of it.
        let _ = written.and_then(|()| out.flush());
        Ok(())
    }

    fn judge_line(&mut self, line: &[u8]) -> Verdict {
        self.lines += 1;
        let verdict = if self.journal {
            let line = String::from_utf8_lossy(line);
            self.judge.message(line.trim_end_matches(['\r', '\n']), self.now, self.now)
        } else {
            self.judge.bytes(line, self.now)
        };
        match &verdict {
            Verdict::Failure(failure) => {
                self.failures += 1;
                self.by_pattern[failure.pattern] += 1;
            }
            Verdict::NoFailure(pattern) => {
                self.harmless += 1;
                self.by_pattern[*pattern] += 1;
            }
            Verdict::Ignored(_) => self.ignored += 1,
            Verdict::Missed => {}
        }
        verdict
    }

    fn print(&self, verdict: &Verdict, out: &mut impl Write) -> io::Result<()> {
        let number = self.lines;
        let object = match verdict {
            Verdict::Failure(failure) => self.failure(failure),
            Verdict::NoFailure(pattern) => {
                json!({ "line": number, "verdict": "nofail", "pattern": name("failregex", *pattern) })
            }
            Verdict::Ignored(pattern) => {
                json!({ "line": number, "verdict": "ignored", "pattern": name("ignoreregex", *pattern) })
            }
            Verdict::Missed => json!({ "line": number, "verdict": "missed" }),
        };
        serde_json::to_writer(&mut *out, &object)?;
        out.write_all(b"\n")
    }

    fn failure(&self, failure: &Failure) -> Json {
        let mut groups = Map::new();
        for (name, value) in failure.groups.iter() {
            match value {
                Some(Value::Text(text)) => groups.insert(name.to_string(), (**text).into()),
                Some(Value::Tuple(parts)) => groups.insert(name.to_string(), json!(parts)),
                None => None,
            };
        }
        if !failure.users.is_empty() {
            groups.insert("users".to_owned(), failure.users.iter().map(|user| Json::from(&**user)).collect());
        }
        if let Some(address) = &failure.address {
            groups.insert("ip".to_owned(), address.to_string().into());
        }
        json!({
            "line": self.lines,
            "verdict": "failure",
            "host": failure.who.to_string(),
            "time": failure.at.unwrap_or(self.now).millis() as f64 / 1000.0,
            "attempts": failure.attempts,
            "groups": groups,
            "pattern": name("failregex", failure.pattern),
        })
    }

    fn print_summary(&self) {
        let Self { lines, failures, harmless: nofail, ignored, .. } = self;
        let missed = lines.saturating_sub(failures + nofail + ignored);
        say!(
            "{lines} lines: {failures} failures, {nofail} no failures by themselves, {ignored} ignored, {missed} missed"
        );
        if self.cut > 0 {
            say!("{} lines were longer than {LINE_BYTES} bytes and were skipped", self.cut);
        }
        let counted = self.judge.patterns().zip(&self.by_pattern).enumerate();
        let rows: Vec<_> = counted
            .filter(|(_, (_, count))| **count > 0)
            .map(|(index, (text, count))| vec![name("failregex", index), count.to_string(), harmless(text)])
            .collect();
        if !rows.is_empty() {
            say!("\n{}", table(&["PATTERN", "LINES", "TEXT"], &rows).trim_end());
        }
    }
}

/// Patterns have no names, only an order.
fn name(kind: &str, index: usize) -> String {
    format!("{kind} {}", index + 1)
}
