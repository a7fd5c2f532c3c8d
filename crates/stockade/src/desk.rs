//! Where questions and orders from outside are answered: those of the control socket here, those of the page and the API in
//! `desk/page`. It asks the engine, adds what only the readers, the kernel and the store's archive know, and changes the settings file.

pub mod changes;
pub mod keys;
mod page;
mod past;
mod tries;

use std::collections::{BTreeMap, HashSet};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use control::answer::{FirewallDrops, Notice, Source, Status, Surroundings};
use control::desk::{BanOrder, KeyOrder, Lifted, Roster};
use control::{Actor, Answer, Desk as _, Fault, Peer, Request};
use event::{JailName, Subject};
use source::{FileSpec, JournalSpec};
use tokio::sync::Notify;

use crate::board::Board;
use crate::enforcer::Enforcer;
use crate::engine::Engine;
use crate::explain::{banned, not_an_address};
use crate::message::{Message, visit};
use crate::obey::Obeyed;
use crate::plan::Plan;
use crate::reader::Reader;
use crate::settings_file::SettingsFile;
use crate::takeover::Takeover;
use crate::trial::Trials;
use changes::Changing;
use keys::Keys;
use past::Past;

/// An engine that does not answer within this is stuck, and whoever asked is told so.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where everything from outside is answered; one serves all.
pub struct Desk {
    /// For what outlasts a call, such as a trial.
    own: Weak<Desk>,
    means: Means,
    roster: Mutex<Arc<Roster>>,
    keys: Keys,
    past: Past,
    trials: Trials,
    changing: Changing,
    /// What the page itself finds wrong at start.
    notices: Mutex<Vec<Notice>>,
}

/// What the desk asks and changes.
pub struct Means {
    /// The engine.
    pub engine: SyncSender<Message>,
    /// The kernel's side.
    pub enforcer: Enforcer,
    /// The reader of files.
    pub files: Reader<FileSpec>,
    /// The reader of the journal.
    pub journal: Reader<JournalSpec>,
    /// The settings file.
    pub settings: Arc<SettingsFile>,
    /// What the engine lets others read.
    pub board: Arc<Board>,
    /// Told when the password was set on the command line.
    pub new_password: Arc<Notify>,
    /// fail2ban's side, if its configuration is run.
    pub takeover: Option<Arc<Takeover>>,
    /// Where the program runs.
    pub surroundings: Surroundings,
    /// Where the store and the trial's record are.
    pub state_dir: std::path::PathBuf,
}

impl Desk {
    /// Puts the parts together. The engine need not run yet.
    pub fn new(means: Means, keys: Keys) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            own: own.clone(),
            roster: Mutex::default(),
            past: Past::new(means.state_dir.join("stockade.db")),
            trials: Trials::new(&means.state_dir),
            changing: Changing::default(),
            notices: Mutex::default(),
            keys,
            means,
        })
    }

    /// What it asks and changes.
    pub fn means(&self) -> &Means {
        &self.means
    }

    /// Something of the page's own needs attention from now on.
    pub fn point_out(&self, notice: Notice) {
        self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
    }

    /// Answers one request of the control socket.
    pub fn answer(&self, request: Request, peer: &Peer) -> Answer {
        let actor = Actor { name: peer.name.clone(), address: None };
        let done = |obeyed: Result<Obeyed, Fault>| {
            let Obeyed { done, text } = obeyed?;
            // Whoever is told that it is done may rely on it at once.
            self.means.enforcer.finish();
            Ok(if done > 0 { Answer::Done(text) } else { Answer::No(text) })
        };
        let answered = match request {
            Request::Banned => {
                let shown = |roster: &Roster| {
                    let bans = roster.bans.iter();
                    bans.map(|ban| banned(ban, roster.told_only.contains(&ban.jail))).collect()
                };
                self.bans().map(|roster| Answer::Banned(shown(&roster)))
            }
            Request::Status { jail } => self.status_of(jail.as_deref()),
            Request::Why { address } => self.why(&address).map(|why| Answer::Why(Box::new(why))),
            Request::Ban { address, jail, seconds, force } => subject(&address).and_then(|subject| {
                let jail = jail.as_deref().map(JailName::new);
                let order = BanOrder { subject, jail, seconds, force, note: String::new() };
                done(self.visit(move |engine| engine.ban(&order, &actor)))
            }),
            Request::Unban { address } => subject(&address).and_then(|subject| {
                let which = [Lifted { subject, jail: None }];
                done(self.visit(move |engine| engine.unban(&which, &actor)))
            }),
            Request::UnbanAll => done(self.visit(move |engine| engine.unban_all(&actor))),
            Request::SetPassword { hash } => self
                .set_password(&hash, &actor)
                .map(|()| self.means.new_password.notify_one())
                .map(|()| Answer::Done("the administrator's password is set".to_owned())),
            Request::CreateKey { name, scope, networks } => {
                let networks: Result<_, _> = networks.iter().map(|network| subject(network)).collect();
                networks
                    .and_then(|networks| self.create_key(&KeyOrder { name, scope, networks }, &actor))
                    .map(|key| Answer::Done(key.secret))
            }
            Request::Down => self.visit(move |engine| engine.down(&actor)).flatten().map(Answer::Done),
            Request::Reload => Ok(self.reload(peer)),
        };
        answered.unwrap_or_else(|fault| match fault {
            Fault::Refused(why) => Answer::No(why),
            other => Answer::Fault(other.to_string()),
        })
    }

    /// Has the engine do something, and waits until that is recorded.
    fn visit<T: Send + 'static>(
        &self,
        order: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let stopping = || Fault::Broken("stockade is stopping".to_owned());
        let answer = visit(&self.means.engine, order).ok_or_else(stopping)?;
        answer
            .recv_timeout(PATIENCE)
            .map_err(|_| Fault::Broken(format!("the engine did not answer within {} s", PATIENCE.as_secs())))
    }

    fn status_of(&self, jail: Option<&str>) -> Result<Answer, Fault> {
        let only = jail.map(str::to_owned);
        let status = self.visit(move |engine| engine.status(only.as_deref()))?;
        if let Some(name) = jail
            && status.jails.is_empty()
        {
            return Ok(Answer::No(format!("jail '{name}' is not on; 'stockade jails' lists those that are")));
        }
        Ok(Answer::Status(Box::new(self.completed(status))))
    }

    /// Adds what only the kernel and the readers know.
    fn completed(&self, mut status: Status) -> Status {
        for counter in self.means.enforcer.counters() {
            if let Some(jail) = status.jails.iter_mut().find(|jail| jail.jail == counter.jail.as_str()) {
                jail.dropped_packets += counter.packets;
                jail.dropped_bytes += counter.bytes;
            }
            let list = status.blocklists.iter_mut().find(|list| list.blocklist == counter.jail.as_str());
            if let Some(list) = list {
                list.dropped_packets += counter.packets;
            }
        }
        let drops = self.means.enforcer.firewall_drops();
        status.firewall = FirewallDrops {
            dropped_packets: drops.dropped_packets,
            dropped_bytes: drops.dropped_bytes,
            limited_packets: drops.limited_packets,
            limited_bytes: drops.limited_bytes,
        };
        if let Some(takeover) = &self.means.takeover {
            status.actions = takeover.actions();
            status.remarks = takeover.told();
        }
        status.sources = self.means.files.health();
        status.sources.extend(self.means.journal.health());
        let followed: HashSet<&String> =
            status.sources.iter().filter(|source| is_followed(source)).flat_map(|one| &one.jails).collect();
        status.attention.extend(status.sources.iter().filter_map(|source| deaf(source, &followed)));
        status.attention.extend(status.sources.iter().filter_map(silent));
        let notices = self.notices.lock().unwrap_or_else(PoisonError::into_inner);
        status.attention.extend(notices.iter().cloned());
        drop(notices);
        status
    }

    /// Reads the settings here, beside the engine; it only hears of them when they are right.
    fn reload(&self, peer: &Peer) -> Answer {
        let made = Plan::make(&self.means.settings);
        let answer = match &made {
            Ok(plan) => {
                Answer::Done(format!("the settings were read again; {} jails are on", plan.jails.len()))
            }
            Err(complaints) => {
                Answer::No(format!("{}\nthe old settings stay in force", complaints.join("\n")))
            }
        };
        let is_good = made.is_ok();
        let message = Message::read_again(made, &format!("asked by {}", peer.name), None);
        let sent = self.means.engine.send(message);
        if is_good && sent.is_err() { Answer::Fault("stockade is stopping".to_owned()) } else { answer }
    }

    /// The service of each jail that is on.
    fn services(&self) -> Result<BTreeMap<JailName, String>, Fault> {
        self.visit(|engine| engine.services())
    }
}

fn subject(address: &str) -> Result<Subject, Fault> {
    address.parse().map_err(|wrong| not_an_address(&wrong))
}

/// A source that is not followed. One of several logs that is not there is no trouble while another one is.
fn deaf(source: &Source, followed: &HashSet<&String>) -> Option<Notice> {
    let is_deaf = source.jails.iter().any(|jail| !followed.contains(jail));
    if is_followed(source) || (source.state == "missing" && !is_deaf) {
        return None;
    }
    let (name, state, jails) = (source.source.as_str(), source.state.as_str(), source.jails.join(" "));
    let reason = source.reason.as_deref().unwrap_or_default();
    let text = format!("{name} is {state} ({jails}): {reason}");
    let values = [("source", name), ("state", state), ("jails", &jails), ("reason", reason)];
    Some(Notice::new("source-not-read", &values, text))
}

/// A source that has gone silent.
fn silent(source: &Source) -> Option<Notice> {
    let silence = source.silent.as_ref()?;
    let usual = silence.usual_per_hour.to_string();
    let text = format!(
        "{} has been silent since {}, and wrote {usual} lines an hour until then; was it moved, or does the service log \
         elsewhere?",
        source.source, silence.since
    );
    let values = [("source", source.source.as_str()), ("since", &silence.since), ("usual", &usual)];
    Some(Notice::new("source-silent", &values, text))
}

fn is_followed(source: &Source) -> bool {
    matches!(source.state.as_str(), "following" | "idle")
}
