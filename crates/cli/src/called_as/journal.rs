//! The journal's messages for `fail2ban-regex systemd-journal`: one `journalctl`, read to its end. It refuses to follow the journal, which is
//! the crate `source`'s matter.

use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use event::Moment;
use event::limit::JOURNAL_ENTRY_BYTES;
use fail2ban::options::Spelled;
use serde_json::Value;

/// Hands on each message that matches, with its moment. `log` is `systemd-journal`, perhaps with `journalpath` or `journalfiles`.
pub fn messages(
    log: &str,
    matches: &[String],
    mut take: impl FnMut(&str, Moment) -> Option<String>,
) -> io::Result<()> {
    let spelled = Spelled::parse(log).map_err(|wrong| io::Error::other(wrong.to_string()))?;
    let mut command = Command::new("journalctl");
    command.args(["--output=json", "--no-pager", "--quiet", "--all"]);
    for (option, value) in &spelled.options {
        match option.as_str() {
            "journalpath" => command.arg(format!("--directory={value}")),
            "journalfiles" => command.arg(format!("--file={value}")),
            other => {
                let wrong = format!("'{other}' is not known here; write journalpath or journalfiles");
                return Err(io::Error::other(wrong));
            }
        };
    }
    command.arg("--").args(matches).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(|cause| io::Error::other(format!("journalctl: {cause}")))?;
    let output = child.stdout.take().ok_or_else(|| io::Error::other("journalctl has no output"))?;
    let read = entries(output, &mut take);
    let status = child.wait()?;
    read?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("journalctl ended with {status}"))) }
}

fn entries(output: impl Read, take: &mut impl FnMut(&str, Moment) -> Option<String>) -> io::Result<()> {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    let mut skipped = 0_u64;
    loop {
        line.clear();
        let most = u64::try_from(JOURNAL_ENTRY_BYTES).unwrap_or(u64::MAX);
        if reader.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let is_whole = line.last() == Some(&b'\n');
        match serde_json::from_slice(&line) {
            Ok(entry) if is_whole => {
                if let Some((text, at)) = message(&entry)
                    && let Some(found) = take(&text, at)
                {
                    crate::out::text(&found);
                }
            }
            _ => {
                skipped += 1;
                if !is_whole {
                    reader.skip_until(b'\n')?;
                }
            }
        }
    }
    if skipped > 0 {
        eprintln!(
            "fail2ban-regex: {skipped} entries of the journal could not be read or were too long, and were skipped"
        );
    }
    Ok(())
}

/// As fail2ban puts it together: host, program, process, message.
fn message(entry: &Value) -> Option<(String, Moment)> {
    let field = |name: &str| text(entry.get(name)).filter(|text| !text.is_empty());
    let micros = field("_SOURCE_REALTIME_TIMESTAMP").or_else(|| field("__REALTIME_TIMESTAMP"))?;
    let at = Moment::from_millis(micros.parse::<i64>().ok()? / 1000);
    let mut parts: Vec<String> = field("_HOSTNAME").into_iter().collect();
    if let Some(program) = field("SYSLOG_IDENTIFIER").or_else(|| field("_COMM")) {
        let process = field("SYSLOG_PID").or_else(|| field("_PID"));
        let process = process.map(|number| format!("[{number}]")).unwrap_or_default();
        parts.push(format!("{program}{process}:"));
        if program == "kernel" && process.is_empty() {
            let up = field("_SOURCE_MONOTONIC_TIMESTAMP").or_else(|| field("__MONOTONIC_TIMESTAMP"));
            let micros: f64 = up.and_then(|up| up.parse().ok()).unwrap_or(0.0);
            parts.push(format!("[{:12.6}]", micros / 1e6));
        }
    }
    parts.push(field("MESSAGE").unwrap_or_default());
    Some((parts.join(" ").replace('\n', "\\n"), at))
}

/// A field that is no text stands as the numbers of its bytes; of one that is there twice, all count.
fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) if parts.iter().all(Value::is_number) => {
            let bytes: Option<Vec<u8>> =
                parts.iter().map(|part| part.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect();
            Some(String::from_utf8_lossy(&bytes?).into_owned())
        }
        Value::Array(parts) => {
            let texts: Option<Vec<String>> = parts.iter().map(|part| text(Some(part))).collect();
            Some(texts?.join(" "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_lines() {
        let output = r#"{"_HOSTNAME":"box","SYSLOG_IDENTIFIER":"sshd","_PID":"7","MESSAGE":"a\nb","__REALTIME_TIMESTAMP":"1700000000123456"}
{"_COMM":"x","MESSAGE":[104,105],"__REALTIME_TIMESTAMP":"5000"}
{"SYSLOG_IDENTIFIER":"kernel","_HOSTNAME":"box","_SOURCE_MONOTONIC_TIMESTAMP":"1500000","MESSAGE":["a","b"],"__REALTIME_TIMESTAMP":"5000"}
no entry
{"MESSAGE":"without a time"}
"#;
        let mut found = Vec::new();
        entries(output.as_bytes(), &mut |text: &str, at: Moment| {
            found.push((text.to_owned(), at.millis()));
            None
        })
        .unwrap();
        let wanted =
            [("box sshd[7]: a\\nb", 1_700_000_000_123), ("x: hi", 5), ("box kernel: [    1.500000] a b", 5)];
        assert_eq!(found, wanted.map(|(text, at)| (text.to_owned(), at)));
    }
}
