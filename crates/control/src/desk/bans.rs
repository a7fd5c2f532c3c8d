//! Live bans, and orders about them.

use std::collections::{BTreeMap, BTreeSet};

use event::{Ban, JailName, Subject};

/// Every live ban at one moment, in the order of subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Grows with each change, so that a reader knows whether its own copy is still good.
    pub generation: u64,
    /// The bans.
    pub bans: Vec<Ban>,
    /// The service of each jail: `sip`, `ssh`, `web`. A ban by hand has none.
    pub services: BTreeMap<JailName, String>,
    /// The jails whose bans close nothing: they are told to whoever asks, and to the jail's own actions.
    pub told_only: BTreeSet<JailName>,
}

/// A ban by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanOrder {
    /// Whom: a single IPv6 address means its /64.
    pub subject: Subject,
    /// In which jail, closing its ports; without one, all ports.
    pub jail: Option<JailName>,
    /// For how many seconds; `u64::MAX` for ever; without it, as long as the jail bans.
    pub seconds: Option<u64>,
    /// Whether a very wide subnet is meant.
    pub force: bool,
    /// Why, in the actor's words.
    pub note: String,
}

/// Which ban ends or ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// Whose.
    pub subject: Subject,
    /// In which jail; `None` for all.
    pub jail: Option<JailName>,
}
