//! What an operator can set about decisions, with the defaults.

use std::time::Duration;

/// How long a ban lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BanTime {
    /// This long.
    For(Duration),
    /// Until somebody lifts it.
    ForEver,
}

/// How bans grow with each repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// Each repeat multiplies the ban by this; 0 and 1 leave it as it is.
    pub factor: u32,
    /// No ban grows past this. A jail whose own ban time is longer keeps that.
    pub max: Duration,
    /// This long after the end of the last ban, earlier ones are forgotten.
    pub quiet: Duration,
    /// From this ban on, a repeat offender of one jail is kept from all ports; one of several jails is from the second
    /// ban on. 0 for never: then every ban stays within its jail.
    pub all_ports_after: u32,
}

impl Default for Escalation {
    fn default() -> Self {
        Self { factor: 2, max: days(30), quiet: days(30), all_ports_after: 3 }
    }
}

/// The settings that hold for all jails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How bans grow.
    pub escalation: Escalation,
    /// How long a ban on claimed evidence lasts; never longer than the jail's own ban time.
    pub claimed_ban_time: Duration,
    /// For so long after a proven success, claimed evidence bans nobody.
    pub friend_time: Duration,
    /// How long a ban by hand lasts if neither the operator nor a jail says so.
    pub by_hand: BanTime,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            escalation: Escalation::default(),
            claimed_ban_time: Duration::from_secs(600),
            friend_time: days(1),
            by_hand: BanTime::For(days(1)),
        }
    }
}

const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}
