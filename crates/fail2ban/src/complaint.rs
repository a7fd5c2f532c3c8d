//! What is wrong with a configuration, by file and line. It refuses to decide whether that is fatal: the caller knows.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use event::limit;

use crate::formula::Refused;

/// A line of a file. Line 0 is the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: Arc<Path>,
    /// The line, counted from 1.
    pub line: u32,
}

impl Place {
    /// A file as a whole.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { file: Arc::from(path.into()), line: 0 }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file.display()),
            line => write!(f, "{}:{line}", self.file.display()),
        }
    }
}

/// What is wrong, where, and what happens instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Where it stands.
    pub place: Place,
    /// What is wrong there.
    pub wrong: Wrong,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.wrong)
    }
}

impl std::error::Error for Complaint {}

/// The kinds of complaint, each with its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The file may not be read.
    Unreadable(String),
    /// A folder, a pipe or a device where a file should be.
    NotAFile,
    /// The file is past `limit::FAIL2BAN_FILE_BYTES`.
    FileTooLarge,
    /// The file is not UTF-8 from this byte on.
    NotUtf8 {
        /// How many bytes are well.
        at: usize,
    },
    /// There is none of the files that would define this.
    NoFile(String),
    /// An included file is not there.
    NoInclude(String),
    /// Files include one another deeper than `limit::FAIL2BAN_INCLUDE_DEPTH`.
    IncludedTooDeep,
    /// More files than `limit::FAIL2BAN_FILES`.
    TooManyFiles,
    /// A line before the first section.
    NoSection(String),
    /// A line that is neither a section nor an option.
    NotAnOption(String),
    /// A section that the file had before.
    SectionTwice(String),
    /// An option that its section had before.
    OptionTwice {
        /// Its name.
        option: String,
        /// The line of the first.
        before: u32,
    },
    /// The section that all must have is missing.
    SectionMissing(String),
    /// `%(name)s` of a name that there is not.
    NoSuchName {
        /// The option whose value has it.
        option: String,
        /// The name.
        name: String,
    },
    /// A `%` that is neither `%%` nor the beginning of `%(name)s`.
    BadPercent {
        /// The option whose value has it.
        option: String,
        /// The text from there on.
        text: String,
    },
    /// Names or tags name one another, or lead too deep.
    Circular {
        /// The option.
        option: String,
        /// The name or the tag.
        name: String,
    },
    /// A value past `limit::FAIL2BAN_VALUE_BYTES` or `limit::FAIL2BAN_STEPS`.
    ValueTooLong(String),
    /// `name[a=b, c="d,e"]`, but not so.
    BadSpelling {
        /// What was to be spelled: a filter or an action.
        text: String,
        /// From where on it is wrong.
        at: String,
    },
    /// A value that its option does not take.
    BadValue {
        /// The option.
        option: String,
        /// Its value.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// None of a jail's logs is there, and it reads the journal instead.
    JournalInstead(String),
    /// An option that a jail does not have.
    UnknownOption(String),
    /// Something that is read and cannot be honoured, with what happens instead.
    NotHonoured {
        /// The option.
        option: String,
        /// What happens instead.
        instead: &'static str,
    },
    /// A formula or a factor for ban times that is none, or more than arithmetic.
    BadFormula(Refused),
    /// A list past its bound; what is behind is left out.
    TooMany(&'static str),
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(cause) => write!(f, "cannot be read: {cause}"),
            Self::NotAFile => write!(f, "is not a file; it is left out"),
            Self::FileTooLarge => {
                write!(f, "is larger than {} bytes; it is left out", limit::FAIL2BAN_FILE_BYTES)
            }
            Self::NotUtf8 { at } => write!(f, "is not UTF-8 at byte {at}; it is left out"),
            Self::NoFile(name) => write!(f, "there is neither {name}.conf nor {name}.local"),
            Self::NoInclude(path) => write!(f, "includes {path}, which is not there; it is left out"),
            Self::IncludedTooDeep => {
                write!(
                    f,
                    "is included more than {} files deep; it is left out",
                    limit::FAIL2BAN_INCLUDE_DEPTH
                )
            }
            Self::TooManyFiles => {
                write!(f, "needs more than {} files; the rest is left out", limit::FAIL2BAN_FILES)
            }
            Self::NoSection(line) => {
                write!(f, "'{}' stands before the first [section]; it is left out", short(line))
            }
            Self::NotAnOption(line) => {
                write!(f, "'{}' is neither [section] nor option = value; it is left out", short(line))
            }
            Self::SectionTwice(name) => {
                write!(f, "[{}] was there before in this file; both count", short(name))
            }
            Self::OptionTwice { option, before } => {
                write!(f, "'{}' was there before, in line {before}; this one counts", short(option))
            }
            Self::SectionMissing(name) => write!(f, "has no [{name}]"),
            Self::NoSuchName { option, name } => {
                write!(f, "'{}' refers to %({})s, and there is no such option", short(option), short(name))
            }
            Self::BadPercent { option, text } => write!(
                f,
                "'{}' has a bare % at '{}'; write %% for the sign, or %(name)s",
                short(option),
                short(text)
            ),
            Self::Circular { option, name } => {
                write!(f, "'{}' refers to itself by way of '{}', or too deep", short(option), short(name))
            }
            Self::ValueTooLong(option) => write!(
                f,
                "'{}' grows past {} bytes once all is put in",
                short(option),
                limit::FAIL2BAN_VALUE_BYTES
            ),
            Self::BadSpelling { text, at } => write!(
                f,
                "'{}' is wrong from '{}' on; write e.g. name[option=value, other=\"a,b\"]",
                short(text),
                short(at)
            ),
            Self::BadValue { option, value, expected } => {
                write!(f, "'{} = {}' is not {expected}", short(option), short(value))
            }
            Self::JournalInstead(pattern) => write!(
                f,
                "'logpath = {}' names no file that is there; the journal is read instead, unless 'systemd_if_nologs = false' is written",
                short(pattern)
            ),
            Self::UnknownOption(option) => {
                write!(f, "'{}' is no option of a jail; it is left out", short(option))
            }
            Self::NotHonoured { option, instead } => {
                write!(f, "'{}' cannot be honoured; {instead}", short(option))
            }
            Self::BadFormula(refused) => {
                let Refused { option, text, at, why } = refused;
                write!(f, "'{option} = {}' is wrong", short(text))?;
                if *at > 0 {
                    write!(f, " at character {at}")?;
                }
                write!(f, ": {why}; the default is taken")
            }
            Self::TooMany(what) => {
                write!(f, "has more than {} {what}; the rest is left out", limit::FAIL2BAN_ENTRIES)
            }
        }
    }
}

/// As much of a text as a message can bear, on one line.
fn short(text: &str) -> String {
    let mut kept: String = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        kept.push('…');
    }
    kept
}
