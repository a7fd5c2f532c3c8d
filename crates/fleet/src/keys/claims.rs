//! Which bans ask for a key, and until when. Two jails of one category on one address ask for one key: the longest stands, and
//! it goes with the last. A ban on a subnet also asks for keys of the addresses of that subnet that were sighted. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use event::{Categories, JailName, Moment, Subject, limit};

use crate::keys::ends::Ends;
use crate::keys::sighted::{Sighted, is_exact, span};
use crate::told::Held;

/// Every live ban that has a category.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    bans: BTreeMap<Subject, Vec<Claim>>,
    /// How many banned subjects have a prefix, in the form of `Subject::to_raw`; exact ones do not count.
    widths: BTreeMap<u8, usize>,
    /// Addresses that have keys because a ban on their subnet asks for it.
    derived: BTreeSet<Subject>,
    sighted: Sighted,
}

#[derive(Debug)]
struct Claim {
    jail: JailName,
    categories: Categories,
    until: Moment,
}

impl Claims {
    /// A ban was made or has another end. Returns whose keys may be other ones now.
    pub(crate) fn hold(&mut self, held: &Held) -> Vec<Subject> {
        let subject = held.ban.subject;
        let claims = self.bans.entry(subject).or_default();
        let is_new = claims.is_empty();
        claims.retain(|claim| claim.jail != held.ban.jail);
        if !held.categories.is_empty() {
            let (jail, until) = (held.ban.jail.clone(), held.ban.until);
            claims.push(Claim { jail, categories: held.categories, until });
        }
        let is_gone = claims.is_empty();
        if is_gone {
            self.bans.remove(&subject);
        }
        self.widen(&subject, is_new, is_gone);
        if !is_gone && !is_exact(&subject) {
            let room = limit::REDIS_SIGHTED_PER_BAN.saturating_sub(self.derived_within(&subject).count());
            self.derived.extend(self.sighted.within(&subject).take(room));
        }
        self.touched(&subject)
    }

    /// A ban was lifted, or all of a subject.
    pub(crate) fn lift(&mut self, subject: &Subject, jail: Option<&JailName>) -> Vec<Subject> {
        self.drop_claims(subject, |claim| jail.is_none_or(|jail| claim.jail == *jail));
        self.touched(subject)
    }

    /// An address failed. Returns it if a ban on its subnet asks for a key of its own now.
    pub(crate) fn sight(&mut self, address: IpAddr) -> Option<Subject> {
        let exact = Subject::exactly(address);
        self.sighted.note(exact);
        let covering: Vec<Subject> = self.covering(&exact).collect();
        let has_room = |subnet| self.derived_within(subnet).count() < limit::REDIS_SIGHTED_PER_BAN;
        if covering.is_empty() || self.derived.contains(&exact) || !covering.iter().any(has_room) {
            return None;
        }
        self.derived.insert(exact);
        Some(exact)
    }

    /// Redis holds a key of that address, which this node wrote before it was restarted: it is kept if a ban on a subnet asks for it.
    pub(crate) fn recognise(&mut self, exact: Subject) -> bool {
        let is_asked_for = is_exact(&exact) && self.covering(&exact).next().is_some();
        if is_asked_for {
            self.derived.insert(exact);
        }
        is_asked_for
    }

    /// Until when keys of a subject shall stand.
    pub(crate) fn ends(&self, subject: &Subject, now: Moment) -> Ends {
        let mut ends = Ends::default();
        let mut raise = |subject: &Subject| {
            for claim in self.bans.get(subject).into_iter().flatten().filter(|claim| claim.until > now) {
                ends.raise(claim.categories, claim.until);
            }
        };
        raise(subject);
        if self.derived.contains(subject) {
            self.covering(subject).for_each(|subnet| raise(&subnet));
        }
        ends
    }

    /// Forgets what is over for a subject.
    pub(crate) fn prune(&mut self, subject: &Subject, now: Moment) {
        self.drop_claims(subject, |claim| claim.until <= now);
        if self.derived.contains(subject) && self.covering(subject).next().is_none() {
            self.derived.remove(subject);
        }
    }

    /// Forgets every ban; what was sighted stays.
    pub(crate) fn clear(&mut self) {
        self.bans.clear();
        self.widths.clear();
        self.derived.clear();
    }

    /// The next subjects behind `last` that ask for keys, in order.
    pub(crate) fn behind(&self, last: Option<&Subject>, count: usize) -> Vec<Subject> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = last.map_or(Unbounded, |last| Excluded(*last));
        let banned = self.bans.range((from, Unbounded)).map(|(subject, _)| *subject).take(count);
        let derived = self.derived.range((from, Unbounded)).copied().take(count);
        let both: BTreeSet<Subject> = banned.chain(derived).collect();
        both.into_iter().take(count).collect()
    }

    /// How many subjects ask for keys.
    pub(crate) fn count(&self) -> usize {
        self.bans.len() + self.derived.len()
    }

    fn drop_claims(&mut self, subject: &Subject, is_over: impl Fn(&Claim) -> bool) {
        let Some(claims) = self.bans.get_mut(subject) else { return };
        claims.retain(|claim| !is_over(claim));
        if claims.is_empty() {
            self.bans.remove(subject);
            self.widen(subject, false, true);
        }
    }

    /// Keeps count of the prefixes in use.
    fn widen(&mut self, subject: &Subject, is_new: bool, is_gone: bool) {
        if is_exact(subject) || is_new == is_gone {
            return;
        }
        let count = self.widths.entry(subject.to_raw().1).or_default();
        *count = if is_new { *count + 1 } else { count.saturating_sub(1) };
        if *count == 0 {
            self.widths.remove(&subject.to_raw().1);
        }
    }

    /// Banned subnets in which the address lies.
    fn covering<'a>(&'a self, exact: &Subject) -> impl Iterator<Item = Subject> + use<'a> {
        let exact = *exact;
        let subnet = move |raw: &u8| {
            let bits = if exact.is_ipv4() { raw.checked_sub(96)? } else { *raw };
            Some(Subject::network(exact.address(), bits))
        };
        self.widths.keys().filter_map(subnet).filter(|subnet| self.bans.contains_key(subnet))
    }

    fn derived_within(&self, subnet: &Subject) -> impl Iterator<Item = Subject> {
        let subnet = *subnet;
        self.derived.range(span(&subnet)).copied().filter(move |one| subnet.covers(one))
    }

    fn touched(&self, subject: &Subject) -> Vec<Subject> {
        let mut touched = vec![*subject];
        if !is_exact(subject) {
            touched.extend(self.derived_within(subject));
        }
        touched
    }
}

#[cfg(test)]
mod tests {
    use event::{Ban, Category, Proof, Scope};

    use super::*;

    fn held(subject: &str, jail: &str, until: i64, categories: Categories) -> Held {
        let ban = Ban {
            subject: subject.parse().unwrap(),
            jail: JailName::new(jail),
            scope: Scope::Jail,
            since: Moment::from_seconds(1),
            until: Moment::from_seconds(until),
            failures: 5,
            proof: Proof::Proven,
            reason: String::new(),
        };
        Held { ban, categories }
    }

    fn sip(claims: &Claims, subject: &str) -> Option<i64> {
        let ends = claims.ends(&subject.parse().unwrap(), Moment::from_seconds(10));
        ends.get(Category::Sip).map(Moment::seconds)
    }

    #[test]
    fn of_two_jails_the_longest_stands_and_the_last_ends_it() {
        let (mut claims, categories) = (Claims::default(), Category::Sip.into());
        claims.hold(&held("192.0.2.1", "asterisk", 100, categories));
        claims.hold(&held("192.0.2.1", "kamailio", 200, categories));
        assert_eq!(sip(&claims, "192.0.2.1"), Some(200));
        let subject = "192.0.2.1".parse().unwrap();
        claims.lift(&subject, Some(&JailName::new("kamailio")));
        assert_eq!(sip(&claims, "192.0.2.1"), Some(100));
        claims.lift(&subject, Some(&JailName::new("asterisk")));
        assert_eq!(sip(&claims, "192.0.2.1"), None);
        assert_eq!(claims.count(), 0);
    }

    #[test]
    fn addresses_of_a_banned_subnet_have_keys_if_they_were_sighted() {
        let mut claims = Claims::default();
        assert_eq!(claims.sight("2001:db8::7".parse().unwrap()), None);
        let touched = claims.hold(&held("2001:db8::/64", "asterisk", 100, Category::Sip.into()));
        assert_eq!(touched.len(), 2);
        assert_eq!(sip(&claims, "2001:db8::7"), Some(100));
        assert_eq!(claims.sight("2001:db8::8".parse().unwrap()), Some("2001:db8::8".parse().unwrap()));
        assert_eq!(claims.sight("2001:db8:0:1::8".parse().unwrap()), None);
        let touched = claims.lift(&"2001:db8::/64".parse().unwrap(), None);
        assert_eq!(touched.len(), 3);
        assert_eq!(sip(&claims, "2001:db8::7"), None);
        touched.iter().for_each(|one| claims.prune(one, Moment::from_seconds(10)));
        assert_eq!((claims.count(), claims.widths.len()), (0, 0));
    }

    #[test]
    fn a_subnet_of_ipv4_knows_its_addresses_too() {
        let mut claims = Claims::default();
        claims.sight("198.51.100.9".parse().unwrap());
        claims.hold(&held("198.51.100.0/24", "manual", 100, Categories::ALL));
        assert_eq!(sip(&claims, "198.51.100.9"), Some(100));
        assert_eq!(sip(&claims, "198.51.100.8"), None);
    }

    #[test]
    fn a_ban_that_no_category_names_asks_for_nothing() {
        let mut claims = Claims::default();
        claims.hold(&held("192.0.2.1", "dovecot", 100, Categories::default()));
        assert_eq!(claims.count(), 0);
        claims.hold(&held("192.0.2.1", "sip", 100, Category::Sip.into()));
        claims.hold(&held("192.0.2.1", "sip", 100, Categories::default()));
        assert_eq!(sip(&claims, "192.0.2.1"), None);
    }

    #[test]
    fn a_round_meets_everyone_once() {
        let mut claims = Claims::default();
        for number in 1..=9 {
            claims.hold(&held(&format!("192.0.2.{number}"), "sip", 100, Category::Sip.into()));
        }
        let mut seen = Vec::new();
        while let next = claims.behind(seen.last(), 4)
            && !next.is_empty()
        {
            seen.extend(next);
        }
        assert_eq!(seen.len(), 9);
    }
}
