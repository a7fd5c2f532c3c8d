//! Between the engine's values and the store's: how a turn is recorded, what is remembered, and what is given up when the disk
//! takes nothing.

use decision::Remembered;
use event::limit::RECORDED_FAILURES;
use event::{Decision, Moment};
use store::{Batch, MemoryChange, MemoryRow};

use crate::engine::Engine;

impl Engine {
    /// Writes the batch. One that cannot be written is kept and grows; protection goes on without it.
    pub(crate) fn record(&mut self, now: Moment) {
        if self.batch.is_empty() {
            return;
        }
        self.batch.at = now;
        match self.store.commit(&self.batch) {
            Ok(()) => {
                self.chronicle.note_read(&self.batch.positions);
                self.batch = Batch::default();
                self.health.store_error = None;
            }
            Err(cause) => {
                tracing::error!("{cause}");
                self.health.store_error = Some(cause.to_string());
                shorten(&mut self.batch);
                if matches!(cause, store::StoreError::Corrupt { .. }) {
                    self.mend_store(now);
                }
            }
        }
    }

    /// A damaged file is set aside, and the new one gets what is held in memory.
    fn mend_store(&mut self, now: Moment) {
        match self.store.mend(now) {
            Ok(Some(aside)) => {
                tracing::error!("the damaged store is kept as {}; bans go on in a new one", aside.display());
                let bans = self.decider.bans().map(Decision::Ban);
                self.batch.decisions.splice(0..0, bans);
                let memory: Vec<_> = self.decider.memory().map(memory_change).collect();
                self.batch.memory.splice(0..0, memory);
            }
            Ok(None) => {}
            Err(cause) => tracing::error!("{cause}"),
        }
    }
}

/// What the decision remembers, as the store keeps it.
pub fn memory_change(remembered: Remembered) -> MemoryChange {
    let Remembered { subject, times, jails, last_at, last_until } = remembered;
    MemoryChange::Remember(MemoryRow { subject, times, jails, last_until, last_at })
}

/// What the store kept, as the decision remembers it.
pub fn remembered(row: MemoryRow) -> Remembered {
    let MemoryRow { subject, times, jails, last_until, last_at } = row;
    Remembered { subject, times, jails, last_at, last_until }
}

/// While nothing can be written, only so much evidence is held in memory; decisions are never given up.
fn shorten(batch: &mut Batch) {
    let surplus =
        batch.failures.len().saturating_sub(usize::try_from(RECORDED_FAILURES).unwrap_or(usize::MAX));
    batch.failures.drain(..surplus);
    // Of each source, the last position is all that matters.
    let positions = std::mem::take(&mut batch.positions);
    let last: std::collections::BTreeMap<_, _> = positions.into_iter().collect();
    batch.positions = last.into_iter().collect();
}
