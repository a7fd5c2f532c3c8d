//! A desk in memory that notes what it is told. It knows one password, one key of each scope, and who is banned.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use config::Edit;
use control::answer::{Status, Why};
use control::desk::{
    Activity, BanOrder, Change, Changed, FilterOutline, JournalPage, Key, KeyOrder, KeyScope, Lifted, NewKey,
    Rehearsal, Roster, Span, Targets, Trial, Tried, Written,
};
use control::{Actor, Desk, Fault};
use event::Moment;

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

fn nothing<T>() -> Result<T, Fault> {
    Err(Fault::Missing("thing here".to_owned()))
}

impl Desk for Memory {
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

    fn lifted_early(&self, _: usize) -> Result<Vec<event::Subject>, Fault> {
        Ok(Vec::new())
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

    fn is_denied(&self, address: IpAddr) -> bool {
        self.is_banned(address)
    }

    fn surroundings(&self) -> control::answer::Surroundings {
        control::answer::Surroundings::default()
    }

    fn broken(&self) -> Vec<control::desk::Part> {
        Vec::new()
    }

    fn status(&self) -> Result<Status, Fault> {
        nothing()
    }
    fn activity(&self, _: Span) -> Result<Activity, Fault> {
        nothing()
    }
    fn targets(&self, _: Span) -> Result<Targets, Fault> {
        nothing()
    }
    fn bans(&self) -> Result<Arc<Roster>, Fault> {
        nothing()
    }
    fn ban(&self, _: &BanOrder, _: &Actor) -> Result<String, Fault> {
        nothing()
    }
    fn unban(&self, _: &[Lifted], _: &Actor) -> Result<u64, Fault> {
        nothing()
    }
    fn unban_all(&self, _: &Actor) -> Result<u64, Fault> {
        nothing()
    }
    fn why(&self, _: &str) -> Result<Why, Fault> {
        nothing()
    }
    fn settings(&self) -> Result<Written, Fault> {
        nothing()
    }
    fn change(&self, _: &Change, _: &Actor) -> Result<Changed, Fault> {
        nothing()
    }
    fn rehearse(&self, _: &[Edit]) -> Result<Rehearsal, Fault> {
        nothing()
    }
    fn trial(&self) -> Option<Trial> {
        None
    }
    fn confirm(&self, _: &Actor) -> Result<(), Fault> {
        nothing()
    }
    fn roll_back(&self, _: &Actor) -> Result<(), Fault> {
        nothing()
    }
    fn filters(&self) -> Result<Vec<FilterOutline>, Fault> {
        nothing()
    }
    fn try_filter(&self, _: &str, _: &str) -> Result<Vec<Tried>, Fault> {
        nothing()
    }
    fn keys(&self) -> Result<Vec<Key>, Fault> {
        nothing()
    }
    fn create_key(&self, _: &KeyOrder, _: &Actor) -> Result<NewKey, Fault> {
        nothing()
    }
    fn revoke_key(&self, _: i64, _: &Actor) -> Result<(), Fault> {
        nothing()
    }
    fn journal(&self, _: Option<i64>, _: usize) -> Result<JournalPage, Fault> {
        nothing()
    }
}
