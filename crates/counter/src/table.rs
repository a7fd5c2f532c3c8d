//! Windows by subject and jail, in bounded memory: at the bound the one that was touched longest ago makes room.
//!
//! Slots lie in one vector and are chained by index in the order of their last failure, so that touching and evicting
//! take constant time. The hash is keyed at random (`RandomState`): attackers choose their addresses, and IPv6 gives
//! them enough to aim at one bucket of a hash they could compute.

use std::hash::{BuildHasher, Hash, Hasher, RandomState};

use event::{Moment, Subject};

use crate::index::Index;
use crate::window::Window;

/// Whose window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The subject.
    pub(crate) subject: Subject,
    /// The jail's number.
    pub(crate) jail: u16,
}

impl Hash for Key {
    /// In one write: the keyed hash spends most of its time on being called.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let (octets, prefix) = self.subject.to_raw();
        let mut bytes = [0; 19];
        bytes[..16].copy_from_slice(&octets);
        bytes[16] = prefix;
        bytes[17..].copy_from_slice(&self.jail.to_le_bytes());
        state.write(&bytes);
    }
}

/// No slot.
const NIL: u32 = u32::MAX;

#[derive(Debug)]
struct Slot {
    window: Window,
    key: Key,
    /// When its latest failure was, in seconds rounded up: a sweep need not follow a window into the heap to see that
    /// it is over.
    latest: u32,
    /// The slot touched next after this one; in an empty slot, the next empty one.
    newer: u32,
    /// The slot touched just before this one.
    older: u32,
}

/// The windows.
#[derive(Debug)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    index: Index,
    hasher: RandomState,
    newest: u32,
    oldest: u32,
    /// The first empty slot.
    empty: u32,
    /// Where the next sweep goes on.
    hand: usize,
    /// Failures in all windows.
    marks: usize,
}

impl Table {
    /// Without a window.
    pub(crate) fn new() -> Self {
        let (slots, index, hasher) = (Vec::new(), Index::new(), RandomState::new());
        Self { slots, index, hasher, newest: NIL, oldest: NIL, empty: NIL, hand: 0, marks: 0 }
    }

    /// How many windows there are.
    pub(crate) fn len(&self) -> usize {
        self.index.len()
    }

    /// The keys of all windows, in no order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.slots.iter().filter(|slot| !slot.window.is_empty()).map(|slot| &slot.key)
    }

    /// How many failures all windows hold.
    pub(crate) fn marks(&self) -> usize {
        self.marks
    }

    /// The window of `key`.
    pub(crate) fn get(&self, key: &Key) -> Option<&Window> {
        self.find(key, self.hash(key)).map(|slot| &self.slots[slot as usize].window)
    }

    /// Changes the window of `key`, made if need be, and counts that as touching it. A window that `change` leaves
    /// empty is removed.
    pub(crate) fn touch<R>(&mut self, key: Key, change: impl FnOnce(&mut Window) -> R) -> R {
        let hash = self.hash(&key);
        let slot = match self.find(&key, hash) {
            Some(slot) => {
                if self.newest != slot {
                    unlink(&mut self.slots, slot, &mut self.newest, &mut self.oldest);
                    link_newest(&mut self.slots, slot, &mut self.newest, &mut self.oldest);
                }
                slot
            }
            None => {
                let slot = take_slot(&mut self.slots, &mut self.empty, key);
                link_newest(&mut self.slots, slot, &mut self.newest, &mut self.oldest);
                self.index.insert(hash, slot);
                slot
            }
        };
        self.change_slot(slot, change)
    }

    /// Changes the window of `key` if there is one, without touching it. Removed if left empty.
    pub(crate) fn change<R>(&mut self, key: &Key, change: impl FnOnce(&mut Window) -> R) -> Option<R> {
        let slot = self.find(key, self.hash(key))?;
        Some(self.change_slot(slot, change))
    }

    /// Removes the window that was touched longest ago.
    pub(crate) fn evict(&mut self) {
        if self.oldest != NIL {
            self.remove(self.oldest);
        }
    }

    /// Looks at the next `slots` slots, around in a circle, and removes the windows that are `dead` by their key and a
    /// moment less than a second after their latest failure.
    pub(crate) fn sweep(&mut self, slots: usize, dead: impl Fn(&Key, Moment) -> bool) {
        for _ in 0..slots.min(self.slots.len()) {
            self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
            let slot = &self.slots[self.hand];
            if !slot.window.is_empty() && dead(&slot.key, from_seconds(slot.latest)) {
                self.remove(self.hand as u32);
            }
        }
    }

    /// How many slots a sweep of everything has to look at.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    fn hash(&self, key: &Key) -> u32 {
        self.hasher.hash_one(key) as u32
    }

    fn find(&self, key: &Key, hash: u32) -> Option<u32> {
        self.index.find(hash, |slot| self.slots[slot as usize].key == *key)
    }

    fn change_slot<R>(&mut self, slot: u32, change: impl FnOnce(&mut Window) -> R) -> R {
        let window = &mut self.slots[slot as usize].window;
        let before = window.marks().len();
        let answer = change(window);
        let after = window.marks().len();
        let latest = window.marks().last().map_or(0, |mark| seconds_up(mark.at));
        self.slots[slot as usize].latest = latest;
        self.marks = self.marks - before + after;
        if after == 0 {
            self.remove(slot);
        }
        answer
    }

    fn remove(&mut self, slot: u32) {
        unlink(&mut self.slots, slot, &mut self.newest, &mut self.oldest);
        let hash = self.hash(&self.slots[slot as usize].key);
        self.index.remove(hash, slot);
        let gone = &mut self.slots[slot as usize];
        self.marks -= gone.window.marks().len();
        gone.window = Window::empty();
        gone.newer = self.empty;
        self.empty = slot;
    }
}

/// Seconds since the epoch, rounded up, as far as 32 bits tell them; what is past them is the far future.
fn seconds_up(at: Moment) -> u32 {
    let seconds = at.millis().div_euclid(1000).saturating_add(i64::from(at.millis().rem_euclid(1000) > 0));
    u32::try_from(seconds.max(0)).unwrap_or(u32::MAX)
}

fn from_seconds(seconds: u32) -> Moment {
    if seconds == u32::MAX { Moment::NEVER } else { Moment::from_seconds(seconds.into()) }
}

/// An empty slot for `key`, a new one if none is free.
fn take_slot(slots: &mut Vec<Slot>, empty: &mut u32, key: Key) -> u32 {
    if *empty == NIL {
        slots.push(Slot { window: Window::empty(), key, latest: 0, newer: NIL, older: NIL });
        return (slots.len() - 1) as u32;
    }
    let slot = *empty;
    *empty = slots[slot as usize].newer;
    slots[slot as usize].key = key;
    slot
}

fn unlink(slots: &mut [Slot], slot: u32, newest: &mut u32, oldest: &mut u32) {
    let (newer, older) = (slots[slot as usize].newer, slots[slot as usize].older);
    match newer {
        NIL => *newest = older,
        newer => slots[newer as usize].older = older,
    }
    match older {
        NIL => *oldest = newer,
        older => slots[older as usize].newer = newer,
    }
}

fn link_newest(slots: &mut [Slot], slot: u32, newest: &mut u32, oldest: &mut u32) {
    (slots[slot as usize].newer, slots[slot as usize].older) = (NIL, *newest);
    match *newest {
        NIL => *oldest = slot,
        second => slots[second as usize].newer = slot,
    }
    *newest = slot;
}

#[cfg(test)]
mod tests {
    use event::{Moment, Proof};

    use super::*;
    use crate::window::Mark;

    fn key(last: u8) -> Key {
        Key { subject: Subject::exactly([192, 0, 2, last].into()), jail: 0 }
    }

    fn mark(at: i64) -> Mark {
        Mark {
            at: Moment::from_millis(at),
            account: 0,
            count: 1,
            proof: Proof::Proven,
            tag: crate::window::Tag::of(0),
        }
    }

    #[test]
    fn a_slot_is_as_small_as_the_memory_budget_assumes() {
        assert_eq!(size_of::<Slot>(), 56);
    }

    #[test]
    fn the_one_touched_longest_ago_goes_first_and_its_slot_is_used_again() {
        let mut table = Table::new();
        for (at, last) in [1, 2, 3, 1].into_iter().enumerate() {
            table.touch(key(last), |window| window.insert(mark(at as i64)));
        }
        assert_eq!((table.len(), table.marks()), (3, 4));
        for (gone, left) in [(2, 2), (3, 1), (1, 0)] {
            table.evict();
            assert!(table.get(&key(gone)).is_none());
            assert_eq!(table.len(), left);
        }
        table.evict();
        table.touch(key(9), |window| window.insert(mark(0)));
        assert_eq!((table.len(), table.marks(), table.slots()), (1, 1, 3));
    }

    #[test]
    fn a_window_left_empty_is_removed() {
        let mut table = Table::new();
        table.touch(key(1), |_| ());
        table.touch(key(2), |window| window.insert(mark(0)));
        table.change(&key(2), |window| window.retain(|_| false));
        assert_eq!((table.len(), table.marks()), (0, 0));
    }

    #[test]
    fn a_sweep_goes_on_where_the_last_one_stopped() {
        let mut table = Table::new();
        for last in 0..10 {
            table.touch(key(last), |window| window.insert(mark(0)));
        }
        table.sweep(4, |_, _| true);
        assert_eq!(table.len(), 6);
        table.sweep(6, |_, _| true);
        assert_eq!(table.len(), 0);
    }
}
