//! Bans that stand, told to actions once more: to those that were mended since, when somebody who is banned fails on, and to those that
//! came later. When that is done and in which order is fail2ban's.

use std::time::Duration;

use event::limit::FAIL2BAN_ACTION_CHECK_SECONDS;
use event::{Moment, Subject};

use super::Worker;
use crate::action::{Action, Scene};
use crate::fault::Fault;
use crate::ticket::Ticket;

impl Worker {
    /// Somebody who is banned has failed as often again, last at `at`. Long after the ban that means that it does not hold: each action looks
    /// whether what it set up is there, and mends it. Who was banned before something was mended has the ban anew.
    pub(super) fn again(&mut self, subject: &Subject, at: Moment) {
        let Some(ticket) = self.tickets.get(subject).cloned().filter(|_| self.is_awake) else { return };
        let pause = Duration::from_secs(FAIL2BAN_ACTION_CHECK_SECONDS);
        let is_late = at.since(ticket.since) > pause;
        let now = self.shared.runner.now();
        if ticket.epoch == self.epoch.get()
            && is_late
            && self.checked.is_none_or(|checked| now.since(checked) > pause)
        {
            self.checked = Some(now);
            self.for_each(None, None, "check", |action, _, scene, _| {
                if action.check(true, scene) { Ok(()) } else { Err(Fault::Broken) }
            });
        }
        if ticket.epoch < self.epoch.get() {
            self.reban(&ticket);
        }
    }

    /// The ban anew, by the actions that were mended since it was made. The first that cannot ends it, and it is tried again at the next
    /// occasion.
    pub(super) fn reban(&mut self, ticket: &Ticket) {
        tracing::info!("jail {}: {} is banned anew by its actions", self.jail, ticket.subject);
        let is_mended = |action: &Action| action.epoch > ticket.epoch;
        // One that was mended may be gone since; then all do it.
        let any = self.actions.iter().any(is_mended);
        let mut is_done = true;
        self.for_each(None, Some(ticket), "reban", |action, family, scene, _| {
            if !is_done || (any && !is_mended(action)) {
                return Ok(());
            }
            let done = action.reban(family, scene);
            is_done = done.is_ok();
            done
        });
        let epoch = self.epoch.get();
        if let Some(held) = self.tickets.get_mut(&ticket.subject).filter(|_| is_done) {
            held.epoch = epoch;
        }
    }

    /// Actions that came to a jail that runs are told of the bans that stand, as they would be at a start of the jail: as of restored ones.
    pub(super) fn tell_standing(&mut self, names: &[String]) {
        if names.is_empty() {
            return;
        }
        let mut tickets: Vec<Ticket> = self.tickets.values().cloned().collect();
        tickets.sort_by_key(|ticket| (ticket.since, ticket.subject));
        for mut ticket in tickets {
            if self.shared.runner.is_stopped() {
                return;
            }
            ticket.is_restored = true;
            self.for_each(Some(names), Some(&ticket), "ban", ban);
        }
    }
}

/// The command of a ban, unless it is one from before and the action wants none of those.
pub(super) fn ban(
    action: &mut Action,
    family: &str,
    scene: &Scene<'_>,
    is_restored: bool,
) -> Result<(), Fault> {
    if is_restored && action.skips_restored() { Ok(()) } else { action.ban(family, scene) }
}
