//! The kinds of finding: how bad each is, what is wrong, why it matters, and what to write instead. It refuses to look for any.

use std::fmt;

use super::dead::Death;
use super::forged::Forgery;
use super::slow::Slowness;
use crate::complaint::Complaint;
use crate::pattern::PatternError;

/// How bad a finding is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody else can choose who is banned.
    Danger,
    /// Something that is meant to find failures never does.
    Dead,
    /// A line can keep a backtracking engine busy.
    Slow,
    /// Something that may not be meant.
    Note,
}

impl Severity {
    /// As it is printed.
    pub fn word(self) -> &'static str {
        match self {
            Self::Danger => "danger",
            Self::Dead => "dead",
            Self::Slow => "slow",
            Self::Note => "note",
        }
    }
}

/// What was found, with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A pattern that cannot be used.
    Unusable(PatternError),
    /// A pattern that can match nothing.
    Never(Death),
    /// The last character of a pattern is a `$` that stands for itself.
    LiteralEnd,
    /// The first is a `^` that stands for itself.
    LiteralStart,
    /// What `prefregex` lets through begins otherwise than the pattern.
    Excluded {
        /// How what is let through begins.
        content: String,
    },
    /// The pattern is there twice.
    Repeated,
    /// One of several alternatives is there twice.
    AlternativeTwice,
    /// The address can be forged.
    Forged(Forgery),
    /// Names are looked up.
    NamesRead {
        /// As `usedns` says.
        usedns: String,
        /// How many jails.
        jails: usize,
    },
    /// A backtracking engine may take long.
    Slow(Slowness),
    /// A log that is not there.
    NoLog(String),
    /// A log without a line.
    EmptyLog(String),
    /// A log that nobody writes.
    StaleLog {
        /// The file.
        file: String,
        /// Since how many days.
        days: i64,
    },
    /// The filter found nothing.
    Matchless {
        /// In which file.
        file: String,
        /// Of so many lines, the last ones.
        lines: usize,
        /// So many of which are the service's.
        own: usize,
    },
    /// Another jail has the same filter and the same log.
    SameAs {
        /// That jail.
        jail: String,
    },
    /// Bans are shorter than the window.
    ShortBan {
        /// Seconds.
        bantime: u64,
        /// Seconds.
        findtime: u64,
    },
    /// A name among those that are never banned.
    NameIgnored(String),
    /// An option that fail2ban does not know.
    UnknownOption {
        /// It.
        option: String,
        /// What may be meant.
        near: Option<&'static str>,
    },
    /// A jail that cannot be read.
    Broken(Complaint),
    /// What was said when the files were read.
    Said(Complaint),
}

impl Fault {
    /// A word for programs; it stays the same.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unusable(_) => "unusable-pattern",
            Self::Never(Death::Start) => "impossible-start",
            Self::Never(Death::End) | Self::LiteralEnd => "impossible-end",
            Self::LiteralStart => "literal-start",
            Self::Excluded { .. } => "excluded-by-prefix",
            Self::Repeated => "pattern-twice",
            Self::AlternativeTwice => "alternative-twice",
            Self::Forged(Forgery::Header) => "address-from-header",
            Self::Forged(Forgery::Spanned { .. }) => "injectable",
            Self::Forged(Forgery::Adrift) => "unanchored",
            Self::NamesRead { .. } => "names-looked-up",
            Self::Slow(Slowness::Exponential) => "exponential",
            Self::Slow(Slowness::Power(_)) => "many-runs",
            Self::Slow(Slowness::CharByChar) => "character-by-character",
            Self::NoLog(_) => "no-log",
            Self::EmptyLog(_) => "empty-log",
            Self::StaleLog { .. } => "stale-log",
            Self::Matchless { .. } => "matches-nothing",
            Self::SameAs { .. } => "jail-twice",
            Self::ShortBan { .. } => "short-ban",
            Self::NameIgnored(_) => "name-ignored",
            Self::UnknownOption { .. } => "unknown-option",
            Self::Broken(_) => "broken",
            Self::Said(_) => "said",
        }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Forged(_) => Severity::Danger,
            Self::Unusable(_)
            | Self::Never(_)
            | Self::LiteralEnd
            | Self::LiteralStart
            | Self::Excluded { .. }
            | Self::NoLog(_)
            | Self::Broken(_) => Severity::Dead,
            Self::Slow(_) => Severity::Slow,
            _ => Severity::Note,
        }
    }

    /// Why it matters.
    pub fn why(&self) -> &'static str {
        match self {
            Self::Unusable(_) => "fail2ban refuses it, and the jail with it",
            Self::Never(_) | Self::LiteralEnd | Self::LiteralStart | Self::Excluded { .. } => {
                "it finds no failure, and whoever it is meant for goes on"
            }
            Self::Repeated | Self::AlternativeTwice => {
                "the second can never be reached; perhaps another text was meant"
            }
            Self::Forged(Forgery::Header) => {
                "whoever sends the request writes that header, and so chooses whom you ban"
            }
            Self::Forged(_) => "whoever gets an address into that text chooses whom you ban",
            Self::NamesRead { .. } => "whoever owns a name chooses the address that is banned for it",
            Self::Slow(_) => {
                "one long line that nearly matches can keep fail2ban busy; Stockade counts steps and gives up"
            }
            Self::NoLog(_) => "the jail sees nothing, and fail2ban does not start with it",
            Self::EmptyLog(_) | Self::StaleLog { .. } => "the service may log elsewhere, or not run any more",
            Self::Matchless { .. } => {
                "nobody may have tried; or the service words its lines otherwise than the filter expects"
            }
            Self::SameAs { .. } => "each failure counts in both, and both ban",
            Self::ShortBan { .. } => {
                "fail2ban forgets the failures at a ban, so who is let in again begins anew"
            }
            Self::NameIgnored(_) => "whoever owns the name, or answers for it, chooses who is never banned",
            Self::UnknownOption { .. } => "it changes nothing",
            Self::Broken(_) => "the jail does not run",
            Self::Said(_) => "the configuration does something else than it says",
        }
    }

    /// What to write instead.
    pub fn instead(&self) -> String {
        match self {
            Self::Unusable(_) => "mend it, or take it out".to_owned(),
            Self::Never(Death::Start) => "take the inner ^ out".to_owned(),
            Self::Never(Death::End) => "take out the inner $, or what stands behind it".to_owned(),
            Self::LiteralEnd => "write $ without the backslash".to_owned(),
            Self::LiteralStart => "write ^ without the backslash".to_owned(),
            Self::Excluded { .. } => "let prefregex through what the pattern begins with".to_owned(),
            Self::Repeated | Self::AlternativeTwice => "take one of the two out".to_owned(),
            Self::Forged(Forgery::Header) => {
                "take the pattern out; use one that reads the address of the connection".to_owned()
            }
            Self::Forged(Forgery::Spanned { endless: true }) => {
                "end it with $, and write all that may stand behind the address".to_owned()
            }
            Self::Forged(Forgery::Spanned { endless: false }) => {
                "write what may stand behind the address so that it cannot hold any text".to_owned()
            }
            Self::Forged(Forgery::Adrift) => "begin it with ^, or end it with $".to_owned(),
            Self::NamesRead { .. } => "usedns = no".to_owned(),
            Self::Slow(Slowness::Exponential) => {
                "let nothing that repeats hold another repetition of the same characters".to_owned()
            }
            Self::Slow(Slowness::Power(_)) => {
                "write [^ ]*, [^\"]* or the like for all but one of them".to_owned()
            }
            Self::Slow(Slowness::CharByChar) => "write one set: .* for (\\S|\\s)*".to_owned(),
            Self::NoLog(_) => "name the file that the service writes, or 'enabled = false'".to_owned(),
            Self::EmptyLog(_) | Self::StaleLog { .. } => "name the file that the service writes".to_owned(),
            Self::Matchless { .. } => {
                "try it: stockade scan --fail2ban-dir DIR --filter FILTER FILE".to_owned()
            }
            Self::SameAs { .. } => "keep one of the two".to_owned(),
            Self::ShortBan { .. } => "a bantime of at least findtime".to_owned(),
            Self::NameIgnored(_) => "its address".to_owned(),
            Self::UnknownOption { near: Some(near), .. } => near.to_string(),
            Self::UnknownOption { near: None, .. } => "take it out".to_owned(),
            Self::Broken(_) | Self::Said(_) => "mend the line".to_owned(),
        }
    }
}

/// What is wrong.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(cause) => write!(f, "cannot be used: {}", cause.wrong),
            Self::Never(Death::Start) => {
                write!(f, "a ^ stands behind something, where no line begins: it can never match")
            }
            Self::Never(Death::End) => {
                write!(f, "something stands behind a $, where the line has ended: it can never match")
            }
            Self::LiteralEnd => write!(f, "ends in \\$, the character, where the end of the line is meant"),
            Self::LiteralStart => {
                write!(f, "begins with \\^, the character, where the start of the line is meant")
            }
            Self::Excluded { content } => {
                write!(f, "prefregex only lets through what begins with {content}: it can never match")
            }
            Self::Repeated => write!(f, "the filter has the same pattern before"),
            Self::AlternativeTwice => write!(f, "one alternative stands there twice"),
            Self::Forged(Forgery::Header) => {
                write!(f, "takes the address from name@host, which the client writes")
            }
            Self::Forged(Forgery::Spanned { endless: true }) => {
                write!(f, "any text may stand before the address, and the pattern has no end")
            }
            Self::Forged(Forgery::Spanned { endless: false }) => {
                write!(f, "any text may stand before the address and behind it")
            }
            Self::Forged(Forgery::Adrift) => {
                write!(f, "may begin anywhere in a line, and any text may stand behind the address")
            }
            Self::NamesRead { usedns, jails } => {
                write!(f, "usedns = {usedns}: names in logs are looked up, in {jails} jails")
            }
            Self::Slow(Slowness::Exponential) => {
                write!(f, "a repetition in a repetition can divide the same text in many ways")
            }
            Self::Slow(Slowness::Power(power)) => {
                write!(
                    f,
                    "{power} runs of any text in a row: the ways to try grow with the length to the power of {power}"
                )
            }
            Self::Slow(Slowness::CharByChar) => {
                write!(f, "repeats a group of single characters, such as (\\S|\\s)*")
            }
            Self::NoLog(path) => write!(f, "there is no {path}"),
            Self::EmptyLog(path) => write!(f, "{path} is empty"),
            Self::StaleLog { file, days } => write!(f, "{file} has not been written for {days} days"),
            Self::Matchless { file, lines, own } => {
                write!(
                    f,
                    "matches nothing in the last {lines} lines of {file}, {own} of which are of its service"
                )
            }
            Self::SameAs { jail } => write!(f, "jail {jail} reads the same log with the same filter"),
            Self::ShortBan { bantime, findtime } => {
                write!(f, "bantime ({bantime} s) is shorter than findtime ({findtime} s)")
            }
            Self::NameIgnored(name) => write!(f, "ignoreip has the name '{name}'"),
            Self::UnknownOption { option, near: Some(near) } => {
                write!(f, "'{option}' is no option of a jail; perhaps '{near}' is meant")
            }
            Self::UnknownOption { option, near: None } => write!(f, "'{option}' is no option of a jail"),
            Self::Broken(complaint) | Self::Said(complaint) => write!(f, "{}", complaint.wrong),
        }
    }
}
