//! What comes due when, soonest first. An entry that was overtaken by a later one for the same key is skipped when its
//! turn comes: that is cheaper than finding it earlier.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use event::Moment;

/// Keys by the moment at which they come due.
#[derive(Debug)]
pub(crate) struct Due<K> {
    heap: BinaryHeap<Reverse<(Moment, K)>>,
}

impl<K: Ord + Copy> Due<K> {
    /// Without an entry.
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new() }
    }

    /// With these entries.
    pub(crate) fn of(entries: impl Iterator<Item = (Moment, K)>) -> Self {
        let entries: Vec<_> = entries.map(Reverse).collect();
        Self { heap: entries.into() }
    }

    /// `key` comes due at `moment`. `current` tells the valid moment of a key and `live` how many keys there are: when
    /// overtaken entries outnumber the valid ones, they are cleared out, so the queue stays within twice their number.
    pub(crate) fn push(
        &mut self,
        moment: Moment,
        key: K,
        live: usize,
        current: impl Fn(&K) -> Option<Moment>,
    ) {
        if self.heap.len() >= 2 * live + 64 {
            self.heap.retain(|Reverse((moment, key))| current(key) == Some(*moment));
        }
        if self.heap.len() == self.heap.capacity() {
            // A million entries must not have room for two million.
            self.heap.reserve_exact(64.max(self.heap.len() / 8));
        }
        self.heap.push(Reverse((moment, key)));
    }

    /// Takes the first key that is due at `now`.
    pub(crate) fn pop(&mut self, now: Moment, current: impl Fn(&K) -> Option<Moment>) -> Option<K> {
        while let Some(Reverse((moment, _))) = self.heap.peek()
            && *moment <= now
        {
            let Reverse((moment, key)) = self.heap.pop()?;
            if current(&key) == Some(moment) {
                return Some(key);
            }
        }
        None
    }
}
