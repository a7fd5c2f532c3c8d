//! An action of a jail as it was told: its properties by name. It refuses to run anything.

use fail2ban::Value;

use super::jail::room;
use super::span;
use super::words::no_attribute;
use crate::wrong::Wrong;

/// The commands that every action has, empty unless told.
const COMMANDS: [&str; 9] = [
    "actionstart",
    "actionban",
    "actionreban",
    "actionunban",
    "actioncheck",
    "actionrepair",
    "actionflush",
    "actionstop",
    "actionreload",
];

/// What can be called on an action.
pub const METHODS: [&str; 15] = [
    "ban",
    "clearAllParams",
    "consistencyCheck",
    "escapeTag",
    "executeCmd",
    "flush",
    "invalidateBanEpoch",
    "prolong",
    "reban",
    "reload",
    "replaceDynamicTags",
    "replaceTag",
    "start",
    "stop",
    "unban",
];

/// What fail2ban keeps beside the properties that were told, and shows among them.
const KEPT: [&str; 3] = ["ESCAPE_CRE", "ESCAPE_VN_CRE", "banEpoch"];

/// An action.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionModel {
    /// Its name, one of a kind in its jail.
    pub name: String,
    /// The Python file of an action that is one, with its arguments as JSON.
    pub python: Option<(String, String)>,
    /// Its properties in the order in which they were first told. Commands are texts; `timeout` is a number.
    pub properties: Vec<(String, Value)>,
}

impl ActionModel {
    /// One with nothing told yet.
    pub fn new(name: &str, python: Option<(String, String)>) -> Self {
        let mut made = Self { name: name.to_owned(), python, properties: Vec::new() };
        made.clear();
        made
    }

    /// Back to empty commands and the usual time limit; what else was told stays.
    pub fn clear(&mut self) {
        let commands = COMMANDS.iter().map(|command| (*command, Value::text("")));
        for (name, value) in std::iter::once(("timeout", Value::Int(60))).chain(commands) {
            // There is room for these: they are the first that every action has.
            let _ = self.put(name, value);
        }
    }

    /// Tells it a property.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), Wrong> {
        match name {
            // A ban's time is the ban's own.
            "bantime" => {}
            "timeout" => self.put(name, span::seconds(value)?)?,
            _ => self.put(name, value.clone())?,
        }
        Ok(())
    }

    fn put(&mut self, name: &str, value: Value) -> Result<(), Wrong> {
        match self.properties.iter_mut().find(|(known, _)| known == name) {
            Some((_, held)) => *held = value,
            None => {
                room("properties of this action", self.properties.len())?;
                self.properties.push((name.to_owned(), value));
            }
        }
        Ok(())
    }

    /// A property.
    pub fn get(&self, name: &str) -> Result<Value, Wrong> {
        let found = self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        match name {
            "banEpoch" => Ok(found.unwrap_or(Value::Int(0))),
            "_name" => Ok(Value::text(&self.name)),
            _ => found.ok_or_else(|| no_attribute("CommandAction", name)),
        }
    }

    /// The text of a property; empty if it was not told.
    pub fn command(&self, name: &str) -> &str {
        let found = self.properties.iter().find(|(known, _)| known == name);
        found.and_then(|(_, value)| value.as_text()).unwrap_or_default()
    }

    /// The names of its properties in order of the alphabet.
    pub fn names(&self) -> Vec<String> {
        let told =
            self.properties.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with('_'));
        let mut names: Vec<String> = told.chain(KEPT).map(str::to_owned).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
