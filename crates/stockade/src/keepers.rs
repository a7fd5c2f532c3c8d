//! What is kept of fail2ban's jails for others: its other actions, `ignorecommand`, its database, its log. They are told what happens when it is recorded; none
//! of them keeps the engine waiting, and Stockade's own store stays the truth.

mod newcomers;
mod database;
mod sifted;

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};

use action::{Actions, IgnoreCommands};
use control::answer::ActionHealth;
use dropin::{Counts, Happening, LogTarget, Model, Wrong};
use event::Subject;
use fail2ban::{Remark, Topic, Value};
use jiff::tz::TimeZone;
use mirror::{Database, LegacyBan, Log, MirrorError, Offset, Seal};

use crate::chronicle::Audience;
use crate::clock;
use crate::foreign::{is_firewall, name_of};
use crate::ignoring::Asker;
use crate::message::{Message, visit};
use crate::obey::as_counted;

pub use database::{legacy, seal, take_seal};
pub use sifted::Sifted;

/// Actions and commands, database and log.
pub struct Keepers {
    actions: Actions,
    ignore_commands: IgnoreCommands,
    database: Database,
    log: Mutex<Option<Log>>,
    /// How much the log is told, also one that cannot be written yet.
    log_level: Mutex<String>,
}

impl Keepers {
    /// Starts them as fail2ban's configuration asks, with no jails yet. What cannot be had is told, and done without.
    pub fn start(
        model: &Model,
        seal: Seal,
        engine: &SyncSender<Message>,
    ) -> Result<(Arc<Self>, Vec<Remark>), String> {
        let mut remarks = Vec::new();
        let server = model.server();
        let counter = engine.clone();
        let counts = move |jail: &str| counts(&counter, jail);
        let actions = Actions::start(clock::now, counts)
            .map_err(|cause| format!("fail2ban's actions cannot be run: {cause}"))?;
        let ignore_commands = ignore_commands(&actions, engine)
            .map_err(|cause| format!("fail2ban's ignorecommand cannot be run: {cause}"))?;
        let path = server.database.as_ref().and_then(|database| database::file(&database.path));
        let database = database::open(path.as_deref(), seal, engine, &mut remarks)?;
        if let Some(told) = &server.database {
            database.set_bounds(told.max_matches, seconds(&told.purge_age));
        }
        actions.set_history(database::history(&database));
        let target = LogTarget {
            name: server.log_target.clone(),
            options: server.log_options.clone(),
            syslog_socket: server.syslog_socket.clone(),
        };
        let log = Log::start(&target, &server.log_level, clock::now, TimeZone::system())
            .map_err(|wrong| {
                let text = format!("fail2ban's log is not written: {wrong}");
                remarks.push(Remark::new(Topic::server("logtarget"), text));
            })
            .ok();
        let log_level = Mutex::new(server.log_level.clone());
        let keepers = Self { actions, ignore_commands, database, log: Mutex::new(log), log_level };
        Ok((Arc::new(keepers), remarks))
    }

    /// The jails are these now; says what of their commands cannot be run.
    pub fn set_jails(&self, model: &Model) -> Vec<Remark> {
        let mut remarks = self.actions.set_jails(model.jails(), is_firewall);
        remarks.extend(self.ignore_commands.set_jails(model.jails()).into_iter().map(|(jail, why)| {
            Remark::new(Topic::jail(&jail, "ignorecommand"), format!("ignorecommand ignores nobody: {why}"))
        }));
        remarks
    }

    /// Who is told what happens.
    pub fn audience(self: &Arc<Self>) -> Audience {
        let keepers = Arc::clone(self);
        Arc::new(move |happenings| happenings.iter().for_each(|one| keepers.tell(one)))
    }

    /// Who asks the jails' `ignorecommand`.
    pub fn asker(self: &Arc<Self>) -> Asker {
        let keepers = Arc::clone(self);
        Arc::new(move |held| keepers.ignore_commands.ask(held))
    }

    fn tell(&self, happening: &Happening) {
        self.with_log(|log| log.tell(happening));
        self.database.tell(happening);
        self.actions.tell(happening);
    }

    /// Writes the log elsewhere. Whether it can go there.
    pub fn set_log_target(&self, target: &LogTarget) -> bool {
        let level = self.log_level.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let done = match &*log {
            Some(log) => log.set_target(target),
            None => Log::start(target, &level, clock::now, TimeZone::system()).map(|made| *log = Some(made)),
        };
        done.inspect_err(|wrong| tracing::warn!("fail2ban's log stays where it is: {wrong}")).is_ok()
    }

    /// Writes more or less into the log.
    pub fn set_log_level(&self, level: &str) {
        level.clone_into(&mut self.log_level.lock().unwrap_or_else(PoisonError::into_inner));
        self.with_log(|log| {
            let _ = log.set_level(level).inspect_err(|wrong| tracing::warn!("{wrong}"));
        });
    }

    /// Opens the log anew.
    pub fn flush_logs(&self) {
        self.with_log(Log::flush);
    }

    /// Keeps the database elsewhere.
    pub fn set_database(&self, path: Option<&str>) -> Result<(), MirrorError> {
        self.database.set_path(path.and_then(database::file).as_deref())
    }

    /// How much the database keeps, and for how long it is counted how often somebody was banned.
    pub fn set_database_bounds(&self, engine: &SyncSender<Message>, lines: i64, age: &Value) {
        set_bounds(&self.database, engine, lines, age);
    }

    /// Calls a method of an action.
    pub fn call(&self, jail: &str, action: &str, method: &str, arguments: &str) -> Result<Value, Wrong> {
        self.actions.call(jail, action, method, arguments)
    }

    /// How the actions and commands do.
    pub fn health(&self) -> Vec<ActionHealth> {
        let health =
            self.actions.health().into_iter().chain(self.ignore_commands.health()).map(|one| ActionHealth {
                jail: one.jail,
                action: one.action,
                runs: one.runs,
                failures: one.failures,
                last_error: one.last_error,
                last_output: one.last_output,
                waiting: one.waiting as u64,
                missed: one.missed,
            });
        health.collect()
    }

    /// What is outdated leaves the database. What fail2ban held of a single IPv6 address goes on as a ban of its /64, which has a row of its
    /// own: the old one would outlive it.
    pub fn tidy(&self, sifted: &Sifted) {
        for row in &sifted.outdated {
            self.database.forget(&row.jail, &row.ip);
        }
        for row in &sifted.legacy.bans {
            if let Some(network) = network_of(row) {
                self.database.rename(row, &network);
            }
        }
    }

    /// What it knows of somebody who is banned no more leaves the database too.
    pub fn let_off(&self, jail: &str, subject: &Subject) {
        for subject in [*subject, as_counted(subject)] {
            self.database.forget(jail, &subject.to_string());
        }
    }

    /// Up to where a log is read.
    pub fn tell_offset(&self, offset: Offset) {
        self.database.tell_offset(offset);
    }

    /// Writes database and log to the end, and ends the actions, as fail2ban does.
    pub fn stop(&self) {
        if !self.database.close() {
            tracing::warn!(
                "fail2ban's database could not be written to the end in time; its next start makes that good"
            );
        }
        self.ignore_commands.stop();
        self.actions.stop();
        // What is dropped is written to the end.
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn with_log(&self, order: impl FnOnce(&Log)) {
        if let Some(log) = &*self.log.lock().unwrap_or_else(PoisonError::into_inner) {
            order(log);
        }
    }
}

/// What they say goes to the engine.
fn ignore_commands(actions: &Actions, engine: &SyncSender<Message>) -> std::io::Result<IgnoreCommands> {
    let engine = engine.clone();
    let answer = move |held, said| {
        // Nobody waits for it, and an engine that is gone counts nothing any more.
        let _ = visit(&engine, move |engine| engine.hear_said(held, said));
    };
    IgnoreCommands::start(clock::now, actions, Box::new(answer))
}

/// The network that a single address stands for.
fn network_of(row: &LegacyBan) -> Option<Subject> {
    let single: Subject = row.ip.parse().ok()?;
    Some(as_counted(&single)).filter(|network| *network != single)
}

fn counts(engine: &SyncSender<Message>, jail: &str) -> Counts {
    let name = name_of(jail);
    let asked = visit(engine, move |engine| engine.status(Some(name.as_str())).jails.pop());
    let found = asked.and_then(|answer| answer.recv().ok()).flatten();
    found.map_or_else(Counts::default, |one| Counts {
        failed: one.counted,
        failed_total: one.failures,
        banned_total: one.bans,
    })
}

/// `dbpurgeage`: for how many seconds a ban that is over makes the next one longer.
pub fn remembers_for(model: &Model) -> Option<i64> {
    model.server().database.as_ref().map(|told| seconds(&told.purge_age))
}

fn set_bounds(database: &Database, engine: &SyncSender<Message>, lines: i64, age: &Value) {
    let age = seconds(age);
    database.set_bounds(lines, age);
    // An engine that is gone counts nothing any more.
    let _ = visit(engine, move |engine| engine.chronicle.remembers_for = age);
}

fn seconds(value: &Value) -> i64 {
    match value {
        Value::Int(seconds) => *seconds,
        Value::Float(seconds) => *seconds as i64,
        _ => 86_400,
    }
}
