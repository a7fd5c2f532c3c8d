//! A run: some rows in order, keys and values apart so that neither pads the other. It knows no other run.

/// Places by which a run grows: what is left free of one is half of this on average.
const STEP: usize = 16;

/// Some rows. Never empty but for a moment.
#[derive(Clone, Debug)]
pub struct Run<K, V> {
    keys: Vec<K>,
    values: Vec<V>,
}

impl<K: Ord + Copy, V> Run<K, V> {
    pub fn of(key: K, value: V) -> Self {
        let mut run = Self { keys: Vec::new(), values: Vec::new() };
        run.insert(0, key, value);
        run
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<K>() + self.values.capacity() * size_of::<V>()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn first(&self) -> &K {
        &self.keys[0]
    }

    /// Where `key` is, or where it would be.
    pub fn find(&self, key: &K) -> Result<usize, usize> {
        self.keys.binary_search(key)
    }

    pub fn value(&self, at: usize) -> &V {
        &self.values[at]
    }

    pub fn replace(&mut self, at: usize, value: V) -> V {
        std::mem::replace(&mut self.values[at], value)
    }

    pub fn insert(&mut self, at: usize, key: K, value: V) {
        if self.keys.len() == self.keys.capacity() {
            self.keys.reserve_exact(STEP);
            self.values.reserve_exact(STEP);
        }
        self.keys.insert(at, key);
        self.values.insert(at, value);
    }

    pub fn remove(&mut self, at: usize) -> V {
        self.keys.remove(at);
        let value = self.values.remove(at);
        if self.keys.capacity() > self.keys.len() + 2 * STEP {
            self.fit();
        }
        value
    }

    /// Keeps the lower half; the upper one.
    pub fn split(&mut self) -> Self {
        let half = self.keys.len() / 2;
        let upper = Self { keys: self.keys.split_off(half), values: self.values.split_off(half) };
        self.fit();
        upper
    }

    /// Takes the rows of the next run in.
    pub fn append(&mut self, mut upper: Self) {
        self.keys.reserve_exact(upper.keys.len());
        self.values.reserve_exact(upper.values.len());
        self.keys.append(&mut upper.keys);
        self.values.append(&mut upper.values);
    }

    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.keys.iter().zip(&self.values)
    }

    fn fit(&mut self) {
        self.keys.shrink_to(self.keys.len() + STEP);
        self.values.shrink_to(self.values.len() + STEP);
    }
}
