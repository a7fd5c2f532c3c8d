//! Debian's `redis-server` on a host of its own, as several nodes share it.

use std::path::Path;

use crate::deadline::PATIENCE;
use crate::process::run;
use crate::{Error, Host, Process, Result};

/// The port that it listens on.
const PORT: &str = "6379";

/// A running Redis.
#[derive(Debug)]
pub struct Redis {
    host: Host,
    process: Process,
}

impl Redis {
    /// Starts it, empty, open to everybody on the wire.
    pub fn start(host: &Host, directory: &Path) -> Result<Self> {
        let home = directory.join("redis");
        std::fs::create_dir_all(&home).map_err(Error::io("create", home.display()))?;
        let mut command = host.command("redis-server");
        command.args(["--port", PORT, "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""]);
        command.args(["--daemonize", "no", "--dir"]).arg(&home);
        let mut process = Process::start("redis-server", &mut command)?;
        process.line("the line that it accepts connections", PATIENCE, |line| {
            line.contains("accept connections")
        })?;
        Ok(Self { host: host.clone(), process })
    }

    /// Where nodes find it.
    pub fn url(&self) -> String {
        format!("redis://{}:{PORT}", self.host.v4)
    }

    /// What it answers to a command.
    pub fn ask(&self, words: &[&str]) -> Result<String> {
        run(self.host.command("redis-cli").args(["-p", PORT]).args(words))
    }

    /// Ends it at once, with everything in it.
    pub fn kill(self) {
        drop(self.process);
    }
}
