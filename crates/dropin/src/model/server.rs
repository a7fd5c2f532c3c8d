//! What was told of the server as a whole: its log, its database, its family of addresses.

use fail2ban::Value;

use super::set_jail::options;
use super::span;
use super::words::{Words, kind, no_attribute, text, truth, whole};
use crate::host::{Host, LogTarget};
use crate::wrong::Wrong;
use fail2ban::repr::text as quoted;

/// What was told of the server as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// `INFO` and so on.
    pub log_level: String,
    /// Where the log goes, without its options.
    pub log_target: String,
    /// Those options: `[padding=off]`.
    pub log_options: Vec<(String, String)>,
    /// `auto`, or a socket.
    pub syslog_socket: String,
    /// The database.
    pub database: Option<Database>,
    /// Kilobytes of a thread's stack, as told; ours are not changed by it.
    pub stack_kilobytes: i64,
}

/// A database of fail2ban's.
#[derive(Clone, Debug, PartialEq)]
pub struct Database {
    /// Where it is.
    pub path: String,
    /// Lines kept of a ban.
    pub max_matches: i64,
    /// Seconds for which bans that are over are kept; a number.
    pub purge_age: Value,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            log_level: "INFO".to_owned(),
            log_target: "STDOUT".to_owned(),
            log_options: Vec::new(),
            syslog_socket: "auto".to_owned(),
            database: None,
            stack_kilobytes: 0,
        }
    }
}

/// The levels that have a name.
const LEVELS: [&str; 12] = [
    "CRITICAL",
    "FATAL",
    "ERROR",
    "WARNING",
    "WARN",
    "NOTICE",
    "INFO",
    "DEBUG",
    "TRACEDEBUG",
    "HEAVYDEBUG",
    "MSG",
    "NOTSET",
];

impl Server {
    /// `set` of something of the server; none: it is a jail's name that stands first. `jails`: whether there are any.
    pub(super) fn set(
        &mut self,
        words: Words<'_>,
        jails: bool,
        host: &mut dyn Host,
    ) -> Result<Option<Value>, Wrong> {
        match words.text(0)? {
            "loglevel" => self.set_level(words.at(1)?, host)?,
            "logtarget" => self.set_target(words.text(1)?, host)?,
            "syslogsocket" => self.syslog_socket = words.text(1)?.to_owned(),
            "allowipv6" => {
                let value = words.at(1)?;
                host.allow_ipv6((value.as_text() != Some("auto")).then(|| truth(value)));
                return Ok(Some(value.clone()));
            }
            "thread" => {
                let Value::Dict(pairs) = words.at(1)? else {
                    return Err(no_attribute(kind(words.at(1)?), "items"));
                };
                for (_, value) in pairs.iter().filter(|(key, _)| key.as_text() == Some("stacksize")) {
                    self.stack_kilobytes = whole(value)?;
                }
                return Ok(Some(Value::None));
            }
            "dbfile" => self.set_database(words.text(1)?, jails, host)?,
            "dbmaxmatches" => {
                let lines = words.at(1)?;
                if let Some(database) = &mut self.database {
                    database.max_matches = whole(lines)?;
                    host.set_database_bounds(database.max_matches, &database.purge_age);
                }
            }
            "dbpurgeage" => {
                let seconds = words.at(1)?;
                if let Some(database) = &mut self.database {
                    database.purge_age = span::seconds(seconds)?;
                    host.set_database_bounds(database.max_matches, &database.purge_age);
                }
            }
            _ => return Ok(None),
        }
        Ok(self.get(words.text(0)?))
    }

    /// `get` of something of the server; none: it is a jail's name.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        let database = |part: fn(&Database) -> Value| self.database.as_ref().map_or(Value::None, part);
        Some(match name {
            // Nothing of fail2ban's: its server has no answer to this.
            "waits-for-logs" => Value::Bool(true),
            "loglevel" => Value::text(&self.log_level),
            "logtarget" => Value::text(&self.log_target),
            "syslogsocket" => Value::text(&self.syslog_socket),
            "thread" => Value::Dict(vec![(Value::text("stacksize"), Value::Int(self.stack_kilobytes))]),
            "dbfile" => database(|database| Value::text(&database.path)),
            "dbmaxmatches" => database(|database| Value::Int(database.max_matches)),
            "dbpurgeage" => database(|database| database.purge_age.clone()),
            _ => return None,
        })
    }

    /// `flushlogs`
    pub(super) fn flush(&self, host: &mut dyn Host) -> Value {
        host.flush_logs();
        let kept = ["STDERR", "STDOUT", "SYSLOG", "SYSTEMD-JOURNAL"];
        Value::text(if kept.contains(&self.log_target.as_str()) { "flushed" } else { "rolled over" })
    }

    fn set_level(&mut self, value: &Value, host: &mut dyn Host) -> Result<(), Wrong> {
        let level = text(value)?.to_uppercase();
        let number = !level.is_empty() && level.bytes().all(|byte| byte.is_ascii_digit());
        if !number && !LEVELS.contains(&level.as_str()) {
            return Err(Wrong::value(format!("Invalid log level {}", quoted(&level))));
        }
        if self.log_level != level {
            host.set_log_level(&level);
            self.log_level = level;
        }
        Ok(())
    }

    fn set_target(&mut self, told: &str, host: &mut dyn Host) -> Result<(), Wrong> {
        let (name, options) = options(told)?;
        if self.log_target == name {
            return Ok(());
        }
        if name.eq_ignore_ascii_case("SYSLOG") && self.syslog_socket == "auto" {
            self.syslog_socket = "/dev/log".to_owned();
        }
        let target = LogTarget { name, options, syslog_socket: self.syslog_socket.clone() };
        if !target.name.eq_ignore_ascii_case("INHERITED") && !host.set_log_target(&target) {
            return Err(Wrong::exception("Failed to change log target"));
        }
        (self.log_target, self.log_options) = (target.name, target.options);
        Ok(())
    }

    fn set_database(&mut self, path: &str, jails: bool, host: &mut dyn Host) -> Result<(), Wrong> {
        let none = path.eq_ignore_ascii_case("none");
        let same = match &self.database {
            Some(database) => database.path == path,
            None => none,
        };
        if same {
            return Ok(());
        }
        if jails {
            return Err(Wrong::new(
                crate::wrong::Class::Runtime,
                "Cannot change database when there are jails present",
            ));
        }
        host.set_database((!none).then_some(path))?;
        self.database = (!none).then(|| Database {
            path: path.to_owned(),
            max_matches: 10,
            purge_age: Value::Int(24 * 60 * 60),
        });
        Ok(())
    }
}
