//! Exact addresses that failed of late. A ban may hold for a whole subnet, and whoever reads the keys asks for one address.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use event::{Subject, limit};

/// A bounded number of addresses; the one that failed longest ago is forgotten first.
#[derive(Debug, Default)]
pub(crate) struct Sighted {
    turns: BTreeMap<Subject, u64>,
    order: BTreeMap<u64, Subject>,
    turn: u64,
}

impl Sighted {
    /// Notes one address.
    pub(crate) fn note(&mut self, address: Subject) {
        self.turn += 1;
        if let Some(old) = self.turns.insert(address, self.turn) {
            self.order.remove(&old);
        }
        self.order.insert(self.turn, address);
        if self.order.len() > limit::REDIS_SIGHTED
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.turns.remove(&oldest);
        }
    }

    /// Those within a subnet.
    pub(crate) fn within(&self, subject: &Subject) -> impl Iterator<Item = Subject> {
        let subject = *subject;
        self.turns
            .range(span(&subject))
            .map(|(one, _)| *one)
            .filter(move |one| is_exact(one) && subject.covers(one))
    }
}

/// Whether the subject is one address.
pub(crate) fn is_exact(subject: &Subject) -> bool {
    subject.to_raw().1 == 128
}

/// From the first to the last exact address of a subnet, in the order of subjects. IPv4 lies within IPv6's `::/0` there.
pub(crate) fn span(subject: &Subject) -> RangeInclusive<Subject> {
    let (octets, prefix) = subject.to_raw();
    let behind = if prefix >= 128 { 0 } else { u128::MAX >> prefix };
    let last = (u128::from_be_bytes(octets) | behind).to_be_bytes();
    let exact = |octets| Subject::from_raw(octets, 128).unwrap_or(*subject);
    exact(octets)..=exact(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_are_found_by_their_subnet() {
        let mut sighted = Sighted::default();
        for address in ["2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1", "192.0.2.7", "192.0.3.7"] {
            sighted.note(subject(address));
        }
        let within =
            |text: &str| sighted.within(&subject(text)).map(|one| one.to_string()).collect::<Vec<_>>();
        assert_eq!(within("2001:db8::/64"), ["2001:db8::1", "2001:db8::ffff"]);
        assert_eq!(within("192.0.2.0/24"), ["192.0.2.7"]);
        assert_eq!(within("::/0").len(), 3);
    }

    #[test]
    fn the_one_that_failed_longest_ago_is_forgotten() {
        let mut sighted = Sighted::default();
        let address = |number: u32| Subject::exactly(std::net::Ipv4Addr::from(number).into());
        for number in 0..u32::try_from(limit::REDIS_SIGHTED).unwrap() {
            sighted.note(address(number));
        }
        sighted.note(address(0));
        sighted.note(address(u32::MAX));
        assert!(sighted.turns.contains_key(&address(0)));
        assert!(!sighted.turns.contains_key(&address(1)));
        assert_eq!(sighted.order.len(), limit::REDIS_SIGHTED);
    }
}
