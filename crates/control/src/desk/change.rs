//! Changes of the settings: asked for, made, on trial, and tried out on the past.

use config::{Edit, Settings};
use event::{Moment, Subject};

/// The settings as they stand in the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Tag of the file's bytes: a change that names another one is refused.
    pub tag: String,
    /// As checked and in force.
    pub settings: Settings,
    /// The file.
    pub path: String,
    /// Why the file cannot be written, if it cannot.
    pub read_only: Option<String>,
    /// Who is on the whitelist without being in its list, each with where it comes from: networks, the host itself,
    /// whoever is signed in.
    pub also_whitelisted: Vec<(Subject, String)>,
}

/// A change that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// What.
    pub edits: Vec<Edit>,
    /// The tag that the actor saw; without one, whatever stands there is changed.
    pub expected_tag: Option<String>,
    /// Whether a change that would cut the actor off is made on trial. Without it such a change is refused.
    pub on_trial: bool,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The new tag.
    pub tag: String,
    /// Set if the change waits to be confirmed.
    pub trial: Option<Trial>,
}

/// A change that is undone unless somebody confirms it in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Until when.
    pub until: Moment,
    /// Who made it.
    pub by: String,
}

/// What a change would have done over the recorded failures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// When the first failure that was looked at happened.
    pub since: Moment,
    /// How many failures there were.
    pub failures: u64,
    /// Subjects that the present settings ban over that time.
    pub before: u64,
    /// Subjects that the changed ones ban.
    pub after: u64,
    /// Banned by the change only; the first of them.
    pub added: Vec<Subject>,
    /// No more banned; the first of them.
    pub removed: Vec<Subject>,
    /// How many are banned by the change only.
    pub added_count: u64,
    /// How many are no more banned.
    pub removed_count: u64,
}
