//! The main job, end to end: real attackers break into real services, and the real binary keeps them out.
//!
//! Each test has its own hosts and wire, so they run at the same time and in any order. They need root and the
//! packages that `tests/setup.sh` installs; `make arena` sees to both, and builds the binary first.

mod services;
mod ssh;
mod web;
mod sip;
mod manager;
mod forgery;
mod mending;
mod acl_asterisk;
mod acl_nginx;
mod fleet;
mod containers;

use std::time::Duration;

/// How long nothing must come back before it counts as swallowed. On this wire an answer takes less than a millisecond.
const SILENCE: Duration = Duration::from_secs(2);
