//! What happens to the jails, as far as fail2ban's log, its database and its actions are concerned. Told after it is recorded, in order.

use std::net::IpAddr;

use event::{Ban, Failure, Moment, Subject};

/// Something that happened. `jail` is the name as fail2ban's configuration has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A jail runs from now on.
    Started {
        /// Which.
        jail: String,
    },
    /// A jail runs no more; its bans are lifted.
    Stopped {
        /// Which.
        jail: String,
    },
    /// A line was a failure, and counted.
    Found {
        /// Of which jail.
        jail: String,
        /// The failure.
        failure: Failure,
    },
    /// A line was a failure, and does not count.
    Ignored {
        /// Of which jail.
        jail: String,
        /// Against whom it would have counted.
        subject: Subject,
        /// The address as the line gave it.
        address: Option<IpAddr>,
        /// What says so.
        by: Ignorer,
    },
    /// Somebody is banned, or for longer than before.
    Banned {
        /// By which jail.
        jail: String,
        /// The ban.
        ban: Ban,
        /// How often the subject was banned by this jail before.
        earlier: u32,
        /// The lines that led to it, the oldest first, as far as they are kept. Attacker-controlled.
        lines: Vec<String>,
        /// It was prolonged, and stood already.
        prolonged: bool,
        /// It was restored at the start, and stood already.
        restored: bool,
    },
    /// Somebody who is banned has failed so often again that it would be a ban: something does not keep them out.
    AlreadyBanned {
        /// By which jail.
        jail: String,
        /// Who.
        subject: Subject,
        /// When the ban was made.
        since: Moment,
        /// When they failed last.
        at: Moment,
    },
    /// Somebody is let in again, by hand or because the time is over.
    Unbanned {
        /// By which jail.
        jail: String,
        /// Who.
        subject: Subject,
        /// When.
        at: Moment,
        /// The time was over.
        expired: bool,
    },
}

/// What says that a failure does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignorer {
    /// An address or network in `ignoreip`.
    Address,
    /// A name in `ignoreip`.
    Name,
    /// `ignoreself`.
    Own,
    /// `ignorecommand`.
    Command,
}
