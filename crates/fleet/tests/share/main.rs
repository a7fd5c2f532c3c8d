//! Several nodes in one process, each with a clock of its own, around a real redis-server that is killed, emptied, cut off and lied to.

mod server;
mod proxy;
mod node;
mod decisions;
mod outage;
mod lies;
mod failures;
mod ways;
mod speed;
