//! What is known of a failure, or of a connection that may come to one: groups, accounts, lines.

use std::sync::Arc;

use event::limit::FAIL2BAN_PENDING_LINES;

use super::groups::{Groups, Value};
use super::taken::Taken;

/// Lines, as many as are kept, and how many there were.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    pub(super) kept: Vec<Taken>,
    pub(super) count: usize,
}

impl Lines {
    pub(super) fn push(&mut self, line: Taken) {
        self.count += 1;
        if self.kept.len() < FAIL2BAN_PENDING_LINES {
            self.kept.push(line);
        }
    }

    pub(super) fn append(&mut self, other: Lines) {
        if self.kept.is_empty() && self.count == 0 {
            return *self = other;
        }
        let room = FAIL2BAN_PENDING_LINES.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
        self.count += other.count;
    }
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) groups: Groups,
    /// The accounts that were tried, each once, in order.
    pub(super) users: Vec<Taken>,
    /// Whether a failure waits for someone to be about.
    pub(super) pending: bool,
    /// Lines of failures.
    pub(super) lines: Lines,
    /// Lines that are failures only if one follows.
    pub(super) harmless: Lines,
    /// The names in the order in which fail2ban comes to know them, for who shows them so; else none.
    pub(super) order: Vec<Arc<str>>,
}

impl Record {
    /// Whether a group took something.
    pub(super) fn has(&self, name: &str) -> bool {
        self.groups.get(name).and_then(Option::as_ref).is_some_and(|value| !value.is_empty())
    }

    /// Takes a group out and says whether it had taken something.
    pub(super) fn take(&mut self, name: &str) -> bool {
        self.order.retain(|known| **known != *name);
        self.groups.remove(name).flatten().is_some_and(|value| !value.is_empty())
    }

    /// The text that a group took.
    pub(super) fn shared(&self, name: &str) -> Option<Taken> {
        match self.groups.get(name) {
            Some(Some(Value::Text(text))) => Some(text.clone()),
            _ => None,
        }
    }

    /// Notes an account.
    pub(super) fn note_user(&mut self, user: Option<&Taken>) {
        if let Some(user) = user.filter(|user| !user.is_empty())
            && self.users.len() < FAIL2BAN_PENDING_LINES
            && let Err(place) = self.users.binary_search(user)
        {
            if !self.order.is_empty() {
                self.note_order(["users".into()]);
            }
            self.users.insert(place, user.clone());
        }
    }

    /// Puts names behind those that are known.
    pub(super) fn note_order(&mut self, names: impl IntoIterator<Item = Arc<str>>) {
        for name in names {
            if !self.order.contains(&name) {
                self.order.push(name);
            }
        }
    }

    /// Whether fail2ban would call it no failure.
    pub(super) fn is_harmless(&self) -> bool {
        self.has("nofail")
    }
}
