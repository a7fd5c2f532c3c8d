//! The stage of every scenario: a victim, an attacker and a well-behaved peer on one wire, and a directory for files.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;

use crate::netns::{Host, Network, own_prefix};
use crate::{Error, Result};

/// What an ordinary host's own firewall does: it lets established flows through before it looks at anything else.
/// With it the kernel tracks connections, and a ban that stood behind it would let an attacker's flow go on.
const HOST_FIREWALL: &str = "
table inet host {
    chain input {
        type filter hook input priority filter; policy accept;
        ct state established,related accept
        meta l4proto { tcp, udp } ct state new accept
    }
}";

/// Three hosts and a directory. Drop the services first: declare them after the scene.
#[derive(Debug)]
pub struct Scene {
    /// Runs the services and Stockade. 10.77.0.1.
    pub victim: Host,
    /// Breaks in. 10.77.0.2.
    pub attacker: Host,
    /// Has business here and must not notice anything. 10.77.0.3.
    pub peer: Host,
    network: Network,
    directory: TempDir,
}

impl Scene {
    /// Sets the stage.
    pub fn new() -> Result<Self> {
        let mut network = Network::new()?;
        let directory =
            TempDir::with_prefix(own_prefix()).map_err(Error::io("create", "a temporary directory"))?;
        let victim = network.host("victim")?;
        let attacker = network.host("attacker")?;
        let peer = network.host("peer")?;
        load(&victim, HOST_FIREWALL)?;
        Ok(Self { victim, attacker, peer, network, directory })
    }

    /// One more host on the wire.
    pub fn another(&mut self, name: &str) -> Result<Host> {
        self.network.host(name)
    }

    /// Where the services keep their files; removed with the scene.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

/// Gives a host's kernel a rule set.
pub fn load(host: &Host, rules: &str) -> Result<()> {
    let mut command = host.command("nft");
    command.args(["-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let not_started = |source| Error::NotStarted { what: "nft".to_owned(), source };
    let mut child = command.spawn().map_err(not_started)?;
    child.stdin.take().expect("piped").write_all(rules.as_bytes()).map_err(Error::io("write to", "nft"))?;
    let output = child.wait_with_output().map_err(Error::io("wait for", "nft"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = format!("{}\n{rules}", String::from_utf8_lossy(&output.stderr));
    Err(Error::Failed { what: "nft -f -".to_owned(), status: output.status.to_string(), said })
}

/// Writes a service's file, with the directories it stands in.
pub fn write(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(Error::io("create", parent.display()))?;
    }
    std::fs::write(path, text).map_err(Error::io("write", path.display()))
}
