//! What reaches the engine: everything that happens, as one closed enum. Only the engine changes state.

use std::fmt;
use std::sync::mpsc::{Receiver, SyncSender, channel};

use dropin::Ignorer;
use event::{Failure, Origin, Position, Success};
use store::Action;

use crate::engine::Engine;
use crate::plan::Plan;

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// A reader found something, or read on without finding anything.
    Found(Findings),
    /// Somebody asks for something that only the engine can do or knows.
    Visit(Visit),
    /// The kernel was changed, by us or by others.
    Enforced(Enforced),
    /// New settings, already checked, and why they were read.
    Reloaded {
        /// The plan.
        plan: Box<Plan>,
        /// Why: "SIGHUP", "stockade.toml changed", "asked by root".
        cause: String,
        /// For the journal, if somebody changed the settings.
        action: Option<Action>,
    },
    /// New settings that are wrong: the old ones stay.
    ReloadFailed {
        /// What is wrong.
        complaints: Vec<String>,
        /// Why they were read.
        cause: String,
    },
    /// Stop.
    Stop(End),
}

impl Message {
    /// The settings were read again, because of `cause`, and this came of it.
    pub fn read_again(made: Result<Plan, Vec<String>>, cause: &str, action: Option<Action>) -> Self {
        let cause = cause.to_owned();
        match made {
            Ok(plan) => Self::Reloaded { plan: Box::new(plan), cause, action },
            Err(complaints) => Self::ReloadFailed { complaints, cause },
        }
    }
}

/// Why the engine stops.
#[derive(Debug)]
pub enum End {
    /// Somebody asked for it.
    Asked(String),
    /// Something broke without which there is no point in going on.
    Broken(String),
}

/// What a reader found in one block.
#[derive(Debug)]
pub struct Findings {
    /// Old lines are judged by their own time.
    pub origin: Origin,
    /// In the order of the lines: a login clears what stands before it, and nothing behind it.
    pub found: Vec<Finding>,
    /// Up to where this was read.
    pub positions: Vec<(String, Position)>,
}

/// What a filter found in one line.
#[derive(Debug)]
pub enum Finding {
    /// A failed login.
    Failure(Failure),
    /// A failed login of somebody whom its jail ignores.
    Ignored(Failure, Ignorer),
    /// A login.
    Success(Success),
}

/// What comes back from enforcement.
#[derive(Debug)]
pub enum Enforced {
    /// All changes were carried out.
    Applied,
    /// The kernel was compared with what is wanted.
    Reconciled {
        /// Whether there was anything to mend.
        changed: bool,
        /// Whether another program's change was the cause.
        foreign: bool,
    },
    /// Somebody else changed our table.
    Disturbed,
    /// It did not work.
    Failed {
        /// What, why, and what to do.
        error: String,
    },
}

/// A question or an order, carried out between two other messages. What it returns is done when the turn is recorded: whoever
/// asked hears only of what is durable.
pub struct Visit(pub Box<dyn FnOnce(&mut Engine) -> Afterwards + Send>);

/// What is done when the turn is recorded: the answer is sent.
pub type Afterwards = Box<dyn FnOnce() + Send>;

/// Has the engine do something; the answer comes when that is recorded. `None`: the engine is gone.
pub fn visit<T: Send + 'static>(
    engine: &SyncSender<Message>,
    order: impl FnOnce(&mut Engine) -> T + Send + 'static,
) -> Option<Receiver<T>> {
    let (reply, answer) = channel();
    let visit = Visit(Box::new(move |engine| {
        let done = order(engine);
        // Whoever has gone away misses the answer.
        Box::new(move || _ = reply.send(done))
    }));
    engine.send(Message::Visit(visit)).ok().map(|()| answer)
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visit")
    }
}
