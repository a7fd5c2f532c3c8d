//! Until when somebody is banned, for each category: the longest of all that asks for it.

use event::{Categories, Category, Moment};

/// An end for each category, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ends([Moment; Category::ALL.len()]);

/// Nothing ends at the beginning of time, so it stands for "none".
const NONE: Moment = Moment::from_millis(0);

impl Ends {
    pub(crate) fn get(&self, category: Category) -> Option<Moment> {
        Some(self.0[category as usize]).filter(|end| *end != NONE)
    }

    pub(crate) fn set(&mut self, category: Category, end: Option<Moment>) {
        self.0[category as usize] = end.unwrap_or(NONE);
    }

    /// The longer one stands.
    pub(crate) fn raise(&mut self, categories: Categories, end: Moment) {
        for category in categories.iter() {
            let old = &mut self.0[category as usize];
            *old = (*old).max(end);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0 == Self::default().0
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().filter(|end| **end != NONE).count()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Category, Moment)> {
        Category::ALL.into_iter().filter_map(|category| Some((category, self.get(category)?)))
    }
}
