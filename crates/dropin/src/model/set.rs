//! `set JAIL …` and `multi-set JAIL …`: who is asked, and what is answered. What it does to the jail is in `set_jail`.

use fail2ban::Value;

use super::set_jail::Change;
use super::words::{Words, text};
use super::{Model, Voice};
use crate::host::Host;
use crate::wrong::Wrong;
use fail2ban::repr::text as quoted;

impl Model {
    pub(super) fn set(
        &mut self,
        words: Words<'_>,
        voice: Voice,
        several: bool,
        host: &mut dyn Host,
    ) -> Result<Value, Wrong> {
        let jails = !self.jails.is_empty();
        if let Some(answer) = self.server.set(words, jails, host)? {
            return Ok(if voice == Voice::Quiet { Value::None } else { answer });
        }
        let (name, what) = (words.text(0)?, words.text(1)?);
        match what {
            "banip" => return self.ban(name, words.from(2), host),
            "unbanip" => return self.unban(name, words.from(2), host),
            "attempt" if voice == Voice::Quiet => return Ok(Value::None),
            "attempt" => return self.attempt(name, words.from(2), host),
            "action" => return self.set_action(name, words.from(2), voice, several, host),
            _ => {}
        }
        self.set_in_jail(name, what, words.from(2), voice, several, host)?;
        let multiple = several && matches!(what, "addfailregex" | "addignoreregex");
        match what {
            _ if multiple => Ok(Value::Bool(true)),
            "delaction" => Ok(Value::None),
            _ if voice == Voice::Quiet => Ok(Value::None),
            "addaction" => Ok(words.at(2)?.clone()),
            "idle" => Ok(Value::Bool(self.jail(name)?.idle)),
            // What was set is answered as `get` would.
            _ => {
                let part = match what {
                    "addignoreip" | "delignoreip" => "ignoreip",
                    "addlogpath" | "dellogpath" => return Ok(Value::texts(self.jail(name)?.files(host))),
                    "addjournalmatch" | "deljournalmatch" => "journalmatch",
                    "addfailregex" | "delfailregex" => "failregex",
                    "addignoreregex" | "delignoreregex" => "ignoreregex",
                    other => other,
                };
                self.jail(name)?.get(part).ok_or_else(|| unknown(what))
            }
        }
    }

    fn set_in_jail(
        &mut self,
        name: &str,
        what: &str,
        words: Words<'_>,
        voice: Voice,
        several: bool,
        host: &mut dyn Host,
    ) -> Result<(), Wrong> {
        let reloading = self.reloading.iter().any(|(reloading, _)| reloading == name);
        // What is wrong with the words is told before what is wrong with the jail's name, where fail2ban does so.
        let change = Change::read(what, words, several)?.ok_or_else(|| unknown(what))?;
        let at = self.place(name)?;
        let jail = &mut self.jails[at];
        match change {
            // A configuration may name a log that is not there yet: it is waited for. Whoever types its name is told, as by fail2ban.
            Change::AddLog { path, tail } if voice == Voice::Quiet && !jail.reads_journal() => {
                jail.add_log(path, tail)?;
            }
            change => change.make(jail, reloading, host)?,
        }
        if jail.started && jail.confirmed_actions.is_none() {
            host.change(jail);
        }
        Ok(())
    }

    fn set_action(
        &mut self,
        name: &str,
        words: Words<'_>,
        voice: Voice,
        several: bool,
        host: &mut dyn Host,
    ) -> Result<Value, Wrong> {
        let action = words.text(0)?;
        let at = self.place(name)?;
        self.jails[at].action(action)?;
        let answer = if several {
            let settings = words.at(1)?.as_items().ok_or_else(|| Wrong::kind("settings must be a list"))?;
            for setting in settings {
                let pair = Words(setting.as_items().ok_or_else(|| Wrong::kind("a setting must be a list"))?);
                self.set_property(at, action, pair, Voice::Quiet, host)?;
            }
            Value::Bool(true)
        } else {
            self.set_property(at, action, words.from(1), voice, host)?
        };
        let jail = &self.jails[at];
        if jail.started && jail.confirmed_actions.is_none() {
            host.change(jail);
        }
        Ok(answer)
    }

    /// Tells an action a property, or calls what is no property.
    fn set_property(
        &mut self,
        at: usize,
        action: &str,
        pair: Words<'_>,
        voice: Voice,
        host: &mut dyn Host,
    ) -> Result<Value, Wrong> {
        let property = pair.text(0)?;
        if super::action::METHODS.contains(&property) {
            let arguments = pair.0.get(1).map(text).transpose()?.unwrap_or("{}");
            json(arguments)?;
            if voice == Voice::Quiet {
                return Ok(Value::None);
            }
            let jail = self.jails[at].clone();
            let action = self.jails[at].action(action)?;
            return host.call(&jail, action, property, arguments);
        }
        let value = pair.at(1)?;
        let action = self.jails[at].action(action)?;
        action.set(property, value)?;
        if voice == Voice::Quiet { Ok(Value::None) } else { action.get(property) }
    }
}

fn unknown(what: &str) -> Wrong {
    Wrong::exception(format!("Invalid command {} (no set action or not yet implemented)", quoted(what)))
}

/// Arguments must be JSON.
pub(super) fn json(text: &str) -> Result<(), Wrong> {
    serde_json::from_str::<serde_json::Value>(text).map(drop).map_err(|cause| {
        let (line, column) = (cause.line().max(1), cause.column().max(1));
        Wrong::value(format!("Expecting value: line {line} column {column} (char {})", column - 1))
    })
}
