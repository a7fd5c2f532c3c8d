//! Writes what the targets begin with, made from the shipped filters and their samples: `seeds DIR` makes `DIR/TARGET/` for
//! each target that reads text, and `DIR/words`, the dictionary. Nothing of it is kept in the repository.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use filter::samples::{self, Sample};
use filter::{Catalog, prefix};
use stockade_fuzz::SHIPPED;

fn main() -> io::Result<()> {
    let dir = std::env::args_os().nth(1).map(PathBuf::from);
    let dir = dir.ok_or_else(|| io::Error::other("say where to: seeds DIR"))?;
    let lines: Vec<&str> = all_samples().map(|sample| sample.line).collect();
    each(&dir, "judge_line", lines.iter().map(|line| line.as_bytes().to_vec()))?;
    each(&dir, "syslog_prefix", lines.iter().map(|line| line.as_bytes().to_vec()))?;
    each(&dir, "blocks", lines.chunks(7).map(|lines| lines.join("\n").into_bytes()))?;
    each(&dir, "engines_agree", lines.iter().map(|line| [b"\0\0", message(line)].concat()))?;
    each(&dir, "long_line", lines.iter().filter_map(|line| stretched(line)))?;
    each(&dir, "definition", definitions())?;
    each(&dir, "config_check", configurations())?;
    each(&dir, "control_wire", WIRE.iter().map(|text| text.as_bytes().to_vec()))?;
    each(&dir, "fail2ban_command", COMMANDS.iter().map(|words| pickled(words)))?;
    each(&dir, "journal_line", lines.iter().map(|line| entry(message(line))))?;
    words(&dir.join("words"))
}

const WIRE: [&str; 6] = [
    r#"{"ask":"status","jail":"sshd"}"#,
    r#"{"ask":"ban","address":"192.0.2.1","jail":null,"seconds":3600}"#,
    r#"{"ask":"unban-all"}"#,
    r#"{"answer":"done","data":"banned"}"#,
    r#"{"answer":"banned","data":[{"address":"192.0.2.1","jail":"sshd","since":"2026-11-22T12:00:00Z","until":null,"failures":5,"reason":"","scope":"jail","proof":"proven"}]}"#,
    r#"{"answer":"why","data":{"address":"192.0.2.1","subject":"192.0.2.1","banned":false,"because":"","bans":[],"whitelist":null,"standings":[],"earlier_bans":0,"refusals":[],"lines":[],"history":[]}}"#,
];

const COMMANDS: [&str; 8] = [
    "status sshd",
    "set sshd bantime 1w2d",
    "set sshd addfailregex ^<HOST>$",
    "set sshd datepattern {^LN-BEG}%Y-%m-%d",
    "set sshd addignoreip 192.0.2.0/24 2001:db8::1",
    "set sshd addaction other",
    "get sshd actions",
    "banned 192.0.2.1",
];

/// A command as fail2ban's client would send it.
fn pickled(words: &str) -> Vec<u8> {
    dropin::pickle::write(&fail2ban::Value::texts(words.split(' ')))
}

fn all_samples() -> impl Iterator<Item = Sample<'static>> {
    Catalog::all_shipped()
        .iter()
        .flat_map(|shipped| samples::parse(shipped.samples).expect("shipped samples read").samples)
}

/// What a pattern sees of a line.
fn message(line: &str) -> &[u8] {
    prefix::syslog(line.as_bytes()).map_or(line.as_bytes(), |syslog| syslog.message)
}

/// The line with a piece in its middle that is to be repeated.
fn stretched(line: &str) -> Option<Vec<u8>> {
    let (head, rest) = line.as_bytes().split_at(line.len() / 2);
    let (piece, tail) = rest.split_at_checked(8)?;
    Some([head, piece, tail].join(&0))
}

/// Each filter with one of its lines; and, since a whole file is long, each pattern in a file of its own.
fn definitions() -> impl Iterator<Item = Vec<u8>> {
    Catalog::all_shipped().iter().flat_map(|shipped| {
        let lines = samples::parse(shipped.samples).expect("shipped samples read").samples;
        let line = lines.first().map_or("", |sample| sample.line);
        let (head, patterns) = shipped.text.split_once("[[").unwrap_or((shipped.text, ""));
        let one_each = patterns.split("\n[[").filter(|part| part.starts_with("failure"));
        let small = one_each.map(move |part| format!("{head}[[{}", part.trim_start_matches("[[")));
        small.chain([shipped.text.to_owned()]).map(move |text| format!("{text}\0{line}").into_bytes())
    })
}

/// The packaged file as it is, and with every key in force.
fn configurations() -> impl Iterator<Item = Vec<u8>> {
    let text = include_str!("../../packaging/stockade.toml");
    let in_force: Vec<&str> = text.lines().map(|line| line.strip_prefix('#').unwrap_or(line)).collect();
    let sections = text.split("\n\n").map(|part| part.lines().map(|line| line.trim_start_matches('#')));
    let sections = sections.map(|lines| lines.collect::<Vec<_>>().join("\n"));
    [text.to_owned(), in_force.join("\n")].into_iter().chain(sections).map(String::into_bytes)
}

fn entry(message: &[u8]) -> Vec<u8> {
    let message = String::from_utf8_lossy(message);
    serde_json::json!({
        "MESSAGE": if message.len().is_multiple_of(2) { message.as_bytes().into() } else { serde_json::Value::from(&*message) },
        "__CURSOR": "s=1;i=2",
        "__REALTIME_TIMESTAMP": "1795348800000000",
        "_SYSTEMD_UNIT": ["ssh.service", null],
    })
    .to_string()
    .into_bytes()
}

fn each(dir: &Path, target: &str, seeds: impl Iterator<Item = Vec<u8>>) -> io::Result<()> {
    let dir = dir.join(target);
    fs::create_dir_all(&dir)?;
    seeds.enumerate().try_for_each(|(index, seed)| fs::write(dir.join(format!("seed-{index}")), seed))
}

/// The literals of all patterns, and the tags, as libFuzzer wants them.
fn words(path: &Path) -> io::Result<()> {
    let mut literals: Vec<&[u8]> = SHIPPED
        .jails()
        .iter()
        .flat_map(|(_, filter)| filter.rules())
        .flat_map(|rule| rule.literals())
        .map(Vec::as_slice)
        .collect();
    let more = [
        "<HOST>",
        "<USER>",
        "<TIME>",
        "192.0.2.1",
        "2001:db8::1",
        "[[failure]]",
        " message repeated 3 times: [",
    ];
    literals.extend(more.map(str::as_bytes));
    literals.sort_unstable();
    literals.dedup();
    let mut file = fs::File::create(path)?;
    literals.iter().filter(|literal| literal.len() <= 64).try_for_each(|literal| {
        let quoted: String = literal.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        writeln!(file, "\"{quoted}\"")
    })
}
