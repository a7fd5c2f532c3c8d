//! API keys.

use event::{Moment, Subject};
use serde::{Deserialize, Serialize};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyScope {
    /// Read decisions, as bouncers do.
    Bouncer,
    /// Read everything.
    Read,
    /// Read and change everything.
    Admin,
}

impl KeyScope {
    /// All.
    pub const ALL: [Self; 3] = [Self::Bouncer, Self::Read, Self::Admin];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bouncer => "bouncer",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// The scope of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

/// A key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its number.
    pub id: i64,
    /// Its name, for people; unique.
    pub name: String,
    /// What it may do.
    pub scope: KeyScope,
    /// From where it may be used; empty means from anywhere.
    pub networks: Vec<Subject>,
    /// When it was made.
    pub created: Moment,
    /// When it was last used, to the minute.
    pub last_used: Option<Moment>,
}

/// A key that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyOrder {
    /// Its name: 1 to 64 letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// What it may do.
    pub scope: KeyScope,
    /// From where; empty means from anywhere.
    pub networks: Vec<Subject>,
}

/// A key that was just made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// The key.
    pub key: Key,
    /// Shown once: only its hash is kept.
    pub secret: String,
}
