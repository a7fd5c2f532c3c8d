//! An ordered map for a million small rows, in little more memory than the rows themselves.
//!
//! `BTreeMap` leaves up to half of each node empty and pads keys to values; for rows of 50 bytes that is as much again. Here rows stand in
//! runs of up to `RUN`, keys and values in arrays of their own that grow by a few places at a time. What that costs: an insertion moves up to one
//! run, and now and then the list of runs. It has no hash for attackers to aim at, reads nothing and knows nothing of what it holds.

mod run;

use std::ops::Bound::{self, Excluded, Included, Unbounded};
use std::ops::RangeBounds;

use run::Run;

/// Rows of a run at most. Larger ones would cost time to insert into, smaller ones memory for the list of runs.
pub const RUN: usize = 128;

/// Rows in the order of their keys.
#[derive(Clone, Debug)]
pub struct Shelf<K, V> {
    /// None is empty.
    runs: Vec<Run<K, V>>,
    /// Where each run begins: its keys are not below this, and below the next one's. The first run has all keys below the second's. They
    /// stand apart from the runs so that the search for one stays in the processor's cache.
    begins: Vec<K>,
    rows: usize,
}

impl<K: Ord + Copy, V> Shelf<K, V> {
    /// Without a row.
    pub const fn new() -> Self {
        Self { runs: Vec::new(), begins: Vec::new(), rows: 0 }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Memory that all of it takes, without what the allocator adds.
    pub fn bytes(&self) -> usize {
        let lists = self.runs.capacity() * size_of::<Run<K, V>>() + self.begins.capacity() * size_of::<K>();
        lists + self.runs.iter().map(Run::bytes).sum::<usize>()
    }

    /// The value of `key`.
    pub fn get(&self, key: &K) -> Option<&V> {
        let run = self.runs.get(self.run_of(key))?;
        run.find(key).ok().map(|at| run.value(at))
    }

    /// Whether there is a row with `key`.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }

    /// Sets the value of `key`; the value that it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let at = self.run_of(&key);
        let Some(run) = self.runs.get_mut(at) else {
            self.rows = 1;
            self.put_run(0, Run::of(key, value));
            return None;
        };
        let place = match run.find(&key) {
            Ok(known) => return Some(run.replace(known, value)),
            Err(place) => place,
        };
        self.rows += 1;
        if run.len() < RUN {
            run.insert(place, key, value);
        } else if place == RUN {
            self.insert_behind(at, key, value);
        } else {
            let mut upper = run.split();
            if place <= run.len() {
                run.insert(place, key, value);
            } else {
                upper.insert(place - run.len(), key, value);
            }
            self.put_run(at + 1, upper);
        }
        None
    }

    /// Sets the value of a new key behind a full run. Keys that only grow leave full runs behind them; others fill the next run from its
    /// front, so that keys that only fall do not each get a run of their own.
    fn insert_behind(&mut self, at: usize, key: K, value: V) {
        match self.runs.get_mut(at + 1).filter(|next| next.len() < RUN) {
            Some(next) => {
                next.insert(0, key, value);
                self.begins[at + 1] = key;
            }
            None => self.put_run(at + 1, Run::of(key, value)),
        }
    }

    /// Takes the row of `key` out; its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let at = self.run_of(key);
        let run = self.runs.get_mut(at)?;
        let place = run.find(key).ok()?;
        let value = run.remove(place);
        self.rows -= 1;
        self.join(at);
        Some(value)
    }

    /// All rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.runs.iter().flat_map(Run::iter)
    }

    /// The rows whose keys lie in `range`, in order.
    pub fn range(&self, range: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
        let (first, skipped) = self.place_of(range.start_bound());
        let end: Bound<K> = range.end_bound().cloned();
        let runs = self.runs.get(first..).unwrap_or_default().iter();
        runs.flat_map(Run::iter).skip(skipped).take_while(move |(key, _)| match end {
            Included(last) => **key <= last,
            Excluded(behind) => **key < behind,
            Unbounded => true,
        })
    }

    /// The first row within `bound`: which run, and which row of it.
    fn place_of(&self, bound: Bound<&K>) -> (usize, usize) {
        let (Included(key) | Excluded(key)) = bound else { return (0, 0) };
        let at = self.run_of(key);
        let skipped = self.runs.get(at).map_or(0, |run| match (run.find(key), bound) {
            (Ok(place), Excluded(_)) => place + 1,
            (Ok(place) | Err(place), _) => place,
        });
        (at, skipped)
    }

    /// The run that has `key`, if one has.
    fn run_of(&self, key: &K) -> usize {
        self.begins.partition_point(|begin| begin <= key).saturating_sub(1)
    }

    fn put_run(&mut self, at: usize, run: Run<K, V>) {
        self.begins.insert(at, *run.first());
        self.runs.insert(at, run);
    }

    fn take_run(&mut self, at: usize) -> Run<K, V> {
        self.begins.remove(at);
        let run = self.runs.remove(at);
        // The lists give their places back once most are free.
        if self.runs.capacity() > 16 + 4 * self.runs.len() {
            self.runs.shrink_to(2 * self.runs.len());
            self.begins.shrink_to(2 * self.begins.len());
        }
        run
    }

    /// A run that has become small joins its neighbour, so that what was taken out leaves no space behind.
    fn join(&mut self, at: usize) {
        if self.runs[at].is_empty() {
            self.take_run(at);
            return;
        }
        // Half a run is left free, so that rows that come and go do not split and join for ever.
        let fits = |runs: &[Run<K, V>]| runs[0].len() + runs[1].len() <= RUN / 2;
        for first in [at, at.wrapping_sub(1)] {
            if self.runs.get(first..=first.wrapping_add(1)).is_some_and(fits) {
                let upper = self.take_run(first + 1);
                self.runs[first].append(upper);
                return;
            }
        }
    }
}

impl<K: Ord + Copy, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self::new()
    }
}
