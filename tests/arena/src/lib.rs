//! Real services, real attackers, a real kernel: what the scenarios in `tests/` and the demo are put together from.
//!
//! Everything happens in network namespaces that this crate makes and removes; the host's own firewall, network and
//! services are never touched. Nothing is imitated: where a service writes a log, the service itself wrote it. Nothing
//! sleeps: a wait is for a line, a packet or the end of a process, and has a deadline.

pub mod error;
pub mod deadline;
pub mod netns;
pub mod process;
pub mod scene;
pub mod openssh;
pub mod nginx;
pub mod redis;
pub mod asterisk;
pub mod docker;
pub mod attackers;
pub mod ami;
pub mod iax;
pub mod digest;
pub mod sip_message;
pub mod sip_peer;
pub mod sip_guess;
pub mod knock;
pub mod kernel;
pub mod monitor;
pub mod stockade;

pub use docker::Docker;
pub use error::{Error, Result};
pub use monitor::Monitor;
pub use netns::{Host, Network};
pub use process::Process;
pub use redis::Redis;
pub use scene::Scene;
pub use stockade::{Ban, Stockade};
