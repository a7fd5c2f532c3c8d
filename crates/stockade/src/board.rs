//! What others may know without asking the engine: whether the bans have changed, who is kept from the page, and, for whoever
//! listens, what happens. The engine writes here; nobody else does.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use control::Event;
use control::desk::{Lifted, Part};
use event::{Ban, JailName, Moment, Scope, Subject};

use crate::plan::OWN_JAIL;

/// An engine turns at least once a second; one that has not for so long is stuck.
const STUCK: Duration = Duration::from_secs(20);

/// Told of everything that happens; must not wait.
pub type Audience = Box<dyn Fn(Event) + Send + Sync>;

/// Shared by the engine and the desk.
pub struct Board {
    generation: AtomicU64,
    barred: RwLock<Barred>,
    enforcement_fails: AtomicBool,
    store_fails: AtomicBool,
    /// When the engine last ended a turn, in milliseconds.
    turned: AtomicI64,
    audience: Audience,
}

/// Bans that close the page's port. Single clients by key; subnets, which are few, in a row.
#[derive(Debug, Default)]
struct Barred {
    clients: HashMap<Subject, Vec<JailName>>,
    subnets: Vec<(Subject, JailName)>,
}

impl Board {
    /// With nobody barred.
    pub fn new(audience: Audience) -> Self {
        Self {
            generation: AtomicU64::new(1),
            barred: RwLock::default(),
            enforcement_fails: AtomicBool::new(false),
            store_fails: AtomicBool::new(false),
            turned: AtomicI64::new(0),
            audience,
        }
    }

    /// Grows with each change of a ban.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whether a ban closes the page's port, or all ports, to `address`.
    pub fn is_barred(&self, address: IpAddr) -> bool {
        let exactly = Subject::exactly(address);
        let barred = self.read();
        barred.clients.contains_key(&Subject::counted(address))
            || barred.subnets.iter().any(|(subnet, _)| subnet.covers(&exactly))
    }

    /// What does not do its work.
    pub fn broken(&self, now: Moment) -> Vec<Part> {
        let turned = Moment::from_millis(self.turned.load(Ordering::Relaxed));
        let parts = [
            (self.enforcement_fails.load(Ordering::Relaxed), Part::Enforcement),
            (self.store_fails.load(Ordering::Relaxed), Part::Store),
            (now.since(turned) > STUCK, Part::Engine),
        ];
        parts.into_iter().filter_map(|(is_broken, part)| is_broken.then_some(part)).collect()
    }

    /// At the end of each turn of the engine.
    pub(crate) fn turned(&self, now: Moment, enforcement_fails: bool, store_fails: bool) {
        self.turned.store(now.millis(), Ordering::Relaxed);
        self.enforcement_fails.store(enforcement_fails, Ordering::Relaxed);
        self.store_fails.store(store_fails, Ordering::Relaxed);
    }

    /// Tells of something that is no ban.
    pub fn tell(&self, event: Event) {
        (self.audience)(event);
    }

    pub(crate) fn banned(&self, ban: &Ban) {
        self.note(ban);
        self.tell(Event::Banned(ban.clone()));
    }

    pub(crate) fn lifted(&self, subject: Subject, jail: &JailName) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let mut barred = self.write();
        barred.subnets.retain(|(known, its)| (known, its) != (&subject, jail));
        if let Some(jails) = barred.clients.get_mut(&subject) {
            jails.retain(|known| known != jail);
            if jails.is_empty() {
                barred.clients.remove(&subject);
            }
        }
        drop(barred);
        self.tell(Event::Lifted(Lifted { subject, jail: Some(jail.clone()) }));
    }

    /// A ban that stands, without telling anybody: at start.
    pub(crate) fn note(&self, ban: &Ban) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        if ban.scope != Scope::AllPorts && ban.jail.as_str() != OWN_JAIL {
            return;
        }
        let mut barred = self.write();
        if ban.subject.is_single_client() {
            let jails = barred.clients.entry(ban.subject).or_default();
            if !jails.contains(&ban.jail) {
                jails.push(ban.jail.clone());
            }
        } else if !barred.subnets.iter().any(|(known, jail)| (known, jail) == (&ban.subject, &ban.jail)) {
            barred.subnets.push((ban.subject, ban.jail.clone()));
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Barred> {
        self.barred.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Barred> {
        self.barred.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Proof;

    fn ban(subject: &str, jail: &str, scope: Scope) -> Ban {
        Ban {
            subject: subject.parse().unwrap(),
            jail: JailName::new(jail),
            scope,
            since: Moment::default(),
            until: Moment::NEVER,
            failures: 1,
            proof: Proof::Proven,
            reason: String::new(),
        }
    }

    #[test]
    fn what_is_broken_is_known_without_asking() {
        let board = Board::new(Box::new(|_| ()));
        let now = Moment::from_seconds(1_000_000);
        board.turned(now, false, false);
        assert_eq!(board.broken(now), []);
        board.turned(now, true, true);
        assert_eq!(board.broken(now), [Part::Enforcement, Part::Store]);
        board.turned(now, false, false);
        assert_eq!(board.broken(now.after(STUCK + Duration::from_secs(1))), [Part::Engine]);
    }

    #[test]
    fn only_bans_that_close_the_page_bar_from_it() {
        let board = Board::new(Box::new(|_| ()));
        let barred = |address: &str| board.is_barred(address.parse().unwrap());
        board.note(&ban("192.0.2.1", "sshd", Scope::Jail));
        board.note(&ban("192.0.2.2", OWN_JAIL, Scope::Jail));
        board.note(&ban("192.0.2.2", "sshd", Scope::AllPorts));
        board.note(&ban("198.51.100.0/24", "manual", Scope::AllPorts));
        board.note(&ban("2001:db8::/64", OWN_JAIL, Scope::Jail));
        assert!(!barred("192.0.2.1") && barred("192.0.2.2"));
        assert!(barred("198.51.100.9") && barred("2001:db8::9") && !barred("2001:db8:1::9"));
        board.lifted("192.0.2.2".parse().unwrap(), &JailName::new(OWN_JAIL));
        assert!(barred("192.0.2.2"), "another ban still stands");
        board.lifted("192.0.2.2".parse().unwrap(), &JailName::new("sshd"));
        board.lifted("198.51.100.0/24".parse().unwrap(), &JailName::new("manual"));
        assert!(!barred("192.0.2.2") && !barred("198.51.100.9"));
    }
}
