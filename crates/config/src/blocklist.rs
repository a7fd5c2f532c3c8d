//! `[[blocklist]]`: addresses that others say are bad.

use std::path::PathBuf;
use std::time::Duration;

use event::JailName;

/// One list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocklist {
    /// Its name, which stands where a jail's name stands: its packets are counted under it.
    pub name: JailName,
    /// Where it comes from.
    pub origin: ListOrigin,
    /// How often it is asked for.
    pub refresh: Duration,
    /// At most so many entries are taken; what is above is counted and said.
    pub max_entries: u32,
    /// A certificate authority, PEM, beside the host's own ones, for `https`: another Stockade's certificate is its own.
    pub ca_file: Option<PathBuf>,
}

/// Where a list comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListOrigin {
    /// `http://` or `https://`: one address or subnet a line.
    Url(String),
    /// A file of the same form.
    File(PathBuf),
    /// A CrowdSec LAPI, or another Stockade.
    Lapi {
        /// `http://host:8080/`.
        url: String,
        /// A file with the bouncer's key alone in it.
        key_file: PathBuf,
    },
}
