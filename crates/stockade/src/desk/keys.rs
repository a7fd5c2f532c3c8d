//! API keys: the hashes in memory, so that a key is known without asking anybody, and the orders to make one and to take one back.
//! A secret is random and long, so a plain hash protects it; it is shown once and kept nowhere.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError, RwLock};

use control::desk::{Complaint, Deed, Key, KeyOrder, KeyScope, NewKey};
use control::{Actor, Fault};
use event::limit::KEYS;
use event::{Moment, Subject};
use gate::secret::{self, Digest};
use store::{KeyRow, StoreError};

use super::Desk;
use crate::clock;
use crate::engine::Engine;
use crate::message::{Message, Visit};

/// So that a key is recognised where it should not be: in a log, in a repository.
const PREFIX: &str = "stk_";
/// Use is noted to the minute.
const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

/// All keys.
#[derive(Debug, Default)]
pub struct Keys {
    rows: RwLock<Vec<KeyRow>>,
    used: Mutex<HashMap<i64, Moment>>,
}

impl Keys {
    /// Those of the store.
    pub fn new(rows: Vec<KeyRow>) -> Self {
        Self { rows: RwLock::new(rows), used: Mutex::default() }
    }

    /// All of them, without their hashes.
    pub fn all(&self) -> Vec<Key> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        rows.iter()
            .filter_map(|row| {
                let mut key = key(row)?;
                key.last_used = used.get(&row.id).copied().or(row.last_used);
                Some(key)
            })
            .collect()
    }

    /// The key of that secret, if it may be used from `address`.
    fn find(&self, secret: &str, address: IpAddr) -> Option<Key> {
        let hash = hash(secret);
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let row = rows.iter().find(|row| secret::are_same(&row.hash, &hash))?;
        let from = Subject::exactly(address);
        (row.networks.is_empty() || row.networks.iter().any(|network| network.covers(&from)))
            .then(|| key(row))?
    }

    /// Whether the use of a key must be noted: once a minute.
    fn is_news(&self, id: i64, now: Moment) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = used.get(&id).is_none_or(|last| now.since(*last) >= MINUTE);
        if is_news {
            used.insert(id, now);
        }
        is_news
    }

    fn change(&self, change: impl FnOnce(&mut Vec<KeyRow>)) {
        change(&mut self.rows.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Desk {
    pub(super) fn known_key(&self, secret: &str, address: IpAddr) -> Option<Key> {
        let key = self.keys.find(secret, address)?;
        let (id, now) = (key.id, clock::now());
        if self.keys.is_news(id, now) {
            let visit = Visit(Box::new(move |engine: &mut Engine| {
                if let Err(cause) = engine.store.touch_keys(&[(id, now)]) {
                    tracing::warn!("{cause}");
                }
                Box::new(|| ())
            }));
            // Whoever uses a key does not wait for this.
            let _ = self.means.engine.try_send(Message::Visit(visit));
        }
        Some(key)
    }

    pub(super) fn make_key(&self, order: &KeyOrder, actor: &Actor) -> Result<NewKey, Fault> {
        check(order, self.keys.all().len())?;
        let secret = new_secret()?;
        let new = row(order, &secret);
        let (stored, by) = (new.clone(), actor.clone());
        let id = self.visit(move |engine| {
            let id = engine.store.add_key(&stored)?;
            engine.journal(&by, Deed::KeyCreated, &stored.name, &stored.scope);
            Ok::<i64, StoreError>(id)
        })?;
        let id = id.map_err(|cause| taken(&cause, &order.name))?;
        let row = KeyRow {
            id,
            name: new.name,
            scope: new.scope,
            hash: new.hash,
            networks: new.networks,
            created: new.created,
            last_used: None,
        };
        let key = key(&row).ok_or_else(|| Fault::Broken("the key has no scope".to_owned()))?;
        self.keys.change(|rows| rows.push(row));
        Ok(NewKey { key, secret })
    }

    pub(super) fn take_key_back(&self, id: i64, actor: &Actor) -> Result<(), Fault> {
        let key = self.keys.all().into_iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| Fault::Missing(format!("key with the number {id}")))?;
        // Of no use from now on, whatever becomes of the store.
        self.keys.change(|rows| rows.retain(|row| row.id != id));
        let actor = actor.clone();
        self.visit(move |engine| {
            engine.journal(&actor, Deed::KeyRevoked, &key.name, key.scope.as_str());
            engine.store.remove_key(id)
        })?
        .map(|_| ())
        .map_err(|cause| Fault::Broken(cause.to_string()))
    }
}

/// A new key for the store alone, while no Stockade runs.
pub fn offline(order: &KeyOrder, store: &mut dyn store::Store) -> Result<String, Fault> {
    let rows = store.keys().map_err(|cause| Fault::Broken(cause.to_string()))?;
    check(order, rows.len())?;
    let secret = new_secret()?;
    store.add_key(&row(order, &secret)).map_err(|cause| taken(&cause, &order.name))?;
    Ok(secret)
}

fn check(order: &KeyOrder, keys: usize) -> Result<(), Fault> {
    let name = &order.name;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if !(1..=64).contains(&name.len()) || !name.bytes().all(plain) {
        let text = "this cannot name a key; write 1 to 64 letters, digits, '-', '_' or '.'".to_owned();
        return Err(Fault::Wrong(vec![Complaint { place: "name".to_owned(), text }]));
    }
    if keys >= KEYS {
        return Err(Fault::Refused(format!("there are {KEYS} keys already; take one back first")));
    }
    Ok(())
}

fn row(order: &KeyOrder, secret: &str) -> store::NewKey {
    store::NewKey {
        name: order.name.clone(),
        scope: order.scope.as_str().to_owned(),
        hash: hash(secret),
        networks: order.networks.clone(),
        created: clock::now(),
    }
}

fn key(row: &KeyRow) -> Option<Key> {
    Some(Key {
        id: row.id,
        name: row.name.clone(),
        scope: KeyScope::from_word(&row.scope)?,
        networks: row.networks.clone(),
        created: row.created,
        last_used: row.last_used,
    })
}

fn taken(cause: &StoreError, name: &str) -> Fault {
    match cause {
        StoreError::KeyNameTaken { .. } => {
            let text = format!("there is a key '{name}' already; take it back first, or choose another name");
            Fault::Wrong(vec![Complaint { place: "name".to_owned(), text }])
        }
        other => Fault::Broken(other.to_string()),
    }
}

fn new_secret() -> Result<String, Fault> {
    Ok(format!("{PREFIX}{}", secret::random().map_err(Fault::Broken)?))
}

fn hash(secret: &str) -> String {
    Digest::of("api key", secret).text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_secret_and_from_its_networks() {
        let secret = new_secret().unwrap();
        let order = KeyOrder {
            name: "edge".to_owned(),
            scope: KeyScope::Bouncer,
            networks: vec!["192.0.2.0/24".parse().unwrap()],
        };
        let store::NewKey { name, scope, hash, networks, created } = row(&order, &secret);
        let keys = Keys::new(vec![KeyRow { id: 1, name, scope, hash, networks, created, last_used: None }]);
        let found = |secret: &str, from: &str| keys.find(secret, from.parse().unwrap()).map(|key| key.name);
        assert_eq!(found(&secret, "192.0.2.9").as_deref(), Some("edge"));
        assert_eq!(found(&secret, "198.51.100.9"), None);
        assert_eq!(found("stk_wrong", "192.0.2.9"), None);
        let now = Moment::from_seconds(1_000_000);
        assert!(keys.is_news(1, now) && !keys.is_news(1, now) && keys.is_news(1, now.after(MINUTE)));
    }
}
