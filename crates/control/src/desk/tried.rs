//! Filters, and what they say of a line.

use serde::{Deserialize, Serialize};

use crate::answer::Notice;

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterOutline {
    /// Its name.
    pub name: String,
    /// What kind of service: `SIP`, `SSH`.
    pub service: String,
    /// For people.
    pub description: String,
    /// A line that it finds, to try.
    pub example: String,
}

/// What a filter says of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A failed login.
    Failure,
    /// A login.
    Success,
    /// Known and of no account.
    Ignored,
    /// No pattern matches.
    Missed,
}

/// One line, judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// Counted from 1.
    pub number: u64,
    /// The line, cut at the bound.
    pub line: String,
    /// What it is.
    pub verdict: Verdict,
    /// The pattern that matched.
    pub pattern: Option<String>,
    /// The address found.
    pub address: Option<String>,
    /// The account found.
    pub account: Option<String>,
    /// When, RFC 3339; `None` if no time was recognised.
    pub time: Option<String>,
    /// `proven` or `claimed`.
    pub proof: Option<String>,
    /// Why a missed line does not match, from the outside in. Codes: `no-syslog-prefix`, `other-program` (`program`, `reads`),
    /// `no-literal`, `near` (`pattern`, `literal`).
    pub why: Vec<Notice>,
}
