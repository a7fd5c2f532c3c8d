//! The journal's entries for `fail2ban-regex systemd-journal`: one `journalctl`, read to its end. It refuses to follow the journal, which is
//! the crate `source`'s matter.

use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use event::limit::JOURNAL_ENTRY_BYTES;
use fail2ban::journal::{RUNTIME, RUNTIME_OPTION};
use fail2ban::options::Spelled;
use source::{Fields, is_journal_match};

/// `journalctl` with what `log` has in brackets, for entries that match. What cannot be used is refused in fail2ban's words. None: there are no
/// entries, since nothing is kept only until the next start; `journalctl` would complain.
pub fn command(log: &str, matches: &[String]) -> Result<Option<Command>, String> {
    let spelled = Spelled::parse(log).map_err(|_| "unexpected option syntax".to_owned())?;
    let options = fail2ban::journal::options(&spelled.options).map_err(|refused| refused.to_string())?;
    if !matches.iter().all(|word| word == "+" || is_journal_match(word)) {
        return Err("Invalid match".to_owned());
    }
    let is_kept = |option: &String| option != RUNTIME_OPTION || Path::new(RUNTIME).is_dir();
    if !options.iter().all(is_kept) {
        return Ok(None);
    }
    // `journalctl` complains of an alternative without a match, and fail2ban's Python library does not.
    let alternatives = matches.split(|word| word == "+").filter(|words| !words.is_empty());
    let words = alternatives.collect::<Vec<_>>().join(&["+".to_owned()][..]);
    let mut command = Command::new("journalctl");
    command.args(["--output=json", "--no-pager", "--quiet", "--all"]).args(options);
    command.arg("--").args(words);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    Ok(Some(command))
}

/// An open journal.
pub struct Journal {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Journal {
    /// Opens it. Why it cannot be opened, `journalctl` says itself.
    pub fn open(mut command: Command) -> io::Result<Self> {
        let mut child = command.spawn().map_err(|cause| io::Error::other(format!("journalctl: {cause}")))?;
        let output = child.stdout.take().ok_or_else(|| io::Error::other("journalctl has no output"))?;
        let mut output = BufReader::new(output);
        if output.fill_buf()?.is_empty() {
            ended(&mut child)?;
        }
        Ok(Self { child, output })
    }

    /// Hands on each entry as a line, with its time in microseconds.
    pub fn entries(mut self, mut take: impl FnMut(&[u8], i64) -> Option<String>) -> io::Result<()> {
        read(&mut self.output, &mut take)?;
        ended(&mut self.child)
    }
}

fn ended(child: &mut Child) -> io::Result<()> {
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("journalctl ended with {status}"))) }
}

fn read(reader: &mut impl BufRead, take: &mut impl FnMut(&[u8], i64) -> Option<String>) -> io::Result<()> {
    let mut entry = Vec::new();
    let mut line = Vec::new();
    let mut skipped = 0_u64;
    loop {
        entry.clear();
        let most = u64::try_from(JOURNAL_ENTRY_BYTES).unwrap_or(u64::MAX);
        if reader.by_ref().take(most).read_until(b'\n', &mut entry)? == 0 {
            break;
        }
        let is_whole = entry.last() == Some(&b'\n');
        let fields = Fields::parse(&entry).ok().filter(|_| is_whole);
        if let Some((fields, micros)) = fields.and_then(|fields| fields.sent_micros().map(|at| (fields, at)))
        {
            line.clear();
            fields.line(&mut line);
            if let Some(found) = take(&line, micros) {
                crate::out::text(&found);
            }
            continue;
        }
        skipped += 1;
        if !is_whole {
            reader.skip_until(b'\n')?;
        }
    }
    if skipped > 0 {
        eprintln!(
            "fail2ban-regex: {skipped} entries of the journal could not be read or were too long, and were skipped"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_lines() {
        let output = r#"{"_HOSTNAME":"box","SYSLOG_IDENTIFIER":"sshd","_PID":"7","MESSAGE":"a\nb","__REALTIME_TIMESTAMP":"1700000000123456"}
{"_COMM":"x","MESSAGE":[104,105],"__REALTIME_TIMESTAMP":"5000","_SOURCE_REALTIME_TIMESTAMP":"4000"}
no entry
{"MESSAGE":"without a time"}
"#;
        let mut found = Vec::new();
        read(&mut output.as_bytes(), &mut |text: &[u8], micros: i64| {
            found.push((String::from_utf8_lossy(text).into_owned(), micros));
            None
        })
        .unwrap();
        let wanted = [("box sshd[7]: a\\nb", 1_700_000_000_123_456), ("x: hi", 4000)];
        assert_eq!(found, wanted.map(|(text, at)| (text.to_owned(), at)));
    }

    #[test]
    fn what_journalctl_is_told() {
        let told = |log: &str, matches: &[&str]| {
            let matches: Vec<String> = matches.iter().map(|&word| word.to_owned()).collect();
            command(log, &matches).map(|command| {
                let command = command.expect("there are entries");
                let words = command.get_args().skip(4).map(|word| word.to_string_lossy().into_owned());
                words.collect::<Vec<_>>().join(" ")
            })
        };
        assert_eq!(told("systemd-journal", &[]).unwrap(), "--merge --system --");
        let several = ["+", "A=1", "B=2 3", "+", "+", "C=4", "+"];
        assert_eq!(told("systemd-journal[journalflags=1]", &several).unwrap(), "-- A=1 B=2 3 + C=4");
        assert_eq!(told("systemd-journal", &["--help"]).unwrap_err(), "Invalid match");
        assert!(told("systemd-journal[x=1]", &[]).unwrap_err().contains("'x'"));
    }
}
