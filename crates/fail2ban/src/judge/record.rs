//! What is known of a failure, or of a connection that may come to one: groups, accounts, lines.

use std::collections::BTreeSet;

use event::limit::FAIL2BAN_PENDING_LINES;

use super::groups::{Groups, Value};

/// Lines, as many as are kept, and how many there were.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    pub(super) kept: Vec<String>,
    pub(super) count: usize,
}

impl Lines {
    pub(super) fn push(&mut self, line: String) {
        self.count += 1;
        if self.kept.len() < FAIL2BAN_PENDING_LINES {
            self.kept.push(line);
        }
    }

    pub(super) fn append(&mut self, other: Lines) {
        let room = FAIL2BAN_PENDING_LINES.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
        self.count += other.count;
    }
}

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) groups: Groups,
    pub(super) users: BTreeSet<String>,
    /// Whether a failure waits for someone to be about.
    pub(super) pending: bool,
    /// Lines of failures.
    pub(super) lines: Lines,
    /// Lines that are failures only if one follows.
    pub(super) harmless: Lines,
}

impl Record {
    /// Whether a group took something.
    pub(super) fn has(&self, name: &str) -> bool {
        self.groups.get(name).and_then(Option::as_ref).is_some_and(|value| !value.is_empty())
    }

    /// Takes a group out and says whether it had taken something.
    pub(super) fn take(&mut self, name: &str) -> bool {
        self.groups.remove(name).flatten().is_some_and(|value| !value.is_empty())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.groups.get(name).and_then(Option::as_ref).and_then(Value::text)
    }

    /// Notes an account.
    pub(super) fn note_user(&mut self, user: Option<String>) {
        if let Some(user) = user.filter(|user| !user.is_empty())
            && self.users.len() < FAIL2BAN_PENDING_LINES
        {
            self.users.insert(user);
        }
    }

    /// Whether fail2ban would call it no failure.
    pub(super) fn is_harmless(&self) -> bool {
        self.has("nofail")
    }
}
