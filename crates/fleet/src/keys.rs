//! Bans and whitelist as keys that other programs read. `claims` knows which bans ask for a key and until when, `book` what
//! stands in Redis and which steps are missing, `keeper` carries steps out and compares, `queue` is what waits, and `writer` is the
//! thread that does all this.

pub mod name;
pub mod change;
mod ends;
mod sighted;
mod claims;
mod book;
mod keeper;
mod comparison;
mod queue;
pub(crate) mod writer;

pub use change::Change;
