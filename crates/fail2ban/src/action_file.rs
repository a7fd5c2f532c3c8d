//! An action as `action.d/NAME.conf` and `NAME.local` define it for one jail. What is left are the tags of a ban (`<ip>`), and this module
//! refuses to know them, or to run anything.

use std::collections::BTreeMap;
use std::path::Path;

use crate::complaint::{Complaint, Place, Wrong};
use crate::conf;
use crate::definition::{Definition, Reach};
use crate::ini::Value;
use crate::interpolate::Given;
use crate::options::Spelled;

/// The commands and parameters of one action of a jail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActionText {
    /// What tells it apart from the jail's other actions.
    pub name: String,
    /// The file's name without its ending; one written in Python keeps its `.py`.
    pub file: String,
    /// `actionban`, `actionunban` and the others, as far as the file has them, parameters put in.
    pub commands: BTreeMap<String, String>,
    /// The parameters, as the jail spells them and below that as the file's `[Init]` has them, with the condition behind the name
    /// (`blocktype?family=inet6`).
    pub parameters: BTreeMap<String, String>,
    /// Both, in the order in which fail2ban's client sends them. Of an action in Python, what its parameters are.
    pub ordered: Vec<(String, String)>,
    /// Where each of them stands.
    pub places: BTreeMap<String, Place>,
}

const NAMES: [&str; 13] = [
    "actionstart",
    "actionstart_on_demand",
    "actionstop",
    "actionflush",
    "actionreload",
    "actioncheck",
    "actionrepair",
    "actionrepair_on_unban",
    "actionban",
    "actionprolong",
    "actionreban",
    "actionunban",
    "norestored",
];

/// What only a ban can say, even where an option has the same name.
const OF_THE_BAN: [&str; 5] = ["matches", "ipmatches", "ipjailmatches", "timeout", "bantime"];

/// Reads one entry of a jail's `action`. `given` are the jail's options.
pub(crate) fn read(
    folder: &Path,
    entry: &str,
    jail: &str,
    given: &Given,
    place: &Place,
) -> Result<(ActionText, Vec<Complaint>), Vec<Complaint>> {
    let at = |wrong| vec![Complaint { place: place.clone(), wrong }];
    let spelled = Spelled::parse(entry).map_err(at)?;
    let mut parameters = Given::default();
    for (name, text) in &spelled.options {
        parameters.insert(name, Value { text: text.clone(), place: place.clone() });
    }
    if let Some(stem) = spelled.name.strip_suffix(".py") {
        return Ok((in_python(&spelled.name, stem, &parameters), Vec::new()));
    }
    let name = named(&spelled.name, jail, &mut parameters, place);
    let base = format!("action.d/{}", spelled.name);
    let (conf, mut complaints) = conf::read(folder, &base);
    let Some(conf) = conf else {
        complaints.extend(at(Wrong::NoFile(base)));
        return Err(complaints);
    };
    let definition = Definition::new(&conf, given, &parameters, &NAMES, Reach::Named);
    if !definition.complaints.is_empty() {
        complaints.extend(definition.complaints);
        return Err(complaints);
    }
    let combined = match definition.combined(&OF_THE_BAN) {
        Ok(combined) => combined,
        Err(complaint) => {
            complaints.push(complaint);
            return Err(complaints);
        }
    };
    let pair = |(name, value): (&str, &Value)| (name.to_owned(), value.text.clone());
    let commands = combined.iter().filter(|(name, _)| NAMES.contains(name)).map(pair);
    let own =
        definition.init().iter().filter(|(name, _)| !NAMES.contains(name) && !name.starts_with("known/"));
    let (commands, parameters): (Vec<_>, Vec<_>) = (commands.collect(), own.map(pair).collect());
    let place = |(name, value): (&str, &Value)| (name.to_owned(), value.place.clone());
    let made = ActionText {
        name,
        file: spelled.name,
        ordered: [commands.clone(), parameters.clone()].concat(),
        places: combined.iter().chain(definition.init().iter()).map(place).collect(),
        commands: commands.into_iter().collect(),
        parameters: parameters.into_iter().collect(),
    };
    Ok((made, complaints))
}

fn in_python(file: &str, stem: &str, parameters: &Given) -> ActionText {
    let pairs = parameters.iter().filter(|(name, _)| *name != "actname");
    let ordered: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value.text.clone())).collect();
    ActionText {
        name: parameters.get("actname").map_or(stem, |value| &value.text).to_owned(),
        file: file.to_owned(),
        commands: BTreeMap::new(),
        parameters: ordered.iter().cloned().collect(),
        ordered,
        places: parameters.iter().map(|(name, value)| (name.to_owned(), value.place.clone())).collect(),
    }
}

/// Gives the action its name in the jail: the file's, and what tells several of the same file apart.
fn named(file: &str, jail: &str, parameters: &mut Given, place: &Place) -> String {
    let value = |text: &str| Value { text: text.to_owned(), place: place.clone() };
    if !parameters.has("name") {
        parameters.insert("name", value(jail));
    }
    let name = parameters.get("name").map_or("", |value| &value.text).to_owned();
    if let Some(chosen) = parameters.get("actname") {
        return chosen.text.clone();
    }
    let chosen = match name.strip_prefix(jail) {
        Some(rest) => format!("{file}{rest}"),
        None => format!("{file}-{name}"),
    };
    parameters.insert("actname", value(&chosen));
    chosen
}
