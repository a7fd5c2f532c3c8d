//! The thread that writes keys. It holds every ban that asks for a key, so that while Redis is away nothing but the
//! difference is left to be written; it looks at each key again in a while, because others may remove them.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use config::Redis;
use event::{Moment, Subject, limit};

use crate::host::Host;
use crate::keys::book::Book;
use crate::keys::claims::Claims;
use crate::keys::comparison;
use crate::keys::keeper::Keeper;
use crate::keys::queue::{Queue, Taken, Turn};
use crate::link::LinkError;
use crate::told::Told;

/// The thread, from outside.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Arc<Queue>,
    state: Arc<Mutex<State>>,
    done: Mutex<Receiver<()>>,
}

/// How things stand.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) is_connected: bool,
    pub(crate) since: Option<Moment>,
    pub(crate) error: Option<String>,
    pub(crate) waiting: u64,
    pub(crate) overrun: u64,
    pub(crate) keys: u64,
}

struct Work {
    settings: Redis,
    node: String,
    host: Arc<dyn Host>,
    queue: Arc<Queue>,
    state: Arc<Mutex<State>>,
    claims: Claims,
    book: Book,
    whitelist: Vec<Subject>,
    keeper: Option<Keeper>,
    /// Changes that were taken over and not yet written, while Redis is away.
    unwritten: u64,
    pause: Duration,
    /// When Redis was tried last, and keys looked at last.
    tried: Moment,
    looked: Moment,
    /// The last subject that was looked at in this round.
    cursor: Option<Subject>,
    done: Sender<()>,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(limit::REDIS_PAUSE_SECONDS);
/// How often keys are looked at.
const BEAT: Duration = Duration::from_secs(1);

/// The program is stopping.
struct Stopping;

impl Writer {
    pub(crate) fn start(settings: &Redis, node: &str, host: Arc<dyn Host>) -> io::Result<Self> {
        let (queue, state) = (Arc::new(Queue::default()), Arc::new(Mutex::new(State::default())));
        let (done, ended) = channel();
        let now = host.now();
        let work = Work {
            settings: settings.clone(),
            node: node.to_owned(),
            host,
            queue: Arc::clone(&queue),
            state: Arc::clone(&state),
            claims: Claims::default(),
            book: Book::default(),
            whitelist: Vec::new(),
            keeper: None,
            unwritten: 0,
            pause: Duration::ZERO,
            tried: now,
            looked: now,
            cursor: None,
            done,
        };
        Builder::new().name("redis-keys".to_owned()).spawn(move || work.run())?;
        Ok(Self { queue, state, done: Mutex::new(ended) })
    }

    pub(crate) fn tell(&self, told: Told) {
        self.queue.put(told);
    }

    pub(crate) fn state(&self) -> State {
        let mut state = lock(&self.state).clone();
        state.waiting += self.queue.waiting();
        state.overrun = self.queue.overrun();
        state
    }

    /// Ends the thread once what waits is written. Waits for nothing.
    pub(crate) fn end(&self) {
        self.queue.stop();
    }

    /// Ends the thread, and waits for its last words for a bounded time.
    pub(crate) fn stop(&self) {
        self.end();
        let limit = Duration::from_secs(limit::REDIS_LAST_WORDS_SECONDS);
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        if done.recv_timeout(limit).is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("the last changes may be missing in redis; the next start compares everything");
        }
    }
}

impl Work {
    fn run(mut self) {
        let Err(Stopping) = self.renew().and_then(|()| self.work());
        // Nobody may wait for it any more.
        let _ = self.done.send(());
    }

    fn work(&mut self) -> Result<Infallible, Stopping> {
        loop {
            self.reach()?;
            let wait = if self.keeper.is_some() {
                self.left(self.looked, BEAT)
            } else {
                self.left(self.tried, self.pause)
            };
            let taken = self.queue.take(wait);
            let is_last = taken.is_stopping;
            if taken.is_overrun && !is_last {
                // What is left of the queue has gaps: it counts only for who was sighted.
                self.take_over(taken);
                self.renew()?;
                self.with_keeper(Self::compare);
            } else {
                let touched = self.take_over(taken);
                self.with_keeper(|work, keeper| work.write(keeper, &touched));
            }
            if is_last {
                return Err(Stopping);
            }
            if self.left(self.looked, BEAT).is_zero() {
                self.looked = self.host.now();
                self.with_keeper(Self::look);
            }
            self.report();
        }
    }

    /// Asks for everything that is wanted. What waits in the queue is taken over behind it, and leads to the same end.
    fn renew(&mut self) -> Result<(), Stopping> {
        let wanted = self.host.wanted().ok_or(Stopping)?;
        self.claims.clear();
        for held in &wanted.bans {
            self.claims.hold(held);
        }
        self.whitelist = wanted.whitelist;
        Ok(())
    }

    /// Takes over what was told. Returns whose keys may be other ones now, and whether the whitelist is.
    fn take_over(&mut self, taken: Taken) -> Touched {
        let mut touched = Touched::default();
        for turn in taken.turns {
            touched.subjects.extend(match turn {
                Turn::Held(held) => self.claims.hold(&held),
                Turn::Lifted(lifted) => self.claims.lift(&lifted.subject, lifted.jail.as_ref()),
            });
        }
        for address in taken.sighted {
            touched.subjects.extend(self.claims.sight(address));
        }
        if let Some(whitelist) = taken.whitelist {
            self.whitelist = whitelist;
            touched.whitelist = true;
        }
        if self.keeper.is_none() {
            self.unwritten += touched.subjects.len() as u64 + u64::from(touched.whitelist);
        }
        touched
    }

    /// Connects, if it is time to, and compares everything.
    fn reach(&mut self) -> Result<(), Stopping> {
        if self.keeper.is_some() || !self.left(self.tried, self.pause).is_zero() {
            return Ok(());
        }
        match Keeper::connect(&self.settings, &self.node) {
            Ok(keeper) => {
                self.keeper = Some(keeper);
                self.with_keeper(Self::compare);
            }
            Err(error) => self.away(&error),
        }
        self.report();
        if self.queue.ends_within(Duration::ZERO) && self.keeper.is_none() { Err(Stopping) } else { Ok(()) }
    }

    /// Does something with Redis, if it is there. After an error it is away.
    fn with_keeper(&mut self, work: impl FnOnce(&mut Self, &mut Keeper) -> Result<(), LinkError>) {
        let Some(mut keeper) = self.keeper.take() else { return };
        match work(self, &mut keeper) {
            Ok(()) => {
                self.back(keeper.server());
                self.keeper = Some(keeper);
            }
            Err(error) => self.away(&error),
        }
    }

    fn compare(&mut self, keeper: &mut Keeper) -> Result<(), LinkError> {
        self.cursor = None;
        comparison::compare(keeper, &mut self.claims, &mut self.book, &*self.host)?;
        keeper.whitelist(&self.whitelist)?;
        self.unwritten = 0;
        Ok(())
    }

    fn write(&mut self, keeper: &mut Keeper, touched: &Touched) -> Result<(), LinkError> {
        let now = self.host.now();
        let mut steps = Vec::new();
        for subject in &touched.subjects {
            let wanted = self.claims.ends(subject, now);
            steps.extend(self.book.settle(*subject, &wanted, now));
            self.claims.prune(subject, now);
        }
        keeper.carry_out(&steps, now)?;
        if touched.whitelist { keeper.whitelist(&self.whitelist) } else { Ok(()) }
    }

    /// Looks at the next keys of the round.
    fn look(&mut self, keeper: &mut Keeper) -> Result<(), LinkError> {
        let now = self.host.now();
        let seconds = usize::try_from(limit::REDIS_ROUND_SECONDS).unwrap_or(usize::MAX);
        let count = (self.claims.count() / seconds + 1).min(limit::REDIS_LOOKS_PER_SECOND);
        let part = self.claims.behind(self.cursor.as_ref(), count);
        self.cursor = part.last().copied().filter(|_| part.len() == count);
        comparison::look(keeper, &mut self.claims, &mut self.book, &part, now)?;
        if self.cursor.is_some() {
            return Ok(());
        }
        keeper.forget_over(now)?;
        keeper.whitelist(&self.whitelist)
    }

    fn back(&mut self, server: &str) {
        self.pause = Duration::ZERO;
        let mut state = lock(&self.state);
        if !state.is_connected {
            tracing::info!("bans are written to redis at {server}");
            *state = State { is_connected: true, since: Some(self.host.now()), ..State::default() };
        }
    }

    fn away(&mut self, error: &LinkError) {
        self.tried = self.host.now();
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        let text = error.to_string();
        let mut state = lock(&self.state);
        if state.is_connected || state.since.is_none() {
            state.since = Some(self.tried);
        }
        if state.error.as_ref() != Some(&text) {
            tracing::warn!("{text}; bans hold on this host, and are written there once it answers");
        }
        state.is_connected = false;
        state.error = Some(text);
    }

    fn report(&self) {
        let mut state = lock(&self.state);
        state.waiting = self.unwritten;
        state.keys = self.book.keys();
    }

    /// What is left of a span that began at `from`. A clock that was set back does not make it longer.
    fn left(&self, from: Moment, span: Duration) -> Duration {
        let now = self.host.now();
        if now < from { Duration::ZERO } else { span.saturating_sub(now.since(from)) }
    }
}

#[derive(Default)]
struct Touched {
    subjects: BTreeSet<Subject>,
    whitelist: bool,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
