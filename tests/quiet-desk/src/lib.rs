//! A desk for tests of what is served over HTTP: nothing is there, nobody is banned and no order is carried out, but for what a
//! test answers itself. So a test names what it is about and no more, and a new question of `control::Desk` is added here
//! alone. It decides nothing that the program decides.

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use config::Edit;
use control::answer::{Status, Surroundings, Why};
use control::desk::{
    Activity, BanOrder, Change, Changed, FilterOutline, JournalPage, Key, KeyOrder, Lifted, NewKey, Part,
    Rehearsal, Roster, Span, Targets, Trial, Tried, Written,
};
use control::{Actor, Desk, Fault};
use event::Subject;

/// A desk that answers what `T` answers; a test reaches `T` through it.
#[derive(Debug, Default)]
pub struct QuietDesk<T>(pub T);

impl<T> Deref for QuietDesk<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// One line for each question: what is answered if the test does not.
macro_rules! questions {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty = $otherwise:expr;)*) => {
        /// What a test answers itself: every question of `control::Desk`, each of which may be left out.
        pub trait Answers: Send + Sync {
            $(
                /// As in `control::Desk`.
                fn $name(&self, $($argument: $kind),*) -> $answer {
                    $(let _ = $argument;)*
                    $otherwise
                }
            )*
        }

        impl<T: Answers> Desk for QuietDesk<T> {
            $(
                fn $name(&self, $($argument: $kind),*) -> $answer {
                    self.0.$name($($argument),*)
                }
            )*
        }
    };
}

questions! {
    status() -> Result<Status, Fault> = nothing();
    activity(span: Span) -> Result<Activity, Fault> = nothing();
    targets(span: Span) -> Result<Targets, Fault> = nothing();
    bans() -> Result<Arc<Roster>, Fault> = nothing();
    ban(order: &BanOrder, actor: &Actor) -> Result<String, Fault> = nothing();
    unban(which: &[Lifted], actor: &Actor) -> Result<u64, Fault> = nothing();
    unban_all(actor: &Actor) -> Result<u64, Fault> = nothing();
    why(address: &str) -> Result<Why, Fault> = nothing();
    settings() -> Result<Written, Fault> = nothing();
    change(change: &Change, actor: &Actor) -> Result<Changed, Fault> = nothing();
    rehearse(edits: &[Edit]) -> Result<Rehearsal, Fault> = nothing();
    trial() -> Option<Trial> = None;
    confirm(actor: &Actor) -> Result<(), Fault> = nothing();
    roll_back(actor: &Actor) -> Result<(), Fault> = nothing();
    filters() -> Result<Vec<FilterOutline>, Fault> = nothing();
    try_filter(filter: &str, text: &str) -> Result<Vec<Tried>, Fault> = nothing();
    keys() -> Result<Vec<Key>, Fault> = nothing();
    create_key(order: &KeyOrder, actor: &Actor) -> Result<NewKey, Fault> = nothing();
    revoke_key(id: i64, actor: &Actor) -> Result<(), Fault> = nothing();
    key_of(secret: &str, address: IpAddr) -> Option<Key> = None;
    journal(before: Option<i64>, limit: usize) -> Result<JournalPage, Fault> = nothing();
    lifted_early(limit: usize) -> Result<Vec<Subject>, Fault> = Ok(Vec::new());
    password() -> Result<Option<String>, Fault> = Ok(None);
    set_password(hash: &str, actor: &Actor) -> Result<(), Fault> = nothing();
    sign_in_failed(address: IpAddr, account: &str) -> () = ();
    signed_in(actor: &Actor) -> () = ();
    protect(signed_in: &[(IpAddr, String)]) -> () = ();
    is_banned(address: IpAddr) -> bool = false;
    is_denied(address: IpAddr) -> bool = false;
    surroundings() -> Surroundings = Surroundings::default();
    broken() -> Vec<Part> = Vec::new();
}

fn nothing<T>() -> Result<T, Fault> {
    Err(Fault::Missing("thing here".to_owned()))
}
