//! What reaches the engine: everything that happens, as one closed enum. Only the engine changes state.

use std::sync::mpsc::Sender;

use control::{Answer, Peer, Request};
use event::{Ban, Failure, Origin, Position, Success};

use crate::plan::Plan;

/// Something that happened.
#[derive(Debug)]
pub enum Message {
    /// A reader found something, or read on without finding anything.
    Found(Findings),
    /// Somebody asks through the control socket.
    Asked {
        /// What.
        request: Request,
        /// Who.
        peer: Peer,
        /// Where the answer goes.
        reply: Sender<Reply>,
    },
    /// The kernel was changed, by us or by others.
    Enforced(Enforced),
    /// New settings, already checked, and why they were read.
    Reloaded {
        /// The plan.
        plan: Box<Plan>,
        /// Why: "SIGHUP", "stockade.toml changed", "asked by root".
        cause: String,
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
    pub fn read_again(made: Result<Plan, Vec<String>>, cause: &str) -> Self {
        let cause = cause.to_owned();
        match made {
            Ok(plan) => Self::Reloaded { plan: Box::new(plan), cause },
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

/// What goes back to whoever asked.
#[derive(Debug)]
pub enum Reply {
    /// An answer, ready.
    Answer(Answer),
    /// The bans; they are put into words outside the engine, because there may be a million of them.
    Bans(Vec<Ban>),
}
