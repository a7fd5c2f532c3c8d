//! Who is banned now. At most one ban for a subject in a jail; how many there may be is the decider's question.
//!
//! An ordered map: subjects around or inside a subnet are found without looking at all. Rows are kept small and are put into words on demand.

use std::ops::RangeInclusive;

use event::{Ban, JailName, Moment, Proof, Scope, Subject};
use shelf::Shelf;

use crate::due::Due;
use crate::names::{Jails, Reasons};

type Key = (Subject, u16);

/// A ban without the texts: 32 bytes.
#[derive(Clone, Copy, Debug)]
struct Row {
    since: Moment,
    until: Moment,
    failures: u32,
    reason: u32,
    scope: Scope,
    proof: Proof,
}

/// A live ban without its reason. Who goes through a million bans seldom wants to have a million texts made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Who.
    pub subject: Subject,
    /// By which jail.
    pub jail: JailName,
    /// Which ports.
    pub scope: Scope,
    /// Until when.
    pub until: Moment,
}

/// The live bans.
#[derive(Debug)]
pub(crate) struct Bans {
    rows: Shelf<Key, Row>,
    ends: Due<Key>,
    jails: Jails,
    reasons: Reasons,
    /// How many bans there are of each prefix length, so that only those in use are looked for.
    prefixes: Box<[u32; 129]>,
}

impl Bans {
    /// Without a ban.
    pub(crate) fn new() -> Self {
        let (jails, reasons) = (Jails::default(), Reasons::default());
        Self { rows: Shelf::new(), ends: Due::new(), jails, reasons, prefixes: Box::new([0; 129]) }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Puts `ban` in, in place of an earlier one of that subject in that jail.
    pub(crate) fn insert(&mut self, ban: &Ban) {
        let key = (ban.subject, self.jails.number(&ban.jail));
        let row = Row {
            since: ban.since,
            until: ban.until,
            failures: ban.failures,
            reason: self.reasons.take(&ban.reason),
            scope: ban.scope,
            proof: ban.proof,
        };
        match self.rows.insert(key, row) {
            Some(earlier) => self.reasons.drop(earlier.reason),
            None => self.prefixes[raw_prefix(&ban.subject)] += 1,
        }
        if ban.until != Moment::NEVER {
            let rows = &self.rows;
            self.ends.push(ban.until, key, rows.len(), |key| rows.get(key).map(|row| row.until));
        }
    }

    /// Takes the ban of `subject` in `jail` out.
    pub(crate) fn remove(&mut self, subject: &Subject, jail: &JailName) -> Option<Ban> {
        self.take_out(&(*subject, self.jails.known(jail)?))
    }

    /// Takes one ban out whose time is over at `now`.
    pub(crate) fn take_ended(&mut self, now: Moment) -> Option<Ban> {
        let rows = &self.rows;
        let key = self.ends.pop(now, |key| rows.get(key).map(|row| row.until))?;
        self.take_out(&key)
    }

    /// The ban of exactly `subject` in `jail`.
    pub(crate) fn get(&self, subject: &Subject, jail: &JailName) -> Option<Ban> {
        let key = (*subject, self.jails.known(jail)?);
        self.rows.get(&key).map(|row| self.in_words(&key, row))
    }

    /// The bans of exactly `subject`, in all jails.
    pub(crate) fn of_exactly(&self, subject: &Subject) -> impl Iterator<Item = Ban> {
        self.rows.range(all_jails(*subject)).map(|(key, row)| self.in_words(key, row))
    }

    /// The bans that hit all of `subject`: its own and those of subnets around it, the widest first.
    pub(crate) fn around(&self, subject: &Subject) -> impl Iterator<Item = Ban> {
        let subject = *subject;
        let family = if subject.is_ipv4() { 96 } else { 0 };
        (family..=raw_prefix(&subject)).filter(|prefix| self.prefixes[*prefix] > 0).flat_map(move |prefix| {
            let wider = Subject::network(subject.address(), (prefix - family) as u8);
            self.rows.range(all_jails(wider)).map(|(key, row)| self.in_words(key, row))
        })
    }

    /// The bans of addresses and subnets inside `subject`, without its own.
    pub(crate) fn inside(&self, subject: &Subject) -> impl Iterator<Item = Ban> {
        // What lies inside follows at once, except that IPv4 lies amidst the widest subnets of IPv6.
        let last = Subject::exactly(last_address(subject));
        let range = (*subject, 0)..=(last, u16::MAX);
        let inside = self.rows.range(range).filter(|(key, _)| key.0 != *subject && subject.covers(&key.0));
        inside.map(|(key, row)| self.in_words(key, row))
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Ban> {
        self.rows.iter().map(|(key, row)| self.in_words(key, row))
    }

    /// All of them, in order, without their reasons.
    pub(crate) fn outlines(&self) -> impl Iterator<Item = Outline> {
        self.rows.iter().map(|((subject, jail), row)| Outline {
            subject: *subject,
            jail: self.jails.name(*jail),
            scope: row.scope,
            until: row.until,
        })
    }

    fn take_out(&mut self, key: &Key) -> Option<Ban> {
        let row = self.rows.remove(key)?;
        let ban = self.in_words(key, &row);
        self.reasons.drop(row.reason);
        self.prefixes[raw_prefix(&key.0)] -= 1;
        Some(ban)
    }

    fn in_words(&self, (subject, jail): &Key, row: &Row) -> Ban {
        Ban {
            subject: *subject,
            jail: self.jails.name(*jail),
            scope: row.scope,
            since: row.since,
            until: row.until,
            failures: row.failures,
            proof: row.proof,
            reason: self.reasons.text(row.reason).to_owned(),
        }
    }
}

fn all_jails(subject: Subject) -> RangeInclusive<Key> {
    (subject, 0)..=(subject, u16::MAX)
}

fn raw_prefix(subject: &Subject) -> usize {
    usize::from(subject.to_raw().1)
}

fn last_address(subject: &Subject) -> std::net::IpAddr {
    let (octets, prefix) = subject.to_raw();
    let behind = u128::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
    std::net::IpAddr::V6((u128::from_be_bytes(octets) | behind).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ban(subject: &str, jail: &str, until: i64) -> Ban {
        Ban {
            subject: subject.parse().unwrap(),
            jail: JailName::new(jail),
            scope: Scope::Jail,
            since: Moment::from_seconds(0),
            until: Moment::from_seconds(until),
            failures: 1,
            proof: Proof::Proven,
            reason: format!("until {until}"),
        }
    }

    fn texts(bans: impl Iterator<Item = Ban>) -> Vec<String> {
        bans.map(|ban| format!("{} {}", ban.subject, ban.jail)).collect()
    }

    #[test]
    fn a_row_is_as_small_as_the_memory_budget_assumes() {
        assert_eq!((size_of::<Row>(), size_of::<Key>()), (32, 20));
    }

    #[test]
    fn subnets_around_and_addresses_inside_are_found() {
        let mut bans = Bans::new();
        let all =
            ["192.0.2.7", "192.0.2.0/24", "192.0.3.1", "0.0.0.0/1", "2001:db8::/64", "2001:db8::1", "::/0"];
        all.iter().for_each(|subject| bans.insert(&ban(subject, "ssh", 9)));
        bans.insert(&ban("192.0.2.7", "sip", 9));
        let subject = |text: &str| text.parse::<Subject>().unwrap();
        assert_eq!(
            texts(bans.around(&subject("192.0.2.7"))),
            ["192.0.2.0/24 ssh", "192.0.2.7 ssh", "192.0.2.7 sip"]
        );
        assert_eq!(
            texts(bans.around(&subject("2001:db8::1"))),
            ["::/0 ssh", "2001:db8::/64 ssh", "2001:db8::1 ssh"]
        );
        assert_eq!(texts(bans.inside(&subject("192.0.2.0/24"))), ["192.0.2.7 ssh", "192.0.2.7 sip"]);
        assert_eq!(texts(bans.inside(&subject("::/0"))), ["2001:db8::/64 ssh", "2001:db8::1 ssh"]);
        assert_eq!(texts(bans.inside(&subject("0.0.0.0/0"))).len(), 5);
        assert_eq!(texts(bans.inside(&subject("192.0.2.7"))).len(), 0);
    }

    #[test]
    fn a_prolonged_ban_ends_at_its_new_end_and_a_removed_one_not_at_all() {
        let mut bans = Bans::new();
        bans.insert(&ban("192.0.2.1", "ssh", 5));
        bans.insert(&ban("192.0.2.1", "ssh", 9));
        bans.insert(&ban("192.0.2.2", "ssh", 5));
        bans.remove(&"192.0.2.2".parse().unwrap(), &JailName::new("ssh"));
        assert_eq!(bans.take_ended(Moment::from_seconds(8)), None);
        assert_eq!(bans.take_ended(Moment::from_seconds(9)).unwrap().reason, "until 9");
        assert_eq!((bans.len(), bans.prefixes.iter().sum::<u32>()), (0, 0));
    }
}
