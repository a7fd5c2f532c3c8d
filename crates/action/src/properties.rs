//! An action's properties, and its commands with these put in. The tags of a ban stay; this module refuses to know them.

use std::collections::HashMap;
use std::time::Duration;

use dropin::ActionModel;
use event::limit::{FAIL2BAN_ACTION_BYTES, FAIL2BAN_ACTION_SECONDS, FAIL2BAN_TAG_REPLACEMENTS};
use fail2ban::{Value, repr};

use crate::fault::Fault;
use crate::tag;

/// What only a ban can say.
const OF_THE_BAN: [&str; 3] = ["matches", "ipmatches", "ipjailmatches"];

/// Seconds of a command that no `timeout` was told of.
const USUAL_SECONDS: u64 = 60;

/// The properties of an action.
#[derive(Debug, Default)]
pub struct Properties {
    told: Vec<(String, Value)>,
    /// By name in order of the alphabet, as fail2ban has them.
    texts: Vec<(String, String)>,
    /// Commands with properties put in, by text and family.
    filled: HashMap<(String, String), String>,
    host_name: String,
}

impl Properties {
    /// As they were told.
    pub fn new(model: &ActionModel, host_name: &str) -> Self {
        let told = model.properties.iter().filter(|(name, _)| !name.starts_with('_'));
        let mut texts: Vec<_> = told.map(|(name, value)| (name.clone(), repr::str(value))).collect();
        texts.sort();
        Self {
            told: model.properties.clone(),
            texts,
            filled: HashMap::new(),
            host_name: host_name.to_owned(),
        }
    }

    /// Whether a property is true in Python's sense; `None` if it was not told.
    pub fn is_true(&self, name: &str) -> Option<bool> {
        Some(match self.get(name)? {
            Value::None => return None,
            Value::Bool(is) => *is,
            Value::Int(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            other => !repr::str(other).is_empty(),
        })
    }

    /// A property as a text; empty if it was not told.
    pub fn text(&self, name: &str) -> &str {
        let found = self.texts.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, text)| text)
    }

    /// How long one command may run.
    pub fn time_limit(&self) -> Duration {
        let seconds = match self.get("timeout") {
            Some(Value::Int(seconds)) => u64::try_from(*seconds).unwrap_or(0),
            Some(Value::Float(seconds)) => seconds.max(0.0) as u64,
            _ => USUAL_SECONDS,
        };
        Duration::from_secs(seconds.min(FAIL2BAN_ACTION_SECONDS))
    }

    /// Whether something is said for one family of addresses alone.
    fn is_conditional(&self) -> bool {
        self.texts.iter().any(|(name, _)| {
            let Some((before, _)) = name.split_once("?family=") else { return false };
            !before.is_empty() && before.chars().all(|one| one.is_alphanumeric() || one == '_')
        })
    }

    /// The families that it is started for; one without a name where it makes no difference between them.
    pub fn families(&self) -> Vec<String> {
        let told: Vec<String> = self.text("families").split([' ', ',', '\n']).map(str::to_owned).collect();
        let told: Vec<String> = told.into_iter().filter(|word| !word.is_empty()).collect();
        match (told.is_empty(), self.is_conditional()) {
            (false, _) => told,
            (true, true) => vec!["inet4".to_owned(), "inet6".to_owned()],
            (true, false) => vec![String::new()],
        }
    }

    /// Whether it is started by the first ban.
    pub fn is_started_on_demand(&self) -> bool {
        self.is_true("actionstart_on_demand").unwrap_or_else(|| self.is_conditional())
    }

    /// A text with properties put in, those of `family` before the common ones.
    pub fn fill(&mut self, query: &str, family: &str) -> Result<String, Fault> {
        if !query.contains('<') {
            return Ok(query.to_owned());
        }
        let key = (query.to_owned(), family.to_owned());
        if let Some(known) = self.filled.get(&key) {
            return Ok(known.clone());
        }
        let all = self.put_into_one_another(family)?;
        let mut text = query.to_owned();
        for _ in 0..=FAIL2BAN_TAG_REPLACEMENTS {
            let next = self.replace(&text, &all, family)?;
            let is_done = next == text || !next.contains('<');
            text = next;
            if is_done {
                self.filled.insert(key, text.clone());
                return Ok(text);
            }
        }
        Err(Fault::Circle(query.trim_matches(['<', '>']).to_owned()))
    }

    /// One pass over a text.
    fn replace(&self, text: &str, all: &HashMap<String, String>, family: &str) -> Result<String, Fault> {
        let mut made = String::with_capacity(text.len());
        let mut from = 0;
        while let Some((start, end)) = tag::next(text, from) {
            made.push_str(&text[from..start]);
            let name = tag::name(text, (start, end));
            match lookup(all, name, family).map(String::as_str).or_else(|| self.of_the_host(name)) {
                Some(value) => made.push_str(value),
                None => made.push_str(&text[start..end]),
            }
            if made.len() > FAIL2BAN_ACTION_BYTES {
                return Err(Fault::TooLong);
            }
            from = end;
        }
        made.push_str(&text[from..]);
        Ok(made)
    }

    /// Tags that every command may have.
    pub fn of_the_host(&self, name: &str) -> Option<&str> {
        match name {
            "br" => Some("\n"),
            "sp" => Some(" "),
            "fq-hostname" => Some(&self.host_name),
            "sh-hostname" => self.host_name.split('.').next(),
            _ => None,
        }
    }

    /// All properties with the tags within them replaced, as often as that brings new ones.
    fn put_into_one_another(&self, family: &str) -> Result<HashMap<String, String>, Fault> {
        let mut all: HashMap<String, String> = self.texts.iter().cloned().collect();
        let mut counts: HashMap<&str, HashMap<String, usize>> = HashMap::new();
        loop {
            let mut again = false;
            for (name, _) in &self.texts {
                if OF_THE_BAN.contains(&name.as_str()) {
                    continue;
                }
                let before = all[name].clone();
                let after = put_in(name, &before, &all, family, counts.entry(name).or_default())?;
                if after != before {
                    again |= tag::next(&after, 0).is_some();
                    all.insert(name.clone(), after);
                }
            }
            if !again {
                return Ok(all);
            }
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.told.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

fn lookup<'a>(all: &'a HashMap<String, String>, name: &str, family: &str) -> Option<&'a String> {
    let special = (!family.is_empty()).then(|| all.get(&format!("{name}?family={family}"))).flatten();
    special.or_else(|| all.get(name))
}

fn put_in(
    name: &str,
    value: &str,
    all: &HashMap<String, String>,
    family: &str,
    counts: &mut HashMap<String, usize>,
) -> Result<String, Fault> {
    let mut text = value.to_owned();
    let mut from = 0;
    while let Some((start, end)) = tag::next(&text, from) {
        let wanted = tag::name(&text, (start, end)).to_owned();
        if OF_THE_BAN.contains(&wanted.as_str()) {
            from = end;
            continue;
        }
        if wanted == name || counts.get(&wanted).is_some_and(|count| *count >= FAIL2BAN_TAG_REPLACEMENTS) {
            return Err(Fault::Circle(wanted));
        }
        let Some(found) = lookup(all, &wanted, family) else {
            from = end;
            continue;
        };
        let written = format!("<{wanted}>");
        if text.len() + text.matches(&written).count() * found.len() > FAIL2BAN_ACTION_BYTES {
            return Err(Fault::TooLong);
        }
        text = text.replace(&written, found);
        *counts.entry(wanted).or_default() += 1;
        // What was put in may be a tag itself, or part of one.
        from = text.floor_char_boundary(start);
    }
    Ok(text)
}
