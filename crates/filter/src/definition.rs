//! A filter as its file writes it: `filters/NAME.toml`, read strictly, with every unknown key refused.
//!
//! Shape and meaning of each key stand in `docs/filters.md`. Nothing is compiled here.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// The text of a filter file, typed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// One line for people.
    pub title: String,
    /// What kind of service: `ssh`, `sip`, `iax`, `ami`, `web`, `scan`, `nginx`, `mail`, `ftp`, `database`, `app`.
    pub service: String,
    /// What a ban closes, as `tcp/22`.
    #[serde(default)]
    pub ports: Vec<String>,
    /// Where the service logs by default.
    #[serde(default)]
    pub logs: Vec<String>,
    /// Journal matches `_FIELD=value`.
    #[serde(default)]
    pub journal: Vec<String>,
    /// Paths of which one exists where the service is installed.
    #[serde(default)]
    pub present: Vec<String>,
    /// What stands before the message.
    #[serde(default)]
    pub prefix: Prefix,
    /// Whose syslog lines are read.
    #[serde(default)]
    pub programs: Vec<String>,
    /// Forms that `<TIME>` takes.
    #[serde(default)]
    pub timestamps: Vec<String>,
    /// What the jail takes instead of the general defaults.
    #[serde(default)]
    pub limits: Limits,
    /// Text that several patterns share.
    #[serde(default)]
    pub parts: BTreeMap<String, String>,
    /// Patterns of failures.
    #[serde(default)]
    pub failure: Vec<PatternText>,
    /// Patterns of successes.
    #[serde(default)]
    pub success: Vec<PatternText>,
    /// Patterns of what is neither.
    #[serde(default)]
    pub ignore: Vec<PatternText>,
}

/// What stands before the message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prefix {
    /// Nothing: the pattern sees the whole line.
    #[default]
    None,
    /// A syslog prefix, always.
    Syslog,
    /// A syslog prefix, or nothing.
    MaybeSyslog,
}

/// A filter's own limits, as written: durations as `10m`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Failures that lead to a ban.
    pub max_retry: Option<u32>,
    /// Window.
    pub find_time: Option<String>,
    /// Length of the ban.
    pub ban_time: Option<String>,
}

/// One pattern as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternText {
    /// Unique within the filter.
    pub name: String,
    /// The regular expression with tags.
    pub pattern: String,
    /// How well a match proves the address.
    #[serde(default)]
    pub proof: ProofRule,
    /// The name of an echo: the line tells again, in another way, of an attempt that other lines tell of.
    pub echo: Option<String>,
}

/// How well a match proves the address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProofRule {
    /// Always.
    #[default]
    Proven,
    /// Never.
    Claimed,
    /// By the `transport` group.
    Transport,
}

impl Definition {
    /// Reads the text of the filter `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self, FilterError> {
        toml_edit::de::from_str(text).map_err(|cause| FilterError {
            filter: name.to_owned(),
            pattern: None,
            kind: FilterErrorKind::Syntax(cause.to_string()),
        })
    }
}

/// Why a filter cannot be used: which filter, which pattern, what is wrong, what was expected.
#[derive(Clone, Debug)]
pub struct FilterError {
    /// The filter's name.
    pub filter: String,
    /// The pattern's name, if it is about one.
    pub pattern: Option<String>,
    /// What is wrong.
    pub kind: FilterErrorKind,
}

/// What is wrong with a filter.
#[derive(Clone, Debug)]
pub enum FilterErrorKind {
    /// The file is not TOML of the right shape; the parser's own words.
    Syntax(String),
    /// The regular expression does not parse; the parser's own words.
    Pattern(String),
    /// `<TAG>` is neither a tag nor one of the filter's parts.
    UnknownTag(String),
    /// `timestamps` names a form that does not exist.
    UnknownTimestamp(String),
    /// A pattern is longer than the bound once its tags are replaced.
    TooLong,
    /// A pattern has more groups than a match can tell of.
    TooManyGroups,
    /// `<TIME>` in a filter whose `timestamps` names no form.
    NoTimestamps,
    /// A pattern does not begin with `^` or not end with `$`.
    Unanchored,
    /// A pattern has no literal text for the prefilter.
    NoLiteral,
    /// A failure or success names no address.
    NoAddress,
    /// `proof = "transport"` without `<TRANSPORT>`.
    NoTransport,
    /// Two patterns have the same name.
    TwiceNamed,
    /// More echoes are named than can be told apart.
    TooManyEchoes,
    /// There is no failure pattern.
    Empty,
    /// A port is not one; the parser's own words.
    Port(String),
    /// A syslog prefix without `programs`.
    NoPrograms,
    /// There is no such filter.
    Unknown {
        /// Names of those there are.
        known: String,
    },
    /// A journal match on a field that any local user can write.
    UntrustedJournalField(String),
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "filter {}", self.filter)?;
        if let Some(pattern) = &self.pattern {
            write!(f, ", pattern {pattern}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl fmt::Display for FilterErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(cause) => write!(f, "is not a filter file: {}", cause.trim_end()),
            Self::Pattern(cause) => write!(f, "is not a regular expression: {cause}"),
            Self::UnknownTag(tag) => {
                write!(
                    f,
                    "<{tag}> is neither a tag (HOST ADDR SUBNET USER TIME TRANSPORT) nor a name in [parts]"
                )
            }
            Self::UnknownTimestamp(form) => {
                write!(
                    f,
                    "timestamps: '{form}' is not a form; known are {}",
                    crate::timestamp::FORM_NAMES.join(" ")
                )
            }
            Self::TooLong => {
                let most = event::limit::PATTERN_BYTES;
                write!(f, "has more than {most} bytes once its tags are replaced; divide it")
            }
            Self::TooManyGroups => {
                let most = crate::program::GROUPS_MAX;
                write!(f, "has more than {most} groups; write (?:…) where nothing is to be taken")
            }
            Self::NoTimestamps => write!(
                f,
                "<TIME> has no form: name one, as timestamps = [\"iso8601\"]; known are {}",
                crate::timestamp::FORM_NAMES.join(" ")
            ),
            Self::Unanchored => {
                write!(f, "must begin with ^ and end with $, so that a client cannot write around it")
            }
            Self::NoLiteral => {
                write!(
                    f,
                    "has no literal text of three bytes that every match contains; the prefilter needs one"
                )
            }
            Self::NoAddress => write!(f, "names no address; write <HOST>, <ADDR> or <SUBNET> exactly once"),
            Self::NoTransport => write!(f, "proof is \"transport\", but <TRANSPORT> is not in the pattern"),
            Self::TwiceNamed => write!(f, "another pattern has this name; names are unique within a filter"),
            Self::TooManyEchoes => {
                write!(f, "names one echo too many; a filter may name {}", event::failure::ECHOES)
            }
            Self::Empty => write!(f, "has no [[failure]] pattern"),
            Self::Port(cause) => write!(f, "ports: {cause}"),
            Self::NoPrograms => {
                write!(f, "prefix is a syslog prefix, but programs is empty; name whose lines are read")
            }
            Self::Unknown { known } => write!(f, "there is no such filter; known are {known}"),
            Self::UntrustedJournalField(text) => write!(
                f,
                "journal: '{text}' is not on a trusted field; write _FIELD=value such as _SYSTEMD_UNIT=ssh.service"
            ),
        }
    }
}

impl std::error::Error for FilterError {}
