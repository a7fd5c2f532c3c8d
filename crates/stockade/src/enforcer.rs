//! The thread that changes the kernel: carries out the engine's changes in batches, compares the kernel with what is wanted,
//! and notices when somebody else has changed our table. It decides nothing: what is wanted comes from the engine.

use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, TrySendError, channel, sync_channel};
use std::thread;
use std::time::Duration;

use enforcement::{Change, DropCounter, Element, Enforcement, FirewallDrops, Layout, Watch, forget_flows};
use event::Subject;
use event::limit::{ELEMENTS_PER_TRANSACTION, ENFORCEMENT_QUEUE};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};

use crate::clock;
use crate::message::{Enforced, Message};

/// Who asks for counters waits no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// The enforcing thread, from outside.
#[derive(Clone, Debug)]
pub struct Enforcer {
    jobs: SyncSender<Job>,
    bell: std::sync::Arc<rustix::fd::OwnedFd>,
}

/// What is asked of it.
#[derive(Debug)]
enum Job {
    Apply(Vec<Change>),
    Reconcile { layout: Box<Layout>, wanted: Vec<Element>, foreign: bool },
    Counters(Sender<Vec<DropCounter>>),
    FirewallDrops(Sender<FirewallDrops>),
    RemoveAll(Sender<Result<(), String>>),
}

impl Enforcer {
    /// Starts the thread. `watch` is there if there is a kernel to watch.
    pub fn start(
        enforcement: Box<dyn Enforcement>,
        watch: Option<Watch>,
        engine: SyncSender<Message>,
    ) -> std::io::Result<Self> {
        let bell = std::sync::Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (jobs, inbox) = sync_channel(ENFORCEMENT_QUEUE);
        let enforcer = Self { jobs, bell: std::sync::Arc::clone(&bell) };
        thread::spawn(move || Worker { enforcement, watch, engine, inbox, bell }.run());
        Ok(enforcer)
    }

    /// Carries out `changes`, after everything that was asked before. Never waits, because the worker may be waiting for
    /// the engine: with a full queue, the changes come back.
    pub fn try_apply(&self, changes: Vec<Change>) -> Result<(), Vec<Change>> {
        match self.try_ask(Job::Apply(changes)) {
            Err(Job::Apply(changes)) => Err(changes),
            _ => Ok(()),
        }
    }

    /// Makes the kernel hold exactly `wanted`. `foreign`: because somebody else changed it. `false`: the queue is full, ask
    /// again.
    pub fn try_reconcile(&self, layout: Layout, wanted: Vec<Element>, foreign: bool) -> bool {
        self.try_ask(Job::Reconcile { layout: Box::new(layout), wanted, foreign }).is_ok()
    }

    /// What was dropped, jail by jail.
    pub fn counters(&self) -> Vec<DropCounter> {
        let (reply, answer) = channel();
        self.ask(Job::Counters(reply));
        answer.recv_timeout(PATIENCE).unwrap_or_default()
    }

    /// What the network firewall dropped.
    pub fn firewall_drops(&self) -> FirewallDrops {
        let (reply, answer) = channel();
        self.ask(Job::FirewallDrops(reply));
        answer.recv_timeout(PATIENCE).unwrap_or_default()
    }

    /// Waits, not for ever, until everything that was asked before is done: what is recorded is then in force.
    pub fn finish(&self) {
        let _ = self.counters();
    }

    /// Removes everything of ours from the kernel.
    pub fn remove_all(&self) -> Result<(), String> {
        let (reply, answer) = channel();
        self.ask(Job::RemoveAll(reply));
        answer.recv_timeout(PATIENCE).unwrap_or_else(|_| Err("the kernel does not answer".to_owned()))
    }

    fn try_ask(&self, job: Job) -> Result<(), Job> {
        let asked = self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(job) | TrySendError::Disconnected(job) => job,
        });
        self.ring();
        asked
    }

    fn ask(&self, job: Job) {
        // It ends only with the process.
        let _ = self.jobs.send(job);
        self.ring();
    }

    fn ring(&self) {
        let _ = rustix::io::write(&*self.bell, &1u64.to_ne_bytes());
    }
}

struct Worker {
    enforcement: Box<dyn Enforcement>,
    watch: Option<Watch>,
    engine: SyncSender<Message>,
    inbox: Receiver<Job>,
    bell: std::sync::Arc<rustix::fd::OwnedFd>,
}

impl Worker {
    fn run(mut self) {
        let mut left_over = None;
        loop {
            let job = match left_over.take() {
                Some(job) => job,
                None => match self.inbox.try_recv() {
                    Ok(job) => job,
                    Err(TryRecvError::Disconnected) => return,
                    Err(TryRecvError::Empty) => {
                        self.wait();
                        continue;
                    }
                },
            };
            left_over = self.carry_out(job);
        }
    }

    /// Waits for a job or for a change by others.
    fn wait(&mut self) {
        let mut fds = vec![PollFd::new(&*self.bell, PollFlags::IN)];
        if let Some(watch) = &self.watch {
            fds.push(PollFd::from_borrowed_fd(watch.as_fd(), PollFlags::IN));
        }
        // An interrupted wait is a wait.
        let _ = poll(&mut fds, None);
        let watched = fds.get(1).is_some_and(|fd| !fd.revents().is_empty());
        let _ = rustix::io::read(&*self.bell, &mut [0u8; 8]);
        if watched && let Some(watch) = &mut self.watch {
            match watch.changed() {
                Ok(false) => {}
                Ok(true) => self.tell(Enforced::Disturbed),
                Err(cause) => self.tell(Enforced::Failed { error: cause.to_string() }),
            }
        }
    }

    /// Does one job, with all changes that wait behind it; returns the first job that is something else.
    fn carry_out(&mut self, job: Job) -> Option<Job> {
        match job {
            Job::Apply(mut changes) => {
                let mut next = None;
                while changes.len() < ELEMENTS_PER_TRANSACTION {
                    match self.inbox.try_recv() {
                        Ok(Job::Apply(more)) => changes.extend(more),
                        Ok(other) => {
                            next = Some(other);
                            break;
                        }
                        Err(_) => break,
                    }
                }
                self.apply(&changes);
                return next;
            }
            Job::Reconcile { layout, wanted, foreign } => {
                let outcome = match self.enforcement.reconcile(&layout, &mut wanted.into_iter(), clock::now())
                {
                    Ok(done) => {
                        let changed = done.rebuilt || done.added + done.removed > 0;
                        Enforced::Reconciled { changed, foreign }
                    }
                    Err(cause) => Enforced::Failed { error: cause.to_string() },
                };
                self.tell(outcome);
            }
            Job::Counters(reply) => {
                _ = reply.send(self.enforcement.counters().unwrap_or_default());
            }
            Job::FirewallDrops(reply) => {
                _ = reply.send(self.enforcement.firewall_drops().unwrap_or_default());
            }
            Job::RemoveAll(reply) => {
                _ = reply.send(self.enforcement.remove_all().map_err(|cause| cause.to_string()));
            }
        }
        None
    }

    fn apply(&mut self, changes: &[Change]) {
        match self.enforcement.apply(changes, clock::now()) {
            Ok(_) => {
                self.forget_flows(changes);
                self.tell(Enforced::Applied);
            }
            Err(cause) => self.tell(Enforced::Failed { error: cause.to_string() }),
        }
    }

    /// A banned source's open connections are forgotten by the kernel, so that no rule of others goes on letting them in.
    fn forget_flows(&self, changes: &[Change]) {
        if self.watch.is_none() {
            return;
        }
        let added = |change: &Change| match change {
            Change::Add(element) => Some(element.subject),
            Change::Remove { .. } => None,
        };
        let subjects: Vec<Subject> = changes.iter().filter_map(added).collect();
        if !subjects.is_empty()
            && let Err(cause) = forget_flows(&subjects)
        {
            tracing::warn!("connections of banned addresses could not be forgotten: {cause}");
        }
    }

    fn tell(&self, outcome: Enforced) {
        // The engine never waits for us, so that we may wait for it.
        let _ = self.engine.send(Message::Enforced(outcome));
    }
}
