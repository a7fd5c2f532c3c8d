//! The bans that hold and stand in the database: what must be there, so that a row that another program deleted is missed. Lines and
//! other data are in the database alone.

use std::collections::{BTreeSet, HashMap};

use super::change::{Change, Row};
use super::rows::Due;

/// All of them, by jail and address.
#[derive(Default)]
pub struct Held {
    bans: HashMap<Box<str>, HashMap<Box<str>, One>>,
    /// How often all were mustered.
    musters: u32,
    /// The jails that run.
    running: BTreeSet<String>,
}

/// When a ban holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub since: i64,
    pub ban_time: i64,
    pub ban_count: u32,
}

/// A ban, and the last muster at which its row was met.
struct One {
    span: Span,
    met: u32,
}

/// The rows that are there are met, one after another.
pub struct Muster<'h> {
    bans: &'h mut HashMap<Box<str>, HashMap<Box<str>, One>>,
    number: u32,
}

impl Muster<'_> {
    /// A row, as it stands there.
    pub fn meet(&mut self, jail: &[u8], ip: &[u8], since: i64) {
        let (Ok(jail), Ok(ip)) = (str::from_utf8(jail), str::from_utf8(ip)) else { return };
        if let Some(one) = self.bans.get_mut(jail).and_then(|bans| bans.get_mut(ip))
            && one.span.since == since
        {
            one.met = self.number;
        }
    }
}

impl Span {
    fn is_over(self, now: i64) -> bool {
        self.ban_time >= 0 && self.since.saturating_add(self.ban_time) <= now
    }
}

impl Held {
    /// After the change is committed.
    pub fn take(&mut self, change: &Change) {
        match change {
            Change::On(jail) => {
                self.running.insert(jail.clone());
            }
            Change::Off(jail) => {
                self.running.remove(jail);
                self.bans.remove(jail.as_str());
            }
            Change::Ban(row) | Change::Restored(row) | Change::Stands(row) => {
                let span = Span { since: row.since, ban_time: row.ban_time, ban_count: row.ban_count };
                self.bans
                    .entry(row.jail.as_str().into())
                    .or_default()
                    .insert(row.ip.as_str().into(), One { span, met: 0 });
            }
            Change::Unban { jail, ip } | Change::Over { jail, ip } => self.drop_one(jail, ip),
            // Whether it still holds is told behind it.
            Change::Stood(_) | Change::Read(_) => {}
        }
    }

    pub fn get(&self, jail: &str, ip: &str) -> Option<Span> {
        Some(self.bans.get(jail)?.get(ip)?.span)
    }

    /// What ought to be in the database: those that are not over.
    pub fn due(&self, now: i64) -> Vec<Due> {
        self.those(|one| !one.span.is_over(now))
    }

    /// Begins to look which of them are there.
    pub fn muster(&mut self) -> Muster<'_> {
        self.musters = self.musters.wrapping_add(1);
        Muster { bans: &mut self.bans, number: self.musters }
    }

    /// What ought to be there and was not met at the last muster.
    pub fn unseen(&self, now: i64) -> Vec<Due> {
        self.those(|one| one.met != self.musters && !one.span.is_over(now))
    }

    fn those(&self, wanted: impl Fn(&One) -> bool) -> Vec<Due> {
        let mut those = Vec::new();
        for (jail, bans) in &self.bans {
            let of_jail = bans.iter().filter(|(_, one)| wanted(one));
            those.extend(of_jail.map(|(ip, one)| (jail.clone(), ip.clone(), one.span)));
        }
        those
    }

    pub fn drop_one(&mut self, jail: &str, ip: &str) {
        if let Some(bans) = self.bans.get_mut(jail) {
            bans.remove(ip);
        }
    }

    pub fn running(&self) -> impl Iterator<Item = &str> {
        self.running.iter().map(String::as_str)
    }

    /// What makes the database agree with `standing`: bans that were not told, and the end of those that do not hold any more.
    pub fn differences(&self, standing: Vec<Row>, now: i64) -> Vec<Change> {
        let known: HashMap<(&str, &str), &Row> =
            standing.iter().map(|row| ((row.jail.as_str(), row.ip.as_str()), row)).collect();
        let ended = self.due(now).into_iter().filter(|(jail, ip, _)| !known.contains_key(&(&**jail, &**ip)));
        let mut changes: Vec<Change> =
            ended.map(|(jail, ip, _)| Change::Unban { jail: jail.into(), ip: ip.into() }).collect();
        let is_new = |row: &Row| {
            self.get(&row.jail, &row.ip)
                .is_none_or(|span| (span.since, span.ban_time) != (row.since, row.ban_time))
        };
        changes.extend(standing.into_iter().filter(is_new).map(Change::Stands));
        changes
    }
}
