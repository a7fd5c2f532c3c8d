//! The jails as clients told them, and the answers that fail2ban's server would give. It refuses to touch a log, an address or the kernel: that
//! is the host's part.

mod words;
mod span;
mod address;
mod encoding;
mod expression;
mod date_pattern;
mod action;
mod jail;
mod server;
mod set;
mod set_jail;
mod get;
mod bans;
mod reload;
mod status;

use std::time::Duration;

use event::limit::FAIL2BAN_SLEEP_SECONDS;
use fail2ban::Value;

pub use action::ActionModel;
pub use address::Id;
pub use date_pattern::DatePattern;
pub use expression::Expression;
pub use jail::{IgnoreCache, JailModel, LogPath};
pub use server::Server;

use crate::edition::Edition;
use crate::host::Host;
use crate::wrong::{Class, Wrong};
use fail2ban::repr::text as quoted;
use words::{Words, fraction, text};

/// The jails and settings.
#[derive(Clone, Debug, Default)]
pub struct Model {
    edition: Edition,
    server: Server,
    /// In the order in which they were added.
    jails: Vec<JailModel>,
    /// The jails of a reload under way. `false`: told again, not yet started.
    reloading: Vec<(String, bool)>,
}

/// Whether an answer to `set` is wanted: within a stream nobody reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Aloud,
    Quiet,
}

impl Model {
    /// No jails yet.
    pub fn new(edition: Edition) -> Self {
        Self { edition, ..Self::default() }
    }

    /// The jails, in the order in which they were added.
    pub fn jails(&self) -> &[JailModel] {
        &self.jails
    }

    /// What was told of the server as a whole.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Obeys one command, a list of words as the client sends it.
    pub fn obey(&mut self, command: &Value, host: &mut dyn Host) -> Result<Value, Wrong> {
        self.obey_in(command, Voice::Aloud, host)
    }

    /// How long the answer to this command is to be kept back: `sleep` asks for nothing else.
    pub fn delay(command: &Value) -> Option<Duration> {
        let [name, seconds, ..] = command.as_items()? else { return None };
        let seconds = (name.as_text() == Some("sleep")).then(|| fraction(seconds).ok())??;
        Some(Duration::from_secs_f64(seconds.clamp(0.0, FAIL2BAN_SLEEP_SECONDS)))
    }

    fn obey_in(&mut self, command: &Value, voice: Voice, host: &mut dyn Host) -> Result<Value, Wrong> {
        let words = Words(command.as_items().ok_or_else(|| Wrong::kind("a command must be a list"))?);
        let name = words.text(0)?;
        match name {
            "ping" => Ok(Value::text("pong")),
            "add" => self.add(words, host),
            "multi-set" => self.set(words.from(1), voice, true, host),
            "set" => self.set(words.from(1), voice, false, host),
            "get" => self.get(words.from(1), host),
            "start" => self.start(words.text(1)?, host).map(|()| Value::None),
            "stop" => self.stop(words, host).map(|()| Value::None),
            "reload" => self.reload(words, host),
            "unban" if words.len() >= 2 => self.unban_everywhere(words.from(1), host),
            "banned" => self.banned_anywhere(words.from(1), host),
            "echo" => Ok(Value::List(words.from(1).0.to_vec())),
            "server-status" => Ok(Value::text("Server ready")),
            "server-stream" => self.stream(words.at(1)?, host).map(|()| Value::None),
            // Whoever sends the answer waits, not the model.
            "sleep" => fraction(words.at(1)?).map(|_| Value::None),
            "flushlogs" => Ok(self.server.flush(host)),
            "status" => self.status(words.from(1), host),
            "stats" | "statistic" | "statistics" if self.edition >= Edition::V1_1_0 => {
                Ok(self.statistics(host))
            }
            "version" => Ok(Value::text(self.edition.version())),
            "config-error" => {
                host.config_error(words.text(1)?);
                Ok(Value::None)
            }
            _ => Err(Wrong::exception("Invalid command")),
        }
    }

    /// Every command of a list, up to the first that cannot be obeyed.
    fn stream(&mut self, commands: &Value, host: &mut dyn Host) -> Result<(), Wrong> {
        let commands = commands.as_items().ok_or_else(|| Wrong::kind("a stream must be a list"))?;
        commands.iter().try_for_each(|command| {
            // A stream in a stream is nothing that a client sends, and would be as deep as it likes.
            match command.as_items().and_then(|words| words.first()).and_then(Value::as_text) {
                Some("server-stream" | "reload") => Err(Wrong::exception("Invalid command")),
                _ => self.obey_in(command, Voice::Quiet, host).map(drop),
            }
        })
    }

    fn place(&self, name: &str) -> Result<usize, Wrong> {
        self.jails.iter().position(|jail| jail.name == name).ok_or_else(|| Wrong::jail(name))
    }

    fn jail(&self, name: &str) -> Result<&JailModel, Wrong> {
        self.place(name).map(|at| &self.jails[at])
    }

    fn add(&mut self, words: Words<'_>, host: &mut dyn Host) -> Result<Value, Wrong> {
        let name = words.text(1)?;
        if name == "--all" {
            return Err(Wrong::exception(format!("Reserved name {}", quoted(name))));
        }
        let backend = if words.len() > 2 { words.text(2)? } else { "auto" };
        let known = self.place(name).ok();
        let again = self.reloading.iter().position(|(reloading, fresh)| reloading == name && *fresh);
        match (known, again) {
            (Some(at), Some(mark)) if self.jails[at].backend == backend => self.reloading[mark].1 = false,
            (Some(at), Some(mark)) => {
                self.remove(at, host);
                self.reloading.remove(mark);
                self.create(name, backend)?;
            }
            // fail2ban 1.0 means to say that there is one already, and trips.
            (Some(_), None) if self.edition < Edition::V1_1_0 => {
                return Err(Wrong::new(Class::Name, "name 'noduplicates' is not defined"));
            }
            (Some(_), None) => return Err(Wrong::new(Class::DuplicateJail, name)),
            (None, _) => self.create(name, backend)?,
        }
        Ok(Value::text(name))
    }

    fn create(&mut self, name: &str, backend: &str) -> Result<(), Wrong> {
        let known = ["auto", "pyinotify", "gamin", "polling", "systemd"];
        let (kind, options) = set_jail::options(backend)?;
        let kind = kind.to_lowercase();
        let is_gone = kind == "gamin" && self.edition >= Edition::V1_1_0;
        if is_gone || !known.contains(&kind.as_str()) {
            let gamin = if self.edition < Edition::V1_1_0 { "'gamin', " } else { "" };
            return Err(Wrong::value(format!(
                "Unknown backend {kind}. Must be among ['pyinotify', {gamin}'polling', 'systemd'] or 'auto'"
            )));
        }
        set_jail::backend_options(&kind, &options)?;
        jail::room("jails", self.jails.len())?;
        self.jails.push(JailModel::new(name, backend, self.edition));
        Ok(())
    }

    fn start(&mut self, name: &str, host: &mut dyn Host) -> Result<(), Wrong> {
        let at = self.place(name)?;
        let jail = &mut self.jails[at];
        jail.idle = false;
        if jail.started {
            self.reloading.retain(|(reloading, _)| reloading != name);
            // In a reload the host hears of it at the end.
            if jail.confirmed_actions.is_none() {
                host.change(jail);
            }
        } else {
            jail.started = true;
            if let Err(wrong) = host.start(jail) {
                jail.started = false;
                return Err(wrong);
            }
        }
        Ok(())
    }

    fn stop(&mut self, words: Words<'_>, host: &mut dyn Host) -> Result<(), Wrong> {
        match words.0.get(1).map(text).transpose()? {
            None => {
                self.stop_all(host);
                host.quit();
            }
            Some("--all") => self.stop_all(host),
            Some(name) => {
                let at = self.place(name)?;
                self.remove(at, host);
            }
        }
        Ok(())
    }

    fn stop_all(&mut self, host: &mut dyn Host) {
        while !self.jails.is_empty() {
            self.remove(0, host);
        }
    }

    fn remove(&mut self, at: usize, host: &mut dyn Host) {
        let jail = self.jails.remove(at);
        if jail.started {
            host.stop(&jail.name);
        }
    }
}
