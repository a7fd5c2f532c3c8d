//! A client of CrowdSec's local API, as bouncers are: `GET /v1/decisions/stream`.

use std::fmt;
use std::path::PathBuf;

use event::{Moment, Subject};

use crate::entry::Entry;

/// Asks one LAPI.
#[derive(Debug)]
pub struct Client {}

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Who is to be kept out.
    pub new: Vec<Entry>,
    /// Who is not, any more; told before `new`.
    pub deleted: Vec<Subject>,
    /// Entries that were left out: scopes and types that are no ban of an address, or past the bound.
    pub left_out: u64,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LapiError {
    /// What, where, what to do.
    pub text: String,
    /// Whether the key was refused, which no waiting mends.
    pub is_refused: bool,
}

impl fmt::Display for LapiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for LapiError {}

impl Client {
    /// `url` as bouncers write it: `http://host:8080/`. `ca_file`: a certificate authority beside the host's own ones, for `https`.
    pub fn new(url: &str, key: &str, ca_file: Option<&PathBuf>) -> Result<Self, LapiError> {
        let _ = (url, key, ca_file);
        Ok(Self {})
    }

    /// Everything (`startup`), or what has changed since the last call. At most `most` entries are taken.
    pub fn pull(&mut self, startup: bool, most: usize, now: Moment) -> Result<Delta, LapiError> {
        let _ = (startup, most, now);
        Ok(Delta::default())
    }

    /// Who is never blocked, where the LAPI is a Stockade or a MikoPBX; `None` where it knows no such question.
    pub fn whitelist(&self) -> Result<Option<Vec<Subject>>, LapiError> {
        Ok(None)
    }
}
