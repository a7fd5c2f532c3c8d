//! How things stand with Redis, for `status` and the page.

use event::Moment;

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether it answers.
    pub is_connected: bool,
    /// Since when that is so.
    pub since: Option<Moment>,
    /// Why it does not answer; what, where, and what to do.
    pub error: Option<String>,
    /// What waits to be told.
    pub waiting: u64,
    /// How often something told found its queue full: for a ban a comparison of the whole takes its place, failures are left out.
    pub overrun: u64,
    /// Records of others that cannot be, and bans past the bound, none of which was taken.
    pub passed_over: u64,
    /// Keys that stand by this node's knowledge.
    pub keys: u64,
    /// Other nodes heard of within the last minutes, by name.
    pub nodes: Vec<String>,
}
