//! The engine: the single owner of all state. It takes one message after the other; whatever a turn has changed is
//! recorded in one transaction, and only then told to the kernel and to whoever asked.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use counter::{Counter, Observation};
use decision::{Command, Decided, Decider, Outcome};
use enforcement::{Change, Element};
use event::{Ban, Decision, Failure, JailName, Moment, Offence, Origin, Scope, Success};
use source::{FileSpec, JournalSpec};
use store::{Batch, Store};

use crate::clock;
use crate::enforcer::Enforcer;
use crate::ledger::Ledger;
use crate::message::{End, Enforced, Finding, Findings, Message, Reply};
use crate::plan::{Plan, ban_time};
use crate::reader::Reader;
use crate::record;

/// How often time passes for the engine when nothing else happens: bans end, old records are deleted.
const TICK: Duration = Duration::from_secs(1);
/// With changes that the full queue did not take, it looks again this soon.
const BACKLOG_TICK: Duration = Duration::from_millis(5);
/// Messages that one turn takes together, so that a burst costs one transaction and not thousands.
const MESSAGES_PER_TURN: usize = 64;
/// A failure this long after its ban was read by the service before the kernel acted; a later one means the ban fails.
const GRACE: Duration = Duration::from_secs(10);
/// How often what is past its bounds is deleted, unless there is more of it than one step deletes.
const PRUNE_EVERY: Duration = Duration::from_secs(60);
/// Windows that a tick looks at for what has grown old.
const SWEPT_PER_TICK: usize = 20_000;

/// Everything that changes.
pub struct Engine {
    pub(crate) plan: Plan,
    pub(crate) counter: Counter,
    pub(crate) decider: Decider,
    pub(crate) store: Box<dyn Store>,
    pub(crate) ledger: Ledger,
    pub(crate) health: Health,
    /// A few settings hold from the start to the end, whatever is read again.
    pub(crate) started_with: config::Settings,
    enforcer: Enforcer,
    files: Reader<FileSpec>,
    journal: Reader<JournalSpec>,
    /// What the turn has to record.
    pub(crate) batch: Batch,
    /// What the turn has to tell the kernel.
    pub(crate) changes: Vec<Change>,
    /// What is said when the turn has been recorded.
    replies: Vec<(Sender<Reply>, Reply)>,
    next_tick: Moment,
    next_prune: Moment,
    next_reconcile: Moment,
    reconcile: Option<Foreign>,
}

/// Whether a comparison is due because somebody else changed the kernel.
type Foreign = bool;

/// How things stand outside.
#[derive(Debug, Default)]
pub(crate) struct Health {
    pub(crate) started: Moment,
    pub(crate) mode: &'static str,
    pub(crate) mode_reason: Option<String>,
    pub(crate) mended: u64,
    pub(crate) reconciled: Option<Moment>,
    pub(crate) enforcement_error: Option<String>,
    pub(crate) store_error: Option<String>,
    pub(crate) reload_error: Option<String>,
    pub(crate) notes: Vec<String>,
}

/// The parts that an engine is put together from.
pub(crate) struct Parts {
    pub(crate) plan: Plan,
    pub(crate) store: Box<dyn Store>,
    pub(crate) health: Health,
    pub(crate) enforcer: Enforcer,
    pub(crate) files: Reader<FileSpec>,
    pub(crate) journal: Reader<JournalSpec>,
}

impl Engine {
    /// Puts the parts together. State is still empty: see `restore`.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { plan, store, health, enforcer, files, journal } = parts;
        let mut engine = Self {
            counter: Counter::new(counter::Bound::default()),
            decider: Decider::new(plan.decision_settings(), decision::Bounds::default()),
            started_with: plan.settings.clone(),
            plan,
            store,
            ledger: Ledger::default(),
            health,
            enforcer,
            files,
            journal,
            batch: Batch::default(),
            changes: Vec::new(),
            replies: Vec::new(),
            next_tick: Moment::default(),
            next_prune: Moment::default(),
            next_reconcile: Moment::default(),
            reconcile: None,
        };
        engine.take_limits();
        engine
    }

    /// Takes messages until one says stop; says why it stopped.
    pub(crate) fn run(mut self, inbox: &Receiver<Message>) -> End {
        loop {
            let patience = if self.changes.is_empty() { TICK } else { BACKLOG_TICK };
            let stop = match inbox.recv_timeout(patience) {
                Ok(message) => self.turn(message, inbox),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => {
                    Some(End::Broken("nothing is left that could tell it anything".to_owned()))
                }
            };
            self.pass_time(clock::now());
            self.settle();
            if let Some(end) = stop {
                self.enforcer.finish();
                return end;
            }
        }
    }

    /// One message, and those that wait behind it.
    fn turn(&mut self, first: Message, inbox: &Receiver<Message>) -> Option<End> {
        let mut next = Some(first);
        for _ in 0..MESSAGES_PER_TURN {
            let message = next?;
            if let Some(end) = self.handle(message) {
                return Some(end);
            }
            next = inbox.try_recv().ok();
        }
        next.and_then(|message| self.handle(message))
    }

    pub(crate) fn handle(&mut self, message: Message) -> Option<End> {
        match message {
            Message::Found(findings) => self.take(findings),
            Message::Asked { request, peer, reply } => {
                let (answer, stop) = self.obey(request, &peer);
                self.replies.push((reply, answer));
                return stop;
            }
            Message::Enforced(outcome) => self.hear(outcome),
            Message::Reloaded { plan, cause } => self.reload(*plan, &cause),
            Message::ReloadFailed { complaints, cause } => {
                complaints.iter().for_each(|complaint| tracing::error!("{complaint}"));
                let error =
                    format!("the settings are wrong ({cause}), the old ones stay: {}", complaints.join("; "));
                self.health.reload_error = Some(error);
            }
            Message::Stop(end) => return Some(end),
        }
        None
    }

    /// Counts what a reader found.
    fn take(&mut self, findings: Findings) {
        let now = clock::now();
        // Old lines are judged by their own time: what happened while we were away is an offence all the same.
        let observed = |at: Moment| if findings.origin == Origin::CatchUp { at } else { now };
        for found in findings.found {
            match found {
                Finding::Failure(failure) => self.observe(failure, observed, now),
                Finding::Success(success) => self.succeed(&success),
            }
        }
        self.batch.positions.extend(findings.positions);
    }

    fn observe(&mut self, failure: Failure, observed: impl Fn(Moment) -> Moment, now: Moment) {
        self.ledger.failed(&failure.jail, failure.count, failure.at);
        if let Some(ban) = self.banning(&failure) {
            if now.since(ban.since) > GRACE && failure.at > ban.since.after(GRACE) {
                self.ledger.still_fails(failure.subject, &ban.jail, failure.at);
            }
            return;
        }
        let observation = self.counter.observe(&failure, &self.plan.whitelist, observed(failure.at));
        match observation {
            Observation::Counted { .. } => self.batch.failures.push(failure),
            Observation::Offence(offence) => {
                self.batch.failures.push(failure);
                self.judge(&offence, now);
            }
            Observation::Whitelisted { .. } | Observation::TooOld | Observation::UnknownJail => {}
        }
    }

    /// The ban that should have kept this failure from happening. A short one on claimed evidence does not keep proven
    /// failures from counting.
    fn banning(&self, failure: &Failure) -> Option<Ban> {
        let concerned = |ban: &Ban| ban.scope == Scope::AllPorts || ban.jail == failure.jail;
        let bans = self.decider.bans_of(&failure.subject);
        bans.into_iter().find(|ban| concerned(ban) && ban.proof >= failure.proof)
    }

    fn succeed(&mut self, success: &Success) {
        self.decider.remember_success(success);
        if self.counter.succeeded(success) > 0 {
            self.batch.cleared.push(success.clone());
        }
    }

    fn judge(&mut self, offence: &Offence, now: Moment) {
        let before = self.decider.bans_of(&offence.subject).into_iter().find(|ban| ban.jail == offence.jail);
        match self.decider.judge(offence, &self.plan.whitelist, now) {
            Outcome::Decided(decided) => self.carry_out(decided, before.as_ref()),
            Outcome::AlreadyBanned { .. } | Outcome::Replayed | Outcome::Over { .. } => {}
        }
    }

    /// Notes a decision for the store and the kernel. `before` is the subject's earlier ban in the same jail.
    pub(crate) fn carry_out(&mut self, decided: Decided, before: Option<&Ban>) {
        match &decided.decision {
            Decision::Ban(ban) => {
                tracing::info!(jail = %ban.jail, until = ?control::time::rfc3339_until(ban.until), "ban {}: {}", ban.subject, ban.reason);
                self.ledger.banned(&ban.jail);
                if let Some(before) = before.filter(|before| before.scope != ban.scope) {
                    self.changes.push(remove(before));
                }
                self.changes.push(Change::Add(element(ban)));
            }
            Decision::Unban(unban) => {
                tracing::info!(jail = %unban.jail, "unban {} by {}", unban.subject, unban.actor);
                self.counter.forget(&unban.subject);
                for scope in [Scope::Jail, Scope::AllPorts] {
                    let (jail, subject) = (unban.jail.clone(), unban.subject);
                    self.changes.push(Change::Remove { jail, scope, subject });
                }
            }
            Decision::Refused(refusal) => {
                tracing::warn!(jail = %refusal.jail, "{} is not banned: {}", refusal.subject, refusal.reason);
                self.ledger.refused(refusal);
            }
        }
        self.batch.memory.extend(decided.memory.map(record::memory_change));
        self.batch.decisions.push(decided.decision);
    }

    pub(crate) fn hear(&mut self, outcome: Enforced) {
        match outcome {
            Enforced::Applied => self.health.enforcement_error = None,
            Enforced::Reconciled { changed, foreign } => {
                self.health.enforcement_error = None;
                self.health.reconciled = Some(clock::now());
                if changed && foreign {
                    self.health.mended += 1;
                    tracing::warn!("another program changed the table 'inet stockade'; it is mended");
                }
            }
            Enforced::Disturbed => self.reconcile = Some(true),
            Enforced::Failed { error } => {
                tracing::error!("enforcement: {error}");
                self.health.enforcement_error = Some(error);
                // The next tick compares everything again, so that nothing that failed is lost.
                self.next_reconcile = clock::now().after(TICK);
            }
        }
    }

    fn reload(&mut self, plan: Plan, cause: &str) {
        tracing::info!("new settings ({cause})");
        plan.notes.iter().for_each(|note| tracing::info!("{note}"));
        let gone: Vec<_> = self.plan.jails.iter().map(|jail| jail.name.clone()).collect();
        self.plan = plan;
        for name in gone.iter().filter(|name| self.plan.jails.iter().all(|jail| jail.name != **name)) {
            self.counter.remove_jail(name);
            self.decider.remove_jail(name);
        }
        self.health.reload_error = None;
        self.take_limits();
        self.files.watch(self.plan.files());
        self.journal.watch(self.plan.journal());
        self.lift_outdated();
    }

    /// Tells counter and decision what the plan says.
    fn take_limits(&mut self) {
        self.decider.set_settings(self.plan.decision_settings());
        for jail in &self.plan.jails {
            let limits =
                counter::Limits { max_retry: jail.limits.max_retry, find_time: jail.limits.find_time };
            if let Err(wrong) = self.counter.set_limits(&jail.name, limits) {
                tracing::error!("{wrong}");
            }
            self.decider.set_jail(&jail.name, ban_time(jail.limits.ban_time));
        }
    }

    /// Interfaces come and go; their addresses are protected while they are there.
    fn refresh_whitelist(&mut self) {
        let whitelist = self.plan.whitelist_now();
        if whitelist != self.plan.whitelist {
            tracing::info!("the host's addresses have changed");
            self.plan.whitelist = whitelist;
            self.lift_outdated();
        }
    }

    /// Whoever is on the whitelist now is let in, and so is whoever was banned by a jail that is off now: without its
    /// ports there is nothing that the kernel could close, and a ban that does not hold may not be shown.
    pub(crate) fn lift_outdated(&mut self) {
        let now = clock::now();
        let mut lifted = self.decider.lift_protected(&self.plan.whitelist, now);
        let is_on = |jail: &JailName| {
            jail.as_str() == JailName::MANUAL || self.plan.jails.iter().any(|known| known.name == *jail)
        };
        let orphans: Vec<Ban> = self.decider.bans().filter(|ban| !is_on(&ban.jail)).collect();
        for Ban { subject, jail, .. } in orphans {
            let actor = format!("the settings (jail {jail} is off)");
            let unban = Command::Unban { subject, jail: Some(jail), actor };
            lifted.extend(self.decider.obey(&unban, &self.plan.whitelist, now).decided);
        }
        for decided in lifted {
            self.carry_out(decided, None);
        }
        self.reconcile = Some(false);
    }

    /// For `down`: what this turn was going to tell the kernel would bring back what was just removed.
    pub(crate) fn leave_the_kernel_alone(&mut self) {
        self.changes.clear();
        self.reconcile = None;
        self.next_reconcile = Moment::NEVER;
    }

    /// Has the kernel compared at the end of this turn.
    pub(crate) fn reconcile_now(&mut self) {
        self.reconcile = Some(false);
        self.next_reconcile = clock::now().after(self.plan.settings.enforcement.reconcile_every);
        self.settle();
    }

    fn pass_time(&mut self, now: Moment) {
        for ban in self.decider.expire(now) {
            tracing::info!(jail = %ban.jail, "the ban of {} is over", ban.subject);
            self.batch.expired.push((ban.subject, ban.jail));
        }
        if now >= self.next_tick {
            self.next_tick = now.after(TICK);
            self.counter.sweep(now, SWEPT_PER_TICK);
        }
        if now >= self.next_prune {
            self.next_prune = now.after(self.prune(now));
        }
        if now >= self.next_reconcile {
            self.next_reconcile = now.after(self.plan.settings.enforcement.reconcile_every);
            self.refresh_whitelist();
            self.reconcile = Some(self.reconcile.unwrap_or(false));
        }
    }

    /// Deletes what is past its bounds, a little at a time; says when to go on.
    fn prune(&mut self, now: Moment) -> Duration {
        match self.store.prune(now) {
            Ok(pruned) if pruned.more => Duration::ZERO,
            Ok(_) => PRUNE_EVERY,
            Err(cause) => {
                tracing::error!("{cause}");
                PRUNE_EVERY
            }
        }
    }

    /// The end of a turn: recorded first, then told.
    pub(crate) fn settle(&mut self) {
        self.record(clock::now());
        if !self.plan.settings.enabled {
            // Switched off, nobody is kept out, whatever is decided meanwhile.
            self.changes.clear();
        }
        if !self.changes.is_empty()
            && let Err(changes) = self.enforcer.try_apply(std::mem::take(&mut self.changes))
        {
            self.changes = changes;
        }
        if let Some(foreign) = self.reconcile
            && self.enforcer.try_reconcile(self.plan.layout(), self.wanted(), foreign)
        {
            self.reconcile = None;
        }
        for (sender, reply) in self.replies.drain(..) {
            // Whoever has gone away misses the answer.
            let _ = sender.send(reply);
        }
    }

    /// Writes the batch. One that cannot be written is kept and grows; protection goes on without it.
    fn record(&mut self, now: Moment) {
        if self.batch.is_empty() {
            return;
        }
        self.batch.at = now;
        match self.store.commit(&self.batch) {
            Ok(()) => {
                self.batch = Batch::default();
                self.health.store_error = None;
            }
            Err(cause) => {
                tracing::error!("{cause}");
                self.health.store_error = Some(cause.to_string());
                record::shorten(&mut self.batch);
                if matches!(cause, store::StoreError::Corrupt { .. }) {
                    self.mend_store(now);
                }
            }
        }
    }

    /// A damaged file is set aside, and the new one gets what is held in memory.
    fn mend_store(&mut self, now: Moment) {
        match self.store.mend(now) {
            Ok(Some(aside)) => {
                tracing::error!("the damaged store is kept as {}; bans go on in a new one", aside.display());
                let bans = self.decider.bans().map(Decision::Ban);
                self.batch.decisions.splice(0..0, bans);
                let memory: Vec<_> = self.decider.memory().map(record::memory_change).collect();
                self.batch.memory.splice(0..0, memory);
            }
            Ok(None) => {}
            Err(cause) => tracing::error!("{cause}"),
        }
    }

    /// What the kernel should hold.
    pub(crate) fn wanted(&self) -> Vec<Element> {
        if self.plan.settings.enabled {
            self.decider.bans().map(|ban| element(&ban)).collect()
        } else {
            Vec::new()
        }
    }

    pub(crate) fn enforcer(&self) -> &Enforcer {
        &self.enforcer
    }
}

/// A ban as the kernel holds it.
fn element(ban: &Ban) -> Element {
    Element { jail: ban.jail.clone(), scope: ban.scope, subject: ban.subject, until: ban.until }
}

fn remove(ban: &Ban) -> Change {
    Change::Remove { jail: ban.jail.clone(), scope: ban.scope, subject: ban.subject }
}
