//! The real binary in network namespaces of the tests' own: what an administrator relies on, one sentence for each test.
//! Needs root and the Debian packages nftables, iproute2 and util-linux. Services and attackers are the arena's matter.

#![allow(clippy::print_stderr, reason = "the tests print what they measured")]

mod support;
mod bans;
mod by_hand;
mod restart;
mod escalation;
mod reload;
mod mending;
mod damage;
mod observing;
mod page;
mod lapi;
mod bouncer;
mod crowdsec;
mod sources;
mod whitelist;
mod blocklists;
mod redis;
mod takeover;
mod honoured;
mod remarks;
mod ignored;
mod reading;
mod called_as;
mod change_over;
mod mikopbx;
mod actions;
mod catch_up;
mod success;
mod evidence;
mod filters;
mod import;
mod commands;
mod socket;
mod help;
