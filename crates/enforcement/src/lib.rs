//! The wanted bans and the network firewall become kernel state: nftables and conntrack, by netlink, without any process. This
//! crate decides nothing and remembers nothing durable: it is told what is wanted, compares with what the kernel holds, and
//! writes the difference.
//!
//! The netlink messages are written by a small encoder of our own (`wire`, `batch`, `expression`) on `netlink-sys`, which
//! brings only the socket. Looked at instead: `rustables` is GPL and knows no element timeouts, `nftnl` links C libraries,
//! `nftables` runs the `nft` program, and `nlink` is bound to an asynchronous runtime that the rest of this program does
//! without, and its interface changes with every monthly release. The messages needed here are few, and their speed is the point: up to a million elements.
//!
//! What it does where the kernel cannot hold everything as it is wanted:
//!
//! - Of nested subnets in one set, the widest live one stands; the narrower take its place when it is lifted, when `apply` or
//!   `reconcile` is next called after its end (`nets`).
//! - Of several jails' bans on all ports of one address, the longest stands; the others follow it when it is lifted (`resolve`).
//!   One that outlasts it is put back by the next `reconcile`.
//! - A ban on a jail's ports by a jail that guards none cannot be placed. It is counted as unguarded.
//! - Ends are compared with two seconds of slack. The kernel is given spans: without `Nftables::with_clock`, what a long call
//!   writes late also ends late.
//!
//! What the network firewall does not do: it judges what is for this host itself (the hook `input`). What the host forwards, to
//! containers for instance, meets bans and the SIP limit, but not the networks.
//!
//! The modules stand in reading order: what is asked, how the table is laid out, the bytes, the kernel, the work.

mod layout;
mod error;
mod ports;
mod plan;
mod expression;
mod frame;
mod firewall;
mod sip_limit;
mod nets;
mod difference;
mod wire;
mod batch;
mod socket;
mod elements;
mod lifetime;
mod rules;
mod inventory;
mod relay;
mod nftables;
mod resolve;
mod reconcile;
mod held;
mod watch;
mod conntrack;
mod observe;
mod probe;
mod claim;

use event::Moment;

pub use claim::{ClaimError, claim};
pub use conntrack::forget_flows;
pub use error::EnforcementError;
pub use layout::{
    Applied, Change, DropCounter, Element, Firewall, FirewallDrops, Guard, Layout, NetworkRule, Reconciled,
    SipLimit,
};
pub use nftables::Nftables;
pub use observe::Observe;
pub use probe::{Support, probe, probe_firewall};
pub use watch::Watch;

/// Where bans take effect. The caller owns the thread and the clock.
pub trait Enforcement: Send {
    /// Carries out changes. On an error some transactions may have been done and others not: `reconcile` then.
    fn apply(&mut self, changes: &[Change], now: Moment) -> Result<Applied, EnforcementError>;

    /// Makes everything as it should be: the layout with its whitelist and firewall, and exactly the wanted bans. Writes only the difference.
    fn reconcile(
        &mut self,
        layout: &Layout,
        wanted: &mut dyn Iterator<Item = Element>,
        now: Moment,
    ) -> Result<Reconciled, EnforcementError>;

    /// What has been dropped, by jail and scope.
    fn counters(&mut self) -> Result<Vec<DropCounter>, EnforcementError>;

    /// What the network firewall and the SIP limit have dropped.
    fn firewall_drops(&mut self) -> Result<FirewallDrops, EnforcementError>;

    /// The bans as they stand, whoever wanted them: the last truth when the store is lost.
    fn held(&mut self, now: Moment) -> Result<Vec<Element>, EnforcementError>;

    /// Takes everything out. Only `stockade down` does this: stopping leaves the bans in force.
    fn remove_all(&mut self) -> Result<(), EnforcementError>;
}
