//! CrowdSec's paths as bouncers see them: requests go through the real router and the real gate, to a desk in memory. The running
//! program and a real bouncer are the system tests' matter.

mod desk;
mod client;
mod shapes;
mod differences;
mod live;
mod reference;
mod memory;
