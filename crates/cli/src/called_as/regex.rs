//! `fail2ban-regex`: hands the lines of a file, of the journal or of the command line to `fail2ban::report`, and prints what that says. Every bound
//! that is reached is said on standard error.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use dropin::Edition;
use event::Moment;
use event::limit::LINE_BYTES;
use fail2ban::report::{Ask, Asked, Log, Trial, arguments, is_read};
use jiff::tz::TimeZone;

use super::journal::Journal;
use super::{Name, WRONG, journal, usage};
use crate::out::text;
use crate::say;

const JOURNAL: &str = "systemd-journal";

/// How Debian's program ends where it does not catch what Python raised.
const RAISED: u8 = 1;

/// Carries out what was typed; the exit code.
pub fn run(words: &[String], clock: fn() -> Moment) -> u8 {
    match arguments(words) {
        Asked::Report(ask) => report(*ask, clock),
        Asked::Help => {
            usage::print(Name::Regex);
            0
        }
        Asked::Version { short } => {
            let version = Edition::installed(Path::new("/")).version();
            let told = if short { version.to_owned() } else { format!("fail2ban-regex {version}") };
            say!("{told}");
            0
        }
        Asked::Wrong { text, code: 2 } => {
            eprintln!("Usage: fail2ban-regex [OPTIONS] <LOG> <REGEX> [IGNOREREGEX]\n");
            eprintln!("fail2ban-regex: error: {text}");
            2
        }
        Asked::Wrong { text, code } => {
            usage::print(Name::Regex);
            eprintln!("\n{text}");
            code
        }
    }
}

fn report(ask: Ask, clock: fn() -> Moment) -> u8 {
    let name = ask.log.clone();
    let log = match () {
        () if Path::new(&name).is_file() => Log::File,
        () if name.starts_with(JOURNAL) => Log::Journal,
        () => Log::Text,
    };
    let file = match (log == Log::File).then(|| File::open(&name)).transpose() {
        Ok(file) => file,
        Err(cause) => {
            say!("{name}: {cause}");
            return WRONG;
        }
    };
    if log != Log::Text && !is_read(&ask.encoding) {
        eprintln!(
            "fail2ban-regex: the encoding '{}' is not known here: lines are read as UTF-8",
            ask.encoding
        );
    }
    let (mut trial, head) = match Trial::begin(ask, log, TimeZone::system()) {
        Ok(begun) => begun,
        Err(wrong) => {
            text(&wrong);
            return WRONG;
        }
    };
    text(&head);
    let begun = clock();
    let read = match (file, log) {
        (Some(file), _) => lines(file, |line| {
            let line = trial.text(line);
            trial.line(&line, clock())
        }),
        (None, Log::Journal) => {
            let command = journal::command(&name, trial.journal_match()).map_err(io::Error::other);
            let journal = match command.and_then(|command| command.map(Journal::open).transpose()) {
                Ok(journal) => journal,
                Err(refused) => {
                    eprintln!("fail2ban-regex: {name}: {refused}");
                    return RAISED;
                }
            };
            text(&trial.journal_head());
            let take = |line: &[u8], micros| {
                let line = trial.journal_text(line);
                trial.entry(&line, micros, clock())
            };
            journal.map_or(Ok(()), |journal| journal.entries(take))
        }
        (None, _) => {
            Trial::lines(&name).filter_map(|line| trial.line(line, clock())).for_each(|found| text(&found));
            Ok(())
        }
    };
    if let Err(cause) = read {
        eprintln!("fail2ban-regex: {name}: {cause}");
        return WRONG;
    }
    let now = clock();
    // To whole milliseconds, of which the report shows hundredths of a second.
    text(&trial.report(Some(now.since(begun).as_secs_f64()), now));
    0
}

/// Every line that has its end, as with fail2ban. What is found is printed at once.
fn lines(file: impl Read, mut take: impl FnMut(&[u8]) -> Option<String>) -> io::Result<()> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut skipped = 0_u64;
    loop {
        line.clear();
        let most = u64::try_from(LINE_BYTES).unwrap_or(u64::MAX);
        reader.by_ref().take(most).read_until(b'\n', &mut line)?;
        if line.last() == Some(&b'\n') {
            if let Some(found) = take(&line) {
                text(&found);
            }
        } else if line.len() == LINE_BYTES {
            skipped += 1;
            reader.skip_until(b'\n')?;
        } else {
            break;
        }
    }
    if skipped > 0 {
        eprintln!("fail2ban-regex: {skipped} lines were longer than {LINE_BYTES} bytes and were skipped");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_and_a_last_one_without_an_end_are_left_out() {
        let long = "x".repeat(LINE_BYTES);
        let log = format!("one\n{long}yy\ntwo\n\n{}\nthree", "z".repeat(LINE_BYTES - 1));
        let mut found = Vec::new();
        let taken = lines(log.as_bytes(), |line| {
            found.push(String::from_utf8_lossy(line.trim_ascii_end()).chars().take(3).collect::<String>());
            None
        });
        taken.unwrap();
        assert_eq!(found, ["one", "two", "", "zzz"]);
    }
}
