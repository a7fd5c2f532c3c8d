//! Sessions of the page, in memory: a restart ends them. Only hashes of their ids are kept. It sets no cookie and reads no clock.
//!
//! Not `tower-sessions`: its layer sets the cookie itself, its record holds the id in the clear, and its store can neither
//! list who is signed in from where nor end the longest idle one at a bound. A store that can would be this table.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use event::{Moment, limit};

use crate::secret::Digest;

/// The live sessions.
#[derive(Default)]
pub struct Sessions {
    table: HashMap<Digest, Session>,
}

struct Session {
    /// What its forms carry, told from the id and not kept: a hash of it, to know it by.
    csrf: Digest,
    begun: Moment,
    used: Moment,
    /// From where it was used, and when last.
    addresses: Vec<(IpAddr, Moment)>,
}

/// A session that is good.
pub struct Found {
    /// The token that its forms carry.
    pub csrf: String,
    /// Whether it was used from this address for the first time.
    pub moved: bool,
}

/// What a session is known by.
pub fn key(id: &str) -> Digest {
    Digest::of("session", id)
}

/// The token of a session's forms. It tells nothing of the id.
pub fn csrf(id: &str) -> String {
    Digest::of("csrf", id).text()
}

impl Sessions {
    /// Begins one. At the bound, the one that was idle longest ends.
    pub fn begin(&mut self, id: &str, address: IpAddr, now: Moment) {
        if self.table.len() >= limit::SESSIONS {
            let idle = self.table.iter().min_by_key(|(_, session)| session.used).map(|(key, _)| *key);
            idle.map(|key| self.table.remove(&key));
        }
        let csrf = Digest::of("csrf", &csrf(id));
        self.table.insert(key(id), Session { csrf, begun: now, used: now, addresses: vec![(address, now)] });
    }

    /// The session with this id, used now from `address`.
    pub fn find(&mut self, id: &str, address: IpAddr, now: Moment) -> Option<Found> {
        let key = key(id);
        let session = self.table.get_mut(&key)?;
        if session.is_over(now) {
            self.table.remove(&key);
            return None;
        }
        session.used = now;
        Some(Found { csrf: csrf(id), moved: session.note(address, now) })
    }

    /// Ends one. Whether there was one.
    pub fn end(&mut self, key: &Digest) -> bool {
        self.table.remove(key).is_some()
    }

    /// Ends all but the one whose forms carry `csrf`.
    pub fn end_others(&mut self, csrf: Option<&str>) {
        let kept = csrf.map(|csrf| Digest::of("csrf", csrf));
        self.table.retain(|_, session| kept.is_some_and(|kept| kept.is(&session.csrf)));
    }

    /// Ends those whose time is over, and forgets addresses that are not used any more. Whether anything changed.
    pub fn sweep(&mut self, now: Moment) -> bool {
        let addresses = |table: &HashMap<Digest, Session>| -> usize {
            table.values().map(|session| session.addresses.len()).sum()
        };
        let before = addresses(&self.table);
        self.table.retain(|_, session| !session.is_over(now));
        self.table.values_mut().for_each(|session| session.forget(now));
        before != addresses(&self.table)
    }

    /// Whether nobody is signed in.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// From where somebody is signed in.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        self.table.values().flat_map(|session| session.addresses.iter().map(|(address, _)| *address))
    }
}

impl Session {
    fn is_over(&self, now: Moment) -> bool {
        now.since(self.used) >= Duration::from_secs(limit::SESSION_IDLE_SECONDS)
            || now.since(self.begun) >= Duration::from_secs(limit::SESSION_SECONDS)
    }

    /// Notes a use. Whether the address is new.
    fn note(&mut self, address: IpAddr, now: Moment) -> bool {
        if let Some((_, used)) = self.addresses.iter_mut().find(|(known, _)| *known == address) {
            *used = now;
            return false;
        }
        if self.addresses.len() >= limit::SESSION_ADDRESSES {
            let oldest = self.addresses.iter().map(|(_, used)| *used).min();
            self.addresses.retain(|(_, used)| Some(*used) != oldest);
        }
        self.addresses.push((address, now));
        true
    }

    /// The address used last stays as long as the session does.
    fn forget(&mut self, now: Moment) {
        let last = self.used;
        let span = Duration::from_secs(limit::SESSION_ADDRESS_SECONDS);
        self.addresses.retain(|(_, used)| *used >= last || now.since(*used) < span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.0.2.1";

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn at(seconds: u64) -> Moment {
        Moment::from_seconds(i64::try_from(seconds).unwrap())
    }

    fn found(sessions: &mut Sessions, id: &str, now: u64) -> bool {
        sessions.find(id, address(HERE), at(now)).is_some()
    }

    #[test]
    fn a_session_ends_when_idle_and_in_any_case_at_last() {
        let mut sessions = Sessions::default();
        sessions.begin("idle", address(HERE), at(0));
        sessions.begin("busy", address(HERE), at(0));
        let step = limit::SESSION_IDLE_SECONDS - 1;
        let last = (1..).map(|n| n * step).find(|now| !found(&mut sessions, "busy", *now)).unwrap();
        assert!((limit::SESSION_SECONDS..limit::SESSION_SECONDS + step).contains(&last));
        assert!(!found(&mut sessions, "idle", limit::SESSION_IDLE_SECONDS));
        assert!(sessions.is_empty());
    }

    #[test]
    fn at_the_bound_the_one_that_was_idle_longest_ends() {
        let mut sessions = Sessions::default();
        for n in 0..limit::SESSIONS as u64 {
            sessions.begin(&n.to_string(), address(HERE), at(n));
        }
        assert!(found(&mut sessions, "0", 5000));
        sessions.begin("new", address(HERE), at(5001));
        assert!(found(&mut sessions, "0", 5002) && found(&mut sessions, "new", 5002));
        assert!(!found(&mut sessions, "1", 5002));
    }

    #[test]
    fn an_address_is_known_while_it_is_used() {
        let mut sessions = Sessions::default();
        sessions.begin("a", address(HERE), at(0));
        let moved = |sessions: &mut Sessions, from: &str, now| {
            sessions.find("a", address(from), at(now)).unwrap().moved
        };
        assert!(!moved(&mut sessions, HERE, 1));
        assert!(moved(&mut sessions, "192.0.2.2", 2));
        assert!(!moved(&mut sessions, HERE, 3));
        let known = |sessions: &Sessions| sessions.addresses().map(|one| one.to_string()).collect::<Vec<_>>();
        assert_eq!(known(&sessions), [HERE, "192.0.2.2"]);
        // The one used last stays as long as the session.
        assert!(sessions.sweep(at(3 + limit::SESSION_ADDRESS_SECONDS)));
        assert_eq!(known(&sessions), [HERE]);
        for n in 10..20 {
            assert!(moved(&mut sessions, &format!("192.0.2.{n}"), 4000 + n));
        }
        assert_eq!(known(&sessions).len(), limit::SESSION_ADDRESSES);
        assert!(sessions.sweep(at(4020 + limit::SESSION_IDLE_SECONDS)));
        assert_eq!(known(&sessions).len(), 0);
    }

    #[test]
    fn ending_the_others_keeps_one() {
        let mut sessions = Sessions::default();
        sessions.begin("mine", address(HERE), at(0));
        sessions.begin("other", address(HERE), at(0));
        sessions.end_others(Some(&csrf("mine")));
        assert!(found(&mut sessions, "mine", 1) && !found(&mut sessions, "other", 1));
        sessions.end_others(None);
        assert!(sessions.is_empty());
    }
}
