//! The pages as a browser without scripts sees them: forms go through the real router and
//! the real gate, to a desk in memory.

mod desk;
mod browser;
mod sign_in;
mod overview;
mod elsewhere;
mod blocked;
mod brute_force;
mod firewall;
mod jails;
mod keys;
mod journal;
