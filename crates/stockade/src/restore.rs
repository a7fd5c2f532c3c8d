//! How the engine takes up what was known before the start.

use std::sync::mpsc::Receiver;

use event::{Ban, Decision};
use mirror::Legacy;
use store::{Action, MemoryRow};

use crate::engine::Engine;
use crate::message::{End, Enforced, Message};
use crate::{clock, record, start};

impl Engine {
    /// Takes over bans and memory, and counts the recorded failures again, so that windows are as they were.
    pub(crate) fn restore(
        &mut self,
        bans: Vec<Ban>,
        memory: Vec<MemoryRow>,
        notes: Vec<String>,
        undone: Option<Action>,
        legacy: Option<&Legacy>,
    ) {
        self.batch.actions.extend(undone);
        if !notes.is_empty() {
            // The store is new: what the kernel held must be recorded again.
            self.batch.decisions.extend(bans.iter().cloned().map(Decision::Ban));
        }
        self.health.notes = notes;
        let left_out = self.decider.restore(bans, memory.into_iter().map(record::remembered));
        if left_out > 0 {
            tracing::error!("{left_out} bans of the store are past the bound and are not in force");
        }
        self.show_barred();
        if let Some(legacy) = legacy {
            self.take_over(legacy);
            // They stood already: they are told as restored, with all others.
            self.chronicle.forget();
        }
        self.lift_outdated();
        self.note_jails(&[]);
        self.count_again();
    }

    fn count_again(&mut self) {
        let since = clock::now().before(start::lookback(&self.plan));
        let (decider, counter, whitelist) = (&self.decider, &mut self.counter, &self.plan.whitelist);
        let counted = self.store.failures_since(since, &mut |failure| {
            // What an operator has forgiven does not count again.
            let forgiven = decider.remembered(&failure.subject).filter(decision::Remembered::is_forgiven);
            if forgiven.is_none_or(|memory| failure.at > memory.last_at) {
                // Offences among them were decided when they happened.
                let at = failure.at;
                counter.observe(&failure, whitelist, at);
            }
        });
        if let Err(cause) = counted {
            tracing::error!("windows start empty: {cause}");
        }
    }

    /// Compares the kernel with the wanted bans before anything else, and waits for it: 'ready' means that it stands.
    /// Says whether that was the end already, as when a source cannot be read.
    pub(crate) fn enforce_at_start(&mut self, inbox: &Receiver<Message>) -> Option<End> {
        // The whole is compared now, and single changes of a table that is not laid yet would be refused.
        self.changes.clear();
        self.reconcile_now();
        // Readers may be faster; what they found waits its turn.
        let mut early = Vec::new();
        while let Ok(message) = inbox.recv() {
            match message {
                Message::Enforced(outcome) => {
                    let stands = matches!(outcome, Enforced::Reconciled { .. } | Enforced::Failed { .. });
                    self.hear(outcome);
                    if stands {
                        break;
                    }
                }
                other => early.push(other),
            }
        }
        let stop = early.into_iter().find_map(|message| self.handle(message));
        self.settle();
        stop
    }
}
