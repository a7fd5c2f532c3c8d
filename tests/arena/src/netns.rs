//! Hosts and the wire between them: one network namespace each, joined by a bridge in a namespace of its own.
//!
//! The names carry the process id, so that parallel runs do not meet and what a killed run left behind is known to be
//! stale. Nothing is created in the host's own network namespace.

use std::fs::{self, File};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::process::run;
use crate::{Error, Result};

const NAMESPACES: &str = "/run/netns";
const PREFIX: &str = "arena";
static NETWORKS: AtomicU32 = AtomicU32::new(0);
static SWEPT: OnceLock<()> = OnceLock::new();

/// A wire with hosts on it. Dropping it removes all of its namespaces.
#[derive(Debug)]
pub struct Network {
    name: String,
    namespaces: Vec<String>,
}

/// A host: a network namespace with one interface, `eth0`. A plain value; the network owns the namespace.
#[derive(Clone, Debug)]
pub struct Host {
    /// Name of the namespace.
    pub namespace: String,
    /// Its IPv4 address, in 10.77.0.0/24.
    pub v4: Ipv4Addr,
    /// Its IPv6 address. Every host has a /64 of its own, since Stockade counts IPv6 clients by their /64.
    pub v6: Ipv6Addr,
}

impl Network {
    /// A wire without hosts.
    pub fn new() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Err(Error::NotRoot);
        }
        SWEPT.get_or_init(sweep);
        let serial = NETWORKS.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}{serial}", own_prefix());
        let mut network = Self { name, namespaces: Vec::new() };
        let switch = network.namespace("switch")?;
        ip(&["-n", &switch, "link", "add", "wire", "type", "bridge"])?;
        ip(&["-n", &switch, "link", "set", "wire", "up"])?;
        Ok(network)
    }

    /// Plugs in one more host. The first gets 10.77.0.1 and fd77:0:0:1::1, the next 10.77.0.2 and fd77:0:0:2::1.
    pub fn host(&mut self, name: &str) -> Result<Host> {
        let number = u8::try_from(self.namespaces.len()).expect("fewer than 256 hosts");
        let switch = self.namespaces[0].clone();
        let namespace = self.namespace(name)?;
        let host = Host {
            namespace,
            v4: Ipv4Addr::new(10, 77, 0, number),
            v6: Ipv6Addr::new(0xfd77, 0, 0, u16::from(number), 0, 0, 0, 1),
        };
        let (ns, port) = (host.namespace.as_str(), format!("port{number}"));
        ip(&["-n", &switch, "link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns", ns])?;
        ip(&["-n", &switch, "link", "set", &port, "master", "wire", "up"])?;
        ip(&["-n", ns, "link", "set", "lo", "up"])?;
        ip(&["-n", ns, "addr", "add", &format!("{}/24", host.v4), "dev", "eth0"])?;
        ip(&["-n", ns, "addr", "add", &format!("{}/64", host.v6), "dev", "eth0", "nodad"])?;
        ip(&["-n", ns, "link", "set", "eth0", "up"])?;
        ip(&["-n", ns, "-6", "route", "add", "fd77::/48", "dev", "eth0"])?;
        Ok(host)
    }

    fn namespace(&mut self, role: &str) -> Result<String> {
        let name = format!("{}-{role}", self.name);
        ip(&["netns", "add", &name])?;
        self.namespaces.push(name.clone());
        Ok(name)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for namespace in &self.namespaces {
            // Nothing can be done about a failure here; the next run's sweep removes what is left.
            let _ = ip(&["netns", "del", namespace]);
        }
    }
}

impl Host {
    /// A command that runs on this host and is killed when the thread that started it ends, however it ends.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "ip", "netns", "exec", &self.namespace]).arg(program.as_ref());
        command
    }

    /// Like `command`, with mounts and process ids of its own: when it ends, so does everything that it started.
    pub fn contained(&self, script: &str, arguments: &[&Path]) -> Command {
        let mut command = self.command("unshare");
        command.args(["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child=KILL"]);
        command.args(["sh", "-euc", script, "arena"]).args(arguments);
        command
    }

    /// Runs `work` in a thread that lives in this host's network; sockets that it makes stay there.
    pub fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        std::thread::scope(|scope| {
            let visitor = scope.spawn(|| {
                self.settle()?;
                Ok(work())
            });
            visitor.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Moves the thread that calls this into this host's network, for good.
    pub fn settle(&self) -> Result<()> {
        let path = self.path();
        let namespace = File::open(&path).map_err(Error::io("open", path.display()))?;
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(|errno| Error::io("enter", path.display())(errno.into()))
    }

    /// The IPv4 address as attackers' tools want it.
    pub fn address(&self) -> IpAddr {
        IpAddr::V4(self.v4)
    }

    /// The /64 that Stockade counts this host's IPv6 addresses by, as its first address.
    pub fn v6_network(&self) -> Ipv6Addr {
        Ipv6Addr::from_bits(self.v6.to_bits() >> 64 << 64)
    }

    pub(crate) fn path(&self) -> PathBuf {
        Path::new(NAMESPACES).join(&self.namespace)
    }
}

/// Removes what runs that are no more have left behind, because somebody killed them: namespaces, and in the directory
/// for temporary files what a scene put there.
fn sweep() {
    for name in names(Path::new(NAMESPACES)).filter(|name| is_stale(name)) {
        // Another run may be sweeping at the same time; then this fails, and rightly so.
        let _ = ip(&["netns", "del", &name]);
    }
    let temporary = std::env::temp_dir();
    for name in names(&temporary).filter(|name| is_stale(name)) {
        let _ = fs::remove_dir_all(temporary.join(name));
    }
}

/// What everything that this run makes begins with: it says whose it is.
pub(crate) fn own_prefix() -> String {
    format!("{PREFIX}-{}-", std::process::id())
}

/// Whether `name` begins with the prefix of a process that is gone.
fn is_stale(name: &str) -> bool {
    let mut parts = name.split('-');
    parts.next() == Some(PREFIX)
        && parts
            .next()
            .is_some_and(|pid| pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists())
}

fn names(directory: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

fn ip(arguments: &[&str]) -> Result<()> {
    run(Command::new("ip").args(arguments)).map(drop)
}
