//! The commands: what can be typed, and how answers print. Nothing here decides or changes anything: `run` and what needs
//! the state belong to the binary, everything else asks the control socket or judges lines by itself.

#![allow(clippy::print_stderr, reason = "printing is what this crate is for")]

pub mod args;
pub mod exit;
pub mod table;
pub mod out;
pub mod ask;
pub mod status;
pub mod banned;
pub mod why;
pub mod scan;
pub mod fail2ban;
pub mod filters;
pub mod lint;
pub mod import;
pub mod called_as;

pub use args::{Args, Command};
pub use exit::Exit;
