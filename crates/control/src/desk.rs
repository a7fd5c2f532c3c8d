//! What the page and the API ask of the program: one trait, so that they know neither the engine nor the store. A call may
//! wait for the engine or the disk: it is never made on a thread that serves others meanwhile.

pub mod bans;
pub mod listing;
pub mod activity;
pub mod change;
pub mod tried;
pub mod key;
pub mod journal;
pub mod fault;

use std::net::IpAddr;
use std::sync::Arc;

use config::Edit;
use event::Subject;

use crate::answer::{Status, Surroundings, Why};
pub use activity::{Activity, Series, Span, TargetAccount, TargetNetwork, TargetOffender, Targets};
pub use bans::{BanOrder, Lifted, Roster};
pub use change::{Change, Changed, Rehearsal, Trial, Written};
pub use fault::{Complaint, Fault};
pub use journal::{Deed, JournalEntry, JournalPage};
pub use key::{Key, KeyOrder, KeyScope, NewKey};
pub use listing::{Listing, SortBy};
pub use tried::{FilterOutline, Tried, Verdict};

/// Who asks, for the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// "admin", "key backup", "root".
    pub name: String,
    /// From where; `None` on this host.
    pub address: Option<IpAddr>,
}

/// The running program, as the page and the API see it.
pub trait Desk: Send + Sync {
    /// How things stand.
    fn status(&self) -> Result<Status, Fault>;

    /// Failures and bans over time, by service.
    fn activity(&self, span: Span) -> Result<Activity, Fault>;

    /// Who attacks most, from where, and whom.
    fn targets(&self, span: Span) -> Result<Targets, Fault>;

    /// Every live ban. Cheap while nothing changed: the roster is shared.
    fn bans(&self) -> Result<Arc<Roster>, Fault>;

    /// Bans by hand. Refused for the whitelist, for the actor's own address, and for a very wide subnet without `force`.
    fn ban(&self, order: &BanOrder, actor: &Actor) -> Result<String, Fault>;

    /// Lifts the bans named. Those that are not there are no error: `Lifted` counts those that were.
    fn unban(&self, which: &[Lifted], actor: &Actor) -> Result<u64, Fault>;

    /// Lifts every ban.
    fn unban_all(&self, actor: &Actor) -> Result<u64, Fault>;

    /// Why an address is banned or not, with the lines.
    fn why(&self, address: &str) -> Result<Why, Fault>;

    /// The settings as they stand in the file, with their tag.
    fn settings(&self) -> Result<Written, Fault>;

    /// Changes the settings file and takes the change up.
    fn change(&self, change: &Change, actor: &Actor) -> Result<Changed, Fault>;

    /// What a change would have done over the days of recorded failures.
    fn rehearse(&self, edits: &[Edit]) -> Result<Rehearsal, Fault>;

    /// The change that waits to be confirmed.
    fn trial(&self) -> Option<Trial>;

    /// Keeps the change that waits. `Missing` if none does.
    fn confirm(&self, actor: &Actor) -> Result<(), Fault>;

    /// Takes the change that waits back at once. `Missing` if none does.
    fn roll_back(&self, actor: &Actor) -> Result<(), Fault>;

    /// Every filter that can be tried.
    fn filters(&self) -> Result<Vec<FilterOutline>, Fault>;

    /// Judges the lines of `text` with a filter, without counting.
    fn try_filter(&self, filter: &str, text: &str) -> Result<Vec<Tried>, Fault>;

    /// The API keys, oldest first.
    fn keys(&self) -> Result<Vec<Key>, Fault>;

    /// Makes a key. Its secret is in the answer and nowhere else.
    fn create_key(&self, order: &KeyOrder, actor: &Actor) -> Result<NewKey, Fault>;

    /// Takes a key back.
    fn revoke_key(&self, id: i64, actor: &Actor) -> Result<(), Fault>;

    /// The key with this secret, if there is one and `address` may use it; notes its use. In memory, in constant time.
    fn key_of(&self, secret: &str, address: IpAddr) -> Option<Key>;

    /// What was done, newest first, from before the entry `before` on.
    fn journal(&self, before: Option<i64>, limit: usize) -> Result<JournalPage, Fault>;

    /// Whose bans somebody ended although they would still last, at most `limit`, the latest first: other programs may still
    /// hold them.
    fn lifted_early(&self, limit: usize) -> Result<Vec<Subject>, Fault>;

    /// The hash of the administrator's password, in PHC form; `None` until one is set.
    fn password(&self) -> Result<Option<String>, Fault>;

    /// Sets the administrator's password.
    fn set_password(&self, hash: &str, actor: &Actor) -> Result<(), Fault>;

    /// Somebody gave a wrong password: a failure for the page's own jail.
    fn sign_in_failed(&self, address: IpAddr, account: &str);

    /// Somebody signed in, for the journal.
    fn signed_in(&self, actor: &Actor);

    /// Who is signed in from where now: these addresses are not banned, and are let in if they were. Replaces the last list.
    fn protect(&self, signed_in: &[(IpAddr, String)]);

    /// Whether `address` is banned from the page's port or from all. In memory.
    fn is_banned(&self, address: IpAddr) -> bool;

    /// Whether a web server should refuse `address`: it is banned from web services or from all ports, or on a blocklist. In memory,
    /// in microseconds.
    fn is_denied(&self, address: IpAddr) -> bool;

    /// Where the program runs. In memory.
    fn surroundings(&self) -> Surroundings;

    /// What does not do its work. In memory, because everybody may ask for it, as often as they like.
    fn broken(&self) -> Vec<Part>;
}

/// A part of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bans do not reach the kernel.
    Enforcement,
    /// Nothing can be recorded.
    Store,
    /// The engine does not answer.
    Engine,
}

/// What happens while somebody looks: handed on to open pages.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Somebody was banned, or a ban was prolonged.
    Banned(event::Ban),
    /// A ban ended, by hand or by time.
    Lifted(Lifted),
    /// The settings changed.
    Settings,
    /// A change waits to be confirmed, was confirmed or taken back.
    Trial(Option<Trial>),
}
