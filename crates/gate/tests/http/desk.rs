//! A desk in memory that notes what it is told. It knows one password, one key of each scope, and who is banned.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use control::desk::{Key, KeyScope};
use control::{Actor, Fault};
use event::Moment;
use quiet_desk::Answers;

#[derive(Default)]
pub struct Memory {
    pub password: Mutex<Option<String>>,
    /// How often somebody wanted to compare a password.
    pub asked: AtomicUsize,
    pub failed: Mutex<Vec<(IpAddr, String)>>,
    pub signed_in: Mutex<Vec<Actor>>,
    pub protected: Mutex<Vec<IpAddr>>,
    pub banned: Mutex<HashSet<IpAddr>>,
}

impl Memory {
    pub fn failures(&self) -> usize {
        self.failed.lock().unwrap().len()
    }

    pub fn protected(&self) -> Vec<String> {
        self.protected.lock().unwrap().iter().map(IpAddr::to_string).collect()
    }
}

impl Answers for Memory {
    fn key_of(&self, secret: &str, _: IpAddr) -> Option<Key> {
        let scope = KeyScope::from_word(secret.strip_prefix("key-")?)?;
        let name = scope.as_str().to_owned();
        Some(Key {
            id: 1,
            name,
            scope,
            networks: Vec::new(),
            created: Moment::from_seconds(0),
            last_used: None,
        })
    }

    fn password(&self) -> Result<Option<String>, Fault> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.password.lock().unwrap().clone())
    }

    fn set_password(&self, hash: &str, _: &Actor) -> Result<(), Fault> {
        *self.password.lock().unwrap() = Some(hash.to_owned());
        Ok(())
    }

    fn sign_in_failed(&self, address: IpAddr, account: &str) {
        self.failed.lock().unwrap().push((address, account.to_owned()));
    }

    fn signed_in(&self, actor: &Actor) {
        self.signed_in.lock().unwrap().push(actor.clone());
    }

    fn protect(&self, signed_in: &[(IpAddr, String)]) {
        *self.protected.lock().unwrap() = signed_in.iter().map(|(address, _)| *address).collect();
    }

    fn is_banned(&self, address: IpAddr) -> bool {
        self.banned.lock().unwrap().contains(&address)
    }
}
