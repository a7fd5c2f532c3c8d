//! Debian's own Redis, Sentinel and Cluster against the real threads: keys as other programs read them, and what happens while Redis
//! is away, slow, full or somebody else.

mod keys;
mod away;
mod ways;
mod sentinel;
mod cluster;
mod reader;
mod support;
