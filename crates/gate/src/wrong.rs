//! The one shape of the API's errors.

use control::Fault;
use serde::{Deserialize, Serialize};

/// An error as the API answers it: `{"status":422,"problems":[{"where":"max_retry","what":"…","expected":"…"}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// The status of HTTP.
    pub status: u16,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which field, header, path or part of the program.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What was expected, or what to do.
    pub expected: String,
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        let _ = fault;
        Self { status: 500, problems: Vec::new() }
    }
}
