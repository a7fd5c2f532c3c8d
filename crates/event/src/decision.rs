//! What is decided: a ban, its end, or a refusal with its reason.

use std::fmt;

use crate::{JailName, Moment, Proof, Subject};

/// Which of the host's ports a ban closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The ports of the ban's jail; other services stay reachable.
    Jail,
    /// Every port.
    AllPorts,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jail => "jail",
            Self::AllPorts => "all-ports",
        })
    }
}

/// A subject is kept out until a moment. One subject has at most one ban in a jail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Who.
    pub subject: Subject,
    /// By which jail.
    pub jail: JailName,
    /// Which ports.
    pub scope: Scope,
    /// From when.
    pub since: Moment,
    /// Until when; `Moment::NEVER` for a ban without end.
    pub until: Moment,
    /// How many failures led to it; 0 for a ban by hand.
    pub failures: u32,
    /// How well the evidence proves the address; `Proven` for a ban by hand.
    pub proof: Proof,
    /// Why, for people: the rule and its limits, or who asked for it.
    pub reason: String,
}

/// A ban ends before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unban {
    /// Who.
    pub subject: Subject,
    /// In which jail.
    pub jail: JailName,
    /// When it was decided.
    pub at: Moment,
    /// Who asked for it, for the audit.
    pub actor: String,
}

/// A ban that was not made, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Who would have been banned.
    pub subject: Subject,
    /// By which jail.
    pub jail: JailName,
    /// When.
    pub at: Moment,
    /// Why not, for people.
    pub reason: String,
}

/// One step that the store records and enforcement carries out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Keep someone out, or prolong.
    Ban(Ban),
    /// Let someone in again.
    Unban(Unban),
    /// Nothing is done, and this is why.
    Refused(Refusal),
}
