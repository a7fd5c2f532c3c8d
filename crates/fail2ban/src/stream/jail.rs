//! The commands that make one jail: its filter's, its own, its logs', its actions'. The order is fail2ban's, since some must come before
//! others. It refuses to look for logs.

use std::path::Path;

use super::{Source, command};
use crate::action_file::ActionText;
use crate::filter_file;
use crate::jail::Jail;
use crate::jail::settings::{NAMES, is_true};
use crate::value::Value;
use crate::words;

/// Every command of one jail but the last, that starts it.
pub(super) fn commands(jail: &Jail, folder: &Path, paths: &Source) -> Vec<Value> {
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
            // These two are the client's own; fail2ban 1.0.2 has none of them, and would refuse them.
            "skip_if_nologs" | "systemd_if_nologs" => {}
            "enabled" | "filter" | "action" | "logpath" => {}
            option if filter_file::NAMES.contains(&option) => {}
            option => sent.push(setting(name, option, known.plain(text))),
        }
    }
    let paths = match paths {
        Source::Files(paths) => paths.as_slice(),
        Source::Journal => {
            backend = "systemd";
            &[]
        }
    };
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

fn of_action(jail: &str, action: &ActionText, folder: &Path) -> Vec<Value> {
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
            true => Value::Bool(is_true(text)),
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
