//! What is remembered of addresses over all jails, for the tags that ask for more than one ban: earlier bans with their lines, the last address and
//! account. It is bounded and lives as long as the program.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use event::limit::{FAIL2BAN_ACTION_LINES, FAIL2BAN_ACTION_SUBJECTS};
use event::{Failure, Subject};

/// What was before.
#[derive(Debug, Default)]
pub struct Past {
    subjects: HashMap<Subject, Known>,
    /// When each was seen last, the one longest ago first.
    order: BTreeMap<u64, Subject>,
    seen: u64,
}

#[derive(Debug, Default)]
struct Known {
    at: u64,
    /// By jail.
    last: HashMap<String, (Option<IpAddr>, Option<Box<str>>)>,
    bans: HashMap<String, Merged>,
}

/// The bans of one subject put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// All their failures.
    pub failures: u64,
    /// The last of their lines. A log's text.
    pub lines: Vec<String>,
}

impl Past {
    /// A failure was counted.
    pub fn found(&mut self, jail: &str, failure: &Failure) {
        let last = (failure.address, failure.account.clone());
        self.known(failure.subject).last.insert(jail.to_owned(), last);
    }

    /// The last address and account of somebody in a jail.
    pub fn last(&self, jail: &str, subject: &Subject) -> (Option<IpAddr>, Option<Box<str>>) {
        let known = self.subjects.get(subject).and_then(|known| known.last.get(jail));
        known.cloned().unwrap_or_default()
    }

    /// A ban was made.
    pub fn banned(&mut self, jail: &str, subject: Subject, failures: u32, lines: &[String]) {
        let merged = self.known(subject).bans.entry(jail.to_owned()).or_default();
        merged.failures += u64::from(failures);
        merged.lines.extend_from_slice(lines);
        let past = merged.lines.len().saturating_sub(FAIL2BAN_ACTION_LINES);
        merged.lines.drain(..past);
    }

    /// The bans of somebody: of one jail, or of all.
    pub fn merged(&self, subject: &Subject, jail: Option<&str>) -> Option<Merged> {
        let bans = &self.subjects.get(subject)?.bans;
        if let Some(jail) = jail {
            return bans.get(jail).cloned();
        }
        let mut names: Vec<&String> = bans.keys().collect();
        names.sort();
        let mut all = Merged::default();
        for name in names {
            all.failures += bans[name].failures;
            all.lines.extend_from_slice(&bans[name].lines);
        }
        let past = all.lines.len().saturating_sub(FAIL2BAN_ACTION_LINES);
        all.lines.drain(..past);
        (!bans.is_empty()).then_some(all)
    }

    fn known(&mut self, subject: Subject) -> &mut Known {
        self.seen += 1;
        let seen = self.seen;
        if !self.subjects.contains_key(&subject)
            && self.subjects.len() >= FAIL2BAN_ACTION_SUBJECTS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.subjects.remove(&oldest);
        }
        let known = self.subjects.entry(subject).or_default();
        self.order.remove(&known.at);
        known.at = seen;
        self.order.insert(seen, subject);
        known
    }
}
