//! Looks for one of a few texts, each on its own: quicker than all at once where there are only one or two. It refuses to say where one is.

use memchr::memmem::Finder;

/// A few texts.
#[derive(Clone, Debug)]
pub struct OneOf(Vec<Finder<'static>>);

impl OneOf {
    /// For these texts.
    pub fn new(texts: &[Vec<u8>]) -> Self {
        Self(texts.iter().map(|text| Finder::new(text).into_owned()).collect())
    }

    /// Whether one of them stands in `text`.
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.0.iter().any(|finder| finder.find(text).is_some())
    }
}
