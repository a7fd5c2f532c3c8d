//! A map that keeps the order in which names first came, because fail2ban's does and the order of what is put in where shows. It
//! refuses to put a name in another place.

use std::collections::HashMap;

/// Values by name, in the order of first insertion.
#[derive(Clone, Debug)]
pub struct Ordered<V> {
    entries: Vec<(String, V)>,
    at: HashMap<String, usize>,
}

impl<V> Default for Ordered<V> {
    fn default() -> Self {
        Self { entries: Vec::new(), at: HashMap::new() }
    }
}

impl<V> Ordered<V> {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.at.get(name).map(|&index| &self.entries[index].1)
    }

    /// The value of a name, to be changed in its place.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        self.at.get(name).map(|&index| &mut self.entries[index].1)
    }

    /// Whether there is such a name.
    pub fn has(&self, name: &str) -> bool {
        self.at.contains_key(name)
    }

    /// Gives a name its value. A name that was there keeps its place.
    pub fn insert(&mut self, name: &str, value: V) {
        if let Some(&index) = self.at.get(name) {
            self.entries[index].1 = value;
        } else {
            self.at.insert(name.to_owned(), self.entries.len());
            self.entries.push((name.to_owned(), value));
        }
    }

    /// Takes a name out.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let index = self.at.remove(name)?;
        self.at.values_mut().filter(|at| **at > index).for_each(|at| *at -= 1);
        Some(self.entries.remove(index).1)
    }

    /// Names and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }
}

impl<V: Clone> Ordered<V> {
    /// What the other has is added, or put in the place of what was there.
    pub fn update(&mut self, other: &Self) {
        for (name, value) in other.iter() {
            self.insert(name, value.clone());
        }
    }
}
