//! What cannot be honoured, as a value: of which jail, action and option, and what happens instead. Where that option stands is known beside
//! the stream of commands, which says nothing of files. It refuses to judge what can be honoured: whoever takes the commands knows.

use std::collections::BTreeMap;
use std::fmt;

use crate::complaint::{Complaint, Place};
use crate::value::Value;

/// Something that cannot be honoured, with what happens instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remark {
    /// What it is about.
    pub topic: Topic,
    /// What cannot be honoured, and what happens instead.
    pub text: String,
}

/// What a remark is about: as much as there is to name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Topic {
    /// The jail; none is the server itself.
    pub jail: Option<String>,
    /// An action of it.
    pub action: Option<String>,
    /// An option of the server, the jail or the action, as their files call it.
    pub option: Option<String>,
}

impl Topic {
    /// An option of the server.
    pub fn server(option: &str) -> Self {
        Self { option: Some(option.to_owned()), ..Self::default() }
    }

    /// An option of a jail, its filter's among them.
    pub fn jail(jail: &str, option: &str) -> Self {
        Self { jail: Some(jail.to_owned()), action: None, option: Some(option.to_owned()) }
    }

    /// An option of a jail's action.
    pub fn action(jail: &str, action: &str, option: &str) -> Self {
        Self { action: Some(action.to_owned()), ..Self::jail(jail, option) }
    }

    /// What a command of the stream is about.
    pub fn of_command(command: &Value) -> Self {
        let words: Vec<Option<&str>> =
            command.as_items().unwrap_or_default().iter().map(Value::as_text).collect();
        match words.as_slice() {
            [Some("set"), Some(option), _] => Self::server(option),
            [Some("set" | "multi-set"), Some(jail), Some("action"), Some(action), rest @ ..] => {
                let option = rest.first().copied().flatten().map(str::to_owned);
                Self { option, ..Self::action(jail, action, "") }
            }
            [Some("set"), Some(jail), Some("addaction"), Some(action), ..] => {
                Self { option: None, ..Self::action(jail, action, "") }
            }
            [Some("set" | "multi-set"), Some(jail), Some(option), ..] => {
                Self::jail(jail, option.strip_prefix("add").unwrap_or(option))
            }
            [Some("add"), Some(jail), _] => Self::jail(jail, "backend"),
            [_, Some(jail), ..] => Self { jail: Some((*jail).to_owned()), ..Self::default() },
            _ => Self::default(),
        }
    }
}

impl Remark {
    /// Of the server or of a jail and its action.
    pub fn new(topic: Topic, text: impl Into<String>) -> Self {
        Self { topic, text: text.into() }
    }
}

/// As it is said where no place is known.
impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(jail) = &self.topic.jail {
            write!(f, "jail {jail}: ")?;
        }
        if let Some(action) = &self.topic.action {
            write!(f, "action '{action}': ")?;
        }
        f.write_str(&self.text)
    }
}

/// Where options stand. Of one that came from `[DEFAULT]`, from a filter's or an action's files, or that another file wrote over, it is the
/// line that counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    server: BTreeMap<String, Place>,
    jails: BTreeMap<String, JailOrigins>,
}

/// Where the options of one jail stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JailOrigins {
    /// Where its section begins.
    section: Place,
    options: BTreeMap<String, Place>,
    /// By action and option.
    actions: BTreeMap<String, BTreeMap<String, Place>>,
}

impl Origins {
    /// Where it stands: the option, else the action or the jail that it belongs to. None: no file says anything of it.
    pub fn place(&self, topic: &Topic) -> Option<&Place> {
        let option = topic.option.as_deref().unwrap_or_default();
        match &topic.jail {
            Some(jail) => Some(self.jails.get(jail)?.place(topic.action.as_deref(), option)),
            None => self.server.get(option),
        }
    }

    /// Whether some file says something of this option of a jail.
    pub fn is_written(&self, jail: &str, option: &str) -> bool {
        self.jails.get(jail).is_some_and(|origins| origins.options.contains_key(option))
    }

    /// Forgets the jails of which something else is known than the files say.
    pub fn retain(&mut self, is_theirs: impl Fn(&str) -> bool) {
        self.jails.retain(|jail, _| is_theirs(jail));
    }

    pub(crate) fn add_jail(&mut self, jail: &str, origins: JailOrigins) {
        self.jails.insert(jail.to_owned(), origins);
    }

    pub(crate) fn set_server(&mut self, places: BTreeMap<String, Place>) {
        self.server = places;
    }
}

impl JailOrigins {
    /// Of a jail whose section begins there.
    pub(crate) fn new(section: Place) -> Self {
        Self { section, options: BTreeMap::new(), actions: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, option: &str, place: &Place) {
        self.options.insert(option.to_owned(), place.clone());
    }

    pub(crate) fn add_action(&mut self, action: &str, places: BTreeMap<String, Place>) {
        self.actions.insert(action.to_owned(), places);
    }

    fn place(&self, action: Option<&str>, option: &str) -> &Place {
        let own = || self.options.get(option).unwrap_or(&self.section);
        let Some(action) = action else { return own() };
        let named = self.actions.get(action).and_then(|places| places.get(option));
        named.or_else(|| self.options.get("action")).unwrap_or(&self.section)
    }
}

/// A remark where it belongs, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The line that it is about; none for what came over the socket.
    pub place: Option<Place>,
    /// The remark.
    pub remark: Remark,
}

impl Said {
    /// A complaint of the reader, of a jail that is therefore not run or of none.
    pub fn complaint(complaint: &Complaint, jail: Option<&str>) -> Self {
        let topic = Topic { jail: jail.map(str::to_owned), ..Topic::default() };
        let end = if jail.is_some() { "; the jail is not run" } else { "" };
        let text = format!("{}{end}", complaint.wrong);
        Self { place: Some(complaint.place.clone()), remark: Remark { topic, text } }
    }
}
