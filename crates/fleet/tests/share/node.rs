//! A node: a `Share` and, around it, a program that does what it hears. Its clock is as wrong as the test says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant, SystemTime};

use config::redis::{Redis, Servers};
use event::{Ban, Categories, Failure, JailName, Moment, Proof, Scope, Subject};
use fleet::fleet::Identity;
use fleet::share::Share;
use fleet::{Heard, Held, Host, Lifted, Told, Voice, Wanted};

pub(crate) const HOUR: i64 = 3_600_000;

/// Waits for a condition.
#[allow(clippy::disallowed_methods, reason = "a deadline for what is waited for")]
pub(crate) fn until(what: &str, most: Duration, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < most, "waited {most:?} in vain until: {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

/// That long: more than enough on a loaded machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

#[allow(clippy::disallowed_methods, reason = "Redis' clock is the real one")]
pub(crate) fn real_now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[derive(Default)]
pub(crate) struct Program {
    pub(crate) bans: BTreeMap<(Subject, JailName), Ban>,
    pub(crate) lifted: Vec<Lifted>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) position: Option<String>,
    /// Each thing heard, and when by the real clock.
    pub(crate) log: Vec<(Heard, i64)>,
}

pub(crate) struct TestHost {
    shift: AtomicI64,
    pub(crate) program: Mutex<Program>,
    /// Something was heard.
    pub(crate) stirred: Condvar,
}

impl Host for TestHost {
    fn now(&self) -> Moment {
        Moment::from_millis(real_now() + self.shift.load(Ordering::SeqCst))
    }

    fn wanted(&self) -> Option<Wanted> {
        let program = self.program.lock().unwrap();
        let bans = program.bans.values().map(|ban| held(ban.clone())).collect();
        Some(Wanted { bans, lifted: program.lifted.clone(), whitelist: Vec::new() })
    }

    fn heard(&self, heard: Vec<Heard>, position: String) -> bool {
        let now = real_now();
        let mut program = self.program.lock().unwrap();
        for one in heard {
            match &one {
                Heard::Banned { ban, .. } => {
                    program.bans.insert((ban.subject, ban.jail.clone()), ban.clone());
                }
                Heard::Lifted { lifted, .. } => program.bans.retain(|(subject, jail), ban| {
                    let is_meant = lifted.jail.as_ref().is_none_or(|lifted| lifted == jail);
                    *subject != lifted.subject || !is_meant || ban.since > lifted.at
                }),
                Heard::Failed { failure, .. } => program.failures.push(failure.clone()),
            }
            program.log.push((one, now));
        }
        program.position = Some(position);
        self.stirred.notify_all();
        true
    }
}

pub(crate) struct TestNode {
    pub(crate) host: Arc<TestHost>,
    settings: Redis,
    identity: Identity,
    share: Option<Share>,
}

impl TestNode {
    /// Starts one with that name, at that port, with a clock that is so far from the real one.
    pub(crate) fn start(name: &str, port: u16, shift: i64) -> Self {
        Self::with(name, settings(port), shift)
    }

    pub(crate) fn with(name: &str, settings: Redis, shift: i64) -> Self {
        let host = Arc::new(TestHost {
            shift: AtomicI64::new(shift),
            program: Mutex::default(),
            stirred: Condvar::new(),
        });
        let identity = Identity { id: format!("id-{name}"), name: name.to_owned() };
        let mut node = Self { host, settings, identity, share: None };
        node.on();
        node
    }

    /// Starts it with what it has saved.
    pub(crate) fn on(&mut self) {
        let position = self.host.program.lock().unwrap().position.clone();
        let share = Share::start(&self.settings, self.identity.clone(), position, self.host.clone()).unwrap();
        self.share = Some(share);
    }

    /// Stops it.
    pub(crate) fn off(&mut self) {
        if let Some(share) = self.share.take() {
            share.stop();
        }
    }

    pub(crate) fn share(&self) -> &Share {
        self.share.as_ref().unwrap()
    }

    pub(crate) fn is_up(&self) -> bool {
        self.share().health().is_connected
    }

    pub(crate) fn shift(&self, millis: i64) {
        self.host.shift.store(millis, Ordering::SeqCst);
    }

    /// The program bans.
    pub(crate) fn ban(&self, subject: &str, seconds: u64) -> Ban {
        let ban = self.a_ban(subject, seconds);
        self.make(ban.clone());
        ban
    }

    pub(crate) fn make(&self, ban: Ban) {
        self.host.program.lock().unwrap().bans.insert((ban.subject, ban.jail.clone()), ban.clone());
        self.tell(&Told::Banned(held(ban), Voice::Own));
    }

    pub(crate) fn a_ban(&self, subject: &str, seconds: u64) -> Ban {
        let now = self.host.now();
        Ban {
            subject: subject.parse().unwrap(),
            jail: JailName::new("sshd"),
            scope: Scope::AllPorts,
            since: now,
            until: now.after(Duration::from_secs(seconds)),
            failures: 5,
            proof: Proof::Proven,
            reason: "5 failures in 10m".to_owned(),
        }
    }

    /// An operator lifts, whether the ban is known here or not.
    pub(crate) fn unban(&self, subject: &str, jail: Option<&str>) {
        let lifted = Lifted {
            subject: subject.parse().unwrap(),
            jail: jail.map(JailName::new),
            at: self.host.now(),
            by: "operator".to_owned(),
        };
        {
            let mut program = self.host.program.lock().unwrap();
            program.bans.retain(|(banned, of), _| {
                *banned != lifted.subject || lifted.jail.as_ref().is_some_and(|jail| jail != of)
            });
            program.lifted.push(lifted.clone());
        }
        self.tell(&Told::Lifted(lifted, Voice::Own));
    }

    pub(crate) fn tell(&self, told: &Told) {
        if let Some(share) = &self.share {
            share.tell(told);
        }
    }

    pub(crate) fn holds(&self, subject: &str) -> bool {
        self.held().contains(&subject.parse().unwrap())
    }

    pub(crate) fn held(&self) -> BTreeSet<Subject> {
        self.host.program.lock().unwrap().bans.keys().map(|(subject, _)| *subject).collect()
    }

    /// How many bans it holds.
    pub(crate) fn count(&self) -> usize {
        self.host.program.lock().unwrap().bans.len()
    }

    /// The bans with their ends by the real clock, in seconds.
    pub(crate) fn ends(&self) -> BTreeMap<(Subject, JailName), i64> {
        let shift = self.host.shift.load(Ordering::SeqCst);
        let end = |ban: &Ban| {
            if ban.until == Moment::NEVER {
                i64::MAX
            } else {
                (ban.until.millis() - shift + 500).div_euclid(1000)
            }
        };
        let program = self.host.program.lock().unwrap();
        program.bans.iter().map(|(key, ban)| (key.clone(), end(ban))).collect()
    }
}

impl Drop for TestNode {
    fn drop(&mut self) {
        self.off();
    }
}

/// Whether they all hold the same, with the same ends but for a second.
pub(crate) fn agree(nodes: &[&TestNode]) -> bool {
    let first = nodes[0].ends();
    nodes[1..].iter().all(|node| {
        let ends = node.ends();
        ends.len() == first.len()
            && ends.iter().all(|(key, end)| first.get(key).is_some_and(|other| end.abs_diff(*other) <= 1))
    })
}

pub(crate) fn held(ban: Ban) -> Held {
    Held { ban, categories: Categories::ALL }
}

pub(crate) fn settings(port: u16) -> Redis {
    Redis {
        servers: Servers::Single(format!("redis://127.0.0.1:{port}")),
        database: 0,
        prefix: "test:".to_owned(),
        user: None,
        password_file: None,
        ca_file: None,
        keys: false,
        fleet: true,
        fleet_counts: true,
    }
}
