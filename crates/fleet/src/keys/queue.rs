//! What waits to be written. Who puts something in never waits; who takes something out does.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use event::limit;

use crate::told::Told;

/// A bounded queue between the program and the thread that writes.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    arrival: Condvar,
}

#[derive(Debug, Default)]
struct State {
    told: VecDeque<Told>,
    overrun: u64,
    is_overrun: bool,
    is_stopping: bool,
}

/// What was taken out.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) told: VecDeque<Told>,
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
        if state.told.len() >= limit::REDIS_QUEUE {
            state.overrun += 1;
            state.is_overrun = true;
        } else {
            state.told.push_back(told);
        }
        drop(state);
        self.arrival.notify_one();
    }

    /// Takes everything out. Waits until there is something, or that long.
    pub(crate) fn take(&self, wait: Duration) -> Taken {
        let is_idle = |state: &mut State| state.told.is_empty() && !state.is_overrun && !state.is_stopping;
        let (mut state, _) = self
            .arrival
            .wait_timeout_while(self.state(), wait, is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        Taken {
            told: std::mem::take(&mut state.told),
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
        self.state().told.len() as u64
    }

    /// How often something was dropped.
    pub(crate) fn overrun(&self) -> u64 {
        self.state().overrun
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
