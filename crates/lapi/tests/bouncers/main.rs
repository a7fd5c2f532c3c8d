//! CrowdSec's paths as bouncers see them: requests go through the real router and the real gate, to a desk in memory. The running
//! program and a real bouncer are the system tests' matter.

mod desk;
mod client;
mod shapes;
mod differences;
mod live;
mod reference;
mod memory;
mod ours;
mod side_by_side;
// CrowdSec itself, as the tests of our own client of a LAPI start it.
#[path = "../../../blocklist/tests/lists/crowdsec.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod crowdsec;
#[path = "../../../blocklist/tests/lists/deadline.rs"]
#[allow(dead_code, reason = "not all of it is needed here")]
mod deadline;
