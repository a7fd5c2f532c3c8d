//! What the counter tells the decision: a subject has reached a jail's limit.

use std::time::Duration;

use crate::{JailName, Moment, Proof, Subject};

/// A subject had `failures` failures within `find_time` of each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offence {
    /// The jail whose limit was reached.
    pub jail: JailName,
    /// Who reached it.
    pub subject: Subject,
    /// The time of the failure that reached the limit.
    pub at: Moment,
    /// Failures in the window.
    pub failures: u32,
    /// `Proven` if the proven failures alone reach the limit.
    pub proof: Proof,
    /// The limit that was reached, for the reason.
    pub max_retry: u32,
    /// The window, for the reason.
    pub find_time: Duration,
}
