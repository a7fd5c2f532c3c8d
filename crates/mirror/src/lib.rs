//! fail2ban's database and log, as other programs read them: taken over when Stockade comes in fail2ban's place, and kept from then on.
//! They mirror what happens and decide nothing: Stockade's own store is the truth. The engine never waits for either.
//!
//! - `legacy`: what fail2ban left: bans with the time already served, and how far it had read its logs.
//! - `database`: `fail2ban.sqlite3`, kept up to date. What another program deletes there is noticed and handed on.
//! - `log`: `fail2ban.log`, line for line as fail2ban writes it.
//! - `queue`: how both are told without anybody waiting.
//! - `error`: what can go wrong with them.

pub mod legacy;
pub mod database;
pub mod log;
mod queue;
mod error;

pub use database::{Database, Deleted, History, Host, Latest, Lifted, Seal, Standing};
pub use error::MirrorError;
pub use legacy::{Legacy, LegacyBan, Offset, Terms};
pub use log::Log;
