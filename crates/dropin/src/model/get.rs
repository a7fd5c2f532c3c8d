//! `get …`: what was told, and who is banned.

use std::collections::HashSet;

use fail2ban::Value;

use super::Model;
use super::jail::JailModel;
use super::words::Words;
use crate::host::Host;
use crate::wrong::Wrong;

impl Model {
    pub(super) fn get(&mut self, words: Words<'_>, host: &mut dyn Host) -> Result<Value, Wrong> {
        let name = words.text(0)?;
        if let Some(answer) = self.server.get(name) {
            return Ok(answer);
        }
        let what = words.text(1)?;
        match what {
            "banned" => self.banned_in(name, words.from(2), host),
            "banip" => {
                let with_time = words.0.get(2).and_then(Value::as_text) == Some("--with-time");
                self.ban_list(name, with_time, host)
            }
            "actions" => Ok(Value::texts(self.jail(name)?.actions.iter().map(|action| &action.name))),
            "action" => {
                let (action, property) = (words.text(2)?, words.text(3)?);
                self.action_of(name, action)?.get(property)
            }
            "actionproperties" => {
                let action = words.text(2)?;
                Ok(Value::texts(self.action_of(name, action)?.names()))
            }
            "actionmethods" => {
                let action = words.text(2)?;
                self.action_of(name, action)?;
                Ok(Value::texts(super::action::METHODS))
            }
            "logpath" => Ok(Value::texts(self.jail(name)?.files(host))),
            _ if is_part(what) => {
                let answer = self.jail(name)?.get(what);
                Ok(answer.unwrap_or(Value::None))
            }
            _ => Err(Wrong::exception("Invalid command (no get action or not yet implemented)")),
        }
    }

    fn action_of(&mut self, name: &str, action: &str) -> Result<&mut super::ActionModel, Wrong> {
        let at = self.place(name)?;
        self.jails[at].action(action)
    }
}

const PARTS: [&str; 19] = [
    "logpath",
    "logencoding",
    "journalmatch",
    "ignoreself",
    "ignoreip",
    "ignorecommand",
    "ignorecache",
    "prefregex",
    "failregex",
    "ignoreregex",
    "usedns",
    "findtime",
    "datepattern",
    "logtimezone",
    "maxmatches",
    "maxretry",
    "maxlines",
    "bantime",
    "bantime.",
];

fn is_part(what: &str) -> bool {
    PARTS.contains(&what) || what.starts_with("bantime.")
}

impl JailModel {
    /// The files that it reads, each once.
    pub(super) fn files(&self, host: &dyn Host) -> Vec<String> {
        let mut seen = HashSet::new();
        let files = self.logs.iter().flat_map(|log| host.files(&log.path));
        files.filter(|file| seen.insert(file.clone())).collect()
    }

    /// What was told of one of its parts; none if there is no such part.
    pub(super) fn get(&self, what: &str) -> Option<Value> {
        let shown = |list: &[super::Expression]| Value::texts(list.iter().map(|one| &one.shown));
        Some(match what {
            "logpath" => Value::texts(self.logs.iter().map(|log| &log.path)),
            "logencoding" => Value::text(&self.log_encoding),
            "journalmatch" => Value::List(self.journal_matches.iter().map(Value::texts).collect()),
            "ignoreself" => Value::Bool(self.ignore_self),
            "ignoreip" => Value::texts(self.ignored()),
            "ignorecommand" => self.ignore_command.clone(),
            "ignorecache" => self.ignore_cache.as_ref().map_or(Value::None, |cache| {
                Value::List(vec![Value::text(&cache.key), Value::Int(cache.count), cache.seconds.clone()])
            }),
            "prefregex" => Value::text(self.prefregex.as_ref().map_or("", |prefix| &prefix.shown)),
            "failregex" => shown(&self.failregex),
            "ignoreregex" => shown(&self.ignoreregex),
            "usedns" => Value::text(&self.use_dns),
            "findtime" => self.find_time.clone(),
            "datepattern" => self.date_pattern.shown(),
            "logtimezone" => self.log_timezone.as_ref().map_or(Value::None, Value::text),
            "maxmatches" => Value::Int(self.max_matches),
            "maxretry" => Value::Int(self.max_retry),
            "maxlines" => Value::Int(self.max_lines),
            "bantime" => Value::Int(self.ban_time),
            _ => self.extra(what.strip_prefix("bantime.")?).cloned().unwrap_or(Value::None),
        })
    }
}
