//! The engine: the single owner of all state. It takes one message after the other; whatever a turn has changed is
//! recorded in one transaction, and only then told to the kernel and to whoever asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use control::answer::Surroundings;
use counter::Counter;
use decision::{Decider, Outline};
use enforcement::{Change, Element, Firewall, Layout};
use event::{JailName, Moment, Subject};
use fleet::Told;
use source::{FileSpec, JournalSpec};
use store::{Batch, Store};

use crate::board::Board;
use crate::chronicle::{Audience, Chronicle};
use crate::clock;
use crate::enforcer::Enforcer;
use crate::ignoring::Asker;
use crate::ledger::Ledger;
use crate::listed::Listed;
use crate::message::{Afterwards, End, Enforced, Message, Visit};
use crate::outlets::Outlets;
use crate::plan::Plan;
use crate::reader::Reader;
use crate::start::Kernel;

/// How often time passes for the engine when nothing else happens: bans end, old records are deleted.
const TICK: Duration = Duration::from_secs(1);
/// With changes that the full queue did not take, it looks again this soon.
const BACKLOG_TICK: Duration = Duration::from_millis(5);
/// Messages that one turn takes together, so that a burst costs one transaction and not thousands.
const MESSAGES_PER_TURN: usize = 64;
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
    pub(crate) surroundings: Surroundings,
    /// A few settings hold from the start to the end, whatever is read again.
    pub(crate) started_with: config::Settings,
    enforcer: Enforcer,
    pub(crate) files: Reader<FileSpec>,
    pub(crate) journal: Reader<JournalSpec>,
    /// What others may read without asking.
    pub(crate) board: Arc<Board>,
    /// Who is signed in to the page from where: on the whitelist meanwhile.
    pub(crate) signed_in: Vec<(Subject, String)>,
    /// What the turn has to record.
    pub(crate) batch: Batch,
    /// What the turn has to tell the kernel.
    pub(crate) changes: Vec<Change>,
    /// What the turn has to tell beside the kernel.
    pub(crate) news: Vec<Told>,
    pub(crate) outlets: Arc<Outlets>,
    pub(crate) chronicle: Chronicle,
    /// Asks `ignorecommand` of fail2ban's jails.
    pub(crate) asker: Option<Asker>,
    /// The blocklists that are in force.
    pub(crate) lists: BTreeMap<JailName, Arc<Listed>>,
    /// What is done when the turn has been recorded.
    afterwards: Vec<Afterwards>,
    /// Set when somebody has asked for the end.
    pub(crate) stop: Option<End>,
    next_tick: Moment,
    next_prune: Moment,
    pub(crate) next_reconcile: Moment,
    pub(crate) reconcile: Option<Foreign>,
}

/// Whether a comparison is due because somebody else changed the kernel.
type Foreign = bool;

/// How things stand outside.
#[derive(Debug, Default)]
pub(crate) struct Health {
    pub(crate) started: Moment,
    pub(crate) mode: &'static str,
    pub(crate) mode_reason: Option<String>,
    pub(crate) no_firewall: Option<String>,
    pub(crate) mended: u64,
    pub(crate) reconciled: Option<Moment>,
    pub(crate) enforcement_error: Option<String>,
    pub(crate) store_error: Option<String>,
    pub(crate) page_error: Option<String>,
    pub(crate) reload_error: Option<String>,
    pub(crate) notes: Vec<String>,
}

impl Health {
    /// At the start, with what the kernel allows.
    pub(crate) fn of(kernel: &Kernel) -> Self {
        Self {
            started: clock::now(),
            mode: kernel.mode,
            mode_reason: kernel.reason.clone(),
            no_firewall: kernel.no_firewall.clone(),
            ..Self::default()
        }
    }
}

/// The parts that an engine is put together from.
pub(crate) struct Parts {
    pub(crate) plan: Plan,
    pub(crate) store: Box<dyn Store>,
    pub(crate) health: Health,
    pub(crate) surroundings: Surroundings,
    pub(crate) enforcer: Enforcer,
    pub(crate) files: Reader<FileSpec>,
    pub(crate) journal: Reader<JournalSpec>,
    pub(crate) board: Arc<Board>,
    pub(crate) outlets: Arc<Outlets>,
    /// Who listens to what happens to fail2ban's jails.
    pub(crate) chronicle: Option<Audience>,
    /// Who asks their `ignorecommand`.
    pub(crate) asker: Option<Asker>,
}

impl Engine {
    /// Puts the parts together. State is still empty: see `restore`.
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { plan, store, health, surroundings, enforcer, files, journal, board, outlets, .. } = parts;
        let mut engine = Self {
            counter: Counter::new(counter::Bound::default()),
            decider: Decider::new(plan.decision_settings(), decision::Bounds::default()),
            started_with: plan.settings.clone(),
            plan,
            store,
            ledger: Ledger::default(),
            health,
            surroundings,
            enforcer,
            files,
            journal,
            board,
            signed_in: Vec::new(),
            batch: Batch::default(),
            changes: Vec::new(),
            news: Vec::new(),
            outlets,
            chronicle: Chronicle::new(parts.chronicle),
            asker: parts.asker,
            lists: BTreeMap::new(),
            afterwards: Vec::new(),
            stop: None,
            next_tick: Moment::default(),
            next_prune: Moment::default(),
            next_reconcile: Moment::default(),
            reconcile: None,
        };
        engine.take_limits();
        engine
    }

    /// Takes messages until one says stop; says why it stopped.
    pub(crate) fn run(&mut self, inbox: &Receiver<Message>) -> End {
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
            Message::Visit(Visit(visit)) => {
                let afterwards = visit(self);
                self.afterwards.push(afterwards);
                return self.stop.take();
            }
            Message::Enforced(outcome) => self.hear(outcome),
            Message::Reloaded { plan, cause, action } => {
                self.batch.actions.extend(action);
                self.reload(*plan, &cause);
            }
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
            self.board.lifted(ban.subject, &ban.jail);
            self.note_end(&ban.subject, &ban.jail, ban.until, true);
            self.batch.expired.push((ban.subject, ban.jail));
            self.outlets.expired();
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
            self.reconcile.get_or_insert(false);
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
        self.chronicle.tell();
        if !self.plan.settings.enabled {
            // Switched off, nobody is kept out, whatever is decided meanwhile.
            self.changes.clear();
            self.news.clear();
        }
        if !self.news.is_empty() {
            self.outlets.tell(std::mem::take(&mut self.news));
        }
        if !self.changes.is_empty()
            && let Err(changes) = self.enforcer.try_apply(std::mem::take(&mut self.changes))
        {
            self.changes = changes;
        }
        if let Some(foreign) = self.reconcile
            && self.enforcer.try_reconcile(self.layout(), self.wanted(), foreign)
        {
            self.reconcile = None;
        }
        let Health { enforcement_error, store_error, .. } = &self.health;
        self.board.switch(self.plan.settings.enabled);
        self.board.turned(clock::now(), enforcement_error.is_some(), store_error.is_some());
        self.afterwards.drain(..).for_each(|done| done());
    }

    /// What is being done.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What the kernel should hold.
    pub(crate) fn wanted(&self) -> Vec<Element> {
        if !self.plan.settings.enabled {
            return Vec::new();
        }
        let now = clock::now();
        let listed = self.lists.iter().flat_map(|(name, list)| list.elements(name, now));
        let told_only = self.plan.closing_nothing();
        let closing = self.decider.outlines().filter(|ban| !told_only.contains(&ban.jail));
        closing.map(held).chain(listed).collect()
    }

    /// The kernel's table. Where it can hold bans and no network firewall, it is asked for bans alone.
    fn layout(&self) -> Layout {
        let layout = self.plan.layout();
        if self.health.no_firewall.is_none() {
            layout
        } else {
            Layout { firewall: Firewall::default(), ..layout }
        }
    }

    pub(crate) fn enforcer(&self) -> &Enforcer {
        &self.enforcer
    }
}

/// A live ban as the kernel holds it.
fn held(ban: Outline) -> Element {
    let Outline { subject, jail, scope, until } = ban;
    Element { jail, scope, subject, until }
}
