//! A jail as it was told: everything that the client sets and reads. It refuses to judge, count or ban.

use event::limit::{FAIL2BAN_ENTRIES, FAIL2BAN_IGNORED};
use fail2ban::{Value, repr};

use super::action::ActionModel;
use super::address::Id;
use super::date_pattern::DatePattern;
use super::encoding::preferred;
use super::expression::Expression;
use crate::edition::Edition;
use crate::host::Host;
use crate::wrong::{Class, Wrong};

/// A jail.
#[derive(Clone, Debug, PartialEq)]
pub struct JailModel {
    /// Its name.
    pub name: String,
    /// How its log is read, as it was told: `auto`, `polling`, `systemd[…]` and so on.
    pub backend: String,
    /// Whether it was started.
    pub started: bool,
    /// Whether it rests: it reads and bans nothing until it is woken.
    pub idle: bool,
    /// `yes`, `warn`, `no` or `raw`.
    pub use_dns: String,
    /// What a line must match before the others are tried on its content.
    pub prefregex: Option<Expression>,
    /// What finds failures.
    pub failregex: Vec<Expression>,
    /// What must not match.
    pub ignoreregex: Vec<Expression>,
    /// Lines that one match may span.
    pub max_lines: i64,
    /// Failures that lead to a ban.
    pub max_retry: i64,
    /// Lines kept of a failing address.
    pub max_matches: i64,
    /// Seconds within which failures count together; a number.
    pub find_time: Value,
    /// Seconds of a ban; -1 is for ever.
    pub ban_time: i64,
    /// What stands behind `bantime.`: `increment` (a truth value), `factor`, `formula`, `multipliers`, `maxtime` and `rndtime` (numbers),
    /// `overalljails`, in the order in which they were first told.
    pub ban_extra: Vec<(String, Value)>,
    /// Networks, and what is no address, that are never banned.
    pub ignored_networks: Vec<String>,
    /// Addresses that are never banned.
    pub ignored_addresses: Vec<String>,
    /// A command that says whom to ignore: a text, or `false` where none was told.
    pub ignore_command: Value,
    /// How its answers are kept.
    pub ignore_cache: Option<IgnoreCache>,
    /// Whether our own addresses are never banned.
    pub ignore_self: bool,
    /// The log's encoding.
    pub log_encoding: String,
    /// The log files.
    pub logs: Vec<LogPath>,
    /// Matches of the journal's fields; any of them will do, each with all of its parts.
    pub journal_matches: Vec<Vec<String>>,
    /// What finds a line's date.
    pub date_pattern: DatePattern,
    /// The zone of dates that name none.
    pub log_timezone: Option<String>,
    /// What is done when somebody is banned.
    pub actions: Vec<ActionModel>,
    /// Which fail2ban it is a jail of.
    pub(super) edition: Edition,
    /// Log files from before a reload that has not told them again yet.
    pub(super) unconfirmed_logs: Option<Vec<String>>,
    /// Actions that a reload has told again so far.
    pub(super) confirmed_actions: Option<Vec<String>>,
}

/// A log file of a jail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPath {
    /// Where it is.
    pub path: String,
    /// Whether it is read from its end on.
    pub tail: bool,
}

/// How answers of `ignorecommand` are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct IgnoreCache {
    /// What they are kept by, with tags.
    pub key: String,
    /// How many.
    pub count: i64,
    /// For how many seconds; a number.
    pub seconds: Value,
}

/// Whether a list may have one entry more.
pub(super) fn room(what: &str, held: usize) -> Result<(), Wrong> {
    if held < FAIL2BAN_ENTRIES { Ok(()) } else { Err(Wrong::too_many(what, FAIL2BAN_ENTRIES)) }
}

impl JailModel {
    /// One of which nothing else was told yet.
    pub(super) fn new(name: &str, backend: &str, edition: Edition) -> Self {
        let journal = backend.to_lowercase().starts_with("systemd");
        Self {
            name: name.to_owned(),
            backend: backend.to_owned(),
            started: false,
            idle: false,
            use_dns: "warn".to_owned(),
            prefregex: None,
            failregex: Vec::new(),
            ignoreregex: Vec::new(),
            max_lines: 1,
            max_retry: 3,
            max_matches: 5,
            find_time: Value::Int(600),
            ban_time: 600,
            ban_extra: Vec::new(),
            ignored_networks: Vec::new(),
            ignored_addresses: Vec::new(),
            ignore_command: Value::Bool(false),
            ignore_cache: None,
            ignore_self: true,
            log_encoding: preferred(),
            logs: Vec::new(),
            journal_matches: Vec::new(),
            date_pattern: if journal { DatePattern::Nothing } else { DatePattern::Default },
            log_timezone: None,
            actions: Vec::new(),
            edition,
            unconfirmed_logs: None,
            confirmed_actions: None,
        }
    }

    /// Whether it reads the journal, not files.
    pub fn reads_journal(&self) -> bool {
        self.backend.to_lowercase().starts_with("systemd")
    }

    /// What stands behind `bantime.`, by its name.
    pub fn extra(&self, name: &str) -> Option<&Value> {
        self.ban_extra.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn set_extra(&mut self, name: &str, value: Option<Value>) -> Result<(), Wrong> {
        let known = self.ban_extra.iter().position(|(known, _)| known == name);
        match (known, value) {
            (Some(at), Some(value)) => self.ban_extra[at].1 = value,
            (Some(at), None) => drop(self.ban_extra.remove(at)),
            (None, Some(value)) => {
                room("settings of ban times in this jail", self.ban_extra.len())?;
                self.ban_extra.push((name.to_owned(), value));
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Everybody who is ignored, in the order in which fail2ban tells it: networks and names first.
    pub fn ignored(&self) -> impl Iterator<Item = &String> {
        self.ignored_networks.iter().chain(&self.ignored_addresses)
    }

    pub(super) fn ignore(&mut self, text: &str) -> Result<(), Wrong> {
        if text.is_empty() {
            return Ok(());
        }
        let id = Id::ignored(text, self.edition)?;
        let text = id.text();
        if self.ignored().any(|known| *known == text) {
            return Ok(());
        }
        if self.ignored().count() >= FAIL2BAN_IGNORED {
            return Err(Wrong::too_many("ignored addresses in this jail", FAIL2BAN_IGNORED));
        }
        let list = if id.is_single() { &mut self.ignored_addresses } else { &mut self.ignored_networks };
        list.push(text);
        Ok(())
    }

    pub(super) fn unignore(&mut self, text: &str) -> Result<(), Wrong> {
        if let Some(at) = self.ignored_addresses.iter().position(|known| known == text) {
            self.ignored_addresses.remove(at);
            return Ok(());
        }
        let id = Id::ignored(text, self.edition)?.text();
        let at = self.ignored_networks.iter().position(|known| *known == id);
        let at = at.ok_or_else(|| Wrong::value("list.remove(x): x not in list"))?;
        self.ignored_networks.remove(at);
        Ok(())
    }

    pub(super) fn action(&mut self, name: &str) -> Result<&mut ActionModel, Wrong> {
        let found = self.actions.iter_mut().find(|action| action.name == name);
        found.ok_or_else(|| Wrong::new(Class::Key, format!("Invalid Action name: {name}")))
    }

    pub(super) fn add_action(
        &mut self,
        name: &str,
        python: Option<(String, String)>,
        reloading: bool,
    ) -> Result<(), Wrong> {
        if let Some(at) = self.actions.iter().position(|action| action.name == name) {
            if !reloading {
                return Err(Wrong::value(format!("Action {name} already exists")));
            }
            self.actions[at].clear();
            self.actions[at].python = python;
            self.confirmed_actions.get_or_insert_default().push(name.to_owned());
            return Ok(());
        }
        room("actions in this jail", self.actions.len())?;
        self.actions.push(ActionModel::new(name, python));
        // fail2ban forgets to note new ones of a reload, and so takes them away again at its end; that is no one's wish.
        if let Some(confirmed) = &mut self.confirmed_actions {
            confirmed.push(name.to_owned());
        }
        Ok(())
    }

    pub(super) fn add_log(&mut self, path: &str, tail: bool) -> Result<(), Wrong> {
        if self.logs.iter().any(|log| log.path == path) {
            if let Some(unconfirmed) = &mut self.unconfirmed_logs {
                unconfirmed.retain(|held| held != path);
            }
            return Ok(());
        }
        room("log files in this jail", self.logs.len())?;
        self.logs.push(LogPath { path: path.to_owned(), tail });
        Ok(())
    }

    /// One that is not read is passed over. Of those that a pattern finds, the others are read on, each for itself: fail2ban knows no patterns.
    pub(super) fn remove_log(&mut self, path: &str, host: &dyn Host) -> Result<(), Wrong> {
        let mut kept: Vec<LogPath> = Vec::new();
        for log in self.logs.iter().filter(|log| log.path != path) {
            let files = host.files(&log.path);
            if !files.iter().any(|file| file == path) {
                kept.push(log.clone());
                continue;
            }
            let others = files.into_iter().filter(|file| file != path);
            for other in others.map(|file| LogPath { path: file, tail: log.tail }) {
                room("log files in this jail", kept.len())?;
                kept.push(other);
            }
        }
        self.logs = kept;
        Ok(())
    }

    pub(super) fn add_journal_match(&mut self, words: &[&str]) -> Result<(), Wrong> {
        room("matches of the journal in this jail", self.journal_matches.len())?;
        let matches = words.split(|word| *word == "+");
        self.journal_matches
            .extend(matches.map(|words| words.iter().map(|word| (*word).to_owned()).collect()));
        Ok(())
    }

    pub(super) fn remove_journal_match(&mut self, words: &[&str]) -> Result<(), Wrong> {
        let at = self.journal_matches.iter().position(|held| held.iter().eq(words.iter().copied()));
        let at = at.ok_or_else(|| {
            let shown = repr(&Value::texts(words.iter().copied()));
            Wrong::value(format!("Match {shown} not found"))
        })?;
        self.journal_matches.remove(at);
        Ok(())
    }

    /// A reload begins: what it always tells anew is forgotten, what it may leave out is noted.
    pub(super) fn begin_reload(&mut self) {
        self.idle = true;
        self.failregex.clear();
        self.ignoreregex.clear();
        self.ignored_networks.clear();
        self.ignored_addresses.clear();
        self.journal_matches.clear();
        self.unconfirmed_logs = Some(self.logs.iter().map(|log| log.path.clone()).collect());
        self.confirmed_actions = Some(Vec::new());
    }

    /// A reload ends: what it did not tell again goes. Whether there was one.
    pub(super) fn end_reload(&mut self) -> bool {
        let (logs, actions) = (self.unconfirmed_logs.take(), self.confirmed_actions.take());
        if let Some(gone) = &logs {
            self.logs.retain(|log| !gone.contains(&log.path));
        }
        if let Some(kept) = &actions {
            self.actions.retain(|action| kept.contains(&action.name));
        }
        logs.is_some() || actions.is_some()
    }
}
