//! A blocklist as it is in force: who is on it, what has changed since the one before, what the kernel should hold of it.

use std::cmp::Ordering;
use std::net::IpAddr;

use blocklist::Entry;
use enforcement::{Change, Element};
use event::{JailName, Moment, Scope, Subject};

/// One list, in the order of its subjects.
#[derive(Debug, Default)]
pub struct Listed {
    entries: Vec<Entry>,
    /// The prefix lengths that occur, of each family: a search looks for these alone.
    prefixes: Vec<(bool, u8)>,
}

impl Listed {
    /// From entries in the order of their subjects, each subject once.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut prefixes: Vec<_> =
            entries.iter().map(|entry| (entry.subject.is_ipv4(), entry.subject.prefix_bits())).collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        Self { entries, prefixes }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The widest live entry around `address`.
    pub fn names(&self, address: IpAddr, now: Moment) -> Option<&Entry> {
        let address = address.to_canonical();
        let families = self.prefixes.iter().filter(|(is_ipv4, _)| *is_ipv4 == address.is_ipv4());
        families
            .filter_map(|(_, prefix)| self.find(&Subject::network(address, *prefix)))
            .find(|entry| entry.until > now)
    }

    /// What the kernel should hold of it.
    pub fn elements(&self, name: &JailName, now: Moment) -> impl Iterator<Item = Element> {
        let live = self.entries.iter().filter(move |entry| entry.until > now);
        live.map(|entry| element(name, entry))
    }

    /// What leads from `before` to this list.
    pub fn changes(&self, name: &JailName, before: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        let (mut old, mut new) = (before.entries.iter().peekable(), self.entries.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return changes,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(gone), Some(come)) => gone.subject.cmp(&come.subject),
            };
            let gone = if order.is_le() { old.next() } else { None };
            let come = if order.is_ge() { new.next() } else { None };
            match (gone, come) {
                (Some(gone), None) => changes.push(remove(name, gone.subject)),
                (gone, Some(come)) if gone != Some(come) => changes.push(Change::Add(element(name, come))),
                _ => {}
            }
        }
    }

    fn find(&self, subject: &Subject) -> Option<&Entry> {
        self.entries.binary_search_by(|entry| entry.subject.cmp(subject)).ok().map(|at| &self.entries[at])
    }
}

fn element(name: &JailName, entry: &Entry) -> Element {
    Element { jail: name.clone(), scope: Scope::AllPorts, subject: entry.subject, until: entry.until }
}

fn remove(name: &JailName, subject: Subject) -> Change {
    Change::Remove { jail: name.clone(), scope: Scope::AllPorts, subject }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[(&str, i64)]) -> Listed {
        let entry = |(subject, until): &(&str, i64)| Entry {
            subject: subject.parse().unwrap(),
            until: Moment::from_seconds(*until),
        };
        let mut entries: Vec<_> = entries.iter().map(entry).collect();
        entries.sort();
        Listed::new(entries)
    }

    #[test]
    fn an_address_is_found_by_whatever_is_around_it() {
        let list = list(&[("192.0.2.0/24", 10), ("198.51.100.7", 10), ("2001:db8::/48", 10)]);
        let names = |address: &str, now| {
            let found = list.names(address.parse().unwrap(), Moment::from_seconds(now));
            found.map(|entry| entry.subject.to_string())
        };
        assert_eq!(names("192.0.2.9", 1).as_deref(), Some("192.0.2.0/24"));
        assert_eq!(names("::ffff:198.51.100.7", 1).as_deref(), Some("198.51.100.7"));
        assert_eq!(names("2001:db8:0:5::1", 1).as_deref(), Some("2001:db8::/48"));
        assert_eq!(names("198.51.100.8", 1), None);
        assert_eq!(names("192.0.2.9", 10), None, "its time is over");
    }

    #[test]
    fn only_the_difference_is_changed() {
        let before = list(&[("192.0.2.1", 10), ("192.0.2.2", 10), ("192.0.2.4", 10)]);
        let after = list(&[("192.0.2.2", 20), ("192.0.2.3", 10), ("192.0.2.4", 10)]);
        let name = JailName::new("drop");
        let changes = after.changes(&name, &before);
        let shown: Vec<_> = changes
            .iter()
            .map(|change| match change {
                Change::Add(element) => format!("+{}", element.subject),
                Change::Remove { subject, .. } => format!("-{subject}"),
            })
            .collect();
        assert_eq!(shown, ["-192.0.2.1", "+192.0.2.2", "+192.0.2.3"]);
        assert!(after.changes(&name, &after).is_empty());
    }
}
