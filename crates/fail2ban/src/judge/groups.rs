//! What the named groups of a match took, with fail2ban's alternates and tuples put together.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::pattern::{Pattern, Places, tags};

/// What a group took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A text.
    Text(String),
    /// Several, put together by `<F-TUPLE_…>`; those that took no part are empty.
    Tuple(Vec<Option<String>>),
}

/// Groups by name; a group that took no part is there without a value.
pub type Groups = BTreeMap<Arc<str>, Option<Value>>;

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

/// The groups of the match that `places` describes.
pub(super) fn groups(pattern: &Pattern, complex: &[Complex], text: &str, places: &Places) -> Groups {
    let mut groups: Groups = pattern
        .groups()
        .map(|(number, name)| {
            let taken = places.group(number).map(|(start, end)| Value::Text(text[start..end].to_owned()));
            (name.clone(), taken)
        })
        .collect();
    for Complex { group, target, tuple } in complex {
        let value = groups.get(group).cloned().flatten();
        let known = groups.get(target).cloned().flatten();
        if *tuple {
            let mut parts = match known {
                Some(Value::Tuple(parts)) => parts,
                Some(Value::Text(text)) => vec![Some(text)],
                None => vec![None],
            };
            parts.push(value.and_then(|value| value.text().map(str::to_owned)));
            groups.insert(target.clone(), Some(Value::Tuple(parts)));
        } else if value.as_ref().is_some_and(|value| !value.is_empty())
            && known.is_none_or(|known| known.is_empty())
        {
            groups.insert(target.clone(), value);
        }
    }
    groups
}
