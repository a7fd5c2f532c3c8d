//! What waits for one jail's actions, in order and bounded. Whoever puts something in never waits.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use dropin::{JailModel, Wrong};
use event::limit::{FAIL2BAN_ACTION_QUEUE, FAIL2BAN_ACTION_TICKETS};
use event::{Moment, Subject};
use fail2ban::Value;

use crate::ticket::Ticket;

/// Something to do.
pub enum Task {
    /// Somebody is banned, or for longer.
    Ban(Box<Ticket>),
    /// Somebody who is banned has failed as often again, then.
    Again(Subject, Moment),
    /// Somebody is let in.
    Unban(Subject, Moment),
    /// The jail is this from now on, with the actions that run here.
    Tell(Box<JailModel>),
    /// The jail runs.
    Wake,
    /// The jail runs no more: everybody is let in, and its actions end.
    Rest,
    /// A method of an action is called.
    Call(Call),
    /// As `Rest`, and nothing comes after it.
    End,
}

/// A method of an action, called by a client.
pub struct Call {
    /// Which action.
    pub action: String,
    /// Which method.
    pub method: String,
    /// By name.
    pub arguments: serde_json::Map<String, serde_json::Value>,
    /// Where the answer goes.
    pub answer: SyncSender<Result<Value, Wrong>>,
}

/// What waits.
#[derive(Default)]
pub struct Queue {
    tasks: Mutex<Tasks>,
    filled: Condvar,
}

#[derive(Default)]
struct Tasks {
    waiting: VecDeque<Task>,
    missed: u64,
    is_ended: bool,
}

impl Queue {
    /// Puts a ban in. Where there is no room, how many found none so far.
    pub fn ban(&self, ticket: Ticket) -> Result<(), u64> {
        let mut tasks = self.lock();
        if tasks.waiting.len() >= FAIL2BAN_ACTION_QUEUE || tasks.is_ended {
            tasks.missed += 1;
            return Err(tasks.missed);
        }
        tasks.waiting.push_back(Task::Ban(Box::new(ticket)));
        self.filled.notify_one();
        Ok(())
    }

    /// Puts something else in, for which there is room as long as it is about bans that were told.
    pub fn put(&self, task: Task) -> bool {
        let mut tasks = self.lock();
        let room = match task {
            // It comes again at the next occasion, and whoever fails on must not take the room of those who are banned.
            Task::Again(..) => FAIL2BAN_ACTION_QUEUE / 2,
            Task::Unban(..) | Task::Call(_) => FAIL2BAN_ACTION_QUEUE + FAIL2BAN_ACTION_TICKETS,
            _ => usize::MAX,
        };
        if tasks.is_ended || tasks.waiting.len() >= room {
            return false;
        }
        tasks.waiting.push_back(task);
        self.filled.notify_one();
        true
    }

    /// Leaves out what waits: everything ends. How much was left out.
    pub fn end(&self) -> usize {
        let mut tasks = self.lock();
        let left = tasks.waiting.len();
        tasks.waiting.clear();
        tasks.waiting.push_back(Task::End);
        tasks.is_ended = true;
        self.filled.notify_one();
        left
    }

    /// Takes the next one out, and waits for it.
    pub fn next(&self) -> Task {
        let mut tasks = self.lock();
        loop {
            if let Some(task) = tasks.waiting.pop_front() {
                return task;
            }
            tasks = self.filled.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How much waits, and how many bans there was no room for.
    pub fn sizes(&self) -> (usize, u64) {
        let tasks = self.lock();
        (tasks.waiting.len(), tasks.missed)
    }

    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_fails_on_leaves_room_for_bans() {
        let queue = Queue::default();
        let subject = Subject::exactly([192, 0, 2, 1].into());
        let again = || queue.put(Task::Again(subject, Moment::default()));
        while again() {}
        assert_eq!(queue.sizes().0, FAIL2BAN_ACTION_QUEUE / 2);
        let ban = || queue.ban(Ticket::bare(subject, Moment::default()));
        while ban().is_ok() {}
        assert_eq!(queue.sizes(), (FAIL2BAN_ACTION_QUEUE, 1));
        assert!(!again() && queue.put(Task::Unban(subject, Moment::default())));
    }
}
