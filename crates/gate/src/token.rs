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

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(seconds: u64) -> Moment {
        Moment::from_seconds(i64::try_from(seconds).unwrap())
    }

    #[test]
    fn tokens_end_by_time() {
        let mut families = Families::default();
        let first = families.begin(HERE, at(0)).unwrap();
        assert!(families.admits(&first.access, HERE, at(limit::ACCESS_TOKEN_SECONDS - 1)).is_some());
        assert!(families.admits(&first.access, HERE, at(limit::ACCESS_TOKEN_SECONDS)).is_none());
        let late = limit::REFRESH_TOKEN_SECONDS;
        assert!(families.refresh(&first.refresh, HERE, at(late)).unwrap().is_none());
        assert!(families.is_empty());
    }

    #[test]
    fn a_request_under_way_may_have_the_token_before() {
        let mut families = Families::default();
        let first = families.begin(HERE, at(0)).unwrap();
        let second = families.refresh(&first.refresh, HERE, at(1)).unwrap().unwrap();
        assert!(families.admits(&first.access, HERE, at(2)).is_some());
        let third = families.refresh(&second.refresh, HERE, at(3)).unwrap().unwrap();
        assert!(families.admits(&first.access, HERE, at(4)).is_none());
        assert!(families.admits(&third.access, HERE, at(4)).is_some());
        families.end(&second.refresh);
        assert!(!families.is_empty(), "a token that is not good any more ends nothing here");
        families.end(&third.refresh);
        assert!(families.is_empty());
    }

    #[test]
    fn only_whoever_uses_tokens_at_present_is_listed() {
        let mut families = Families::default();
        let first = families.begin(HERE, at(0)).unwrap();
        assert_eq!(families.addresses(at(1)).count(), 1);
        assert_eq!(families.addresses(at(limit::ACCESS_TOKEN_SECONDS)).count(), 0);
        let later = limit::ACCESS_TOKEN_SECONDS + 1;
        let second = families.refresh(&first.refresh, HERE, at(later)).unwrap().unwrap();
        assert!(!families.admits(&second.access, HERE, at(later + 1)).unwrap().0);
        let away = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        assert!(families.admits(&second.access, away, at(later + 2)).unwrap().0, "it came from elsewhere");
        assert_eq!(families.addresses(at(later + 3)).collect::<Vec<_>>(), [away]);
    }

    #[test]
    fn the_table_is_bounded() {
        let mut families = Families::default();
        let issued: Vec<_> =
            (0..=limit::TOKEN_FAMILIES as u64).map(|n| families.begin(HERE, at(n)).unwrap()).collect();
        assert_eq!(families.table.len(), limit::TOKEN_FAMILIES);
        assert!(families.admits(&issued[0].access, HERE, at(5)).is_none());
        assert!(families.admits(&issued[1].access, HERE, at(5)).is_some());
    }
}
