//! What happened over time, and who stands out.

use event::{Moment, Subject};

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// 24 hours, hour by hour.
    Day,
    /// 7 days, in steps of six hours.
    Week,
}

impl Span {
    /// Seconds of one step.
    pub fn step_seconds(self) -> u64 {
        match self {
            Self::Day => 60 * 60,
            Self::Week => 6 * 60 * 60,
        }
    }

    /// How many steps there are.
    pub fn steps(self) -> usize {
        match self {
            Self::Day => 24,
            Self::Week => 28,
        }
    }
}

/// Failures and bans, step by step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Where the first step begins: a full hour.
    pub from: Moment,
    /// Length of a step.
    pub step_seconds: u64,
    /// By service, the most attacked first.
    pub series: Vec<Series>,
}

/// One service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// As the filter names it: `SIP`, `SSH`.
    pub service: String,
    /// Failures in each step.
    pub failures: Vec<u64>,
    /// Bans made in each step.
    pub bans: Vec<u64>,
}

/// Who stands out, each list in descending order and bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Targets {
    /// Addresses.
    pub offenders: Vec<TargetOffender>,
    /// Networks, /24 and /48.
    pub networks: Vec<TargetNetwork>,
    /// Accounts under attack.
    pub accounts: Vec<TargetAccount>,
}

/// An address that failed often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetOffender {
    /// Who.
    pub subject: Subject,
    /// How often.
    pub failures: u64,
    /// When last.
    pub last: Moment,
    /// Whether it is banned now.
    pub banned: bool,
    /// Services that it tried.
    pub services: Vec<String>,
}

/// A network out of which several addresses failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetNetwork {
    /// A /24 or a /48.
    pub subnet: Subject,
    /// Addresses in it that failed.
    pub addresses: u64,
    /// How often.
    pub failures: u64,
    /// How many of them are banned now.
    pub banned: u64,
}

/// An account that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetAccount {
    /// Its name, as the attacker gave it.
    pub account: String,
    /// The service.
    pub service: String,
    /// How often.
    pub failures: u64,
    /// By how many addresses.
    pub addresses: u64,
}
