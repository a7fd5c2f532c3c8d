//! A bounded table by subject in which every row has a moment: at the bound, the oldest row makes room.

use std::ops::Bound::{Excluded, Unbounded};

use event::{Moment, Subject};
use shelf::Shelf;

use crate::due::Due;

/// How many rows one purge looks at.
const PURGED_AT_ONCE: usize = 64;

/// Rows by subject, each with the moment that counts as its age.
#[derive(Debug)]
pub(crate) struct Aged<V> {
    bound: usize,
    rows: Shelf<Subject, (Moment, V)>,
    /// Made when the table is full for the first time: until then nobody asks which row is the oldest.
    by_age: Option<Due<Subject>>,
    /// Where the next purge goes on.
    cursor: Option<Subject>,
    evicted: u64,
}

impl<V> Aged<V> {
    /// Without a row, with room for `bound`.
    pub(crate) fn new(bound: usize) -> Self {
        Self { bound: bound.max(1), rows: Shelf::new(), by_age: None, cursor: None, evicted: 0 }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many rows made room for others.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The row of `subject` with its moment.
    pub(crate) fn get(&self, subject: &Subject) -> Option<&(Moment, V)> {
        self.rows.get(subject)
    }

    /// All rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Subject, &(Moment, V))> {
        self.rows.iter()
    }

    /// Sets the row of `subject`.
    pub(crate) fn put(&mut self, subject: Subject, moment: Moment, value: V) {
        if self.rows.len() >= self.bound && !self.rows.contains_key(&subject) {
            self.make_room();
        }
        self.rows.insert(subject, (moment, value));
        let rows = &self.rows;
        if let Some(by_age) = &mut self.by_age {
            by_age.push(moment, subject, rows.len(), |key| rows.get(key).map(|row| row.0));
        }
    }

    fn make_room(&mut self) {
        let rows = &self.rows;
        let all = || Due::of(rows.iter().map(|(subject, row)| (row.0, *subject)));
        let by_age = self.by_age.get_or_insert_with(all);
        if let Some(oldest) = by_age.pop(Moment::NEVER, |key| rows.get(key).map(|row| row.0)) {
            self.rows.remove(&oldest);
            self.evicted += 1;
        }
    }

    /// Looks at the next few rows, around in a circle, and drops those that are `dead`.
    pub(crate) fn purge(&mut self, dead: impl Fn(&(Moment, V)) -> bool) {
        let from = self.cursor.map_or(Unbounded, Excluded);
        let (mut seen, mut gone) = (0, Vec::new());
        let mut last = None;
        for (subject, row) in self.rows.range((from, Unbounded)).take(PURGED_AT_ONCE) {
            (seen, last) = (seen + 1, Some(*subject));
            if dead(row) {
                gone.push(*subject);
            }
        }
        self.cursor = if seen < PURGED_AT_ONCE { None } else { last };
        for subject in gone {
            self.rows.remove(&subject);
        }
        if self.rows.len() < self.bound / 2 {
            self.by_age = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(last: u8) -> Subject {
        Subject::exactly([192, 0, 2, last].into())
    }

    #[test]
    fn at_the_bound_the_oldest_makes_room() {
        let mut table = Aged::new(2);
        table.put(subject(1), Moment::from_seconds(1), ());
        table.put(subject(2), Moment::from_seconds(2), ());
        table.put(subject(1), Moment::from_seconds(3), ());
        table.put(subject(3), Moment::from_seconds(4), ());
        assert!(table.get(&subject(2)).is_none());
        assert_eq!((table.len(), table.evicted()), (2, 1));
    }

    #[test]
    fn a_row_renewed_for_ever_leaves_no_trail() {
        let mut table = Aged::new(10);
        (0..10_000).for_each(|second| table.put(subject(1), Moment::from_seconds(second), ()));
        table.put(subject(2), Moment::from_seconds(0), ());
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn a_purge_comes_around() {
        let mut table = Aged::new(1000);
        (0..200).for_each(|last| table.put(subject(last), Moment::from_seconds(last.into()), ()));
        for _ in 0..8 {
            table.purge(|row| row.0 < Moment::from_seconds(100));
        }
        assert_eq!(table.len(), 100);
    }
}
