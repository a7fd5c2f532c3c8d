//! What the victim's kernel itself says: its rule sets as `nft` prints them, changes as they happen, tracked flows.

use std::time::Duration;

use crate::process::{Process, run};
use crate::scene::load;
use crate::{Host, Result};

/// Until a monitor that has just been started hears of a change.
const HEARING: Duration = Duration::from_millis(200);
const TRIES: u32 = 100;

/// Listens to changes of set elements on a host.
#[derive(Debug)]
pub struct Monitor {
    process: Process,
}

impl Monitor {
    /// Starts listening, and returns once changes are heard.
    pub fn start(host: &Host) -> Result<Self> {
        load(host, "add table inet arena\nadd set inet arena heard { type inet_service; }")?;
        let mut process = Process::start("nft monitor", host.command("nft").args(["monitor", "elements"]))?;
        // `nft monitor` does not say when it has begun to listen, so it is given something to hear until it does.
        let mut number = 0;
        loop {
            number += 1;
            load(host, &format!("add element inet arena heard {{ {number} }}"))?;
            match process.line("the monitor's first words", HEARING, |line| line.contains("inet arena heard"))
            {
                Ok(_) => return Ok(Self { process }),
                Err(error) if number == TRIES => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Waits until `address` is added to a set of Stockade's table; the change as the kernel reports it.
    pub fn banned(&mut self, address: &str, patience: Duration) -> Result<String> {
        self.wait("add element inet stockade", address, patience)
    }

    /// Waits until `address` is taken out of one.
    pub fn unbanned(&mut self, address: &str, patience: Duration) -> Result<String> {
        self.wait("delete element inet stockade", address, patience)
    }

    fn wait(&mut self, change: &str, address: &str, patience: Duration) -> Result<String> {
        let event = format!("'{change} … {address}'");
        self.process.line(&event, patience, |line| line.starts_with(change) && names(line, address))
    }
}

/// Stockade's table as `nft` prints it.
pub fn table(host: &Host) -> Result<String> {
    run(host.command("nft").args(["list", "table", "inet", "stockade"]))
}

/// Flows from `from` that the kernel of `host` tracks, one a line.
pub fn flows(host: &Host, from: &Host) -> Result<String> {
    run(host.command("conntrack").args(["-L", "-s", &from.v4.to_string()]))
}

/// Whether `address` stands in `line` as a whole, not as the beginning of a longer one.
fn names(line: &str, address: &str) -> bool {
    line.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':' | '/'))).any(|word| {
        word.trim_end_matches(':') == address || word.split('/').next().is_some_and(|start| start == address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_as_a_whole() {
        assert!(names("add element inet stockade sshd_n4 { 10.77.0.2 timeout 1m }", "10.77.0.2"));
        assert!(names("add element inet stockade x { fd77:0:0:2::/64 }", "fd77:0:0:2::"));
        assert!(!names("add element inet stockade sshd_n4 { 10.77.0.21 timeout 1m }", "10.77.0.2"));
    }
}
