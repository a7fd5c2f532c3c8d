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
