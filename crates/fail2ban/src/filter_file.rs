//! A filter as `filter.d/NAME.conf` and `NAME.local` define it, everything put in that can be put in. What is left are the tags of
//! the regular expressions (`<HOST>`, `<F-USER>`); it refuses to know them.

use std::collections::BTreeMap;
use std::path::Path;

use event::limit;

use crate::complaint::{Complaint, Place, Wrong};
use crate::conf::{self, Conf};
use crate::definition::{Definition, Reach};
use crate::ini::Value;
use crate::interpolate::Given;
use crate::options::Spelled;
use crate::ordered::Ordered;
use crate::words;

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

/// Which options are a filter's own.
pub(crate) const NAMES: [&str; 7] =
    ["usedns", "prefregex", "ignoreregex", "failregex", "maxlines", "datepattern", "journalmatch"];

/// Reads the filter that `spelled` names, as a jail spells it: `sshd` or `sshd[mode=aggressive, logtype=file]`. `folder` is the one that
/// holds `filter.d`. What can be left out is complained about beside the filter; what cannot, instead of it.
pub fn read(folder: &Path, spelled: &str) -> Result<(FilterText, Vec<Complaint>), Vec<Complaint>> {
    let place = Place::file(folder.join("filter.d"));
    let spelled = Spelled::parse(spelled).map_err(|wrong| vec![Complaint { place: place.clone(), wrong }])?;
    read_base(folder, &format!("filter.d/{}", spelled.name), &spelled, false)
}

/// Reads the filter in `BASE.conf` and `BASE.local` of a folder. `journal`: its lines come from there.
pub(crate) fn read_base(
    folder: &Path,
    base: &str,
    spelled: &Spelled,
    journal: bool,
) -> Result<(FilterText, Vec<Complaint>), Vec<Complaint>> {
    let place = Place::file(folder.join(base).parent().unwrap_or(folder));
    let (conf, mut complaints) = open_base(folder, base, &place)?;
    let given = spelled_options(spelled, &place, &conf, journal);
    let definition = Definition::new(&conf, &Given::default(), &given, &NAMES, Reach::Named);
    if !definition.complaints.is_empty() {
        complaints.extend(definition.complaints);
        return Err(complaints);
    }
    match definition.combined(&[]) {
        Ok(options) => Ok((text(&spelled.name, &options, &mut complaints), complaints)),
        Err(complaint) => {
            complaints.push(complaint);
            Err(complaints)
        }
    }
}

/// The files of a filter.
pub(crate) fn open(
    folder: &Path,
    spelled: &Spelled,
    at: &Place,
) -> Result<(Conf, Vec<Complaint>), Vec<Complaint>> {
    open_base(folder, &format!("filter.d/{}", spelled.name), at)
}

fn open_base(folder: &Path, base: &str, at: &Place) -> Result<(Conf, Vec<Complaint>), Vec<Complaint>> {
    let (conf, mut complaints) = conf::read(folder, base);
    let Some(conf) = conf else {
        complaints.push(Complaint { place: at.clone(), wrong: Wrong::NoFile(base.to_owned()) });
        return Err(complaints);
    };
    if !conf.has("Definition") {
        let place = Place::file(folder.join(base));
        complaints.push(Complaint { place, wrong: Wrong::SectionMissing("Definition".to_owned()) });
    }
    Ok((conf, complaints))
}

/// The options as spelled. Unless the filter or the spelling chooses, `logtype` follows where the lines come from.
pub(crate) fn spelled_options(spelled: &Spelled, place: &Place, conf: &Conf, journal: bool) -> Given {
    let mut given = Given::default();
    for (name, text) in &spelled.options {
        given.insert(name, Value { text: text.clone(), place: place.clone() });
    }
    let chosen = given.get("logtype").is_some_and(|value| !value.text.is_empty());
    let defined = conf.sections.get("Definition").is_some_and(|section| section.has("logtype"));
    if !chosen && !defined {
        let text = if journal { "journal" } else { "file" };
        given.insert("logtype", Value { text: text.to_owned(), place: place.clone() });
    }
    given
}

/// The filter that the final options make.
pub(crate) fn text(name: &str, options: &Ordered<Value>, complaints: &mut Vec<Complaint>) -> FilterText {
    let one = |name: &str| options.get(name).map(|value| value.text.clone());
    let mut lines = |name: &str, what| {
        let Some(value) = options.get(name) else { return Vec::new() };
        let mut found: Vec<String> =
            value.text.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect();
        if found.len() > limit::FAIL2BAN_ENTRIES {
            complaints.push(Complaint { place: value.place.clone(), wrong: Wrong::TooMany(what) });
            found.truncate(limit::FAIL2BAN_ENTRIES);
        }
        found
    };
    let failregex = lines("failregex", "patterns");
    let ignoreregex = lines("ignoreregex", "patterns");
    let journal = lines("journalmatch", "journal matches");
    FilterText {
        name: name.to_owned(),
        prefregex: one("prefregex").filter(|text| !text.is_empty()),
        failregex,
        ignoreregex,
        datepattern: one("datepattern").filter(|text| !text.trim().is_empty()),
        maxlines: maxlines(options, complaints),
        journalmatch: journal.iter().map(|line| words::shell(line)).collect(),
        usedns: one("usedns"),
        options: options.iter().map(|(name, value)| (name.to_owned(), value.text.clone())).collect(),
    }
}

fn maxlines(options: &Ordered<Value>, complaints: &mut Vec<Complaint>) -> u32 {
    let Some(value) = options.get("maxlines") else { return 1 };
    value.text.trim().parse().ok().filter(|&lines| lines > 0).unwrap_or_else(|| {
        let expected = "a number of lines; 1 is taken";
        let wrong = Wrong::BadValue { option: "maxlines".to_owned(), value: value.text.clone(), expected };
        complaints.push(Complaint { place: value.place.clone(), wrong });
        1
    })
}
