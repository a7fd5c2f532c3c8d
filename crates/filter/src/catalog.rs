//! The filters by name: those compiled into the binary, and those that the administrator put in their place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::definition::{Definition, FilterError, FilterErrorKind};
use crate::filter::Filter;

/// A filter that comes with the binary.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its name.
    pub name: &'static str,
    /// `filters/NAME.toml`.
    pub text: &'static str,
    /// `filters/NAME.samples`.
    pub samples: &'static str,
}

// `SHIPPED: &[Shipped]`, written by build.rs from the directory `filters/`.
include!(concat!(env!("OUT_DIR"), "/shipped.rs"));

/// All filters that can be used.
#[derive(Clone, Debug)]
pub struct Catalog {
    texts: BTreeMap<String, String>,
}

impl Catalog {
    /// The filters of the binary.
    pub fn shipped() -> Self {
        Self { texts: SHIPPED.iter().map(|one| (one.name.to_owned(), one.text.to_owned())).collect() }
    }

    /// Every shipped filter with its samples.
    pub fn all_shipped() -> &'static [Shipped] {
        SHIPPED
    }

    /// Puts the filter `name` with this text in place of the shipped one, or adds it.
    pub fn put(&mut self, name: &str, text: String) {
        self.texts.insert(name.to_owned(), text);
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// Compiles the filter `name`.
    pub fn filter(&self, name: &str) -> Result<Arc<Filter>, FilterError> {
        Filter::parse(name, self.text(name)?).map(Arc::new)
    }

    /// The filter `name` as it is written: much quicker to have than a compiled one.
    pub fn definition(&self, name: &str) -> Result<Definition, FilterError> {
        Definition::parse(name, self.text(name)?)
    }

    fn text(&self, name: &str) -> Result<&str, FilterError> {
        self.texts.get(name).map(String::as_str).ok_or_else(|| {
            let known: Vec<_> = self.names().collect();
            let kind = FilterErrorKind::Unknown { known: known.join(" ") };
            FilterError { filter: name.to_owned(), pattern: None, kind }
        })
    }
}
