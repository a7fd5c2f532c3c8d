//! The journal of actions: who did what, when, from where.

use event::Moment;
use serde::{Deserialize, Serialize};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Banned by hand.
    Ban,
    /// Let in by hand.
    Unban,
    /// Let everyone in.
    UnbanAll,
    /// Changed the settings; the detail is the difference.
    Settings,
    /// A change on trial was kept.
    Confirm,
    /// A change on trial was taken back, by hand or by time.
    RollBack,
    /// Set the administrator's password.
    Password,
    /// Made a key.
    KeyCreated,
    /// Took a key back.
    KeyRevoked,
    /// Signed in.
    SignIn,
}

impl Deed {
    /// All.
    pub const ALL: [Self; 10] = [
        Self::Ban,
        Self::Unban,
        Self::UnbanAll,
        Self::Settings,
        Self::Confirm,
        Self::RollBack,
        Self::Password,
        Self::KeyCreated,
        Self::KeyRevoked,
        Self::SignIn,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Unban => "unban",
            Self::UnbanAll => "unban-all",
            Self::Settings => "settings",
            Self::Confirm => "confirm",
            Self::RollBack => "roll-back",
            Self::Password => "password",
            Self::KeyCreated => "key-created",
            Self::KeyRevoked => "key-revoked",
            Self::SignIn => "sign-in",
        }
    }

    /// The deed of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|deed| deed.as_str() == word)
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its number; grows.
    pub id: i64,
    /// When.
    pub at: Moment,
    /// What.
    pub deed: Deed,
    /// Who: "admin", "root", "key backup", "the settings file".
    pub actor: String,
    /// From where: an address, "this host".
    pub origin: String,
    /// Whom or what it concerns: an address, a key's name; empty if nothing.
    pub subject: String,
    /// More: the reason, the difference of the settings as a unified diff.
    pub detail: String,
}

/// A page of it, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalPage {
    /// The lines.
    pub entries: Vec<JournalEntry>,
    /// What to ask for next; `None` at the end.
    pub next: Option<i64>,
}
