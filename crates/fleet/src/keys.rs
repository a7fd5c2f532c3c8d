//! Bans and whitelist as keys that other programs read. `claims` knows which bans ask for a key, `plan` what is to be written
//! for it, `writer` writes it.

pub mod name;
pub mod change;

pub use change::Change;
