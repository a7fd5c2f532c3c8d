//! What the two threads of a `Share` and whoever tells it have in common: the queue, the register, how things stand. Everything is behind one
//! lock, held for as long as a few hundred decisions take and never while Redis or the program is waited for; so telling never waits.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use config::Redis;
use event::{Ban, JailName, Moment, Proof, Subject, limit};
use redis::Value;

use crate::health::Health;
use crate::host::Host;
use crate::link::{Link, LinkError};
use crate::share::failures::Sums;
use crate::share::layout::Keys;
use crate::share::queue::Queue;
use crate::share::register::{Key, Origin, Register};
use crate::share::script;
use crate::share::stamp::{Offset, Stamp};
use crate::told::{Lifted, Told, Voice};

/// Two ends that are no further apart are the same: the clocks were asked at different times.
pub(crate) const SAME_END: Duration = Duration::from_secs(2);

/// A node that was not heard of for so long is not shown.
pub(crate) const LATELY: Duration = Duration::from_secs(120);

/// How long after trouble Redis is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause is so often doubled.
const STRIKES: u32 = 5;

/// A lift that was decided no longer ago than this before it was told is told live: it is meant against all that is known.
const LIVE: Duration = Duration::from_secs(5);

/// One node's part, as its threads see it.
pub(crate) struct Node {
    pub(crate) settings: Redis,
    pub(crate) keys: Keys,
    pub(crate) own: Origin,
    /// A word that is new at each start.
    pub(crate) boot: String,
    pub(crate) host: Arc<dyn Host>,
    state: Mutex<State>,
    /// Something waits to be told, or the end has come.
    pub(crate) woken: Condvar,
}

/// What changes.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) queue: Queue,
    pub(crate) sums: Sums,
    pub(crate) register: Register,
    /// How far Redis' clock is ahead; `None` until it was asked.
    pub(crate) offset: Option<Offset>,
    /// Whose lifts the program is being told just now: what it tells meanwhile may have been decided before.
    pub(crate) delivering: Vec<Subject>,
    /// What was passed over: wild entries, and bans past the bound.
    pub(crate) passed_over: u64,
    /// What the teller holds in its hands.
    pub(crate) in_hand: u64,
    /// Other nodes, by id: their names and when they were last heard of, by this host's clock.
    pub(crate) nodes: HashMap<Arc<str>, (Arc<str>, Moment)>,
    /// Another node with this node's id was seen.
    pub(crate) has_twin: bool,
    pub(crate) stopping: Option<Moment>,
    sides: [Side; 2],
    since: Option<Moment>,
}

/// How things stand with one of the two connections.
#[derive(Debug, Default)]
struct Side {
    is_up: bool,
    error: Option<String>,
}

/// Which connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    Teller,
    Listener,
}

impl Node {
    pub(crate) fn new(settings: Redis, own: Origin, boot: String, host: Arc<dyn Host>) -> Self {
        let keys = Keys::of(&settings);
        Self { settings, keys, own, boot, host, state: Mutex::default(), woken: Condvar::new() }
    }

    /// The state. A thread that panicked with it in its hands has changed it as a whole or not at all.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits to be woken, or for that long.
    pub(crate) fn wait<'a>(&self, state: MutexGuard<'a, State>, most: Duration) -> MutexGuard<'a, State> {
        self.woken.wait_timeout(state, most).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Takes in what is told.
    pub(crate) fn take_in(&self, told: &Told) {
        let now = self.host.now();
        let mut state = self.state();
        match told {
            Told::Banned(held, Voice::Own) => state.ban(&self.own, &held.ban, now),
            Told::Lifted(lifted, Voice::Own) => state.lift(lifted, now),
            Told::Failed(failures) if self.settings.fleet_counts => {
                failures.iter().for_each(|failure| state.sums.add(failure));
            }
            // What was heard from others is not told again, and each node has its own whitelist.
            Told::Banned(_, Voice::Other)
            | Told::Lifted(_, Voice::Other)
            | Told::Failed(_)
            | Told::Whitelist(_) => return,
        }
        self.woken.notify_all();
    }

    /// Asks Redis' clock `times` times and believes the quickest answer.
    pub(crate) fn measure(&self, link: &mut Link, times: usize) -> Result<Offset, LinkError> {
        let mut best: Option<(Duration, Offset)> = None;
        for _ in 0..times {
            let before = self.host.now();
            let answer = link.run(&[script::time(&self.keys)])?;
            let after = self.host.now();
            let Some(there) = answer.into_iter().next().and_then(time_in) else { continue };
            let took = after.since(before);
            if best.is_none_or(|(quickest, _)| took < quickest) {
                best = Some((took, Offset::measured(before, there, after)));
            }
        }
        let mut state = self.state();
        let offset = best.map(|(_, offset)| offset).or(state.offset).unwrap_or_default();
        state.offset = Some(offset);
        Ok(offset)
    }

    /// Connected, or not and why.
    pub(crate) fn stands(&self, which: Which, error: Option<String>) {
        let now = self.host.now();
        let mut state = self.state();
        let was_up = state.is_up();
        if state.sides[which as usize].error != error {
            match &error {
                Some(error) => tracing::warn!("fleet: {error}"),
                None => tracing::info!("fleet: connected"),
            }
        }
        state.sides[which as usize] = Side { is_up: error.is_none(), error };
        if was_up != state.is_up() || state.since.is_none() {
            state.since = Some(now);
        }
    }

    /// Waits before Redis is tried again: a second, and twice as long with each of `strikes`. Whether the end has come.
    pub(crate) fn pause(&self, strikes: u32) -> bool {
        let most = PAUSE * 2u32.pow(strikes.min(STRIKES));
        let started = self.host.now();
        let mut state = self.state();
        loop {
            let waited = self.host.now().since(started);
            if state.stopping.is_some() || waited >= most || self.host.now() < started {
                return state.stopping.is_some();
            }
            state = self.wait(state, most.saturating_sub(waited));
        }
    }

    /// The end has come; what waits may be told until then.
    pub(crate) fn end(&self, until: Moment) {
        let mut state = self.state();
        state.stopping = Some(state.stopping.map_or(until, |earlier| earlier.min(until)));
        self.woken.notify_all();
    }

    /// How things stand.
    pub(crate) fn health(&self) -> Health {
        let now = self.host.now();
        let state = self.state();
        let lately = state.nodes.values().filter(|(_, at)| now.since(*at) <= LATELY);
        let mut nodes: Vec<_> = lately.map(|(name, _)| name.to_string()).collect();
        nodes.sort_unstable();
        let twin = || {
            "another node has this node's id, as after a disk was copied; remove the state of one of them"
                .to_owned()
        };
        let trouble = state.sides.iter().find_map(|side| side.error.clone());
        Health {
            is_connected: state.is_up(),
            since: state.since,
            error: trouble.or_else(|| state.has_twin.then(twin)),
            waiting: state.queue.len() as u64 + state.in_hand,
            overrun: state.queue.overrun + state.sums.left_out,
            passed_over: state.passed_over,
            keys: 0,
            nodes,
        }
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Node").field("own", &self.own).finish_non_exhaustive()
    }
}

impl State {
    fn is_up(&self) -> bool {
        self.sides.iter().all(|side| side.is_up)
    }

    fn ban(&mut self, own: &Origin, ban: &Ban, now: Moment) {
        if !is_shared(ban, now) {
            return;
        }
        let key: Key = (ban.subject, ban.jail.clone());
        let standing = self.register.standing(&key);
        // A ban that comes back from the program as it was heard is no news: nodes would tell it to each other for ever.
        let echoes = |offset: Offset| {
            standing.is_some_and(|standing| {
                standing.origin.id != own.id && is_same_end(offset.stamp(ban.until), standing.until)
            })
        };
        if self.offset.is_some_and(echoes) {
            return;
        }
        let lifted = self.register.lifted(&key).map(|lift| lift.stamp);
        let lifted = lifted.filter(|_| !self.delivering.contains(&ban.subject));
        let floor = lifted.max(standing.map(|standing| standing.stamp));
        self.queue.ban(ban.clone(), now, floor);
    }

    fn lift(&mut self, lifted: &Lifted, now: Moment) {
        for subject in meant_by(lifted.subject) {
            let is_live = now.since(lifted.at) <= LIVE;
            let jail = jail_lifted(lifted.jail.as_ref());
            let known = self.register.latest_ban(&(subject, jail.clone()));
            let lifted = Lifted { subject, jail, ..lifted.clone() };
            self.queue.lift(&lifted, now, known.filter(|_| is_live));
        }
    }

    /// Heard of a node, which was there then.
    pub(crate) fn met(&mut self, own: &Origin, origin: &Origin, at: Moment) {
        if origin.id == own.id {
            return;
        }
        if self.nodes.len() >= limit::FLEET_NODES
            && !self.nodes.contains_key(&origin.id)
            && let Some(oldest) = self.nodes.iter().min_by_key(|(_, (_, at))| *at).map(|(id, _)| id.clone())
        {
            self.nodes.remove(&oldest);
        }
        let heard = self.nodes.entry(origin.id.clone()).or_insert_with(|| (origin.name.clone(), at));
        heard.1 = heard.1.max(at);
    }
}

/// Whether other nodes are told of a ban. Where a jail is not known, bans of it stand under `JailName::FLEET`: they were heard, and whoever
/// made them has told everybody.
pub(crate) fn is_shared(ban: &Ban, now: Moment) -> bool {
    ban.proof == Proof::Proven && ban.until > now && ban.jail.as_str() != JailName::FLEET
}

/// In which jail a lift holds for the fleet. Nobody knows here in which one a ban under `JailName::FLEET` was made, so to lift it is to
/// lift all.
pub(crate) fn jail_lifted(jail: Option<&JailName>) -> Option<JailName> {
    jail.filter(|jail| jail.as_str() != JailName::FLEET).cloned()
}

/// Whether two ends are the same but for the clocks' error.
pub(crate) fn is_same_end(one: Stamp, other: Stamp) -> bool {
    u128::from(one.apart(other)) <= SAME_END.as_millis()
}

/// A time that is over once `every` has passed since `last`, or once the clock was set back.
pub(crate) fn is_due(last: Option<Moment>, every: Duration, now: Moment) -> bool {
    last.is_none_or(|last| now.since(last) >= every || now < last)
}

/// The subject itself and, for a single IPv6 address, the /64 that it is counted by: as the program means it when it unbans.
fn meant_by(subject: Subject) -> impl Iterator<Item = Subject> {
    let single = !subject.is_ipv4() && subject.prefix_bits() == 128;
    let counted = single.then(|| Subject::counted(subject.address()));
    [subject].into_iter().chain(counted)
}

/// A moment in Redis' answer to `TIME`.
pub(crate) fn time_in(answer: Value) -> Option<Moment> {
    let (seconds, micros): (i64, i64) = redis::from_redis_value(answer).ok()?;
    Some(Moment::from_millis(seconds.saturating_mul(1000).saturating_add(micros / 1000)))
}
