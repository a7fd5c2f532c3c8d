//! The server's answers as `fail2ban-client` prints them, to the byte: other programs take these texts apart. It refuses to ask a server,
//! and it fails where Python would: an answer of another shape than its command has is then printed as it came, as the client does it.

mod status;
mod statistics;

use crate::repr::{repr, str};
use crate::value::Value;

/// An exception with which the server answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The name of its class, without the module: `UnknownJailException`, `ValueError`.
    pub class: String,
    /// What it was raised with.
    pub args: Vec<Value>,
}

/// What the client prints when `command` was answered by `reply`.
pub fn text(command: &[&str], reply: &Value) -> String {
    let mut page = Page { command, reply, said: Said::Text(str(reply)) };
    match page.fill() {
        Ok(()) => page.said.text(),
        Err(Failed) => {
            let said = match page.said {
                Said::Text(text) if text == str(reply) => repr(reply),
                Said::Text(text) => crate::repr::text(&text),
                Said::Lines(lines) => repr(&Value::List(lines.into_iter().map(Value::Text).collect())),
            };
            said + &repr(reply)
        }
    }
}

/// What the client prints when `command` was answered by an exception.
pub fn fault_text(fault: &Fault) -> String {
    let first = || fault.args.first().map_or_else(String::new, str);
    match fault.class.as_str() {
        "UnknownJailException" => format!("Sorry but the jail '{}' does not exist", first()),
        "DuplicateJailException" => format!("The jail '{}' already exists", first()),
        "IndexError" => "Sorry but the command is invalid".to_owned(),
        class => match fault.args.as_slice() {
            [] => String::new(),
            [one] if class == "KeyError" => repr(one),
            [one] => str(one),
            [what, Value::Tuple(place)] if class == "SyntaxError" => match place.as_slice() {
                [file, line, ..] => format!("{} ({}, line {})", str(what), str(file), str(line)),
                _ => str(what),
            },
            [number, what, path] if matches!(number, Value::Int(_)) => {
                format!("[Errno {}] {}: {}", str(number), str(what), repr(path))
            }
            many => repr(&Value::Tuple(many.to_vec())),
        },
    }
}

/// What the client logs on its standard error beside it.
pub fn fault_line(fault: &Fault) -> String {
    format!("NOK: {}", repr(&Value::Tuple(fault.args.clone())))
}

/// The answer does not have the shape that the command's answers have.
#[derive(Clone, Copy, Debug)]
struct Failed;

/// What is to be printed, as far as it got.
enum Said {
    Text(String),
    Lines(Vec<String>),
}

impl Said {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Lines(lines) => lines.join("\n"),
        }
    }
}

struct Page<'a> {
    command: &'a [&'a str],
    reply: &'a Value,
    said: Said,
}

impl Page<'_> {
    /// The order of the questions is fail2ban's: a jail that is called as an option shows what the option would.
    fn fill(&mut self) -> Result<(), Failed> {
        let none = *self.reply == Value::None;
        let words = self.command;
        match words.first().copied().ok_or(Failed)? {
            "ping" => return self.put("Server replied: ", self.reply),
            "add" => return self.put("Added jail ", self.reply),
            "flushlogs" => return self.put("logs: ", self.reply),
            "version" => return Ok(()),
            "start" => return self.say("Jail started"),
            "stop" if none => {
                return self.say(if words.len() == 1 { "Shutdown successful" } else { "Jail stopped" });
            }
            "stop" => return Ok(()),
            "echo" => {
                let said = joined(self.reply, " ")?;
                return self.say(&said);
            }
            "status" => return self.status(),
            "stats" | "statistics" => return self.statistics(),
            _ => {}
        }
        match words {
            [] | [_] => Ok(()),
            [_, "syslogsocket", ..] => self.put("Current syslog socket is:\n`- ", self.reply),
            [_, "logtarget", ..] => self.put("Current logging target is:\n`- ", self.reply),
            [_, "loglevel", ..] => self.say(&format!("Current logging level is {}", level(self.reply))),
            [_, "dbfile" | "dbpurgeage", ..] if none => self.say("Database currently disabled"),
            [_, "dbfile", ..] => self.put("Current database file is:\n`- ", self.reply),
            [_, "dbpurgeage", ..] => {
                self.say("Current database purge age is:\n")?;
                let seconds = whole(self.reply)?;
                self.add(&format!("`- {seconds}seconds"))
            }
            [_, _] => Ok(()),
            [verb, jail, what, rest @ ..] => self.of_jail(verb, jail, what, rest),
        }
    }

    fn of_jail(&mut self, verb: &str, jail: &str, what: &str, rest: &[&str]) -> Result<(), Failed> {
        match what {
            "logpath" | "addlogpath" | "dellogpath" => {
                self.listed("No file is currently monitored", "Current monitored log file(s):\n", false)
            }
            "ignoreip" | "addignoreip" | "delignoreip" => self.listed(
                "No IP address/network is ignored",
                "These IP addresses/networks are ignored:\n",
                false,
            ),
            "failregex" | "addfailregex" | "delfailregex" | "ignoreregex" | "addignoreregex"
            | "delignoreregex" => {
                let head = "The following regular expression are defined:\n";
                self.listed("No regular expression is defined", head, true)
            }
            "logencoding" => self.put("Current log encoding is set to:\n", self.reply),
            "journalmatch" | "addjournalmatch" | "deljournalmatch" => self.journal(),
            "datepattern" => self.date_pattern(),
            "actions" => {
                let head = format!("The jail {jail} has the following actions:\n");
                self.named(&format!("No actions for jail {jail}"), &head)
            }
            "actionproperties" | "actionmethods" => {
                let what = if what == "actionmethods" { "methods" } else { "properties" };
                let action = rest.first().ok_or(Failed)?;
                let head = format!("The jail {jail} action {action} has the following {what}:\n");
                self.named(&format!("No {what} for jail {jail} action {action}"), &head)
            }
            "banip" if verb == "get" && matches!(self.reply, Value::List(_)) => {
                let between = match rest.first() {
                    None => " ",
                    Some(&"--with-time") => "\n",
                    Some(between) => between,
                };
                let said = joined(self.reply, between)?;
                self.say(&said)
            }
            _ => Ok(()),
        }
    }

    fn say(&mut self, text: &str) -> Result<(), Failed> {
        self.said = Said::Text(text.to_owned());
        Ok(())
    }

    fn add(&mut self, more: &str) -> Result<(), Failed> {
        if let Said::Text(text) = &mut self.said {
            text.push_str(more);
        }
        Ok(())
    }

    /// A head and a text behind it. Where two steps make the head, what fails leaves the first.
    fn put(&mut self, head: &str, value: &Value) -> Result<(), Failed> {
        let text = value.as_text();
        if let Some((first, _)) = head.split_once('\n') {
            self.say(&format!("{first}\n"))?;
        }
        let text = text.ok_or(Failed)?;
        self.say(&format!("{head}{text}"))
    }

    /// A list with a line for each entry, the last one closing it.
    fn listed(&mut self, empty: &str, head: &str, numbered: bool) -> Result<(), Failed> {
        if length(self.reply)? == 0 {
            return self.say(empty);
        }
        self.say(head)?;
        let entries = items(self.reply)?;
        let (last, before) = entries.split_last().ok_or(Failed)?;
        let number = |index: usize| if numbered { format!("[{index}]: ") } else { String::new() };
        for (index, entry) in before.iter().enumerate() {
            let text = entry.as_text().ok_or(Failed)?;
            self.add(&format!("|- {}{text}\n", number(index)))?;
        }
        let text = last.as_text().ok_or(Failed)?;
        self.add(&format!("`- {}{text}", number(before.len())))
    }

    /// A list on one line.
    fn named(&mut self, empty: &str, head: &str) -> Result<(), Failed> {
        if length(self.reply)? == 0 {
            return self.say(empty);
        }
        self.say(head)?;
        let names = joined(self.reply, ", ")?;
        self.add(&names)
    }

    fn journal(&mut self) -> Result<(), Failed> {
        if length(self.reply)? == 0 {
            return self.say("No journal match filter set");
        }
        self.say("Current match filter:\n")?;
        let matches = each(self.reply)?;
        let matches: Result<Vec<String>, Failed> = matches.iter().map(|words| joined(words, " ")).collect();
        self.add(&matches?.join(" + "))
    }

    fn date_pattern(&mut self) -> Result<(), Failed> {
        self.say("Current date pattern set to: ")?;
        if *self.reply == Value::None {
            return self.add("Not set/required");
        }
        let parts = items(self.reply)?;
        let second = || parts.get(1).map(str).ok_or(Failed);
        if *parts.first().ok_or(Failed)? == Value::None {
            return self.add(&second()?);
        }
        match (self.reply, parts.as_slice()) {
            (Value::Tuple(_), [pattern, name]) => self.add(&format!("{} ({})", str(pattern), str(name))),
            _ => Err(Failed),
        }
    }
}

/// How many entries there are, of anything that has entries.
fn length(value: &Value) -> Result<usize, Failed> {
    match value {
        Value::Dict(pairs) => Ok(pairs.len()),
        Value::Set(values) => Ok(values.len()),
        Value::Bytes(bytes) => Ok(bytes.len()),
        other => items(other).map(|items| items.len()),
    }
}

/// The entries of what can be gone through by number.
fn items(value: &Value) -> Result<Vec<Value>, Failed> {
    match value {
        Value::List(values) | Value::Tuple(values) => Ok(values.clone()),
        Value::Text(text) => Ok(text.chars().map(|c| Value::text(c.to_string())).collect()),
        _ => Err(Failed),
    }
}

/// The entries of what can be gone through one by one.
fn each(value: &Value) -> Result<Vec<Value>, Failed> {
    match value {
        Value::Set(values) => Ok(values.clone()),
        Value::Dict(pairs) => Ok(pairs.iter().map(|(key, _)| key.clone()).collect()),
        other => items(other),
    }
}

/// Texts with something between them.
fn joined(value: &Value, between: &str) -> Result<String, Failed> {
    let entries = each(value)?;
    let texts: Option<Vec<&str>> = entries.iter().map(Value::as_text).collect();
    texts.map(|texts| texts.join(between)).ok_or(Failed)
}

/// A number cut to a whole one, as `%i` does it.
fn whole(value: &Value) -> Result<String, Failed> {
    match value {
        Value::Int(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(u8::from(*truth).to_string()),
        Value::Float(number) if number.is_finite() => Ok(format!("{:.0}", number.trunc() + 0.0)),
        _ => Err(Failed),
    }
}

/// The name of a log level, in quotes.
fn level(value: &Value) -> String {
    let number = match value {
        Value::Int(number) => *number,
        Value::Bool(truth) => i64::from(*truth),
        other => return repr(other),
    };
    let name = match number {
        50 => "CRITICAL",
        40 => "ERROR",
        30 => "WARNING",
        25 => "NOTICE",
        20 => "INFO",
        18 => "MSG",
        10 => "DEBUG",
        7 => "TRACE",
        5 => "HEAVY",
        0 => "NOTSET",
        1..50 => return format!("'#{number:02}-Lev.'"),
        _ => return format!("'Level {number}'"),
    };
    format!("'{name}'")
}
