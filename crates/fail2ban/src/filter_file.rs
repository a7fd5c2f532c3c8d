//! A filter as `filter.d/NAME.conf` and `NAME.local` define it, everything put in that can be put in. What is left are the tags of
//! the regular expressions (`<HOST>`, `<F-USER>`); it refuses to know them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::complaint::Complaint;

/// The texts of one filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterText {
    /// The filter's name: the file's without its ending.
    pub name: String,
    /// What a line must match first; its `<F-CONTENT>` is what the others look at.
    pub prefregex: Option<String>,
    /// The patterns of failures, one each, in order.
    pub failregex: Vec<String>,
    /// The patterns of lines that are no failures after all.
    pub ignoreregex: Vec<String>,
    /// How a date looks, several patterns on lines of their own; none: the default templates.
    pub datepattern: Option<String>,
    /// How many lines one match may span; 1 is the usual.
    pub maxlines: u32,
    /// Matches for the journal, each as the words between white space (`_SYSTEMD_UNIT=ssh.service`, `+`).
    pub journalmatch: Vec<Vec<String>>,
    /// Whether names are looked up, as the filter says it: `yes`, `warn`, `no` or `raw`.
    pub usedns: Option<String>,
    /// Every option of the filter after interpolation, those above included.
    pub options: BTreeMap<String, String>,
}

/// Reads the filter that `spelled` names, as a jail spells it: `sshd` or `sshd[mode=aggressive, logtype=file]`. `folder` is the one that
/// holds `filter.d`. What can be left out is complained about beside the filter; what cannot, instead of it.
pub fn read(folder: &Path, spelled: &str) -> Result<(FilterText, Vec<Complaint>), Vec<Complaint>> {
    let _ = (folder, spelled);
    Err(Vec::new())
}
