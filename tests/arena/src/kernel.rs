//! What the victim's kernel says when it is asked: its rule set as `nft` prints it, and the flows that it tracks.

use crate::process::run;
use crate::{Host, Result};

/// Stockade's table as `nft` prints it.
pub fn table(host: &Host) -> Result<String> {
    run(host.command("nft").args(["list", "table", "inet", "stockade"]))
}

/// Flows from `from` that the kernel of `host` tracks, one a line.
pub fn flows(host: &Host, from: &Host) -> Result<String> {
    run(host.command("conntrack").args(["-L", "-s", &from.v4.to_string()]))
}
