//! Redis or Valkey as the shared engine, in two ways that stand apart. `keys`: bans and whitelist as keys with a time to live,
//! for programs that read them. `share`: decisions between the nodes of a fleet, by a stream. This crate decides nothing: it
//! tells what it is told, and hands on what it hears. It knows no engine and reads no clock; whoever starts it is its `Host`.
//!
//! Nothing here ever keeps its caller waiting: while Redis is away, what is told waits in a queue with a bound, and past the
//! bound it is given up for a comparison of the whole when Redis is back.

pub mod told;
pub mod link;
pub mod keys;
pub mod reader;
pub mod host;
pub mod health;
pub mod share;
pub mod fleet;

pub use fleet::Fleet;
pub use health::Health;
pub use host::Host;
pub use keys::Change;
pub use link::address::settings_of_url;
pub use link::{Link, LinkError, Trouble};
pub use reader::{Reader, Standing};
pub use told::{Heard, Held, Lifted, Told, Voice, Wanted};
