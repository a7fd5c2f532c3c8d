//! The actions of all jails. Whoever tells something here never waits; each jail has a thread that does what it asks for.

use std::cell::RefCell;
use std::fs;
use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dropin::{ActionModel, Class, Counts, Happening, JailModel, Wrong};
use event::Moment;
use event::limit::{FAIL2BAN_ACTION_CALL_SECONDS, FAIL2BAN_ACTION_JAILS, FAIL2BAN_ACTION_STOP_SECONDS};
use fail2ban::{Remark, Topic, Value};

use crate::action::Action;
use crate::health::{ActionHealth, Record};
use crate::info::{BanInfo, JailNumbers};
use crate::past::{History, Past};
use crate::queue::{Call, Queue, Task};
use crate::run::Runner;
use crate::ticket::Ticket;
use crate::worker::{Shared, Worker};

/// The actions.
pub struct Actions {
    shared: Arc<Shared>,
    running: Mutex<Vec<Running>>,
    ended: (SyncSender<()>, Mutex<Receiver<()>>),
}

/// A jail's thread.
struct Running {
    jail: String,
    queue: Arc<Queue>,
    records: Arc<Mutex<Vec<Record>>>,
    thread: JoinHandle<()>,
    /// As it was told last, with the actions that run here.
    told: Option<JailModel>,
}

impl Actions {
    /// With no jails yet. `now` is the clock; `counts` is what a jail has counted, asked for commands that tell it, on their thread.
    pub fn start(
        now: fn() -> Moment,
        counts: impl Fn(&str) -> Counts + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let shared = Shared {
            runner: Runner::new(now)?,
            past: Mutex::new(Past::default()),
            counts: Box::new(counts),
            host_name: host_name(),
        };
        let (sender, receiver) = mpsc::sync_channel(FAIL2BAN_ACTION_JAILS);
        Ok(Self {
            shared: Arc::new(shared),
            running: Mutex::new(Vec::new()),
            ended: (sender, Mutex::new(receiver)),
        })
    }

    /// These are the jails from now on. Actions that come are started, those that go let everybody in and end; a jail that rests stays as it
    /// is. `is_carried_out` says which actions are done otherwise, by the kernel's sets. What cannot be run is told.
    pub fn set_jails(
        &self,
        jails: &[JailModel],
        is_carried_out: impl Fn(&ActionModel) -> bool,
    ) -> Vec<Remark> {
        let mut remarks = Vec::new();
        let mut told = Vec::new();
        // Whoever tells what happens is not kept waiting by the reading of commands.
        for jail in jails.iter().filter(|jail| jail.started && !jail.idle) {
            let actions = jail.actions.iter().filter(|action| !is_carried_out(action));
            let (programs, models): (Vec<_>, Vec<_>) = actions.cloned().partition(|one| one.python.is_some());
            for (file, action) in programs.iter().filter_map(|one| Some((&one.python.as_ref()?.0, &one.name)))
            {
                remarks.push(Remark::new(
                    Topic::action(&jail.name, action, ""),
                    format!(
                        "is a program in Python ({file}) and cannot run here; it is left out; write it as commands in an \
                         action.d/*.conf: smtp.py as sendmail-whois.conf, others with their own program in actionban"
                    ),
                ));
            }
            remarks.extend(models.iter().flat_map(|action| self.remarks(&jail.name, action)));
            told.push((jail, models));
        }
        let mut running = self.lock();
        for one in running.iter_mut() {
            if !jails.iter().any(|jail| jail.name == one.jail && jail.started) {
                one.tell(None);
                one.queue.put(Task::Rest);
            }
        }
        for (jail, models) in told {
            let found = running.iter().position(|one| one.jail == jail.name);
            let at = match found {
                Some(at) => at,
                None if models.is_empty() => continue,
                None => match self.begin(&jail.name, &mut running) {
                    Ok(made) => {
                        running.push(made);
                        running.len() - 1
                    }
                    Err(remark) => {
                        remarks.push(remark);
                        continue;
                    }
                },
            };
            let mut told = jail.clone();
            told.actions = models;
            running[at].tell(Some(told));
            running[at].queue.put(Task::Wake);
        }
        remarks
    }

    /// Whether a jail's actions run here, and so are told of its bans.
    pub fn run_for(&self, jail: &str) -> bool {
        let has_some = |jail: &JailModel| !jail.actions.is_empty();
        self.lock().iter().any(|one| one.jail == jail && one.told.as_ref().is_some_and(has_some))
    }

    /// Something happened. What there is no room for is counted, and said.
    pub fn tell(&self, happening: &Happening) {
        match happening {
            Happening::Started { jail } => self.put(jail, Task::Wake),
            Happening::Stopped { jail } => self.put(jail, Task::Rest),
            Happening::Ignored { .. } => {}
            Happening::Found { jail, failure } => self.past().found(jail, failure),
            Happening::Banned { jail, ban, earlier, lines, prolonged, restored } => {
                let mut ticket = Ticket::new(ban, *earlier, lines.clone(), *restored);
                let mut past = self.past();
                if !prolonged {
                    past.banned(jail, ban.subject, ban.failures, lines);
                }
                (ticket.address, ticket.account) = past.last(jail, &ban.subject);
                drop(past);
                self.ban(jail, ticket);
            }
            Happening::AlreadyBanned { jail, subject, at, .. } => self.put(jail, Task::Again(*subject, *at)),
            Happening::Unbanned { jail, subject, at, .. } => self.put(jail, Task::Unban(*subject, *at)),
        }
    }

    /// Whom to ask of what was before: lines and failures of a subject's earlier bans.
    pub fn set_history(&self, history: History) {
        self.past().history = Some(history);
    }

    /// How each action does.
    pub fn health(&self) -> Vec<ActionHealth> {
        let mut all = Vec::new();
        for one in self.lock().iter().filter(|one| one.told.is_some()) {
            let (waiting, missed) = one.queue.sizes();
            let records = one.records.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(records.iter().map(|record| ActionHealth {
                waiting,
                missed,
                ..record.lock().clone()
            }));
        }
        all
    }

    /// Calls a method of an action, with arguments as JSON, behind everything that waits for it; waits for the answer, but not for ever.
    pub fn call(&self, jail: &str, action: &str, method: &str, arguments: &str) -> Result<Value, Wrong> {
        let arguments = match serde_json::from_str(arguments) {
            Ok(serde_json::Value::Object(arguments)) => arguments,
            _ => return Err(Wrong::kind("the arguments of a method are a JSON object, by name")),
        };
        let (answer, answered) = mpsc::sync_channel(1);
        let call = Call { action: action.to_owned(), method: method.to_owned(), arguments, answer };
        let queue = self.lock().iter().find(|one| one.jail == jail).map(|one| Arc::clone(&one.queue));
        let unknown = || Wrong::new(Class::Key, format!("Invalid Action name: {action}"));
        if !queue.ok_or_else(unknown)?.put(Task::Call(call)) {
            return Err(Wrong::new(Class::Runtime, "too much waits for the actions of this jail"));
        }
        answered.recv_timeout(Duration::from_secs(FAIL2BAN_ACTION_CALL_SECONDS)).unwrap_or_else(|why| {
            let text = match why {
                RecvTimeoutError::Timeout => "the action still works; its outcome will be in the log",
                RecvTimeoutError::Disconnected => "the actions end",
            };
            Err(Wrong::new(Class::Runtime, text))
        })
    }

    /// Lets everybody in and ends all actions, as fail2ban does; waits for that a bounded time. What still runs then is ended.
    pub fn stop(&self) {
        self.stop_within(Duration::from_secs(FAIL2BAN_ACTION_STOP_SECONDS));
    }

    /// The same within another time.
    pub fn stop_within(&self, span: Duration) {
        let running: Vec<Running> = std::mem::take(&mut *self.lock());
        let ended = self.ended.1.lock().unwrap_or_else(PoisonError::into_inner);
        // Of threads that ended before.
        while ended.try_recv().is_ok() {}
        for one in &running {
            let left = one.queue.end();
            if left > 0 {
                tracing::warn!("jail {}: {left} tasks of its actions are left undone", one.jail);
            }
        }
        let until = self.shared.runner.now().after(span);
        for done in 0..running.len() {
            let left = until.since(self.shared.runner.now()).min(span);
            if ended.recv_timeout(left).is_err() {
                tracing::warn!("actions of {} jails did not end in time and are ended", running.len() - done);
                break;
            }
        }
        self.shared.runner.stop();
        for one in running {
            // A thread that broke has said so.
            let _ = one.thread.join();
        }
    }

    /// What is known for the commands of all jails.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    fn begin(&self, jail: &str, running: &mut Vec<Running>) -> Result<Running, Remark> {
        let refused = |why: String| Remark::new(Topic::jail(jail, "action"), why);
        if running.len() >= FAIL2BAN_ACTION_JAILS {
            // A jail that has no actions any more makes room.
            let empty = running.iter().position(|one| {
                one.told.as_ref().is_none_or(|jail| jail.actions.is_empty()) && one.queue.sizes().0 == 0
            });
            let Some(at) = empty else {
                return Err(refused(format!(
                    "its actions are not run: {FAIL2BAN_ACTION_JAILS} jails have actions, and no more may"
                )));
            };
            running.swap_remove(at).queue.end();
        }
        let queue = Arc::new(Queue::default());
        let records = Arc::new(Mutex::new(Vec::new()));
        let worker = Worker::new(Arc::clone(&self.shared), jail, Arc::clone(&records));
        let (its, ended) = (Arc::clone(&queue), self.ended.0.clone());
        let thread = thread::Builder::new().name(format!("act {jail}")).spawn(move || {
            worker.work(&its);
            // Nobody may be waiting.
            let _ = ended.try_send(());
        });
        let thread = thread
            .map_err(|cause| refused(format!("its actions are not run: no thread for them: {cause}")))?;
        Ok(Running { jail: jail.to_owned(), queue, records, thread, told: None })
    }

    fn ban(&self, jail: &str, ticket: Ticket) {
        let running = self.lock();
        let Some(one) = running.iter().find(|one| one.jail == jail) else { return };
        let subject = ticket.subject;
        // A flood is not answered with a flood of lines: it is said as it doubles.
        if let Err(missed) = one.queue.ban(ticket)
            && missed.is_power_of_two()
        {
            tracing::warn!(
                "jail {jail}: its actions are not told of the ban of {subject}, the {missed}. that found too much waiting"
            );
        }
    }

    fn put(&self, jail: &str, task: Task) {
        if let Some(one) = self.lock().iter().find(|one| one.jail == jail) {
            one.queue.put(task);
        }
    }

    /// What of an action cannot be run as it is written.
    fn remarks(&self, jail: &str, model: &ActionModel) -> Vec<Remark> {
        let mut action = Action::new(jail, model, &self.shared.host_name, Arc::clone(&self.shared.runner));
        let ticket = Ticket::bare(event::Subject::exactly([192, 0, 2, 1].into()), Moment::from_millis(0));
        let captures = RefCell::default();
        let info = BanInfo {
            ticket: Some(&ticket),
            family: "",
            now: Moment::from_millis(0),
            jail,
            ban_time: 0,
            tells_address: false,
            past: &self.shared.past,
            captures: &captures,
            numbers: &JailNumbers::default,
        };
        let remarks = action.remarks(&info);
        let of = |option| Topic::action(jail, &model.name, option);
        remarks.into_iter().map(|(option, text)| Remark::new(of(option), text)).collect()
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.shared.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// A jail that is gone keeps its thread, for it may come again.
    fn tell(&mut self, told: Option<JailModel>) {
        if self.told != told {
            if let Some(jail) = &told {
                self.queue.put(Task::Tell(Box::new(jail.clone())));
            }
            self.told = told;
        }
    }
}

impl Drop for Actions {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The host's name as its own files tell it: no name is ever looked up elsewhere. One with a character that could mean something to a
/// shell is none.
fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim().to_owned();
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    let full = lines.filter(|_| !name.contains('.')).find_map(|line| {
        let names: Vec<&str> = line.split_whitespace().skip(1).collect();
        names.contains(&name.as_str()).then(|| names.iter().find(|one| one.contains('.')).copied()).flatten()
    });
    let found = full.unwrap_or(&name);
    let is_plain = |one: char| one.is_ascii_alphanumeric() || one == '.' || one == '-' || one == '_';
    if !found.is_empty() && found.chars().all(is_plain) { found.to_owned() } else { "localhost".to_owned() }
}
