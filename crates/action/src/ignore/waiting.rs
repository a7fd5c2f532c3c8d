//! What waits for an answer: failures whose command is not built yet, and those whose command runs. It is bounded as a whole.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use event::limit::FAIL2BAN_IGNORE_WAITING;

use super::Held;
use super::rule::Rule;

/// What the same command answers: its text with everything put in, or what its answer is kept by.
pub type Question = String;

/// All that waits.
#[derive(Default)]
pub struct Waiting {
    all: Mutex<All>,
    filled: Condvar,
}

#[derive(Default)]
struct All {
    /// Not looked at yet, in order.
    new: VecDeque<Held>,
    /// Whose command runs, by jail and question.
    running: HashMap<(String, Question), Vec<Held>>,
    /// How many there are in both.
    held: usize,
    is_ended: bool,
}

/// What is to be done for a failure.
pub enum Next {
    /// The same command runs already; its answer goes for this one too.
    Joined,
    /// The command is to be run.
    Run(Question),
}

impl Waiting {
    /// Puts one in; given back if there is no room.
    pub fn put(&self, held: Held) -> Option<Held> {
        let mut all = self.lock();
        if all.held >= FAIL2BAN_IGNORE_WAITING || all.is_ended {
            return Some(held);
        }
        all.held += 1;
        all.new.push_back(held);
        self.filled.notify_one();
        None
    }

    /// Takes the next one out, and waits for it; none when everything ends.
    pub fn next(&self) -> Option<Held> {
        let mut all = self.lock();
        loop {
            if all.is_ended {
                return None;
            }
            if let Some(held) = all.new.pop_front() {
                all.held -= 1;
                return Some(held);
            }
            all = self.filled.wait(all).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Its command is to be run, or runs already.
    pub fn begin(&self, rule: &Rule, question: Question, held: Held) -> Next {
        let mut all = self.lock();
        all.held += 1;
        let key = (rule.jail().to_owned(), question);
        if let Some(joined) = all.running.get_mut(&key) {
            joined.push(held);
            return Next::Joined;
        }
        let question = key.1.clone();
        all.running.insert(key, vec![held]);
        Next::Run(question)
    }

    /// The command has ended: who waited for it, in order.
    pub fn end_of(&self, rule: &Rule, question: &str) -> Vec<Held> {
        let mut all = self.lock();
        let answered = all.running.remove(&(rule.jail().to_owned(), question.to_owned())).unwrap_or_default();
        all.held -= answered.len();
        answered
    }

    /// How many of a jail wait.
    pub fn of(&self, jail: &str) -> usize {
        let all = self.lock();
        let is_its = |held: &&Held| held.jail == jail;
        all.new.iter().filter(is_its).count() + all.running.values().flatten().filter(is_its).count()
    }

    /// Nothing is taken out or put in any more.
    pub fn end(&self) {
        self.lock().is_ended = true;
        self.filled.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
