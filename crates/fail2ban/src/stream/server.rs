//! The server's own settings: `[Definition]` of `fail2ban.conf` and its siblings, and the stack size of `[Thread]`. It refuses to apply any.

use std::collections::BTreeMap;
use std::path::Path;

use crate::complaint::{Complaint, Place, Wrong};
use crate::conf::{self, Conf};
use crate::ini;
use crate::interpolate::Given;
use crate::value::Value;

/// What `fail2ban.conf` says, the defaults of fail2ban 1.0.2 below it, the command line over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The path of the socket.
    pub socket: String,
    /// The path of the file with the process's number.
    pub pidfile: String,
    /// `CRITICAL`, `ERROR`, `WARNING`, `NOTICE`, `INFO`, `DEBUG` and finer, or a number.
    pub loglevel: String,
    /// A path, or `STDOUT`, `STDERR`, `SYSLOG`, `SYSTEMD-JOURNAL`.
    pub logtarget: String,
    /// The path of syslog's socket, or `auto`.
    pub syslogsocket: String,
    /// `auto`, `yes` or `no`.
    pub allowipv6: String,
    /// The path of the database; `None` is none, `:memory:` one that is not kept.
    pub dbfile: String,
    /// How many lines of a ban are kept in it.
    pub dbmaxmatches: Option<i64>,
    /// How long bans that are over are kept in it, as written.
    pub dbpurgeage: String,
    /// The stack of a thread, in KiB.
    pub stacksize: Option<i64>,
    /// Where those stand that the files tell.
    pub places: BTreeMap<String, Place>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            socket: "/var/run/fail2ban/fail2ban.sock".to_owned(),
            pidfile: "/var/run/fail2ban/fail2ban.pid".to_owned(),
            loglevel: "INFO".to_owned(),
            logtarget: "/var/log/fail2ban.log".to_owned(),
            syslogsocket: "auto".to_owned(),
            allowipv6: "auto".to_owned(),
            dbfile: "/var/lib/fail2ban/fail2ban.sqlite3".to_owned(),
            dbmaxmatches: None,
            dbpurgeage: "1d".to_owned(),
            stacksize: None,
            places: BTreeMap::new(),
        }
    }
}

/// What the command line says in the place of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `-s`.
    pub socket: Option<String>,
    /// `-p`.
    pub pidfile: Option<String>,
    /// `--loglevel`.
    pub loglevel: Option<String>,
    /// `--logtarget`.
    pub logtarget: Option<String>,
    /// `--syslogsocket`.
    pub syslogsocket: Option<String>,
}

const DEFINITION: &str = "Definition";
const LEVELS: [&str; 13] = [
    "CRITICAL",
    "FATAL",
    "ERROR",
    "WARNING",
    "WARN",
    "MSG",
    "NOTICE",
    "INFO",
    "DEBUG",
    "TRACEDEBUG",
    "HEAVYDEBUG",
    "INTHEAVY",
    "NOTSET",
];

/// Whether fail2ban knows this as a log level.
pub fn is_level(text: &str) -> bool {
    LEVELS.iter().any(|level| level.eq_ignore_ascii_case(text)) || text.parse::<u32>().is_ok()
}

impl Server {
    /// Reads the settings of a folder such as `/etc/fail2ban`. What cannot be taken is complained about, and the default counts.
    pub fn read(folder: &Path, overrides: &Overrides) -> (Self, Vec<Complaint>) {
        let (conf, mut complaints) = conf::read(folder, "fail2ban");
        let mut server = Self::default();
        match conf {
            Some(conf) => Reader { conf, complaints: &mut complaints }.fill(&mut server),
            None => complaints.push(Complaint {
                place: Place::file(folder.join("fail2ban.conf")),
                wrong: Wrong::NoFile("fail2ban".to_owned()),
            }),
        }
        let given = [
            ("socket", &overrides.socket, &mut server.socket),
            ("pidfile", &overrides.pidfile, &mut server.pidfile),
            ("loglevel", &overrides.loglevel, &mut server.loglevel),
            ("logtarget", &overrides.logtarget, &mut server.logtarget),
            ("syslogsocket", &overrides.syslogsocket, &mut server.syslogsocket),
        ];
        for (option, given, into) in given {
            if let Some(text) = given {
                server.places.remove(option);
                into.clone_from(text);
            }
        }
        (server, complaints)
    }

    /// The commands that set them, in the order in which they must come: what is logged where before the database is opened.
    pub fn commands(&self) -> Vec<Value> {
        let set =
            |option: &str, value: Value| Value::List(vec![Value::text("set"), Value::text(option), value]);
        let mut commands = Vec::new();
        if let Some(size) = self.stacksize {
            commands.push(set("thread", Value::Dict(vec![(Value::text("stacksize"), Value::Int(size))])));
        }
        let texts = [
            ("syslogsocket", &self.syslogsocket),
            ("loglevel", &self.loglevel),
            ("logtarget", &self.logtarget),
            ("allowipv6", &self.allowipv6),
            ("dbfile", &self.dbfile),
        ];
        commands.extend(texts.map(|(option, text)| set(option, Value::text(text))));
        if let Some(lines) = self.dbmaxmatches {
            commands.push(set("dbmaxmatches", Value::Int(lines)));
        }
        commands.push(set("dbpurgeage", Value::text(&self.dbpurgeage)));
        commands
    }
}

struct Reader<'a> {
    conf: Conf,
    complaints: &'a mut Vec<Complaint>,
}

impl Reader<'_> {
    fn fill(&mut self, server: &mut Server) {
        let texts = [
            ("socket", &mut server.socket),
            ("pidfile", &mut server.pidfile),
            ("logtarget", &mut server.logtarget),
            ("syslogsocket", &mut server.syslogsocket),
            ("allowipv6", &mut server.allowipv6),
            ("dbfile", &mut server.dbfile),
            ("dbpurgeage", &mut server.dbpurgeage),
        ];
        for (option, into) in texts {
            if let Some(value) = self.get(DEFINITION, option) {
                *into = value.text;
                server.places.insert(option.to_owned(), value.place);
            }
        }
        if let Some(value) = self.get(DEFINITION, "loglevel") {
            if is_level(&value.text) {
                server.places.insert("loglevel".to_owned(), value.place);
                server.loglevel = value.text;
            } else {
                self.complain("loglevel", value, "a level such as INFO; INFO is taken");
            }
        }
        server.dbmaxmatches = self.number(DEFINITION, "dbmaxmatches", &mut server.places);
        server.stacksize = self.number("Thread", "stacksize", &mut server.places);
    }

    fn get(&mut self, section: &str, option: &str) -> Option<ini::Value> {
        match self.conf.get(section, option, &Given::default()) {
            Ok(value) => value,
            Err(complaint) => {
                self.complaints.push(complaint);
                None
            }
        }
    }

    fn number(&mut self, section: &str, option: &str, places: &mut BTreeMap<String, Place>) -> Option<i64> {
        let value = self.get(section, option)?;
        let number = value.text.trim().parse().ok();
        if number.is_none() {
            self.complain(option, value, "a number; the default is taken");
        } else {
            places.insert(option.to_owned(), value.place);
        }
        number
    }

    fn complain(&mut self, option: &str, value: ini::Value, expected: &'static str) {
        let wrong = Wrong::BadValue { option: option.to_owned(), value: value.text, expected };
        self.complaints.push(Complaint { place: value.place, wrong });
    }
}
