//! The program around this crate.

use event::Moment;

use crate::told::{Heard, Wanted};

/// What is asked of the program. Calls come from this crate's own threads, and may wait.
pub trait Host: Send + Sync + 'static {
    /// The clock.
    fn now(&self) -> Moment;

    /// Everything that should stand in Redis. `None`: the program is stopping.
    fn wanted(&self) -> Option<Wanted>;

    /// What other nodes decided, in order, and the position in the stream behind it. It is durable, effect and position in one, when
    /// this returns. `false`: the program is stopping.
    fn heard(&self, heard: Vec<Heard>, position: String) -> bool;
}
