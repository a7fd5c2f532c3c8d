//! What others may know without asking the engine: whether the bans have changed, who is kept from the page, and, for whoever
//! listens, what happens. The engine writes here; nobody else does.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use control::Event;
use control::desk::{Lifted, Part};
use event::{Ban, Categories, Category, JailName, Moment, Scope, Subject};
use shelf::Shelf;

use crate::listed::Listed;
use crate::plan::OWN_JAIL;

/// An engine turns at least once a second; one that has not for so long is stuck.
const STUCK: Duration = Duration::from_secs(20);

/// Told of everything that happens; must not wait.
pub type Audience = Box<dyn Fn(Event) + Send + Sync>;

/// Shared by the engine and the desk.
pub struct Board {
    generation: AtomicU64,
    barred: RwLock<Barred>,
    lists: RwLock<Vec<Arc<Listed>>>,
    /// The one switch: off, nobody is kept out of anything.
    enabled: AtomicBool,
    enforcement_fails: AtomicBool,
    store_fails: AtomicBool,
    /// When the engine last ended a turn, in milliseconds.
    turned: AtomicI64,
    audience: Audience,
}

/// Bans that close the page's port or the web's. Single clients, who may be a million, by key; subnets, which are few, in a row.
#[derive(Debug, Default)]
struct Barred {
    clients: Shelf<(Subject, u16), Bar>,
    /// The jails by number. Only operators make jails, so none is ever dropped.
    jails: HashMap<JailName, u16>,
    subnets: Vec<(Subject, JailName, Bar)>,
}

/// What a ban closes, as far as the web is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bar {
    /// Other web services.
    Web,
    /// The page itself too.
    Page,
}

impl Barred {
    /// Past the last number jails share it: 65,535 names were given to one process by then.
    fn number(&mut self, jail: &JailName) -> u16 {
        let next = u16::try_from(self.jails.len()).unwrap_or(u16::MAX);
        self.jails.get(jail).copied().unwrap_or_else(|| *self.jails.entry(jail.clone()).or_insert(next))
    }
}

impl Board {
    /// With nobody barred.
    pub fn new(audience: Audience) -> Self {
        Self {
            generation: AtomicU64::new(1),
            barred: RwLock::default(),
            lists: RwLock::default(),
            enabled: AtomicBool::new(true),
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
        self.any_bar(address, |bar| bar == Bar::Page)
    }

    /// Whether a web server should refuse `address`: a ban closes web services, or all ports, or a blocklist names it.
    pub fn is_denied(&self, address: IpAddr, now: Moment) -> bool {
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let is_listed = || lists.iter().any(|list| list.names(address, now).is_some());
        self.enabled.load(Ordering::Relaxed) && (self.any_bar(address, |_| true) || is_listed())
    }

    fn any_bar(&self, address: IpAddr, is_meant: impl Fn(Bar) -> bool) -> bool {
        if !self.enabled.load(Ordering::Relaxed) {
            return false;
        }
        let exactly = Subject::exactly(address);
        let barred = self.read();
        let client = Subject::counted(address);
        let mut bars = barred.clients.range((client, 0)..=(client, u16::MAX));
        bars.any(|(_, bar)| is_meant(*bar))
            || barred.subnets.iter().any(|(subnet, _, bar)| subnet.covers(&exactly) && is_meant(*bar))
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

    /// The one switch.
    pub(crate) fn switch(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Relaxed);
    }

    /// Tells of something that is no ban.
    pub fn tell(&self, event: Event) {
        (self.audience)(event);
    }

    /// A ban was made that closes these kinds of service; none at all if it is told only.
    pub(crate) fn banned(&self, ban: &Ban, closed: Option<Categories>) {
        self.note(ban, closed);
        self.tell(Event::Banned(ban.clone()));
    }

    pub(crate) fn lifted(&self, subject: Subject, jail: &JailName) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let mut barred = self.write();
        barred.subnets.retain(|(known, its, _)| (known, its) != (&subject, jail));
        let number = barred.number(jail);
        barred.clients.remove(&(subject, number));
        drop(barred);
        self.tell(Event::Lifted(Lifted { subject, jail: Some(jail.clone()) }));
    }

    /// The blocklists are these now.
    pub(crate) fn listed(&self, lists: Vec<Arc<Listed>>) {
        *self.lists.write().unwrap_or_else(PoisonError::into_inner) = lists;
    }

    /// All bans are told anew behind this.
    pub(crate) fn forget_bans(&self) {
        *self.write() = Barred::default();
    }

    /// A ban that stands, without telling anybody: at start, and when jails close something else.
    pub(crate) fn note(&self, ban: &Ban, closed: Option<Categories>) {
        self.generation.fetch_add(1, Ordering::AcqRel);
        let Some(closed) = closed else { return };
        let closes_page = ban.scope == Scope::AllPorts || ban.jail.as_str() == OWN_JAIL;
        if !closes_page && !closed.has(Category::Http) {
            return;
        }
        let bar = if closes_page { Bar::Page } else { Bar::Web };
        let mut barred = self.write();
        if ban.subject.is_single_client() {
            let number = barred.number(&ban.jail);
            barred.clients.insert((ban.subject, number), bar);
        } else {
            barred.subnets.retain(|(known, its, _)| (known, its) != (&ban.subject, &ban.jail));
            barred.subnets.push((ban.subject, ban.jail.clone(), bar));
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Barred> {
        self.barred.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Barred> {
        self.barred.write().unwrap_or_else(PoisonError::into_inner)
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
        board.note(&ban("192.0.2.1", "sshd", Scope::Jail), Some(Categories::default()));
        board.note(&ban("192.0.2.2", OWN_JAIL, Scope::Jail), Some(Categories::default()));
        board.note(&ban("192.0.2.2", "sshd", Scope::AllPorts), Some(Categories::default()));
        board.note(&ban("198.51.100.0/24", "manual", Scope::AllPorts), Some(Categories::default()));
        board.note(&ban("2001:db8::/64", OWN_JAIL, Scope::Jail), Some(Categories::default()));
        assert!(!barred("192.0.2.1") && barred("192.0.2.2"));
        assert!(barred("198.51.100.9") && barred("2001:db8::9") && !barred("2001:db8:1::9"));
        board.lifted("192.0.2.2".parse().unwrap(), &JailName::new(OWN_JAIL));
        assert!(barred("192.0.2.2"), "another ban still stands");
        board.lifted("192.0.2.2".parse().unwrap(), &JailName::new("sshd"));
        board.lifted("198.51.100.0/24".parse().unwrap(), &JailName::new("manual"));
        assert!(!barred("192.0.2.2") && !barred("198.51.100.9"));
    }

    #[test]
    fn a_web_server_refuses_more_than_the_page() {
        let board = Board::new(Box::new(|_| ()));
        let now = Moment::default();
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        board.note(&ban("192.0.2.1", "nginx-http-auth", Scope::Jail), Some(Category::Http.into()));
        board.note(&ban("192.0.2.2", "sshd", Scope::Jail), Some(Category::Ssh.into()));
        assert!(board.is_denied(address("192.0.2.1"), now) && !board.is_barred(address("192.0.2.1")));
        assert!(!board.is_denied(address("192.0.2.2"), now));
        board.switch(false);
        assert!(!board.is_denied(address("192.0.2.1"), now), "switched off, nobody is kept out");
        board.switch(true);
        board.lifted("192.0.2.1".parse().unwrap(), &JailName::new("nginx-http-auth"));
        assert!(!board.is_denied(address("192.0.2.1"), now));
    }
}
