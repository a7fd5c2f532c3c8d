//! How many lines a second a filter of fail2ban's judges: `pace DIR FILTER LOG`, DIR being fail2ban's configuration. One thread, the log
//! in memory, the best of five runs. It refuses to say what was found, but for how often.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is run by hand and prints what it measured"
)]

use std::path::Path;
use std::process::ExitCode;

use event::Moment;
use fail2ban::judge::{Judge, Verdict};
use fail2ban::pattern::Names;
use fail2ban::{DateDetector, filter_file};
use jiff::tz::TimeZone;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, filter, log] = &arguments[..] else {
        eprintln!("usage: pace DIR FILTER LOG");
        return ExitCode::from(64);
    };
    match pace(Path::new(folder), filter, log) {
        Ok(told) => println!("{told}"),
        Err(wrong) => {
            eprintln!("pace: {wrong}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn pace(folder: &Path, filter: &str, log: &str) -> Result<String, String> {
    let (text, _) = filter_file::read(folder, filter).map_err(|_| format!("no filter '{filter}'"))?;
    let lines = std::fs::read(log).map_err(|cause| format!("{log}: {cause}"))?;
    // Some moment after all of them.
    let now = Moment::from_seconds(1_795_000_000);
    let (mut best, mut counts) = (f64::MAX, [0u64; 4]);
    for _ in 0..5 {
        let dates =
            DateDetector::new(text.datepattern.as_deref(), None).map_err(|wrong| wrong.to_string())?;
        let (mut judge, wrong) = Judge::new(&text, Names::Read, dates, TimeZone::UTC);
        wrong.iter().for_each(|wrong| eprintln!("pace: {wrong}"));
        counts = [0; 4];
        let start = seconds_run()?;
        for line in filter::lines(&lines) {
            counts[match judge.bytes(line, now) {
                Verdict::Failure(_) => 0,
                Verdict::NoFailure(_) => 1,
                Verdict::Ignored(_) => 2,
                Verdict::Missed => 3,
            }] += 1;
        }
        best = best.min(seconds_run()? - start);
    }
    let all: u64 = counts.iter().sum();
    let [failures, harmless, ignored, missed] = counts;
    Ok(format!(
        "{filter:16} {:9.0} lines/s {:6.0} ns a line; {failures} failures, {harmless} no failures, {ignored} ignored, {missed} missed",
        all as f64 / best,
        best * 1e9 / all as f64
    ))
}

/// The seconds that this thread has run: others that run on the machine count less in them than in those of a clock.
fn seconds_run() -> Result<f64, String> {
    let place = "/proc/thread-self/schedstat";
    let text = std::fs::read_to_string(place).map_err(|cause| format!("{place}: {cause}"))?;
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse::<f64>().ok());
    nanoseconds
        .map(|number| number / 1e9)
        .ok_or_else(|| format!("{place} does not say how long this thread ran"))
}
