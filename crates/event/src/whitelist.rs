//! Who is never blocked. One type for the counter, the decision and the kernel, so that the three cannot disagree.

use crate::Subject;

/// Addresses and subnets that are never blocked, each with where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whitelist {
    /// Sorted by family (IPv4 first) and subject, so that whatever lies inside an entry follows it at once. Entries
    /// inside a wider entry are kept for their origin, they do no harm.
    entries: Vec<(Subject, String)>,
    /// For each entry, the place of the narrowest entry around it: what makes a search over nested subnets short.
    around: Vec<Option<u32>>,
}

impl Whitelist {
    /// From subjects and their origins ("stockade.toml:7", "address of eth0", "loopback").
    pub fn new(entries: impl IntoIterator<Item = (Subject, String)>) -> Self {
        let mut entries: Vec<_> = entries.into_iter().collect();
        entries
            .sort_by(|(one, its), (other, theirs)| key(one).cmp(&key(other)).then_with(|| its.cmp(theirs)));
        entries.dedup_by(|later, earlier| later.0 == earlier.0);
        let mut around: Vec<Option<u32>> = Vec::with_capacity(entries.len());
        for (place, (entry, _)) in entries.iter().enumerate() {
            let mut wider = place.checked_sub(1).map(|before| before as u32);
            while let Some(at) = wider
                && !entries[at as usize].0.covers(entry)
            {
                wider = around[at as usize];
            }
            around.push(wider);
        }
        Self { entries, around }
    }

    /// The entry that has an address in common with `subject`, and its origin: a subnet that contains a whitelisted
    /// address may not be banned either. Of several, the narrowest around `subject`, else the first inside it.
    pub fn protects(&self, subject: &Subject) -> Option<(&Subject, &str)> {
        let after = self.entries.partition_point(|(entry, _)| key(entry) <= key(subject));
        // An entry around the subject stands before it, and is the entry just before it or one around that.
        let mut wider = after.checked_sub(1).map(|before| before as u32);
        while let Some(at) = wider {
            let (entry, origin) = &self.entries[at as usize];
            if entry.covers(subject) {
                return Some((entry, origin));
            }
            wider = self.around[at as usize];
        }
        let (entry, origin) = self.entries.get(after)?;
        subject.covers(entry).then_some((entry, origin.as_str()))
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

/// The families apart: in the order of subjects alone, IPv4 would lie amidst the addresses of `::/0`.
fn key(subject: &Subject) -> (bool, &Subject) {
    (!subject.is_ipv4(), subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> Whitelist {
        Whitelist::new(entries.iter().map(|text| (text.parse().unwrap(), (*text).to_owned())))
    }

    #[test]
    fn a_subnet_around_a_protected_address_is_protected_too() {
        let list = list(&["192.0.2.7"]);
        assert!(list.protects(&"192.0.2.7".parse().unwrap()).is_some());
        assert!(list.protects(&"192.0.2.0/24".parse().unwrap()).is_some());
        assert!(list.protects(&"192.0.2.8".parse().unwrap()).is_none());
    }

    #[test]
    fn the_narrowest_entry_around_the_subject_answers() {
        let list = list(&["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3", "2001:db8::/32", "::/0"]);
        for (subject, entry) in [
            ("10.1.2.3", Some("10.1.2.3")),
            ("10.1.2.4", Some("10.1.2.0/24")),
            ("10.1.3.1", Some("10.1.0.0/16")),
            ("10.9.9.9", Some("10.0.0.0/8")),
            ("10.0.0.0/7", Some("10.0.0.0/8")),
            ("11.0.0.1", None),
            ("2001:db8::1", Some("2001:db8::/32")),
            ("2001:db9::1", Some("::/0")),
        ] {
            let found = list.protects(&subject.parse().unwrap()).map(|(_, origin)| origin);
            assert_eq!(found, entry, "{subject}");
        }
    }

    /// Every question over all pairs of a nested set must be answered as looking at each entry would.
    #[test]
    fn the_search_agrees_with_looking_at_every_entry() {
        let mut all =
            vec!["::/0".to_owned(), "::/64".to_owned(), "2001:db8::/32".to_owned(), "::1".to_owned()];
        for third in [0, 1, 2, 128] {
            for prefix in [0, 1, 7, 8, 16, 22, 23, 24, 25, 31, 32] {
                all.push(format!("10.0.{third}.129/{prefix}"));
                all.push(format!("2001:db8:{third}::1/{}", prefix * 4));
            }
        }
        let subjects: Vec<Subject> = all.iter().map(|text| text.parse().unwrap()).collect();
        for step in 1..12 {
            let chosen: Vec<&str> = all.iter().skip(step).step_by(step).map(String::as_str).collect();
            let list = list(&chosen);
            for subject in &subjects {
                let naive = list.iter().any(|(entry, _)| entry.overlaps(subject));
                assert_eq!(list.protects(subject).is_some(), naive, "{subject} in {chosen:?}");
            }
        }
    }
}
