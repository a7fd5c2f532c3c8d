//! What can be asked.

use serde::{Deserialize, Serialize};

use crate::desk::KeyScope;

/// One request, as it stands on the wire: `{"ask":"ban","address":"192.0.2.1"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    /// How things stand, of one jail or of all.
    Status {
        /// Only this jail.
        jail: Option<String>,
    },
    /// Who is banned.
    Banned,
    /// Ban by hand.
    Ban {
        /// An address or a subnet.
        address: String,
        /// The jail; without one, the ban is by hand and closes all ports.
        jail: Option<String>,
        /// For how long; without it, the jail's `ban_time`.
        seconds: Option<u64>,
        /// Whether a very wide subnet is meant.
        force: bool,
    },
    /// Let someone in again.
    Unban {
        /// An address or a subnet.
        address: String,
    },
    /// Let everyone in again.
    UnbanAll,
    /// Why someone is banned, or why not.
    Why {
        /// An address.
        address: String,
    },
    /// Read the settings again.
    Reload,
    /// Remove everything from the kernel and stop.
    Down,
    /// A new API key; the answer is its secret.
    CreateKey {
        /// Its name.
        name: String,
        /// What it may do.
        scope: KeyScope,
        /// From where; empty means from anywhere.
        networks: Vec<String>,
    },
    /// The administrator's new password, hashed.
    SetPassword {
        /// In PHC form, `$argon2id$…`.
        hash: String,
    },
}
