//! A ban as actions are told of it.

use std::net::IpAddr;

use event::{Ban, Moment, Subject};

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Who is banned.
    pub subject: Subject,
    /// The address that failed last, where it is known: that of one client within the network that is banned.
    pub address: Option<IpAddr>,
    /// When the ban was made.
    pub since: Moment,
    /// When it ends.
    pub until: Moment,
    /// Failures that led to it.
    pub failures: u32,
    /// How often this jail banned the subject, this time too.
    pub count: u32,
    /// The lines that led to it. A log's text.
    pub lines: Vec<String>,
    /// The account of the last failure. A log's text.
    pub account: Option<Box<str>>,
    /// It was made before the program started.
    pub is_restored: bool,
    /// How often the jail's actions had been mended when this was told to them last.
    pub epoch: u64,
}

impl Ticket {
    /// Of a ban.
    pub fn new(ban: &Ban, earlier: u32, lines: Vec<String>, is_restored: bool) -> Self {
        Self {
            subject: ban.subject,
            address: None,
            since: ban.since,
            until: ban.until,
            failures: ban.failures,
            count: earlier.saturating_add(1),
            lines,
            account: None,
            is_restored,
            epoch: 0,
        }
    }

    /// Of somebody of whom nothing else is known.
    pub fn bare(subject: Subject, at: Moment) -> Self {
        Self {
            subject,
            address: None,
            since: at,
            until: at,
            failures: 0,
            count: 0,
            lines: Vec::new(),
            account: None,
            is_restored: false,
            epoch: 0,
        }
    }

    /// `inet4` or `inet6`.
    pub fn family(&self) -> &'static str {
        if self.subject.is_ipv4() { "inet4" } else { "inet6" }
    }
}
