//! What the tests stand on: a network namespace of their own, a place with settings and logs, the running daemon, the
//! kernel's own notices. Decides nothing about what is right.

pub mod deadline;
pub mod namespace;
pub mod peer;
pub mod notices;
pub mod daemon;
pub mod journal;
pub mod place;
pub mod words;

pub use daemon::Daemon;
pub use deadline::{Deadline, until};
pub use notices::Notices;
pub use place::{Answer, Place};
