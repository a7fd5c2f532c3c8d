//! Debian's own Redis, Sentinel and Cluster against the real threads: keys as other programs read them, and what happens while Redis
//! is away, slow, full or somebody else.

#![allow(clippy::print_stdout, reason = "what was measured, and what is said to people, is worth a look")]

mod keys;
mod away;
mod chaos;
mod ways;
mod sentinel;
mod cluster;
mod reader;
mod support;
