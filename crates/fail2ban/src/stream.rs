//! A configuration as the stream of commands that fail2ban's client sends to its server at `start` and `reload`, and prints at `-d`. It
//! refuses to send it, and to judge whether the server will like it.
//!
//! Where fail2ban's client gives up on everything because of one jail (a circle of names, no log at `start`), here that jail alone is left out:
//! it becomes a `config-error` command, as fail2ban has it for the cases that it does survive, and the text names file and line.

mod server;
mod jail;

use std::path::Path;

use event::limit;

use crate::complaint::{Complaint, Wrong};
use crate::jail::{Jail, Jails, Which, read as read_jails, read_only};
use crate::remark::Origins;
use crate::repr;
use crate::value::Value;

pub use server::{Overrides, Server, is_level};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Ask<'a> {
    /// One jail; None: all.
    pub jail: Option<&'a str>,
    /// What happens with patterns of logs.
    pub logs: Logs,
    /// Whether a jail without logs that may choose its backend reads the journal, if it says what of it: so does fail2ban since 1.1.1, unless
    /// `systemd_if_nologs` says otherwise.
    pub journal_without_logs: bool,
    /// What the command line says in the place of `fail2ban.conf`.
    pub overrides: Overrides,
}

/// What becomes of `logpath`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logs {
    /// The files that match at present; a jail that has none stays, and that is said. So does `fail2ban-client -d`.
    #[default]
    Present,
    /// The files that match at present; a jail that has none is broken, or just left out with `skip_if_nologs`. So does `fail2ban-client start`.
    Needed,
    /// The patterns as they are written, for a server that waits for files. One that matches nothing at present is said.
    AsWritten,
}

/// The commands, and what is wrong.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The commands in order, each a list of plain values.
    pub commands: Vec<Value>,
    /// The jails that are started, in order.
    pub jails: Vec<String>,
    /// Those that are enabled and broken, each with what is wrong. Each has a `config-error` among the commands.
    pub broken: Vec<(String, Vec<Complaint>)>,
    /// What is wrong beside that, and what happens instead.
    pub complaints: Vec<Complaint>,
    /// The server's own settings.
    pub server: Server,
    /// Where each option stands that the commands tell of.
    pub origins: Origins,
}

/// Reads a folder such as `/etc/fail2ban`.
pub fn read(folder: &Path, ask: &Ask) -> Stream {
    let (server, complaints) = Server::read(folder, &ask.overrides);
    let jails = match ask.jail {
        None => read_jails(folder, Which::Enabled),
        Some(name) => read_only(folder, name),
    };
    of(server, complaints, jails, folder, ask)
}

/// The stream of jails that were read.
fn of(server: Server, complaints: Vec<Complaint>, jails: Jails, folder: &Path, ask: &Ask) -> Stream {
    let mut stream = Stream { commands: server.commands(), complaints, server, ..Stream::default() };
    stream.origins.set_server(stream.server.places.clone());
    stream.complaints.extend(jails.complaints);
    stream.broken = jails.broken;
    let mut commands = Vec::new();
    for jail in &jails.enabled {
        match paths(jail, ask, &mut stream.complaints) {
            Paths::Those(source) => {
                commands.extend(jail::commands(jail, folder, &source));
                stream.jails.push(jail.name.clone());
                stream.origins.add_jail(&jail.name, jail.origins.clone());
            }
            Paths::Broken(complaints) => stream.broken.push((jail.name.clone(), complaints)),
            Paths::Skipped => {}
        }
    }
    for (name, complaints) in &stream.broken {
        let said: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        let said = format!("Jail '{name}' skipped, because of wrong configuration: {}", said.join("; "));
        stream.commands.push(command(&["config-error", &said]));
    }
    stream.commands.extend(commands);
    stream.commands.extend(stream.jails.iter().map(|name| command(&["start", name])));
    stream
}

impl Stream {
    /// Broken jails are passed over as long as there is another one: fail2ban's client sends nothing of a configuration that has nothing else.
    pub fn is_usable(&self) -> bool {
        self.broken.is_empty() || !self.jails.is_empty()
    }

    /// As `fail2ban-client -d` prints it: each command on its line.
    pub fn text(&self) -> String {
        self.commands.iter().map(|command| repr::repr(command) + "\n").collect()
    }
}

/// A path that is sent, and whether only what is written from now on is read.
type Found = (String, bool);

/// What a jail reads.
enum Source {
    Files(Vec<Found>),
    /// Its backend was to be chosen, and it has no files.
    Journal,
}

/// What a jail's `logpath` comes to.
enum Paths {
    Those(Source),
    Broken(Vec<Complaint>),
    Skipped,
}

fn paths(jail: &Jail, ask: &Ask, complaints: &mut Vec<Complaint>) -> Paths {
    let logs = ask.logs;
    if jail.settings.backend.starts_with("systemd") || jail.settings.logpath.is_empty() {
        return Paths::Those(Source::Files(Vec::new()));
    }
    if reads_journal_instead(jail, ask) {
        complaints.extend(jail.settings.logpath.first().map(|path| Complaint {
            place: path.place.clone(),
            wrong: Wrong::JournalInstead(path.pattern.clone()),
        }));
        return Paths::Those(Source::Journal);
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let expected = match logs {
        Logs::AsWritten => "the path of a file that is there; it is read once it is",
        _ if jail.settings.skip_if_nologs => {
            "the path of a file that is there; a jail without any is skipped"
        }
        Logs::Needed => "the path of a file that is there; a jail without any is left out",
        Logs::Present => "the path of a file that is there; a jail without any finds nothing",
    };
    for path in &jail.settings.logpath {
        let files = path.files();
        if files.is_empty() {
            let wrong =
                Wrong::BadValue { option: "logpath".to_owned(), value: path.pattern.clone(), expected };
            missing.push(Complaint { place: path.place.clone(), wrong });
        }
        match logs {
            Logs::AsWritten => found.push((path.pattern.clone(), path.tail)),
            _ => found.extend(files.iter().map(|file| (file.to_string_lossy().into_owned(), path.tail))),
        }
        if found.len() > limit::FAIL2BAN_ENTRIES {
            let wrong = Wrong::TooMany("log files");
            complaints.push(Complaint { place: path.place.clone(), wrong });
            found.truncate(limit::FAIL2BAN_ENTRIES);
            break;
        }
    }
    match logs {
        Logs::Needed if found.is_empty() && !jail.settings.skip_if_nologs => return Paths::Broken(missing),
        Logs::Needed if found.is_empty() => {
            complaints.extend(missing);
            return Paths::Skipped;
        }
        _ => complaints.extend(missing),
    }
    Paths::Those(Source::Files(found))
}

/// Whether a jail whose backend is to be chosen has no file at present and says itself what it would read of the journal.
fn reads_journal_instead(jail: &Jail, ask: &Ask) -> bool {
    let settings = &jail.settings;
    settings.backend.starts_with("auto")
        && settings.systemd_if_nologs.unwrap_or(ask.journal_without_logs)
        // What its filter says of the journal does not count.
        && jail.options.contains_key("journalmatch")
        && settings.logpath.iter().all(|path| path.files().is_empty())
}

fn command(words: &[&str]) -> Value {
    Value::List(words.iter().map(|&word| Value::text(word)).collect())
}
