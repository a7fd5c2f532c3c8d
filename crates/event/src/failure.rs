//! What a filter found in a line: an authentication failure, or a success.

use std::fmt;
use std::net::IpAddr;

use crate::{JailName, Moment, Subject};

/// How well the line proves that the address it names took part. Ordered: a proven failure is worth more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// One datagram said so. Its source address can be forged, so a ban on it could hit a bystander.
    Claimed,
    /// The address completed a TCP handshake or answered our challenge.
    Proven,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claimed => "claimed",
            Self::Proven => "proven",
        })
    }
}

/// How many echoes a filter may tell apart.
pub const ECHOES: u8 = 3;

/// One authentication failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The jail whose filter found it.
    pub jail: JailName,
    /// Whom it counts against.
    pub subject: Subject,
    /// The address as the line gave it; `None` where the line named a subnet.
    pub address: Option<IpAddr>,
    /// When it happened, by arrival (live) or by the line (catch-up).
    pub at: Moment,
    /// The account that was tried, if the line names one; cut to `limit::ACCOUNT_BYTES`.
    pub account: Option<Box<str>>,
    /// How many failures the line stands for ("message repeated 3 times"), at least 1.
    pub count: u32,
    /// How well the line proves the address.
    pub proof: Proof,
    /// In which of the service's ways this was reported: one attempt may be reported in several, which are counted each for
    /// itself and not together. 0 is the usual one, echoes are 1 to `ECHOES`.
    pub echo: u8,
    /// Name of the pattern that matched, for `why`.
    pub pattern: Box<str>,
    /// The line, cut to `limit::EVIDENCE_BYTES`, invalid UTF-8 replaced. Attacker-controlled: show it, never run it.
    pub line: Box<str>,
}

/// One successful authentication: clears the same account's failures of the same subject, nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Success {
    /// The jail whose filter found it.
    pub jail: JailName,
    /// Who succeeded.
    pub subject: Subject,
    /// When it happened.
    pub at: Moment,
    /// The account.
    pub account: Option<Box<str>>,
    /// How well the line proves the address: an unproven success clears nothing.
    pub proof: Proof,
}
