//! What is remembered of addresses over all jails, for the tags that ask for more than one ban: earlier bans with their lines, the last address and
//! account. It is bounded and lives as long as the program; a database may know more.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use event::limit::{FAIL2BAN_ACTION_LINES, FAIL2BAN_ACTION_SUBJECTS};
use event::{Failure, Moment, Subject};

/// Who knows what was before the program started, too. Asked on the threads of commands, for tags that want it.
pub type History = Arc<dyn Fn(&Question<'_>) -> Option<Merged> + Send + Sync>;

/// A ban of which all earlier ones of the same subject are to be known.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Whose.
    pub subject: &'a Subject,
    /// By which jail.
    pub jail: &'a str,
    /// Those of other jails too.
    pub is_over_all_jails: bool,
    /// The ban's begin.
    pub since: Moment,
    /// Its failures.
    pub failures: u32,
    /// Its lines. A log's text.
    pub lines: &'a [String],
}

/// What was before.
#[derive(Default)]
pub struct Past {
    /// Asked before what is remembered here.
    pub history: Option<History>,
    subjects: HashMap<Subject, Known>,
    /// When each was seen last, the one longest ago first.
    order: BTreeMap<u64, Subject>,
    seen: u64,
}

#[derive(Debug, Default)]
struct Known {
    at: u64,
    jails: HashMap<String, InJail>,
    /// Lines that led to bans, with the jail, the oldest first. A log's text.
    lines: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct InJail {
    last: (Option<IpAddr>, Option<Box<str>>),
    bans: u64,
    failures: u64,
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
        let known = self.known(failure.subject);
        known.jails.entry(jail.to_owned()).or_default().last = (failure.address, failure.account.clone());
    }

    /// The last address and account of somebody in a jail.
    pub fn last(&self, jail: &str, subject: &Subject) -> (Option<IpAddr>, Option<Box<str>>) {
        let known = self.subjects.get(subject).and_then(|known| known.jails.get(jail));
        known.map(|known| known.last.clone()).unwrap_or_default()
    }

    /// A ban was made.
    pub fn banned(&mut self, jail: &str, subject: Subject, failures: u32, lines: &[String]) {
        let known = self.known(subject);
        let held = known.jails.entry(jail.to_owned()).or_default();
        held.bans += 1;
        held.failures += u64::from(failures);
        known.lines.extend(lines.iter().map(|line| (jail.to_owned(), line.clone())));
        let of_jail = known.lines.iter().filter(|(of, _)| of == jail).count();
        let mut past = of_jail.saturating_sub(FAIL2BAN_ACTION_LINES);
        known.lines.retain(|(of, _)| {
            let goes = of == jail && past > 0;
            past -= usize::from(goes);
            !goes
        });
        // Where very many jails ban the same address, those that did so longest ago have no lines left.
        let past = known.lines.len().saturating_sub(FAIL2BAN_ACTION_LINES * FAIL2BAN_ACTION_LINES);
        known.lines.drain(..past);
    }

    /// The bans of somebody: of one jail, or of all.
    pub fn merged(&self, subject: &Subject, jail: Option<&str>) -> Option<Merged> {
        let known = self.subjects.get(subject)?;
        let is_meant = |name: &str| jail.is_none_or(|jail| jail == name);
        let jails: Vec<_> =
            known.jails.iter().filter(|(name, held)| is_meant(name) && held.bans > 0).collect();
        let lines: Vec<&String> =
            known.lines.iter().filter(|(name, _)| is_meant(name)).map(|(_, line)| line).collect();
        let past = lines.len().saturating_sub(FAIL2BAN_ACTION_LINES);
        let merged = Merged {
            failures: jails.iter().map(|(_, held)| held.failures).sum(),
            lines: lines[past..].iter().map(|line| (*line).clone()).collect(),
        };
        (!jails.is_empty()).then_some(merged)
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
