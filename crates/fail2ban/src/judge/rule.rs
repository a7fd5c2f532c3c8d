//! One regular expression of a filter, with what is to be done with its groups.

use std::sync::Arc;

use super::groups::{Complex, Groups, Value, complex};
use super::taken::Taken;
use crate::pattern::{Names, Pattern, PatternError, Places, Text, Wrong};

/// A compiled pattern and its groups.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) pattern: Pattern,
    /// The named groups and their numbers, in the order of the names.
    named: Vec<(usize, Arc<str>)>,
    complex: Vec<Complex>,
    /// The group that takes the content, in a prefix.
    pub(super) content: Option<usize>,
}

/// A text that was searched, as a piece of one that is kept.
pub(super) struct Kept {
    pub(super) line: Arc<str>,
    /// Where in it the text begins.
    pub(super) from: usize,
}

impl Rule {
    pub(super) fn new(source: &str, names: Names, text: Text) -> Result<Self, PatternError> {
        let pattern = Pattern::new(source, names, text)?;
        let mut named: Vec<_> = pattern.groups().map(|(number, name)| (number, name.clone())).collect();
        named.sort_by(|one, other| one.1.cmp(&other.1));
        let content = named.iter().find(|(_, name)| &**name == "content").map(|(number, _)| *number);
        Ok(Self { complex: complex(&pattern), named, content, pattern })
    }

    pub(super) fn nobody(&self) -> PatternError {
        PatternError { pattern: self.pattern.source().to_owned(), at: 0, wrong: Wrong::NoIdentity }
    }

    /// A search that is given up has found nothing, and is counted.
    pub(super) fn matches(
        &self,
        text: &str,
        is_ascii: bool,
        places: &mut Places,
        given_up: &mut u64,
    ) -> bool {
        self.pattern.search_known(text, is_ascii, places).unwrap_or_else(|_| {
            *given_up += 1;
            false
        })
    }

    /// What the groups of the match that `places` describes took.
    pub(super) fn groups(&self, kept: &Kept, places: &Places) -> Groups {
        let taken = self.named.iter().filter_map(|(number, name)| {
            let (start, end) = places.group(*number)?;
            let taken = Taken::new(&kept.line, kept.from + start..kept.from + end);
            Some((name.clone(), Some(Value::Text(taken))))
        });
        let mut groups = Groups::in_order(self.named.len(), taken);
        self.complex.iter().for_each(|complex| groups.put_together(complex));
        groups
    }
}
