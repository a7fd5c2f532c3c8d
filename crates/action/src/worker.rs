//! One jail's thread: what happens to the jail, told to its actions one after another. It waits for commands; nobody waits for it.

mod again;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dropin::{ActionModel, Counts, JailModel};
use event::limit::FAIL2BAN_ACTION_TICKETS;
use event::{Moment, Subject};

use crate::action::{Action, Scene};
use crate::captures::Captures;
use crate::fault::Fault;
use crate::health::Record;
use crate::info::{BanInfo, Info, JailNumbers};
use crate::past::Past;
use crate::queue::{Queue, Task};
use crate::run::Runner;
use crate::ticket::Ticket;

/// What all jails share.
pub struct Shared {
    /// Runs commands.
    pub runner: Arc<Runner>,
    /// What was before.
    pub past: Mutex<Past>,
    /// What a jail has counted.
    pub counts: Box<dyn Fn(&str) -> Counts + Send + Sync>,
    /// The host's name.
    pub host_name: String,
}

/// One jail's actions and bans.
pub struct Worker {
    shared: Arc<Shared>,
    jail: String,
    ban_time: i64,
    actions: Vec<Action>,
    is_awake: bool,
    tickets: HashMap<Subject, Ticket>,
    /// Bans beyond the bound, of whom nothing is kept.
    unkept: u64,
    epoch: Cell<u64>,
    /// When it was looked last whether what the actions set up is there.
    checked: Option<Moment>,
    captures: RefCell<Captures>,
    records: Arc<Mutex<Vec<Record>>>,
}

impl Worker {
    /// Of a jail; `records` is where its actions' health can be read.
    pub fn new(shared: Arc<Shared>, jail: &str, records: Arc<Mutex<Vec<Record>>>) -> Self {
        Self {
            shared,
            jail: jail.to_owned(),
            ban_time: 0,
            actions: Vec::new(),
            is_awake: false,
            tickets: HashMap::new(),
            unkept: 0,
            epoch: Cell::new(0),
            checked: None,
            captures: RefCell::default(),
            records,
        }
    }

    /// Does what comes until the end comes.
    pub fn work(mut self, queue: &Queue) {
        loop {
            match queue.next() {
                Task::Ban(ticket) => self.ban(*ticket),
                Task::Again(subject, at) => self.again(&subject, at),
                Task::Unban(subject, at) => self.unban(&subject, at),
                Task::Tell(jail) => self.tell(&jail),
                Task::Wake => self.wake(),
                Task::Rest => self.rest(),
                Task::Call(call) => {
                    // Whoever asked may have gone.
                    let _ = call.answer.try_send(self.call(&call.action, &call.method, &call.arguments));
                }
                Task::End => {
                    self.rest();
                    return;
                }
            }
        }
    }

    fn ban(&mut self, mut ticket: Ticket) {
        if !self.is_awake {
            return;
        }
        if let Some(held) = self.tickets.get_mut(&ticket.subject) {
            held.until = ticket.until;
            let held = held.clone();
            self.prolong(&held);
            return;
        }
        self.for_each(None, Some(&ticket), "ban", again::ban);
        ticket.epoch = self.epoch.get();
        if self.tickets.len() < FAIL2BAN_ACTION_TICKETS {
            self.tickets.insert(ticket.subject, ticket);
        } else {
            self.unkept += 1;
        }
    }

    /// A ban that stands is prolonged; what was mended since it was made has it anew.
    fn prolong(&mut self, ticket: &Ticket) {
        if ticket.epoch < self.epoch.get() {
            self.reban(ticket);
        }
        self.for_each(None, Some(ticket), "prolong", |action, family, scene, restored| {
            let is_asked = action.prolongs() && !(restored && action.skips_restored());
            if is_asked { action.prolong(family, scene) } else { Ok(()) }
        });
    }

    fn unban(&mut self, subject: &Subject, at: Moment) {
        let held = self.tickets.remove(subject);
        if held.is_none() && self.unkept == 0 {
            return;
        }
        let ticket = held.unwrap_or_else(|| Ticket::bare(*subject, at));
        self.unban_by(None, &ticket);
    }

    fn unban_by(&mut self, which: Option<&[String]>, ticket: &Ticket) {
        self.for_each(which, Some(ticket), "unban", |action, family, scene, _| action.unban(family, scene));
    }

    fn wake(&mut self) {
        if !std::mem::replace(&mut self.is_awake, true) {
            self.for_each(None, None, "start", |action, _, scene, _| action.start(scene));
        }
    }

    fn rest(&mut self) {
        if !std::mem::take(&mut self.is_awake) {
            return;
        }
        let all: Vec<String> = self.actions.iter().map(|action| action.name.clone()).collect();
        self.let_all_in(&all);
        self.tickets.clear();
        self.unkept = 0;
        self.end(&all);
    }

    /// Lets everybody in, by the actions named alone: at once where they can, else one by one.
    fn let_all_in(&mut self, names: &[String]) {
        let mut one_by_one = Vec::new();
        for name in names {
            let mut is_done = false;
            self.for_each(Some(std::slice::from_ref(name)), None, "flush", |action, _, scene, _| {
                if !action.flushes() {
                    return Ok(());
                }
                // One that cannot flush is not asked for each either, as with fail2ban.
                is_done = true;
                action.flush(scene).inspect_err(|_| {
                    action.check(false, scene);
                })
            });
            if !is_done {
                one_by_one.push(name.clone());
            }
        }
        if one_by_one.is_empty() {
            return;
        }
        let mut tickets: Vec<Ticket> = self.tickets.values().cloned().collect();
        tickets.sort_by_key(|ticket| (ticket.since, ticket.subject));
        for (done, ticket) in tickets.iter().enumerate() {
            if self.shared.runner.is_stopped() {
                let left = tickets.len() - done;
                tracing::warn!(
                    "jail {}: its actions had no time to let {left} addresses in again",
                    self.jail
                );
                return;
            }
            self.unban_by(Some(&one_by_one), ticket);
        }
    }

    /// Ends the actions named, the last first.
    fn end(&mut self, names: &[String]) {
        for name in names.iter().rev() {
            self.for_each(Some(std::slice::from_ref(name)), None, "stop", |action, _, scene, _| {
                action.stop(scene)
            });
        }
    }

    /// The jail's actions are these from now on.
    fn tell(&mut self, jail: &JailModel) {
        let models = &jail.actions;
        self.ban_time = jail.ban_time;
        self.captures.borrow_mut().tell(jail);
        let is_named = |name: &String| models.iter().any(|model| model.name == *name);
        let names = self.actions.iter().map(|action| action.name.clone());
        let gone: Vec<String> = names.filter(|name| !is_named(name)).collect();
        if self.is_awake && !gone.is_empty() {
            self.let_all_in(&gone);
            self.end(&gone);
        }
        let mut held: Vec<Action> = std::mem::take(&mut self.actions);
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for model in models {
            match held.iter().position(|action| action.name == model.name) {
                Some(at) => {
                    let mut action = held.remove(at);
                    if action.model != *model {
                        action.tell(model, &self.shared.host_name);
                        changed.push(model.name.clone());
                    }
                    self.actions.push(action);
                }
                None => {
                    let (host, runner) = (&self.shared.host_name, Arc::clone(&self.shared.runner));
                    self.actions.push(Action::new(&self.jail, model, host, runner));
                    // One that a client adds comes without commands, which it is told one after another. As with fail2ban, it begins where
                    // it is needed, with the next ban.
                    if *model != ActionModel::new(&model.name, None) {
                        new.push(model.name.clone());
                    }
                }
            }
        }
        *self.records.lock().unwrap_or_else(PoisonError::into_inner) =
            self.actions.iter().map(|action| action.health.clone()).collect();
        if self.is_awake {
            self.for_each(Some(&changed), None, "reload", |action, _, scene, _| action.reload(scene));
            self.for_each(Some(&new), None, "start", |action, _, scene, _| action.start(scene));
            self.tell_standing(&new);
        }
    }

    /// Does something with each action, or with those named. What one cannot do keeps no other from doing it.
    fn for_each(
        &mut self,
        which: Option<&[String]>,
        ticket: Option<&Ticket>,
        what: &str,
        mut work: impl FnMut(&mut Action, &str, &Scene<'_>, bool) -> Result<(), Fault>,
    ) {
        let mut actions = std::mem::take(&mut self.actions);
        for action in actions.iter_mut().filter(|one| which.is_none_or(|names| names.contains(&one.name))) {
            let family = ticket.map_or("", Ticket::family);
            let is_restored = ticket.is_some_and(|ticket| ticket.is_restored);
            let tells_address = action.keeps_nothing();
            let told = self.told(ticket, tells_address, |scene| work(action, family, scene, is_restored));
            // That everything ends is said once, for all.
            if let Err(fault) = told
                && !matches!(fault, Fault::Stopping)
            {
                self.say(action, what, ticket, &fault);
            }
        }
        self.actions = actions;
    }

    fn say(&self, action: &Action, what: &str, ticket: Option<&Ticket>, fault: &Fault) {
        let of = ticket.map(|ticket| format!(" of {}", ticket.subject)).unwrap_or_default();
        let output = action.health.lock().last_output.clone();
        let printed = if matches!(fault, Fault::Ended(_)) && !output.is_empty() {
            // What it printed may be a log's text, so it is shown as one line.
            format!("; it printed {:?}", output.trim_end())
        } else {
            String::new()
        };
        tracing::warn!("jail {}: action {}: {what}{of} failed: {fault}{printed}", self.jail, action.name);
    }

    /// The tags, as they are for a ban or for the jail alone.
    pub(crate) fn told<T>(
        &self,
        ticket: Option<&Ticket>,
        tells_address: bool,
        work: impl FnOnce(&Scene<'_>) -> T,
    ) -> T {
        self.with_scene(&self.info(ticket, "", tells_address, &|| self.numbers()), work)
    }

    /// The same, with tags that somebody else tells.
    pub(crate) fn with_scene<T>(&self, ban: &dyn Info, work: impl FnOnce(&Scene<'_>) -> T) -> T {
        let bare = |family: &str, tag: &str| self.info(None, family, false, &|| self.numbers()).get(tag);
        work(&Scene { ban, bare: &bare, epoch: &self.epoch })
    }

    fn info<'a>(
        &'a self,
        ticket: Option<&'a Ticket>,
        family: &'a str,
        tells_address: bool,
        numbers: &'a dyn Fn() -> JailNumbers,
    ) -> BanInfo<'a> {
        BanInfo {
            ticket,
            family,
            now: self.shared.runner.now(),
            jail: &self.jail,
            ban_time: self.ban_time,
            tells_address,
            past: &self.shared.past,
            captures: &self.captures,
            numbers,
        }
    }

    fn numbers(&self) -> JailNumbers {
        let counts = (self.shared.counts)(&self.jail);
        JailNumbers {
            banned: self.tickets.len() as u64 + self.unkept,
            banned_total: counts.banned_total,
            found: counts.failed,
            found_total: counts.failed_total,
        }
    }

    /// An action by its name, for the length of some work with it.
    pub(crate) fn with_action<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(&Self, &mut Action) -> T,
    ) -> Option<T> {
        let at = self.actions.iter().position(|action| action.name == name)?;
        let mut action = self.actions.remove(at);
        let done = work(self, &mut action);
        self.actions.insert(at, action);
        Some(done)
    }

    /// The jail's name.
    pub(crate) fn jail_name(&self) -> &str {
        &self.jail
    }

    /// What stands there was mended, or is to be taken for it.
    pub(crate) fn count_epoch(&self) -> u64 {
        self.epoch.set(self.epoch.get() + 1);
        self.epoch.get()
    }
}
