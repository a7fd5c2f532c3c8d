//! Access and refresh tokens, as MikoPBX's clients use them, in memory: a restart ends them. A refresh token is good once; a
//! used one that comes again was stolen from one of the two who have it, so both have to sign in anew.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use event::{Moment, limit};

use crate::secret::{self, Digest};

/// Everybody who signed in for tokens.
#[derive(Default)]
pub struct Families {
    /// By the hash of the family's name, which each of its tokens begins with.
    table: HashMap<Digest, Family>,
}

/// The tokens that go back to one sign-in.
struct Family {
    refresh: Digest,
    refresh_until: Moment,
    /// The last access tokens, the newest last: requests may be under way with the one before.
    access: Vec<(Digest, Moment)>,
    used: Moment,
    address: IpAddr,
}

/// New tokens, in the clear.
pub struct Issued {
    /// For requests.
    pub access: String,
    /// For new tokens.
    pub refresh: String,
}

impl Families {
    /// Begins a family. At the bound, the one that was idle longest ends.
    pub fn begin(&mut self, address: IpAddr, now: Moment) -> Result<Issued, String> {
        if self.table.len() >= limit::TOKEN_FAMILIES {
            let idle = self.table.iter().min_by_key(|(_, family)| family.used).map(|(key, _)| *key);
            idle.map(|key| self.table.remove(&key));
        }
        let name = secret::random()?;
        let (issued, family) = issue(&name, Vec::new(), address, now)?;
        self.table.insert(Digest::of("family", &name), family);
        Ok(issued)
    }

    /// New tokens for a refresh token. `None`: it is unknown, too old, or was used before, and then its family ends.
    pub fn refresh(&mut self, token: &str, address: IpAddr, now: Moment) -> Result<Option<Issued>, String> {
        let Some(name) = name_of(token, "str") else { return Ok(None) };
        let Some(family) = self.table.remove(&Digest::of("family", name)) else { return Ok(None) };
        if !family.refresh.is(&Digest::of("refresh", token)) || now >= family.refresh_until {
            return Ok(None);
        }
        let (issued, family) = issue(name, family.access, address, now)?;
        self.table.insert(Digest::of("family", name), family);
        Ok(Some(issued))
    }

    /// Whether an access token is good; notes its use.
    pub fn admits(&mut self, token: &str, address: IpAddr, now: Moment) -> Option<Moved> {
        let family = self.table.get_mut(&Digest::of("family", name_of(token, "sta")?))?;
        let hash = Digest::of("access", token);
        if !family.access.iter().any(|(known, until)| known.is(&hash) && now < *until) {
            return None;
        }
        let moved = family.address != address || !family.is_about(family.used, now);
        (family.used, family.address) = (now, address);
        Some(Moved(moved))
    }

    /// Ends the family of a refresh token.
    pub fn end(&mut self, token: &str) {
        let key = name_of(token, "str").map(|name| Digest::of("family", name));
        let is_its = |family: &Family| family.refresh.is(&Digest::of("refresh", token));
        if let Some(key) = key.filter(|key| self.table.get(key).is_some_and(is_its)) {
            self.table.remove(&key);
        }
    }

    /// Ends all.
    pub fn end_all(&mut self) {
        self.table.clear();
    }

    /// Ends those whose time is over.
    pub fn sweep(&mut self, now: Moment) {
        self.table.retain(|_, family| now < family.refresh_until);
    }

    /// Whether nobody has tokens.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// From where somebody uses tokens at present.
    pub fn addresses(&self, now: Moment) -> impl Iterator<Item = IpAddr> + '_ {
        let present = move |family: &&Family| family.is_about(family.used, now);
        self.table.values().filter(present).map(|family| family.address)
    }
}

/// Whether a use came from somewhere new.
pub struct Moved(pub bool);

impl Family {
    fn is_about(&self, used: Moment, now: Moment) -> bool {
        now.since(used) < Duration::from_secs(limit::ACCESS_TOKEN_SECONDS)
    }
}

fn issue(
    name: &str,
    mut access: Vec<(Digest, Moment)>,
    address: IpAddr,
    now: Moment,
) -> Result<(Issued, Family), String> {
    let issued = Issued {
        access: format!("sta_{name}_{}", secret::random()?),
        refresh: format!("str_{name}_{}", secret::random()?),
    };
    if access.len() > 1 {
        access.remove(0);
    }
    access.push((
        Digest::of("access", &issued.access),
        now.after(Duration::from_secs(limit::ACCESS_TOKEN_SECONDS)),
    ));
    let refresh = Digest::of("refresh", &issued.refresh);
    let refresh_until = now.after(Duration::from_secs(limit::REFRESH_TOKEN_SECONDS));
    Ok((issued, Family { refresh, refresh_until, access, used: now, address }))
}

/// `NAME` of `kind_NAME_SECRET`.
fn name_of<'a>(token: &'a str, kind: &str) -> Option<&'a str> {
    let (name, _) = token.strip_prefix(kind)?.strip_prefix('_')?.split_once('_')?;
    Some(name)
}
