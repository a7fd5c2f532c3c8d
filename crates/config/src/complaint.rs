//! A complaint about the file: where, what is wrong, what was expected and what to write instead. It never says "error".

use std::fmt;

/// One thing that is wrong with the file. Any complaint means that the file is not used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// The file, as it was named.
    pub file: String,
    /// The line, counted from 1; 0 if it concerns the file as a whole.
    pub line: usize,
    /// What is wrong and what to do.
    pub text: String,
}

impl fmt::Display for Complaint {
    /// `stockade.toml:14: find_time '10 fortnights' is not a duration; write e.g. '10m' or '2h'`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            write!(f, "{}: {}", self.file, self.text)
        } else {
            write!(f, "{}:{}: {}", self.file, self.line, self.text)
        }
    }
}

/// The complaints about one file, as they are found.
pub(crate) struct Complaints {
    file: String,
    found: Vec<Complaint>,
}

impl Complaints {
    pub(crate) fn about(file: &str) -> Self {
        Self { file: file.to_owned(), found: Vec::new() }
    }

    pub(crate) fn add(&mut self, line: usize, text: impl Into<String>) {
        self.found.push(Complaint { file: self.file.clone(), line, text: text.into() });
    }

    /// Where something stands, as people write it.
    pub(crate) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.file)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All of them, in the order of the lines.
    pub(crate) fn into_sorted(mut self) -> Vec<Complaint> {
        self.found.sort_by_key(|complaint| complaint.line);
        self.found
    }
}
