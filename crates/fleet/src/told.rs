//! What is said in both directions: by the program to Redis, and by other nodes to the program.

use event::{Ban, Categories, Failure, JailName, Moment, Subject};

/// A ban, with the kinds of service that it closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The ban.
    pub ban: Ban,
    /// What it closes, in words that other programs know; none for mail, for instance, and then no key is written.
    pub categories: Categories,
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// This node: other nodes are told.
    Own,
    /// Another node, from which it was heard: it is not told again.
    Other,
}

/// A ban's end before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// Whose.
    pub subject: Subject,
    /// In which jail; `None` for all.
    pub jail: Option<JailName>,
    /// When it was decided, by this host's clock.
    pub at: Moment,
    /// Who asked for it.
    pub by: String,
}

/// What the program tells, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A ban was made or has another end now.
    Banned(Held, Voice),
    /// A ban was lifted. One that is over needs no telling.
    Lifted(Lifted, Voice),
    /// Failures of this node were counted: proven ones only.
    Failed(Vec<Failure>),
    /// The whitelist is this now.
    Whitelist(Vec<Subject>),
}

/// Everything that should stand in Redis by this node's knowledge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Every live ban, whoever decided it.
    pub bans: Vec<Held>,
    /// What was lifted by this node within `limit::FLEET_LIFTS_KEPT`, the latest `limit::FLEET_LIFTS` of it: an unban that was made while
    /// Redis was away must not be forgotten by a restart. It may be left empty, and then such an unban is.
    pub lifted: Vec<Lifted>,
    /// Who is never blocked.
    pub whitelist: Vec<Subject>,
}

/// What another node decided, with its name. Times are by this host's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It banned somebody.
    Banned {
        /// The ban; no longer than a lying clock may make it.
        ban: Ban,
        /// The node's name.
        node: String,
    },
    /// It lifted a ban: whatever was decided about the subject before `Lifted::at` holds no more, here and everywhere.
    Lifted {
        /// What was lifted.
        lifted: Lifted,
        /// The node's name.
        node: String,
    },
    /// It counted a failure.
    Failed {
        /// The failure.
        failure: Failure,
        /// The node's name.
        node: String,
    },
}
