//! What the named groups of a match took, with fail2ban's alternates and tuples put together.

use std::sync::Arc;

use super::taken::Taken;
use crate::pattern::{Pattern, tags};

/// What a group took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(Taken),
    /// Several, put together by `<F-TUPLE_…>`; those that took no part are empty.
    Tuple(Vec<Option<String>>),
}

/// Groups by name, in the order of the names; a group that took no part is not there, or without a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// A filter has a dozen of them at most, so a list in order is quicker than a tree.
    named: Vec<(Arc<str>, Option<Value>)>,
}

impl Groups {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a match, which come in the order of their names.
    pub(super) fn in_order(most: usize, taken: impl Iterator<Item = (Arc<str>, Option<Value>)>) -> Self {
        // Room for what a prefix has too.
        let mut named = Vec::with_capacity(most + 2);
        named.extend(taken);
        Self { named }
    }

    /// What a group took, or that it took no part.
    pub fn get(&self, name: &str) -> Option<&Option<Value>> {
        // Most names differ in their lengths, which are compared first.
        self.named.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// Puts what a group took.
    pub fn insert(&mut self, name: Arc<str>, value: Option<Value>) {
        match self.place(&name) {
            Ok(at) => self.named[at].1 = value,
            Err(at) => self.named.insert(at, (name, value)),
        }
    }

    /// Lets a group stand for the one that it is an alternate of, or a part of.
    pub(super) fn put_together(&mut self, complex: &Complex) {
        let Complex { group, target, tuple } = complex;
        let value = self.get(group).cloned().flatten();
        let known = self.get(target).cloned().flatten();
        if *tuple {
            let mut parts = match known {
                Some(Value::Tuple(parts)) => parts,
                Some(Value::Text(text)) => vec![Some(text.to_string())],
                None => vec![None],
            };
            parts.push(value.and_then(|value| value.text().map(str::to_owned)));
            self.insert(target.clone(), Some(Value::Tuple(parts)));
        } else if value.as_ref().is_some_and(|value| !value.is_empty())
            && known.is_none_or(|known| known.is_empty())
        {
            self.insert(target.clone(), value);
        }
    }

    /// These and, of other names, those of the prefix. A group that took no part leaves what was there before: since fail2ban 1.1.1, an
    /// address that the prefix names is not lost to a pattern that may name one and does not.
    pub(super) fn beside(mut self, prefix: Groups) -> Self {
        for (name, value) in prefix {
            if self.get(&name).is_none_or(Option::is_none) {
                self.insert(name, value);
            }
        }
        self
    }

    /// Takes a group out.
    pub fn remove(&mut self, name: &str) -> Option<Option<Value>> {
        self.place(name).ok().map(|at| self.named.remove(at).1)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Option<Value>)> {
        self.named.iter().map(|(name, value)| (name, value))
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.named.binary_search_by(|(known, _)| (**known).cmp(name))
    }
}

impl IntoIterator for Groups {
    type Item = (Arc<str>, Option<Value>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.named.into_iter()
    }
}

impl Extend<(Arc<str>, Option<Value>)> for Groups {
    fn extend<T: IntoIterator<Item = (Arc<str>, Option<Value>)>>(&mut self, groups: T) {
        groups.into_iter().for_each(|(name, value)| self.insert(name, value));
    }
}

impl Value {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Tuple(_) => None,
        }
    }

    /// Whether there is anything in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Text(text) => text.is_empty(),
            Value::Tuple(parts) => parts.is_empty(),
        }
    }
}

/// A group of a pattern that stands for another.
#[derive(Clone, Debug)]
pub(super) struct Complex {
    /// `alt_user_1`
    group: Arc<str>,
    /// `user`
    target: Arc<str>,
    tuple: bool,
}

/// The alternates and tuples of `pattern`, in the order in which they are put together.
pub(super) fn complex(pattern: &Pattern) -> Vec<Complex> {
    let mut found: Vec<Complex> = pattern
        .groups()
        .filter_map(|(_, name)| {
            let (tuple, rest) = match name.strip_prefix("alt_") {
                Some(rest) => (false, rest),
                None => (true, name.strip_prefix("tuple_")?),
            };
            let target = match rest.rsplit_once('_') {
                Some((target, number))
                    if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) =>
                {
                    target
                }
                _ => rest,
            };
            // fail2ban passes by names that are no longer than `alt_`; a longer one with nothing behind it has no target.
            let target: Arc<str> = tags::group(target).into();
            (name.len() > 4).then(|| Complex { group: name.clone(), target, tuple })
        })
        .collect();
    found.sort_by(|one, other| (one.tuple, &one.group).cmp(&(other.tuple, &other.group)));
    found
}
