//! Finds a slot by the hash of its key: open addressing in one flat vector, eight bytes a place.
//!
//! The standard map would hold each key a second time; with a million subjects every question would then miss the
//! processor's cache twice more. What is in a slot is the caller's matter: it says which one it means.

/// A place without a slot.
const VACANT: u32 = u32::MAX;

/// How many places there are at the least.
const FEWEST: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    slot: u32,
}

/// Slots by hash.
#[derive(Debug)]
pub(crate) struct Index {
    /// As many as a power of two says, at least a quarter of them vacant.
    places: Vec<Place>,
    used: usize,
}

impl Index {
    /// Without a slot.
    pub(crate) fn new() -> Self {
        Self { places: vec![Place { hash: 0, slot: VACANT }; FEWEST], used: 0 }
    }

    /// How many slots it knows.
    pub(crate) fn len(&self) -> usize {
        self.used
    }

    /// The slot with this hash that `is_meant`.
    pub(crate) fn find(&self, hash: u32, is_meant: impl Fn(u32) -> bool) -> Option<u32> {
        self.place(hash, is_meant).map(|place| self.places[place].slot)
    }

    /// Adds a slot that is not in yet.
    pub(crate) fn insert(&mut self, hash: u32, slot: u32) {
        if (self.used + 1) * 4 > self.places.len() * 3 {
            self.grow();
        }
        self.put(Place { hash, slot });
        self.used += 1;
    }

    /// Removes a slot and moves up those behind it that its place had kept from theirs, so that no gap is ever left
    /// between a slot and where its search begins.
    pub(crate) fn remove(&mut self, hash: u32, slot: u32) {
        let Some(mut gap) = self.place(hash, |other| other == slot) else { return };
        let mask = self.places.len() - 1;
        let mut next = (gap + 1) & mask;
        while self.places[next].slot != VACANT {
            let begin = self.places[next].hash as usize & mask;
            if next.wrapping_sub(begin) & mask >= next.wrapping_sub(gap) & mask {
                self.places[gap] = self.places[next];
                gap = next;
            }
            next = (next + 1) & mask;
        }
        self.places[gap].slot = VACANT;
        self.used -= 1;
    }

    fn place(&self, hash: u32, is_meant: impl Fn(u32) -> bool) -> Option<usize> {
        let mask = self.places.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let place = self.places[at];
            if place.slot == VACANT {
                return None;
            }
            if place.hash == hash && is_meant(place.slot) {
                return Some(at);
            }
            at = (at + 1) & mask;
        }
    }

    fn put(&mut self, place: Place) {
        let mask = self.places.len() - 1;
        let mut at = place.hash as usize & mask;
        while self.places[at].slot != VACANT {
            at = (at + 1) & mask;
        }
        self.places[at] = place;
    }

    fn grow(&mut self) {
        let twice = vec![Place { hash: 0, slot: VACANT }; self.places.len() * 2];
        let before = std::mem::replace(&mut self.places, twice);
        before.into_iter().filter(|place| place.slot != VACANT).for_each(|place| self.put(place));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Hashes that collide in every way: few values, all near the end of the places, so that searches wrap around.
    #[test]
    fn it_agrees_with_a_set_under_collisions() {
        let (mut index, mut model, mut state) = (Index::new(), HashSet::new(), 1u32);
        for _ in 0..20_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let slot = state >> 16 & 127;
            let hash = 60 + slot % 7;
            if model.insert(slot) {
                index.insert(hash, slot);
            } else {
                model.remove(&slot);
                index.remove(hash, slot);
            }
            assert_eq!(index.len(), model.len());
            for slot in 0..128 {
                let found = index.find(60 + slot % 7, |other| other == slot);
                assert_eq!(found.is_some(), model.contains(&slot));
            }
        }
    }
}
