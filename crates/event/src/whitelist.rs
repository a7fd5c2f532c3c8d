//! Who is never blocked. One type for the counter, the decision and the kernel, so that the three cannot disagree.

use crate::Subject;

/// Addresses and subnets that are never blocked, each with where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whitelist {
    /// Sorted by subject; entries inside a wider entry are kept for their origin, they do no harm.
    entries: Vec<(Subject, String)>,
}

impl Whitelist {
    /// From subjects and their origins ("stockade.toml:7", "address of eth0", "loopback").
    pub fn new(entries: impl IntoIterator<Item = (Subject, String)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries.sort();
        entries.dedup_by(|later, earlier| later.0 == earlier.0);
        Self { entries }
    }

    /// The entry that has an address in common with `subject`, and its origin: a subnet that contains a whitelisted
    /// address may not be banned either.
    pub fn protects(&self, subject: &Subject) -> Option<(&Subject, &str)> {
        self.entries.iter().find(|(entry, _)| entry.overlaps(subject)).map(|(entry, origin)| (entry, origin.as_str()))
    }

    /// All entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Subject, &str)> {
        self.entries.iter().map(|(subject, origin)| (subject, origin.as_str()))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nobody is protected.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_around_a_protected_address_is_protected_too() {
        let list = Whitelist::new([("192.0.2.7".parse().unwrap(), "test".to_owned())]);
        assert!(list.protects(&"192.0.2.7".parse().unwrap()).is_some());
        assert!(list.protects(&"192.0.2.0/24".parse().unwrap()).is_some());
        assert!(list.protects(&"192.0.2.8".parse().unwrap()).is_none());
    }
}
