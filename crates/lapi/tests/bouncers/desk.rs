//! A desk in memory: bans, settings, what was lifted, keys of each scope.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use config::{Edit, Settings};
use control::answer::{Status, Why};
use control::desk::{
    Activity, BanOrder, Change, Changed, FilterOutline, JournalPage, Key, KeyOrder, KeyScope, Lifted, NewKey,
    Part, Rehearsal, Roster, Span, Targets, Trial, Tried, Written,
};
use control::{Actor, Desk, Fault};
use event::{Ban, JailName, Moment, Proof, Scope, Subject};

/// Keys, in the order of their numbers.
pub const KEYS: [(&str, KeyScope); 4] = [
    ("bouncer-key", KeyScope::Bouncer),
    ("read-key", KeyScope::Read),
    ("admin-key", KeyScope::Admin),
    ("other-key", KeyScope::Bouncer),
];

/// What stands in memory.
#[derive(Default)]
pub struct Memory {
    roster: Mutex<Arc<Roster>>,
    pub settings: Mutex<Settings>,
    pub unbans: Mutex<Vec<String>>,
}

pub fn ban(subject: &str, jail: &str, until: Moment) -> Ban {
    Ban {
        subject: subject.parse().unwrap(),
        jail: JailName::new(jail),
        scope: Scope::Jail,
        since: Moment::from_seconds(1_700_000_000),
        until,
        failures: 10,
        proof: Proof::Proven,
        reason: "10 failures".to_owned(),
    }
}

impl Memory {
    /// Bans, or prolongs.
    pub fn ban(&self, subject: &str, jail: &str, until: Moment) {
        self.change(|bans| {
            let new = ban(subject, jail, until);
            bans.retain(|old| (old.subject, &old.jail) != (new.subject, &new.jail));
            bans.push(new);
        });
    }

    /// Ends the bans of a subject in a jail.
    pub fn lift(&self, subject: &str, jail: &str) {
        let subject: Subject = subject.parse().unwrap();
        self.change(|bans| bans.retain(|ban| ban.subject != subject || ban.jail.as_str() != jail));
    }

    pub fn change(&self, change: impl FnOnce(&mut Vec<Ban>)) {
        let mut roster = self.roster.lock().unwrap();
        let mut bans = roster.bans.clone();
        change(&mut bans);
        bans.sort_by(|a, b| (a.subject, &a.jail).cmp(&(b.subject, &b.jail)));
        *roster = Arc::new(Roster { generation: roster.generation + 1, bans, ..Roster::default() });
    }
}

impl Desk for Memory {
    fn bans(&self) -> Result<Arc<Roster>, Fault> {
        Ok(Arc::clone(&self.roster.lock().unwrap()))
    }

    fn settings(&self) -> Result<Written, Fault> {
        Ok(Written {
            tag: String::new(),
            settings: self.settings.lock().unwrap().clone(),
            path: "stockade.toml".to_owned(),
            read_only: None,
            also_whitelisted: Vec::new(),
        })
    }

    fn key_of(&self, secret: &str, _: IpAddr) -> Option<Key> {
        let at = KEYS.iter().position(|(known, _)| *known == secret)?;
        let (name, scope) = KEYS[at];
        let (id, created) = (at as i64 + 1, Moment::default());
        Some(Key { id, name: name.to_owned(), scope, networks: Vec::new(), created, last_used: None })
    }

    fn lifted_early(&self, _: usize) -> Result<Vec<Subject>, Fault> {
        Ok(self.unbans.lock().unwrap().iter().map(|subject| subject.parse().unwrap()).collect())
    }

    fn password(&self) -> Result<Option<String>, Fault> {
        Ok(Some(String::new()))
    }

    fn broken(&self) -> Vec<Part> {
        Vec::new()
    }

    fn sign_in_failed(&self, _: IpAddr, _: &str) {}

    fn signed_in(&self, _: &Actor) {}

    fn protect(&self, _: &[(IpAddr, String)]) {}

    fn is_banned(&self, _: IpAddr) -> bool {
        false
    }

    fn is_denied(&self, address: IpAddr) -> bool {
        self.is_banned(address)
    }

    fn surroundings(&self) -> control::answer::Surroundings {
        control::answer::Surroundings::default()
    }

    fn trial(&self) -> Option<Trial> {
        None
    }

    fn status(&self) -> Result<Status, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn activity(&self, _: Span) -> Result<Activity, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn targets(&self, _: Span) -> Result<Targets, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn ban(&self, _: &BanOrder, _: &Actor) -> Result<String, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn unban(&self, _: &[Lifted], _: &Actor) -> Result<u64, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn unban_all(&self, _: &Actor) -> Result<u64, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn why(&self, _: &str) -> Result<Why, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn change(&self, _: &Change, _: &Actor) -> Result<Changed, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn rehearse(&self, _: &[Edit]) -> Result<Rehearsal, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn confirm(&self, _: &Actor) -> Result<(), Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn roll_back(&self, _: &Actor) -> Result<(), Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn filters(&self) -> Result<Vec<FilterOutline>, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn try_filter(&self, _: &str, _: &str) -> Result<Vec<Tried>, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn journal(&self, _: Option<i64>, _: usize) -> Result<JournalPage, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn keys(&self) -> Result<Vec<Key>, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn create_key(&self, _: &KeyOrder, _: &Actor) -> Result<NewKey, Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn revoke_key(&self, _: i64, _: &Actor) -> Result<(), Fault> {
        unreachable!("not asked for by bouncers")
    }

    fn set_password(&self, _: &str, _: &Actor) -> Result<(), Fault> {
        unreachable!("not asked for by bouncers")
    }
}
