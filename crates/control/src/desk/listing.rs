//! Live bans as somebody wants to see them: searched, sorted, in an order that is the same each time. Pure: a country is
//! told by whoever asks. It makes no pages; `after` says where the next one begins.

use std::cmp::Ordering;
use std::collections::HashMap;

use event::{Ban, Subject, limit};

use super::bans::Roster;

/// What to show, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Words, all of which must fit: an address (the bans that hit it), a subnet (bans inside and around), a beginning of an
    /// address, a jail, a service, a word of the reason, two letters of a country. Empty: everybody.
    pub search: String,
    /// By what.
    pub sort: SortBy,
    /// The largest, latest or last first.
    pub descending: bool,
    /// Only this service, as `Roster::services` names it; in capitals or not.
    pub service: Option<String>,
    /// Only this jail.
    pub jail: Option<String>,
}

/// By what bans are sorted. Equals stand in the order of their subjects, then of their jails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// When they began.
    #[default]
    Since,
    /// When they end.
    Until,
    /// Whom they hit: IPv4 by number, then IPv6.
    Address,
    /// How many failures led there.
    Failures,
    /// The service of their jail.
    Service,
}

/// Tells the country of a subject, two letters; `None` where nobody knows.
pub type CountryOf<'a> = dyn Fn(&Subject) -> Option<String> + 'a;

impl Roster {
    /// The bans that fit, in order.
    pub fn listed<'a>(&'a self, listing: &Listing, country: &CountryOf<'_>) -> Vec<&'a Ban> {
        let words = words_of(&listing.search);
        let mut jails = Jails { roster: self, listing, words: &words, known: HashMap::new() };
        let fitting = self.bans.iter().filter(|ban| {
            jails.are_asked_for(ban)
                && words.iter().enumerate().all(|(at, word)| jails.fit(ban, at) || word.fits(ban, country))
        });
        if listing.sort != SortBy::Service {
            let mut bans: Vec<&Ban> = fitting.collect();
            bans.sort_unstable_by(|a, b| self.order(listing, a, b));
            return bans;
        }
        // The service is looked up once for each ban and not at each comparison.
        let mut bans: Vec<(Option<&str>, &Ban)> = fitting.map(|ban| (self.service_of(ban), ban)).collect();
        bans.sort_unstable_by(|(a_service, a), (b_service, b)| {
            listing.directed(a_service.cmp(b_service)).then_with(|| by_whom(a, b))
        });
        bans.into_iter().map(|(_, ban)| ban).collect()
    }

    /// Where `a` stands to `b` in this listing. Two different bans are never equal.
    pub fn order(&self, listing: &Listing, a: &Ban, b: &Ban) -> Ordering {
        let first = match listing.sort {
            SortBy::Since => a.since.cmp(&b.since),
            SortBy::Until => a.until.cmp(&b.until),
            SortBy::Address => rank(&a.subject).cmp(&rank(&b.subject)),
            SortBy::Failures => a.failures.cmp(&b.failures),
            SortBy::Service => self.service_of(a).cmp(&self.service_of(b)),
        };
        listing.directed(first).then_with(|| by_whom(a, b))
    }

    /// How many of `listed` stand up to `last`: the next page begins there, also if `last` ended meanwhile.
    pub fn after(&self, listing: &Listing, listed: &[&Ban], last: &Ban) -> usize {
        listed.partition_point(|ban| self.order(listing, ban, last) != Ordering::Greater)
    }

    /// The service of a ban's jail; a ban by hand has none.
    pub fn service_of(&self, ban: &Ban) -> Option<&str> {
        self.services.get(&ban.jail).map(String::as_str)
    }
}

impl Listing {
    fn directed(&self, order: Ordering) -> Ordering {
        if self.descending { order.reverse() } else { order }
    }
}

/// A subject has one ban in a jail at most, so this tells any two bans apart.
fn by_whom(a: &Ban, b: &Ban) -> Ordering {
    a.subject.cmp(&b.subject).then_with(|| a.jail.cmp(&b.jail))
}

/// IPv4 stands before IPv6, as people expect it.
fn rank(subject: &Subject) -> (bool, Subject) {
    (!subject.is_ipv4(), *subject)
}

/// What a search says of a jail is found out once for each jail and not for each ban.
struct Jails<'a> {
    roster: &'a Roster,
    listing: &'a Listing,
    words: &'a [Word],
    known: HashMap<&'a str, JailFacts>,
}

struct JailFacts {
    is_asked_for: bool,
    /// For each word, whether it means this jail or its service.
    fits: Vec<bool>,
}

impl<'a> Jails<'a> {
    fn are_asked_for(&mut self, ban: &'a Ban) -> bool {
        let Self { roster, listing, words, known } = self;
        let facts = known.entry(ban.jail.as_str()).or_insert_with(|| {
            let service = roster.service_of(ban).unwrap_or_default();
            let is_service = |wanted: &String| service.eq_ignore_ascii_case(wanted);
            JailFacts {
                is_asked_for: listing.service.as_ref().is_none_or(is_service)
                    && listing.jail.as_ref().is_none_or(|jail| jail == ban.jail.as_str()),
                fits: words.iter().map(|word| word.means(ban.jail.as_str(), service)).collect(),
            }
        });
        facts.is_asked_for
    }

    fn fit(&self, ban: &Ban, word: usize) -> bool {
        self.known.get(ban.jail.as_str()).is_some_and(|facts| facts.fits[word])
    }
}

/// One word of a search, and everything that it may mean.
struct Word {
    /// In lower case.
    text: String,
    subject: Option<Subject>,
    is_address_begun: bool,
    is_country: bool,
    is_number: bool,
}

fn words_of(search: &str) -> Vec<Word> {
    let texts = search.split_whitespace().take(limit::SEARCH_WORDS);
    texts.map(|text| Word::new(&text.to_lowercase())).collect()
}

impl Word {
    fn new(text: &str) -> Self {
        let of_address = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'/');
        Self {
            subject: text.parse().ok(),
            is_address_begun: text.bytes().all(of_address),
            is_country: text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()),
            is_number: text.bytes().all(|byte| byte.is_ascii_digit()),
            text: text.to_owned(),
        }
    }

    /// Whether this means the jail or the service: their beginning is enough.
    fn means(&self, jail: &str, service: &str) -> bool {
        self.subject.is_none()
            && (jail.starts_with(&self.text) || service.to_lowercase().starts_with(&self.text))
    }

    fn fits(&self, ban: &Ban, country: &CountryOf<'_>) -> bool {
        if let Some(subject) = &self.subject {
            return subject.overlaps(&ban.subject);
        }
        (self.is_address_begun && ban.subject.to_string().starts_with(&self.text))
            || self.is_in(&ban.reason)
            || (self.is_country
                && country(&ban.subject).is_some_and(|code| code.eq_ignore_ascii_case(&self.text)))
    }

    /// Whether a word of the reason begins like this; a number must be the whole word. One or two digits and two letters are
    /// not looked for: each reason has such words, and whoever types them means an address or a country.
    fn is_in(&self, reason: &str) -> bool {
        if self.is_country || (self.is_number && self.text.len() < 3) {
            return false;
        }
        let reason = reason.to_lowercase();
        let is_part = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        reason.match_indices(&self.text).any(|(at, found)| {
            let ends = !self.is_number || !is_part(reason[at + found.len()..].chars().next());
            ends && !is_part(reason[..at].chars().next_back())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use event::{JailName, Moment, Proof, Scope};

    use super::*;

    fn ban(subject: &str, jail: &str, since: i64, failures: u32, reason: &str) -> Ban {
        Ban {
            subject: subject.parse().unwrap(),
            jail: JailName::new(jail),
            scope: Scope::Jail,
            since: Moment::from_seconds(since),
            until: Moment::from_seconds(since + 600),
            failures,
            proof: Proof::Proven,
            reason: reason.to_owned(),
        }
    }

    fn roster() -> Roster {
        let services = [("asterisk", "SIP"), ("sshd", "SSH")];
        let services = services.map(|(jail, service)| (JailName::new(jail), service.to_owned()));
        Roster {
            generation: 1,
            bans: vec![
                ban("192.0.2.1", "asterisk", 30, 5, "5 failures within 10 min (limit 5), account 1001"),
                ban("192.0.2.1", "sshd", 20, 9, "9 failures within 10 min (limit 5)"),
                ban("192.0.20.0/24", "manual", 10, 0, "by admin: Сканер, probes"),
                ban("2001:db8:1:2::/64", "sshd", 20, 7, "7 failures within 10 min (limit 5)"),
            ],
            services: BTreeMap::from(services),
            ..Roster::default()
        }
    }

    fn found(listing: &Listing) -> Vec<String> {
        let country = |subject: &Subject| (!subject.is_ipv4()).then(|| "NL".to_owned());
        let roster = roster();
        let listed = roster.listed(listing, &country);
        listed.iter().map(|ban| format!("{} {}", ban.subject, ban.jail)).collect()
    }

    fn search(text: &str) -> usize {
        found(&Listing { search: text.to_owned(), ..Listing::default() }).len()
    }

    #[test]
    fn a_search_understands_what_people_type() {
        for (text, hits) in [
            ("", 4),
            ("  ", 4),
            ("192.0.2.1", 2),
            ("192.0.20.77", 1),
            ("2001:db8:1:2::9", 1),
            ("2001:DB8:1", 1),
            ("192.0.0.0/16", 3),
            ("192.0.2", 3),
            ("192.0.2.", 2),
            ("10", 0),
            ("1001", 1),
            ("100", 0),
            ("ssh", 2),
            ("Asterisk", 1),
            ("nl", 1),
            ("probe", 1),
            ("robes", 0),
            ("сканер", 1),
            ("ssh 192.0.2", 1),
            ("nobody", 0),
            ("\0", 0),
        ] {
            assert_eq!(search(text), hits, "{text}");
        }
    }

    #[test]
    fn a_service_and_a_jail_are_exact() {
        let of = |service: Option<&str>, jail: Option<&str>| {
            let (service, jail) = (service.map(str::to_owned), jail.map(str::to_owned));
            found(&Listing { service, jail, ..Listing::default() }).len()
        };
        assert_eq!(of(Some("ssh"), None), 2);
        assert_eq!(of(Some("ss"), None), 0);
        assert_eq!(of(Some(""), None), 1);
        assert_eq!(of(None, Some("manual")), 1);
        assert_eq!(of(Some("SIP"), Some("sshd")), 0);
    }

    #[test]
    fn equals_stand_by_subject_and_jail_in_both_directions() {
        let by = |sort, descending| found(&Listing { sort, descending, ..Listing::default() });
        let (one, two) = ("192.0.2.1 sshd", "2001:db8:1:2::/64 sshd");
        let (sip, hand) = ("192.0.2.1 asterisk", "192.0.20.0/24 manual");
        assert_eq!(by(SortBy::Since, false), [hand, one, two, sip]);
        assert_eq!(by(SortBy::Until, true), [sip, one, two, hand]);
        assert_eq!(by(SortBy::Address, false), [sip, one, hand, two]);
        assert_eq!(by(SortBy::Failures, true), [one, two, sip, hand]);
        assert_eq!(by(SortBy::Service, false), [hand, sip, one, two]);
        assert_eq!(by(SortBy::Service, true), [one, two, sip, hand]);
    }

    #[test]
    fn the_next_page_begins_behind_a_ban_that_is_gone() {
        let mut roster = roster();
        for sort in [SortBy::Since, SortBy::Until, SortBy::Address, SortBy::Failures, SortBy::Service] {
            let listing = Listing { sort, descending: true, ..Listing::default() };
            let all: Vec<Ban> = roster.listed(&listing, &|_| None).into_iter().cloned().collect();
            for (at, last) in all.iter().enumerate() {
                roster.bans.retain(|ban| ban != last);
                let listed = roster.listed(&listing, &|_| None);
                assert_eq!(roster.after(&listing, &listed, last), at, "{sort:?}");
                roster.bans.push(last.clone());
            }
        }
    }
}
