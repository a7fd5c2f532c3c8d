//! Who stands in one list: those of its kind of service, each once, within the list's bound. No text and no file.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use event::{Category, Subject};

use crate::Denied;

/// The chosen ones, in the order of their subjects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Who. None lies in another's subnet, and none is this machine itself.
    pub subjects: Vec<Subject>,
    /// How many found no place.
    pub left_out: usize,
}

impl List {
    /// Those of `denied`, which is in the order of subjects, whom `category` refuses. If they are too many, those who are refused longest.
    pub fn of(denied: &[Denied], category: Category, bound: usize) -> Self {
        let mut chosen: Vec<Denied> = Vec::new();
        for one in denied.iter().filter(|one| one.categories.has(category)) {
            // A subnet stands before what lies in it, so that looking at the last one is enough.
            let is_known = chosen.last().is_some_and(|last| last.subject.covers(&one.subject));
            if !is_known && !loopback().iter().any(|own| own.covers(&one.subject)) {
                chosen.push(*one);
            }
        }
        let left_out = chosen.len().saturating_sub(bound);
        if left_out > 0 {
            // The subject breaks ties, so that the same bans always make the same list.
            chosen.sort_unstable_by_key(|one| (std::cmp::Reverse(one.until), one.subject));
            chosen.truncate(bound);
            chosen.sort_unstable();
        }
        Self { subjects: chosen.into_iter().map(|one| one.subject).collect(), left_out }
    }
}

/// This machine itself: never refused.
pub fn loopback() -> [Subject; 2] {
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    [Subject::network(v4, 8), Subject::exactly(v6)]
}

#[cfg(test)]
mod tests {
    use event::{Categories, Moment};

    use super::*;

    fn denied(entries: &[(&str, Category, i64)]) -> Vec<Denied> {
        let mut all: Vec<Denied> = entries
            .iter()
            .map(|(subject, category, until)| Denied {
                subject: subject.parse().unwrap(),
                categories: Categories::from(*category),
                until: Moment::from_seconds(*until),
            })
            .collect();
        all.sort();
        all
    }

    fn texts(list: &List) -> Vec<String> {
        list.subjects.iter().map(Subject::to_string).collect()
    }

    #[test]
    fn only_its_own_kind_and_nobody_twice() {
        let all = denied(&[
            ("192.0.2.7", Category::Sip, 9),
            ("192.0.2.0/24", Category::Sip, 9),
            ("192.0.3.1", Category::Sip, 9),
            ("198.51.100.1", Category::Http, 9),
            ("2001:db8::/64", Category::Sip, 9),
        ]);
        let list = List::of(&all, Category::Sip, 10);
        assert_eq!(texts(&list), ["192.0.2.0/24", "192.0.3.1", "2001:db8::/64"]);
        assert!(List::of(&all, Category::Iax, 10).subjects.is_empty());
    }

    #[test]
    fn this_machine_never_stands_in_it() {
        let all = denied(&[
            ("127.0.0.1", Category::Sip, 9),
            ("127.0.0.0/8", Category::Sip, 9),
            ("::1", Category::Sip, 9),
        ]);
        assert!(List::of(&all, Category::Sip, 10).subjects.is_empty());
    }

    #[test]
    fn a_full_list_keeps_who_is_refused_longest() {
        let all = denied(&[
            ("192.0.2.1", Category::Ami, 5),
            ("192.0.2.2", Category::Ami, 50),
            ("192.0.2.3", Category::Ami, 7),
            ("192.0.2.4", Category::Ami, i64::MAX),
        ]);
        let list = List::of(&all, Category::Ami, 2);
        assert_eq!((texts(&list), list.left_out), (vec!["192.0.2.2".to_owned(), "192.0.2.4".to_owned()], 2));
    }
}
