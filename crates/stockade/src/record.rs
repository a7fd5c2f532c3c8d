//! Between the engine's values and the store's: what is remembered, and what is given up when the disk takes nothing.

use decision::Remembered;
use event::limit::RECORDED_FAILURES;
use store::{Batch, MemoryChange, MemoryRow};

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
pub fn shorten(batch: &mut Batch) {
    let surplus =
        batch.failures.len().saturating_sub(usize::try_from(RECORDED_FAILURES).unwrap_or(usize::MAX));
    batch.failures.drain(..surplus);
    // Of each source, the last position is all that matters.
    let positions = std::mem::take(&mut batch.positions);
    let last: std::collections::BTreeMap<_, _> = positions.into_iter().collect();
    batch.positions = last.into_iter().collect();
}
