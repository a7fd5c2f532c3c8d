//! chromedriver on a host, with everything that it starts: when it ends, so does every Chromium of its.

use std::path::Path;

use arena::deadline::PATIENCE;
use arena::{Host, Process};

use crate::{Error, Result};

/// Process ids of its own need a /proc of their own.
const SCRIPT: &str =
    "mount -t proc proc /proc; mkdir -p \"$1\"; export HOME=\"$1\" TMPDIR=\"$1\"; exec chromedriver --port=0";

/// A running chromedriver. Dropping it ends it and its browsers.
#[derive(Debug)]
pub struct Driver {
    _process: Process,
    url: String,
}

impl Driver {
    /// Starts one on `host`, which keeps its files in `home`.
    pub fn start(host: &Host, home: &Path) -> Result<Self> {
        let mut process = Process::start("chromedriver", &mut host.contained(SCRIPT, &[home]))?;
        let line =
            process.line("its port", PATIENCE, |line| line.contains("started successfully on port"))?;
        let port = line.trim_end_matches('.').rsplit(' ').next().and_then(|port| port.parse::<u16>().ok());
        let port =
            port.ok_or_else(|| Error::Answer { what: "chromedriver".to_owned(), said: line.clone() })?;
        Ok(Self { _process: process, url: format!("http://127.0.0.1:{port}") })
    }

    /// Where it listens, on its host alone.
    pub fn url(&self) -> &str {
        &self.url
    }
}
