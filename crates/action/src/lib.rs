//! fail2ban's actions that are no firewall's, run as they are written: mail, reports, other programs. What they do is what fail2ban 1.0.2 does
//! with the same properties and the same bans, command by command.
//!
//! The commands are an administrator's and run by the shell. What comes from a log never is a part of their text: it goes to them by
//! environment, and the text has a reference to it. A command that would have another program read it as a language is refused.
//!
//! The modules stand in the order in which a happening travels:
//!
//! - `actions`: what the program starts and tells. It never waits.
//! - `queue`, `worker`: one jail's thread; what happens to it, one after another.
//! - `ticket`, `past`: a ban as commands are told of it, and what was before.
//! - `action`: one action: which command is run when. `properties` puts its own tags in.
//! - `info`, `captures`: what the tags of a ban come to, and which of them are a log's text.
//! - `script`, `shell`, `tag`: the command as it is run.
//! - `run`: the one place that runs a shell.
//! - `ignore`: failures that wait for what their jail's `ignorecommand` says.
//! - `call`: a method that a client calls. `health`: how all that went. `fault`: why not.

mod actions;
mod queue;
mod worker;
mod ticket;
mod past;
mod action;
mod properties;
mod info;
mod captures;
mod script;
mod shell;
mod tag;
mod run;
mod ignore;
mod call;
mod health;
mod fault;

pub use actions::Actions;
pub use health::ActionHealth;
pub use ignore::{Held, IgnoreCommands, Said};
pub use past::{History, Merged, Question};
