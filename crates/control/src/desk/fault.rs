//! Why a request was not met. Each becomes one status of HTTP and one shape of answer.

use std::fmt;

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What was asked is wrong: every complaint. 422.
    Wrong(Vec<Complaint>),
    /// The answer is no, and why. 409.
    Refused(String),
    /// There is no such thing. 404.
    Missing(String),
    /// Somebody else changed the settings meanwhile; their tag now. 412.
    Changed(String),
    /// The change would cut off the address that asks for it: it is only made on trial. 409.
    CutOff(String),
    /// The settings file cannot be written, and why. 403.
    ReadOnly(String),
    /// It could not be done, and why. 500.
    Broken(String),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// Where: a field's name, a place in a list ("whitelist[3]"), a file's line.
    pub place: String,
    /// What is wrong, and what was expected.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(complaints) => {
                let lines: Vec<String> =
                    complaints.iter().map(|one| format!("{}: {}", one.place, one.text)).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Refused(why) | Self::CutOff(why) | Self::ReadOnly(why) | Self::Broken(why) => {
                f.write_str(why)
            }
            Self::Missing(what) => write!(f, "there is no {what}"),
            Self::Changed(_) => {
                f.write_str("the settings were changed meanwhile; look at them and try again")
            }
        }
    }
}

impl std::error::Error for Fault {}
