//! One jail's `ignorecommand`: what is run for a failure, what is known already, how it did.

use std::cell::RefCell;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dropin::JailModel;
use event::{Failure, Moment, Subject};

use super::Held;
use super::cache::Cache;
use super::waiting::Question;
use crate::captures::Captures;
use crate::fault::Fault;
use crate::health::{ActionHealth, Record};
use crate::info::{BanInfo, Info, JailNumbers, Told};
use crate::script::Script;
use crate::tag;
use crate::ticket::Ticket;
use crate::worker::Shared;

/// A jail's command.
pub struct Rule {
    jail: JailModel,
    command: String,
    cache: Option<Mutex<Cache>>,
    captures: Mutex<RefCell<Captures>>,
    record: Record,
}

/// What is to be done for a failure.
pub enum Asked {
    /// The answer is kept.
    Known(bool),
    /// The command has to say.
    Run {
        /// What it answers.
        question: Question,
        /// With everything put in.
        script: Script,
    },
    /// The command may not be run like this.
    Unable(String),
}

impl Rule {
    /// Of a jail, if it has a command.
    pub fn new(jail: &JailModel) -> Option<Self> {
        let command = jail.ignore_command.as_text().filter(|command| !command.trim().is_empty())?;
        let mut captures = Captures::default();
        captures.tell(jail);
        Some(Self {
            command: command.to_owned(),
            cache: jail.ignore_cache.as_ref().map(|told| Mutex::new(Cache::new(told))),
            captures: Mutex::new(RefCell::new(captures)),
            record: Record::new(&jail.name, "ignorecommand"),
            jail: jail.clone(),
        })
    }

    /// The jail's name.
    pub fn jail(&self) -> &str {
        &self.jail.name
    }

    /// Whether the jail is as it was, as far as its command can see.
    pub fn is_for(&self, jail: &JailModel) -> bool {
        self.jail == *jail
    }

    /// Why the command cannot be run at all, if it cannot.
    pub fn refused(&self, shared: &Shared) -> Option<String> {
        let held = Held { jail: self.jail.name.clone(), failure: anybody(), observed: Moment::default() };
        // Nobody is asked for numbers: whoever knows them may wait for us.
        let tried = self.with_info(&held, shared, &JailNumbers::default, |info| self.script(info));
        tried.err().map(|fault| fault.to_string())
    }

    /// What is to be done for a failure.
    pub fn asked(&self, held: &Held, shared: &Shared) -> Asked {
        let numbers = || {
            let counts = (shared.counts)(&self.jail.name);
            let (banned_total, found, found_total) =
                (counts.banned_total, counts.failed, counts.failed_total);
            JailNumbers { banned: 0, banned_total, found, found_total }
        };
        self.with_info(held, shared, &numbers, |info| {
            let key = self.jail.ignore_cache.as_ref().map(|told| filled(&told.key, info));
            let kept = |(cache, key): (&Mutex<Cache>, &Question)| lock(cache).get(key, shared.runner.now());
            if let Some(answer) = self.cache.as_ref().zip(key.as_ref()).and_then(kept) {
                return Asked::Known(answer);
            }
            match self.script(info) {
                Ok(script) => Asked::Run { question: key.unwrap_or_else(|| whole(&script)), script },
                Err(fault) => Asked::Unable(fault.to_string()),
            }
        })
    }

    /// Keeps an answer, if answers are kept.
    pub fn remember(&self, question: &str, answer: bool, now: Moment) {
        if let Some(cache) = &self.cache {
            lock(cache).put(question, answer, now);
        }
    }

    /// The command ended, and printed this.
    pub fn ran(&self, output: &str) {
        let mut health = self.record.lock();
        health.runs += 1;
        output.clone_into(&mut health.last_output);
    }

    /// The command did not do what it should: said as it doubles, so that a flood is not answered with a flood of lines.
    pub fn failed(&self, what: &str) {
        self.record.failed(what.to_owned());
        if self.record.lock().failures.is_power_of_two() {
            tracing::warn!("jail {}: ignorecommand: {what}; nobody is ignored by it", self.jail.name);
        }
    }

    /// A failure found too much waiting.
    pub fn missed(&self) {
        let mut health = self.record.lock();
        health.missed += 1;
        if health.missed.is_power_of_two() {
            tracing::warn!(
                "jail {}: too many failures wait for ignorecommand; the {}. counts without being asked about",
                self.jail.name,
                health.missed
            );
        }
    }

    /// How it does.
    pub fn health(&self, waiting: usize) -> ActionHealth {
        ActionHealth { waiting, ..self.record.lock().clone() }
    }

    fn script(&self, info: &dyn Info) -> Result<Script, Fault> {
        Script::new(&self.command, info, |_| None)
    }

    /// The tags of a failure.
    fn with_info<T>(
        &self,
        held: &Held,
        shared: &Shared,
        numbers: &dyn Fn() -> JailNumbers,
        work: impl FnOnce(&dyn Info) -> T,
    ) -> T {
        let ticket = self.ticket(&held.failure);
        let captures = lock(&self.captures);
        work(&BanInfo {
            ticket: Some(&ticket),
            family: "",
            now: ticket.since,
            jail: &self.jail.name,
            ban_time: self.jail.ban_time,
            tells_address: true,
            past: &shared.past,
            captures: &captures,
            numbers,
        })
    }

    fn ticket(&self, failure: &Failure) -> Ticket {
        let span = u64::try_from(self.jail.ban_time).map(Duration::from_secs);
        Ticket {
            address: failure.address,
            until: span.map_or(Moment::NEVER, |span| failure.at.after(span)),
            failures: failure.count,
            lines: vec![failure.line.to_string()],
            account: failure.account.clone(),
            ..Ticket::bare(failure.subject, failure.at)
        }
    }
}

/// A text of ours with its tags filled; it is compared only, and never run.
fn filled(text: &str, info: &dyn Info) -> String {
    let mut made = String::new();
    let mut at = 0;
    while let Some((start, end)) = tag::next(text, at) {
        made.push_str(&text[at..start]);
        match info.get(tag::name(text, (start, end))) {
            Some(Told::Plain(value) | Told::Foreign(value)) => made.push_str(&value),
            None => made.push_str(&text[start..end]),
        }
        at = end;
    }
    made.push_str(&text[at..]);
    made
}

/// Two that are the same are one command.
fn whole(script: &Script) -> Question {
    let mut whole = script.text.clone();
    for (name, value) in &script.variables {
        whole.push('\0');
        whole.push_str(name);
        whole.push('\0');
        whole.push_str(value);
    }
    whole
}

/// A failure to try a command's text with.
fn anybody() -> Failure {
    let address = [192, 0, 2, 1].into();
    Failure {
        jail: event::JailName::new("trial"),
        subject: Subject::exactly(address),
        address: Some(address),
        at: Moment::default(),
        account: None,
        count: 1,
        proof: event::Proof::Proven,
        echo: 0,
        pattern: "trial".into(),
        line: "".into(),
    }
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
