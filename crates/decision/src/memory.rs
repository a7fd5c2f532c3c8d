//! Who was banned before, by whom, and until when: what makes the next ban longer.

use event::{JailName, Moment, Subject};

use crate::Remembered;
use crate::aged::Aged;
use crate::names::Jails;

/// What is kept of a row; its moment is when the subject last gave cause.
#[derive(Clone, Copy, Debug)]
struct Past {
    last_until: Moment,
    times: u32,
    /// The last jail, and another one if there was one; else `Jails::NONE`.
    jails: [u16; 2],
}

/// The memory of offenders.
#[derive(Debug)]
pub(crate) struct Memory {
    rows: Aged<Past>,
    jails: Jails,
}

impl Memory {
    /// Empty, with room for `bound` subjects.
    pub(crate) fn new(bound: usize) -> Self {
        Self { rows: Aged::new(bound), jails: Jails::default() }
    }

    /// How many subjects are remembered.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many were forgotten for want of room.
    pub(crate) fn evicted(&self) -> u64 {
        self.rows.evicted()
    }

    /// What is remembered about `subject`.
    pub(crate) fn recall(&self, subject: &Subject) -> Option<Remembered> {
        self.rows.get(subject).map(|(at, past)| self.in_words(*subject, *at, past))
    }

    /// Everything that is remembered.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Remembered> {
        self.rows.iter().map(|(subject, (at, past))| self.in_words(*subject, *at, past))
    }

    /// Remembers `row` in place of what was known about its subject.
    pub(crate) fn remember(&mut self, row: &Remembered) {
        let mut latest = row.jails.iter().rev().map(|jail| self.jails.number(jail));
        let jails = [latest.next(), latest.next()].map(|jail| jail.unwrap_or(Jails::NONE));
        let past = Past { last_until: row.last_until, times: row.times, jails };
        self.rows.put(row.subject, row.last_at, past);
    }

    /// Drops a few of the rows whose last ban ended before `horizon`.
    pub(crate) fn purge(&mut self, horizon: Moment) {
        self.rows.purge(|(_, past)| past.last_until < horizon);
    }

    fn in_words(&self, subject: Subject, last_at: Moment, past: &Past) -> Remembered {
        let jails = past
            .jails
            .iter()
            .rev()
            .filter(|number| **number != Jails::NONE)
            .map(|number| self.jails.name(*number))
            .collect();
        Remembered { subject, times: past.times, jails, last_at, last_until: past.last_until }
    }
}

impl Remembered {
    /// An operator has let this subject off at `now`: nothing before counts, now or when lines are read again.
    pub(crate) fn forgiven(subject: Subject, now: Moment) -> Self {
        Self { subject, times: 0, jails: Vec::new(), last_at: now, last_until: now }
    }

    /// Whether an offence in `jail` at `at` was settled by what is remembered.
    pub(crate) fn settles(&self, jail: &JailName, at: Moment) -> bool {
        at <= self.last_at && (self.is_forgiven() || self.jails.contains(jail))
    }

    /// Whether an operator has let the subject off and nothing happened since. Bans whose length follows a rule of their own are
    /// not counted in `times`, but they name their jail.
    pub fn is_forgiven(&self) -> bool {
        self.times == 0 && self.jails.is_empty()
    }

    /// Whether another jail than `jail` is remembered.
    pub(crate) fn knows_other_than(&self, jail: &JailName) -> bool {
        self.jails.iter().any(|known| known != jail)
    }

    /// The jails with `jail` as the last one, and at most one other before it.
    pub(crate) fn jails_then(&self, jail: &JailName) -> Vec<JailName> {
        let other = self.jails.iter().rev().find(|known| *known != jail);
        other.into_iter().chain([jail]).cloned().collect()
    }
}
