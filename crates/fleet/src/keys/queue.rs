//! What waits to be written. Who puts something in never waits; who takes something out does.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event::{Subject, limit};

use crate::told::{Held, Lifted, Told};

/// A bounded queue between the program and the thread that writes.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrival: Condvar,
}

/// A change of one ban.
#[derive(Debug)]
pub(crate) enum Turn {
    Held(Held),
    Lifted(Lifted),
}

#[derive(Debug, Default)]
struct State {
    turns: VecDeque<Turn>,
    /// Only the last one counts.
    whitelist: Option<Vec<Subject>>,
    /// Of the failures, nothing but who failed: lines are long, and there may be many.
    sighted: VecDeque<IpAddr>,
    overrun: u64,
    is_overrun: bool,
    is_stopping: bool,
}

/// What was taken out.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) turns: VecDeque<Turn>,
    pub(crate) whitelist: Option<Vec<Subject>>,
    pub(crate) sighted: VecDeque<IpAddr>,
    /// Something was dropped since the last time.
    pub(crate) is_overrun: bool,
    pub(crate) is_stopping: bool,
}

impl Queue {
    /// Puts something in. If the queue is full, it is dropped, and whoever takes out hears of it.
    pub(crate) fn put(&self, told: Told) {
        let mut state = self.state();
        if state.is_stopping {
            return;
        }
        match told {
            Told::Banned(held, _) => state.put(Turn::Held(held)),
            Told::Lifted(lifted, _) => state.put(Turn::Lifted(lifted)),
            Told::Whitelist(whitelist) => state.whitelist = Some(whitelist),
            Told::Failed(failures) => {
                state.sighted.extend(failures.iter().filter_map(|failure| failure.address));
                let surplus = state.sighted.len().saturating_sub(limit::REDIS_SIGHTED);
                state.sighted.drain(..surplus);
            }
        }
        drop(state);
        self.arrival.notify_one();
    }

    /// Takes everything out. Waits until there is something, or that long.
    pub(crate) fn take(&self, wait: Duration) -> Taken {
        let (mut state, _) = self
            .arrival
            .wait_timeout_while(self.state(), wait, |state| state.is_idle())
            .unwrap_or_else(PoisonError::into_inner);
        Taken {
            turns: std::mem::take(&mut state.turns),
            whitelist: state.whitelist.take(),
            sighted: std::mem::take(&mut state.sighted),
            is_overrun: std::mem::take(&mut state.is_overrun),
            is_stopping: state.is_stopping,
        }
    }

    /// Waits that long, or until the end has come; what is put in meanwhile stays in. Says whether the end has come.
    pub(crate) fn ends_within(&self, wait: Duration) -> bool {
        let (state, _) = self
            .arrival
            .wait_timeout_while(self.state(), wait, |state| !state.is_stopping)
            .unwrap_or_else(PoisonError::into_inner);
        state.is_stopping
    }

    pub(crate) fn stop(&self) {
        self.state().is_stopping = true;
        self.arrival.notify_all();
    }

    pub(crate) fn waiting(&self) -> u64 {
        let state = self.state();
        state.turns.len() as u64 + u64::from(state.whitelist.is_some())
    }

    /// How often something was dropped.
    pub(crate) fn overrun(&self) -> u64 {
        self.state().overrun
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn put(&mut self, turn: Turn) {
        if self.turns.len() >= limit::REDIS_QUEUE {
            self.overrun += 1;
            self.is_overrun = true;
        } else {
            self.turns.push_back(turn);
        }
    }

    fn is_idle(&self) -> bool {
        let is_empty = self.turns.is_empty() && self.whitelist.is_none() && self.sighted.is_empty();
        is_empty && !self.is_overrun && !self.is_stopping
    }
}
