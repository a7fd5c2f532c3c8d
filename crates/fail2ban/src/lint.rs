//! What is wrong with a configuration although it can be read: patterns that can never match, that let a client choose whom to ban, that keep
//! a backtracking engine busy; jails that see nothing. Each finding has its line. It judges by what stands there: it knows no filter by
//! name, runs nothing and writes nothing.

mod chars;
mod dead;
mod forged;
mod slow;
pub(crate) mod origin;
pub mod fault;
mod patterns;
pub(crate) mod jails;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use event::Moment;
use event::limit::FAIL2BAN_FINDINGS;
use jiff::tz::TimeZone;

use crate::complaint::{Complaint, Place, Wrong};
use crate::conf::{self, Conf};
use crate::filter_file::{self, FilterText};
use crate::jail::settings::{NAMES, TRUE};
use crate::jail::{self, Jail, Which};
use crate::options::Spelled;
use crate::pattern::Names;
use crate::pattern::syntax::Node;
use crate::{disk, nearest};

pub use dead::Death;
pub use fault::{Fault, Severity};
pub use forged::Forgery;
use origin::Origin;
pub use slow::Slowness;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub place: Place,
    /// What it is about: `jail sshd`, `filter sshd`.
    pub about: String,
    /// The pattern, if it is about one.
    pub pattern: Option<String>,
    /// What.
    pub fault: Fault,
}

/// How a folder is looked at.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Also jails that are not enabled, and filters that no jail names.
    pub all: bool,
    /// It is now this moment.
    pub now: Moment,
    /// The zone of dates that name none.
    pub zone: TimeZone,
}

/// Looks at the configuration in `folder`. The worst comes first.
pub fn lint(folder: &Path, ask: &Ask) -> Vec<Finding> {
    let read = jail::read(folder, if ask.all { Which::All } else { Which::Enabled });
    let conf = conf::read(folder, "jail").0.unwrap_or_default();
    let mut linter = Linter { folder, conf, ask, found: Vec::new() };
    linter.said(&read.complaints);
    for (name, complaints) in &read.broken {
        for complaint in complaints {
            let fault = Fault::Broken(complaint.clone());
            linter.add(complaint.place.clone(), format!("jail {name}"), None, fault);
        }
    }
    linter.filters(&read.enabled);
    if ask.all {
        linter.other_filters(&read.enabled);
    }
    linter.names(&read.enabled);
    let running: Vec<&Jail> =
        read.enabled.iter().filter(|jail| jail.options.get("enabled").is_some_and(|on| on == TRUE)).collect();
    linter.jails(&running);
    linter.finish()
}

struct Linter<'a> {
    folder: &'a Path,
    conf: Conf,
    ask: &'a Ask,
    found: Vec<Finding>,
}

impl Linter<'_> {
    fn add(&mut self, place: Place, about: String, pattern: Option<String>, fault: Fault) {
        if self.found.len() < FAIL2BAN_FINDINGS {
            self.found.push(Finding { place, about, pattern, fault });
        }
    }

    fn said(&mut self, complaints: &[Complaint]) {
        for complaint in complaints {
            let fault = match &complaint.wrong {
                Wrong::UnknownOption(option) => {
                    let known: Vec<&'static str> = NAMES.iter().map(|name| name.name).collect();
                    Fault::UnknownOption { option: option.clone(), near: nearest::nearest(option, &known) }
                }
                _ => Fault::Said(complaint.clone()),
            };
            self.add(complaint.place.clone(), "the jails".to_owned(), None, fault);
        }
    }

    /// The patterns of every jail; those of the same filter, told in the same way, once.
    fn filters(&mut self, read: &[Jail]) {
        let mut seen: Vec<(&FilterText, Names)> = Vec::new();
        for jail in read {
            let Some(filter) = &jail.filter else { continue };
            let names = jails::names(jail).0;
            if seen.iter().any(|(known, how)| *how == names && is_same(known, filter)) {
                continue;
            }
            seen.push((filter, names));
            self.filter(filter, names, &jail.place);
        }
    }

    fn filter(&mut self, filter: &FilterText, names: Names, otherwise: &Place) {
        let faults = patterns::faults(filter, names);
        if faults.is_empty() {
            return;
        }
        let own = self.filter_conf(&filter.name);
        let origin = Origin::of(&own.iter().collect::<Vec<_>>());
        let of_jails = Origin::of(&[&self.conf]);
        for (pattern, fault) in faults {
            let last = fault == Fault::Repeated;
            let place = origin.place(&pattern, last).or_else(|| of_jails.place(&pattern, last));
            let place = place.unwrap_or_else(|| otherwise.clone());
            self.add(place, format!("filter {}", filter.name), Some(pattern), fault);
        }
    }

    fn filter_conf(&self, name: &str) -> Option<Conf> {
        let spelled = Spelled { name: name.to_owned(), options: Vec::new() };
        filter_file::open(self.folder, &spelled, &Place::file(self.folder)).ok().map(|(conf, _)| conf)
    }

    /// Filters that no jail names. Files that are there to be included define none.
    fn other_filters(&mut self, read: &[Jail]) {
        let named: BTreeSet<&str> =
            read.iter().filter_map(|jail| Some(jail.filter.as_ref()?.name.as_str())).collect();
        for path in disk::ending_in(&self.folder.join("filter.d"), "conf") {
            let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
            if named.contains(name) {
                continue;
            }
            match filter_file::read(self.folder, name) {
                Ok((filter, _)) => self.filter(&filter, Names::Read, &Place::file(&*path)),
                Err(complaints) => {
                    let complaints =
                        complaints.into_iter().filter(|one| !matches!(one.wrong, Wrong::SectionMissing(_)));
                    for complaint in complaints {
                        self.add(
                            complaint.place.clone(),
                            format!("filter {name}"),
                            None,
                            Fault::Said(complaint),
                        );
                    }
                }
            }
        }
    }

    /// Jails whose patterns take names, by the line that lets them be looked up.
    fn names(&mut self, read: &[Jail]) {
        let mut found: BTreeMap<(Place, String), Vec<String>> = BTreeMap::new();
        for jail in read {
            let (Names::Read, usedns) = jails::names(jail) else { continue };
            let patterns =
                jail.filter.iter().flat_map(|filter| filter.failregex.iter().chain(&filter.prefregex));
            if usedns != "raw"
                && patterns.into_iter().any(|text| text.contains("<HOST>") || text.contains("<DNS>"))
            {
                found
                    .entry((jails::place(&self.conf, jail, "usedns"), usedns))
                    .or_default()
                    .push(jail.name.clone());
            }
        }
        for ((place, usedns), names) in found {
            let about =
                if let [only] = names.as_slice() { format!("jail {only}") } else { "the jails".to_owned() };
            self.add(place, about, None, Fault::NamesRead { usedns, jails: names.len() });
        }
    }

    fn jails(&mut self, running: &[&Jail]) {
        for (index, jail) in running.iter().enumerate() {
            let about = || format!("jail {}", jail.name);
            for (place, fault) in jails::settings(&self.conf, jail) {
                self.add(place, about(), None, fault);
            }
            if jails::reads_journal(jail) {
                continue;
            }
            let service = jail.filter.as_ref().and_then(|filter| self.filter_conf(&filter.name));
            let service = service.as_ref().and_then(jails::service);
            for (place, fault) in jails::logs(jail, service.as_deref(), self.ask.now, &self.ask.zone) {
                self.add(place, about(), None, fault);
            }
            let twin = running[..index].iter().find(|before| is_twin(before, jail));
            if let Some(twin) = twin {
                let place = jails::place(&self.conf, jail, "logpath");
                self.add(place, about(), None, Fault::SameAs { jail: twin.name.clone() });
            }
        }
    }

    /// The worst first, then by place; what was found on two ways once.
    fn finish(mut self) -> Vec<Finding> {
        let key = |finding: &Finding| (finding.fault.severity(), finding.place.clone(), finding.fault.kind());
        self.found.sort_by_cached_key(key);
        // What stands in [DEFAULT] was found for each jail.
        self.found.dedup_by(|next, kept| {
            let is_again =
                next.place == kept.place && next.fault == kept.fault && next.pattern == kept.pattern;
            if is_again && next.about != kept.about {
                kept.about = "the jails".to_owned();
            }
            is_again
        });
        self.found
    }
}

fn is_same(a: &FilterText, b: &FilterText) -> bool {
    a.name == b.name
        && a.prefregex == b.prefregex
        && a.failregex == b.failregex
        && a.ignoreregex == b.ignoreregex
        && a.maxlines == b.maxlines
}

/// Whether two jails find the same failures in the same log.
fn is_twin(a: &Jail, b: &Jail) -> bool {
    let (Some(one), Some(other)) = (&a.filter, &b.filter) else { return false };
    !jails::reads_journal(a)
        && is_same(one, other)
        && a.settings
            .logpath
            .iter()
            .any(|path| b.settings.logpath.iter().any(|log| log.pattern == path.pattern))
}

/// The parts of the sequence that a pattern is.
pub(crate) fn flat_parts(root: Node) -> Vec<Node> {
    match chars::flat(root) {
        Node::Case { ignored: false, node } => flat_parts(*node),
        Node::Concat(nodes) => nodes,
        other => vec![other],
    }
}
