//! Offences and commands become decisions: whitelist, evidence, escalation, and the table of who is banned now.
//!
//! Pure: time is an argument, nothing is read, written or logged. What must outlive the process is handed out with each
//! decision and handed in again at start.

mod decider;
mod outcome;
mod settings;
mod command;
mod unban;
mod adopt;
mod sentence;
mod reason;
mod span;
mod bans;
mod memory;
mod aged;
mod due;
mod names;

pub use bans::Outline;
pub use command::{Answer, Command};
pub use decider::{Bounds, Decider};
pub use outcome::{Decided, Outcome, Remembered};
pub use settings::{BanTime, Escalation, Settings};
pub use span::spoken;
