//! A configuration as the stream of commands that fail2ban's client sends to its server at `start` and `reload`, and prints at `-d`. It
//! refuses to send it, and to judge whether the server will like it.
//!
//! Where fail2ban's client gives up on everything because of one jail (a circle of names, no log at `start`), here that jail alone is left out:
//! it becomes a `config-error` command, as fail2ban has it for the cases that it does survive, and the text names file and line.

mod server;

use std::path::Path;

use crate::complaint::{Complaint, Wrong};
use crate::filter_file;
use crate::jail::settings::NAMES;
use crate::jail::{self, Jail, Jails, Which};
use crate::value::Value;
use crate::{repr, words};

pub use server::{Overrides, Server};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    /// One jail; None: all.
    pub jail: Option<&'a str>,
    /// What happens with patterns of logs.
    pub logs: Logs,
    /// What the command line says in the place of `fail2ban.conf`.
    pub overrides: Overrides,
}

/// What becomes of `logpath`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logs {
    /// The files that match at present; a jail that has none stays, and that is said. So does `fail2ban-client -d`.
    #[default]
    Present,
    /// The files that match at present; a jail that has none is broken, or just left out with `skip_if_nologs`. So does `fail2ban-client start`.
    Needed,
    /// The patterns as they are written, for a server that waits for files. One that matches nothing at present is said.
    AsWritten,
}

/// The commands, and what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The commands in order, each a list of plain values.
    pub commands: Vec<Value>,
    /// The jails that are started, in order.
    pub jails: Vec<String>,
    /// Those that are enabled and broken, each with what is wrong. Each has a `config-error` among the commands.
    pub broken: Vec<(String, Vec<Complaint>)>,
    /// What is wrong beside that, and what happens instead.
    pub complaints: Vec<Complaint>,
    /// The server's own settings.
    pub server: Server,
}

/// Reads a folder such as `/etc/fail2ban`.
pub fn read(folder: &Path, ask: &Ask) -> Stream {
    let (server, complaints) = Server::read(folder, &ask.overrides);
    let jails = match ask.jail {
        None => jail::read(folder, Which::Enabled),
        Some(name) => jail::read_only(folder, name),
    };
    of(server, complaints, jails, folder, ask.logs)
}

/// The stream of jails that were read.
fn of(server: Server, complaints: Vec<Complaint>, jails: Jails, folder: &Path, logs: Logs) -> Stream {
    let mut stream = Stream { commands: server.commands(), complaints, server, ..Stream::default() };
    stream.complaints.extend(jails.complaints);
    stream.broken = jails.broken;
    let mut commands = Vec::new();
    for jail in &jails.enabled {
        match paths(jail, logs, &mut stream.complaints) {
            Paths::Those(paths) => {
                commands.extend(of_jail(jail, folder, &paths));
                stream.jails.push(jail.name.clone());
            }
            Paths::Broken(complaints) => stream.broken.push((jail.name.clone(), complaints)),
            Paths::Skipped => {}
        }
    }
    for (name, complaints) in &stream.broken {
        let said: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        let said = format!("Jail '{name}' skipped, because of wrong configuration: {}", said.join("; "));
        stream.commands.push(command(&["config-error", &said]));
    }
    stream.commands.extend(commands);
    stream.commands.extend(stream.jails.iter().map(|name| command(&["start", name])));
    stream
}

impl Stream {
    /// As `fail2ban-client -d` prints it: each command on its line.
    pub fn text(&self) -> String {
        self.commands.iter().map(|command| repr::repr(command) + "\n").collect()
    }
}

/// A path that is sent, and whether only what is written from now on is read.
type Found = (String, bool);

/// What a jail's `logpath` comes to.
enum Paths {
    Those(Vec<Found>),
    Broken(Vec<Complaint>),
    Skipped,
}

fn paths(jail: &Jail, logs: Logs, complaints: &mut Vec<Complaint>) -> Paths {
    if jail.settings.backend.starts_with("systemd") || jail.settings.logpath.is_empty() {
        return Paths::Those(Vec::new());
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let expected = match logs {
        Logs::AsWritten => "the path of a file that is there; it is read once it is",
        _ if jail.settings.skip_if_nologs => {
            "the path of a file that is there; a jail without any is skipped"
        }
        Logs::Needed => "the path of a file that is there; a jail without any is left out",
        Logs::Present => "the path of a file that is there; a jail without any finds nothing",
    };
    for path in &jail.settings.logpath {
        let files = path.files();
        if files.is_empty() {
            let wrong =
                Wrong::BadValue { option: "logpath".to_owned(), value: path.pattern.clone(), expected };
            missing.push(Complaint { place: path.place.clone(), wrong });
        }
        match logs {
            Logs::AsWritten => found.push((path.pattern.clone(), path.tail)),
            _ => found.extend(files.iter().map(|file| (file.to_string_lossy().into_owned(), path.tail))),
        }
    }
    match logs {
        Logs::Needed if found.is_empty() && !jail.settings.skip_if_nologs => return Paths::Broken(missing),
        Logs::Needed if found.is_empty() => {
            complaints.extend(missing);
            return Paths::Skipped;
        }
        _ => complaints.extend(missing),
    }
    Paths::Those(found)
}

/// Every command of one jail but the last, that starts it.
fn of_jail(jail: &Jail, folder: &Path, paths: &[Found]) -> Vec<Value> {
    let name = jail.name.as_str();
    let mut sent = Vec::new();
    let own = jail.filter_options.iter().map(|(option, text)| (option.as_str(), text.as_str()));
    fill(name, own, &mut sent);
    let options = || NAMES.iter().filter_map(|known| Some((known, jail.options.get(known.name)?.as_str())));
    fill(name, options().map(|(known, text)| (known.name, text)), &mut sent);
    let mut backend = "auto";
    for (known, text) in options() {
        match known.name {
            "backend" => backend = text,
            "ignoreip" => {
                let listed: Vec<&str> = words::listed(text).collect();
                sent.push(command(&[&["set", name, "addignoreip"], listed.as_slice()].concat()));
            }
            // fail2ban 1.0.2 has no `skip_if_nologs`, and would refuse it.
            "enabled" | "filter" | "action" | "logpath" | "skip_if_nologs" => {}
            option if filter_file::NAMES.contains(&option) => {}
            option => sent.push(setting(name, option, known.plain(text))),
        }
    }
    for (path, tail) in paths {
        sent.push(command(&["set", name, "addlogpath", path, if *tail { "tail" } else { "head" }]));
    }
    for action in &jail.actions {
        sent.extend(of_action(name, action, folder));
    }
    sent.insert(0, command(&["add", name, backend]));
    sent
}

/// The options of a filter. What patterns are read by goes before them, wherever it is written.
fn fill<'a>(jail: &str, options: impl Iterator<Item = (&'a str, &'a str)>, sent: &mut Vec<Value>) {
    let mut first = 0;
    for (option, text) in options {
        match option {
            "failregex" | "ignoreregex" => {
                let lines: Vec<&str> = text.split('\n').filter(|line| !line.is_empty()).collect();
                let add = format!("add{option}");
                match lines.as_slice() {
                    [] => {}
                    [line] => sent.push(command(&["set", jail, &add, line])),
                    _ => sent.push(Value::List(vec![
                        Value::text("multi-set"),
                        Value::text(jail),
                        Value::text(add),
                        Value::List(lines.into_iter().map(Value::text).collect()),
                    ])),
                }
            }
            "usedns" | "maxlines" | "prefregex" => {
                let value = match option {
                    "maxlines" => text.trim().parse().map_or(Value::None, Value::Int),
                    _ => Value::text(text),
                };
                // A number that is none was complained about when the filter was read.
                if value != Value::None {
                    sent.insert(if option == "usedns" { 0 } else { first }, setting(jail, option, value));
                    first += 1;
                }
            }
            "datepattern" => sent.push(command(&["set", jail, option, text])),
            "journalmatch" => {
                for line in text.split('\n').filter(|line| !line.is_empty()) {
                    let words = words::shell(line);
                    let words: Vec<&str> = words.iter().map(String::as_str).collect();
                    sent.push(command(&[&["set", jail, "addjournalmatch"], words.as_slice()].concat()));
                }
            }
            _ => {}
        }
    }
}

fn of_action(jail: &str, action: &crate::action_file::ActionText, folder: &Path) -> Vec<Value> {
    if action.file.ends_with(".py") {
        let base = folder.to_string_lossy();
        let path = format!("{}/action.d/{}", base.trim_end_matches('/'), action.file);
        return vec![command(&["set", jail, "addaction", &action.name, &path, &json(&action.ordered)])];
    }
    let mut sent = vec![command(&["set", jail, "addaction", &action.name])];
    let mut pairs: Vec<Value> = Vec::new();
    for (option, text) in &action.ordered {
        let truths = ["actionstart_on_demand", "actionrepair_on_unban", "norestored"];
        let value = match truths.contains(&option.as_str()) {
            true => Value::Bool(jail::settings::is_true(text)),
            false => Value::text(text),
        };
        pairs.push(Value::List(vec![Value::text(option), value]));
    }
    match pairs.as_mut_slice() {
        [] => {}
        [Value::List(pair)] => {
            let mut one: Vec<Value> = ["set", jail, "action", &action.name].map(Value::text).into();
            one.append(pair);
            sent.push(Value::List(one));
        }
        _ => {
            let mut many: Vec<Value> = ["multi-set", jail, "action", &action.name].map(Value::text).into();
            many.push(Value::List(pairs));
            sent.push(Value::List(many));
        }
    }
    sent
}

fn command(words: &[&str]) -> Value {
    Value::List(words.iter().map(|&word| Value::text(word)).collect())
}

fn setting(jail: &str, option: &str, value: Value) -> Value {
    Value::List(vec![Value::text("set"), Value::text(jail), Value::text(option), value])
}

/// The parameters of an action in Python, as Python's `json.dumps` writes them.
fn json(pairs: &[(String, String)]) -> String {
    let pairs: Vec<String> =
        pairs.iter().map(|(name, text)| format!("{}: {}", quoted(name), quoted(text))).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}
