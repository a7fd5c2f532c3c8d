//! What stands beside the kernel: Redis and the fleet, the lists of Asterisk and nginx, the blocklists that come in. Started, renewed and
//! stopped here, and told what the engine records. None of them ever keeps the engine waiting; they ask it by visits.

use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use acl::Acl;
use blocklist::Lists;
use control::answer;
use control::time::rfc3339;
use event::{Categories, JailName, Scope};
use fleet::fleet::Identity;
use fleet::{Fleet, Told};

use crate::message::Message;
use crate::outside::Outside;
use crate::plan::{Jail, Plan};

/// All of them. One is shared by the engine, which tells, and whoever stops the program.
pub struct Outlets {
    outside: Arc<Outside>,
    identity: Identity,
    state_dir: PathBuf,
    running: Mutex<Running>,
}

/// What runs, with the settings that it was started with.
#[derive(Default)]
struct Running {
    settings: Wanted,
    fleet: Option<Fleet>,
    acl: Option<Acl>,
    lists: Option<Lists>,
    /// Why something could not be started.
    problems: Vec<String>,
}

/// The settings that matter here.
#[derive(Clone, Debug, Default, PartialEq)]
struct Wanted {
    enabled: bool,
    redis: Option<config::Redis>,
    asterisk: Option<config::Asterisk>,
    nginx: Option<config::Nginx>,
    blocklists: Vec<config::Blocklist>,
    /// What each jail's bans close: the keys of those that stand are named by it.
    closes: Vec<(JailName, Categories)>,
}

impl Outlets {
    /// With nothing running yet. `position` is where the fleet's stream was read up to.
    pub fn new(
        engine: SyncSender<Message>,
        identity: Identity,
        state_dir: PathBuf,
        position: Option<String>,
    ) -> Self {
        let outside = Arc::new(Outside::new(engine, position));
        Self { outside, identity, state_dir, running: Mutex::default() }
    }

    /// Starts, restarts and stops what the settings ask for. What has not changed goes on undisturbed.
    pub fn renew(&self, plan: &Plan) {
        let settings = &plan.settings;
        let closes = |jail: &Jail| (jail.name.clone(), plan.closes(&jail.name, Scope::Jail));
        let wanted = Wanted {
            closes: plan.jails.iter().map(closes).collect(),
            enabled: settings.enabled,
            redis: settings.redis.clone(),
            asterisk: settings.asterisk.clone(),
            nginx: settings.nginx.clone(),
            blocklists: settings.blocklists.clone(),
        };
        let mut running = self.lock();
        let before = std::mem::replace(&mut running.settings, wanted.clone());
        running.problems.clear();
        // Switched off, nobody is kept out anywhere: a fresh start compares with nothing wanted.
        let is_same = (before.redis == wanted.redis && before.enabled == wanted.enabled)
            && (wanted.redis.is_none() || before.closes == wanted.closes);
        if !is_same {
            let start = |redis: &config::Redis| {
                let position = self.outside.position();
                Fleet::start(redis, self.identity.clone(), position, Arc::clone(&self.outside) as _)
            };
            retire(running.fleet.take(), |fleet| fleet.stop());
            let started = wanted.redis.as_ref().map(start);
            running.fleet = running.took(started, "redis");
        }
        if (&before.asterisk, &before.nginx) != (&wanted.asterisk, &wanted.nginx) {
            retire(running.acl.take(), |acl| acl.stop());
            let is_any = wanted.asterisk.is_some() || wanted.nginx.is_some();
            let host = Arc::clone(&self.outside) as _;
            let started = is_any.then(|| Acl::start(wanted.asterisk.clone(), wanted.nginx.clone(), host));
            running.acl = running.took(started, "the lists of asterisk and nginx");
        }
        if before.blocklists != wanted.blocklists {
            retire(running.lists.take(), |lists| lists.stop());
            let host = Arc::clone(&self.outside) as _;
            let directory = self.lists_directory();
            let start = || Lists::start(&wanted.blocklists, directory, host);
            let started = (!wanted.blocklists.is_empty()).then(start);
            running.lists = running.took(started, "the blocklists");
        }
        if let Some(acl) = &running.acl {
            acl.wake();
        }
    }

    /// Where the last good lists are kept.
    pub fn lists_directory(&self) -> PathBuf {
        self.state_dir.join("blocklists")
    }

    /// Tells what was recorded.
    pub fn tell(&self, news: Vec<Told>) {
        let running = self.lock();
        if let Some(acl) = &running.acl
            && news.iter().any(|one| matches!(one, Told::Banned(..) | Told::Lifted(..)))
        {
            acl.wake();
        }
        if let Some(fleet) = &running.fleet {
            news.into_iter().for_each(|one| fleet.tell(one));
        }
    }

    /// A ban is over. Keys in Redis end by themselves; lists do not.
    pub fn expired(&self) {
        if let Some(acl) = &self.lock().acl {
            acl.wake();
        }
    }

    /// How they stand.
    pub fn health(&self) -> (Vec<answer::Outlet>, Vec<answer::Blocklist>) {
        let running = self.lock();
        let mut outlets = Vec::new();
        outlets.extend(running.fleet.as_ref().map(|fleet| redis(fleet.health())));
        outlets.extend(running.acl.iter().flat_map(Acl::health).map(list));
        for problem in &running.problems {
            let error = Some(problem.clone());
            outlets.push(answer::Outlet { outlet: "start".to_owned(), error, ..answer::Outlet::default() });
        }
        let lists = running.lists.iter().flat_map(Lists::health).map(blocklist);
        (outlets, lists.collect())
    }

    /// Stops everything; what they have written stays. Not to be called by the engine, whom they may be waiting for.
    pub fn stop(&self) {
        let Running { fleet, acl, lists, .. } = std::mem::take(&mut *self.lock());
        fleet.iter().for_each(Fleet::stop);
        acl.iter().for_each(Acl::stop);
        lists.iter().for_each(Lists::stop);
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    /// What was started, or the trouble with it.
    fn took<T>(&mut self, started: Option<std::io::Result<T>>, what: &str) -> Option<T> {
        match started? {
            Ok(running) => Some(running),
            Err(cause) => {
                let problem = format!("{what} could not be started: {cause}");
                tracing::error!("{problem}");
                self.problems.push(problem);
                None
            }
        }
    }
}

/// Stops what is not wanted any more, beside the engine, which it may be waiting for.
fn retire<T: Send + 'static>(old: Option<T>, stop: impl FnOnce(&T) + Send + 'static) {
    if let Some(old) = old {
        thread::spawn(move || stop(&old));
    }
}

fn redis(health: fleet::Health) -> answer::Outlet {
    answer::Outlet {
        outlet: "redis".to_owned(),
        is_current: health.is_connected && health.waiting == 0,
        error: health.error,
        since: health.since.map(rfc3339),
        held: health.keys,
        waiting: health.waiting,
        overrun: health.overrun,
        passed_over: health.passed_over,
        nodes: health.nodes,
    }
}

fn list(health: acl::Health) -> answer::Outlet {
    answer::Outlet {
        outlet: health.outlet.to_owned(),
        is_current: health.error.is_none(),
        error: health.error,
        since: health.written.map(rfc3339),
        held: health.held,
        ..answer::Outlet::default()
    }
}

fn blocklist(health: blocklist::Health) -> answer::Blocklist {
    answer::Blocklist {
        blocklist: health.name.to_string(),
        entries: health.entries,
        left_out: health.left_out,
        fetched: health.fetched.map(rfc3339),
        error: health.error,
        dropped_packets: 0,
    }
}
