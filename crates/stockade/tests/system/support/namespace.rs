//! A network namespace of the test's own, in which its thread stands, and with it every program that it starts. The
//! machine's own firewall is never touched.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// The namespace. Dropping it leads the thread home and removes it.
pub struct Namespace {
    name: String,
    home: File,
}

impl Namespace {
    /// Makes one with loopback up, and enters it.
    pub fn enter() -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "these tests change a kernel's firewall in namespaces of their own: run them as root"
        );
        let name =
            format!("stockade-system-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let home = File::open("/proc/thread-self/ns/net").expect("open the thread's namespace");
        tool("ip", &["netns", "add", &name]);
        let namespace = Self { name, home };
        let inside = File::open(format!("/run/netns/{}", namespace.name)).expect("open the namespace");
        go(&inside);
        tool("ip", &["link", "set", "lo", "up"]);
        namespace
    }

    /// Stockade's table as the kernel has it; empty if there is none.
    pub fn table(&self) -> String {
        let output =
            Command::new("nft").args(["list", "table", "inet", "stockade"]).output().expect("run nft");
        String::from_utf8(output.stdout).expect("nft prints text")
    }

    /// Whether a ban of `subject`, an address or a subnet, stands in the kernel.
    pub fn holds(&self, subject: &str) -> bool {
        self.sets_of(subject).next().is_some()
    }

    /// The sets of bans in which `subject` stands.
    pub fn sets_of(&self, subject: &str) -> impl Iterator<Item = String> {
        let table = self.table();
        let mut sets = Vec::new();
        let mut set = "";
        for line in table.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("set" | "map") => set = words.next().unwrap_or_default(),
                _ if set.starts_with("whitelist") => {}
                _ if line.split([' ', '\t', ',']).any(|word| word == subject) => sets.push(set.to_owned()),
                _ => {}
            }
        }
        sets.into_iter()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        go(&self.home);
        let _ = Command::new("ip").args(["netns", "delete", &self.name]).status();
    }
}

/// Runs a tool in the thread's namespace; it must succeed.
pub fn tool(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|cause| {
        panic!("{program} cannot be run ({cause}); these tests need nftables, iproute2 and util-linux")
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

fn go(namespace: &File) {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
        .expect("enter a network namespace");
}
