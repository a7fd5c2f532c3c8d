//! What was found in a line, still borrowed from it, and how it becomes a failure or a success.

use std::net::IpAddr;

use event::limit::{ACCOUNT_BYTES, EVIDENCE_BYTES};
use event::{Failure, JailName, Moment, Origin, Proof, Subject, Success};

use crate::filter::{Filter, Rule};
use crate::timestamp::{self, Form, Zone};

/// The address that a line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// One address.
    Address(IpAddr),
    /// A subnet.
    Subnet(Subject),
}

impl Host {
    /// Reads what a tag captured. A name, or four numbers that are no address, is none.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        if text.contains('/') {
            return text.parse().ok().map(Self::Subnet);
        }
        text.parse::<IpAddr>().ok().map(|address| Self::Address(address.to_canonical()))
    }

    /// Whom a failure from here counts against.
    pub fn subject(&self) -> Subject {
        match self {
            Self::Address(address) => Subject::counted(*address),
            Self::Subnet(subnet) => *subnet,
        }
    }

    /// The single address, if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Subnet(_) => None,
        }
    }
}

/// A match of a rule.
#[derive(Clone, Copy, Debug)]
pub struct Found<'t> {
    /// Index of the jail in the set.
    pub jail: usize,
    /// The filter.
    pub filter: &'t Filter,
    /// The rule that matched.
    pub rule: &'t Rule,
    /// Its index in the filter.
    pub rule_index: usize,
    /// Who; `None` only for an ignore rule.
    pub host: Option<Host>,
    /// The account that the line names.
    pub user: Option<&'t [u8]>,
    /// How well the line proves the address.
    pub proof: Proof,
    /// How many the line stands for.
    pub count: u32,
    /// The whole line.
    pub line: &'t [u8],
    pub(crate) time: Option<Written<'t>>,
}

/// A timestamp as it stands in the line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'t> {
    pub(crate) text: &'t [u8],
    pub(crate) forms: Forms<'t>,
}

/// The forms that a timestamp may have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Forms<'t> {
    One(Form),
    Any(&'t [Form]),
}

/// When a found line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The moment that counts.
    pub at: Moment,
    /// How far the line's own time is behind its arrival, in milliseconds; negative if it is ahead. Only for live lines.
    pub skew_millis: Option<i64>,
}

impl Found<'_> {
    /// The time that stands in the line.
    pub fn written(&self, zone: &Zone) -> Option<Moment> {
        let written = self.time?;
        match written.forms {
            Forms::One(form) => form.read(written.text, zone),
            Forms::Any(forms) => timestamp::read(written.text, forms, zone),
        }
    }

    /// When the line counts: a live one by arrival, an old one by its own time, which cannot lie in the future. An old
    /// line without a time says nothing about now: `None`.
    pub fn judged(&self, origin: Origin, arrival: Moment, zone: &Zone) -> Option<Judged> {
        let written = self.written(zone);
        match origin {
            Origin::Live => {
                let skew_millis = written.map(|written| arrival.millis().saturating_sub(written.millis()));
                Some(Judged { at: arrival, skew_millis })
            }
            Origin::CatchUp => written.map(|written| Judged { at: written.min(arrival), skew_millis: None }),
        }
    }

    /// As a failure of `jail`; `None` for an ignore rule without an address.
    pub fn failure(&self, jail: &JailName, at: Moment) -> Option<Failure> {
        let host = self.host?;
        Some(Failure {
            jail: jail.clone(),
            subject: host.subject(),
            address: host.address(),
            at,
            account: self.account(),
            count: self.count,
            proof: self.proof,
            echo: self.rule.echo,
            pattern: self.rule.name.as_str().into(),
            line: cut(self.line, EVIDENCE_BYTES),
        })
    }

    /// As a success of `jail`.
    pub fn success(&self, jail: &JailName, at: Moment) -> Option<Success> {
        let host = self.host?;
        Some(Success {
            jail: jail.clone(),
            subject: host.subject(),
            at,
            account: self.account(),
            proof: self.proof,
        })
    }

    fn account(&self) -> Option<Box<str>> {
        self.user.filter(|user| !user.is_empty()).map(|user| cut(user, ACCOUNT_BYTES))
    }
}

/// At most `bytes` of `text`, what is not UTF-8 replaced.
fn cut(text: &[u8], bytes: usize) -> Box<str> {
    String::from_utf8_lossy(&text[..text.len().min(bytes)]).into()
}
