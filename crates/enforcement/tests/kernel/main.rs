//! Enforcement on the real kernel, with real packets, in network namespaces of the tests' own. Needs root and the Debian
//! packages nftables, conntrack, iproute2 and iputils-ping.

#![allow(clippy::print_stderr, reason = "the tests print what they measured")]

mod network;
mod packets;
mod changes;
mod mending;
mod firewall;
mod switching;
mod sip_limit;
mod monitor;
mod restart;
mod stopwatch;

use enforcement::{Change, Element, Enforcement, Firewall, Guard, Layout, NetworkRule, Nftables};
use event::{JailName, Scope};

pub(crate) use stopwatch::now;

/// sshd on tcp/22, asterisk on SIP over both protocols, web and scan on shared ports, recidive on everything.
pub(crate) fn layout() -> Layout {
    let guard = |jail: &str, ports: &[&str]| Guard {
        jail: JailName::new(jail),
        ports: ports.iter().map(|port| port.parse().unwrap()).collect(),
    };
    Layout {
        guards: vec![
            guard("sshd", &["tcp/22"]),
            guard("asterisk", &["udp/5060", "tcp/5060-5061"]),
            guard("web", &["tcp/80", "tcp/443"]),
            guard("scan", &["tcp/80"]),
            guard("recidive", &[]),
        ],
        ..Layout::default()
    }
}

/// What these addresses may reach; the last says whether they may ping.
pub(crate) fn rule(subnet: &str, ports: &[&str], ping: bool) -> NetworkRule {
    let ports = ports.iter().map(|port| port.parse().unwrap()).collect();
    NetworkRule { subnet: subnet.parse().unwrap(), ports, ping }
}

/// `layout()` with these networks.
pub(crate) fn walled(networks: &[NetworkRule]) -> Layout {
    Layout { firewall: Firewall { networks: networks.to_vec(), sip_limit: None }, ..layout() }
}

/// Lays a table; true if it was not as it is wanted.
pub(crate) fn lay(nftables: &mut Nftables, layout: &Layout, wanted: &[Element]) -> bool {
    nftables.reconcile(layout, &mut wanted.iter().cloned(), now()).unwrap().rebuilt
}

/// A ban that lasts so many seconds.
pub(crate) fn ban(jail: &str, scope: Scope, subject: &str, seconds: u64) -> Element {
    let until = now().after(std::time::Duration::from_secs(seconds));
    Element { jail: JailName::new(jail), scope, subject: subject.parse().unwrap(), until }
}

pub(crate) fn add(jail: &str, scope: Scope, subject: &str) -> Change {
    Change::Add(ban(jail, scope, subject, 3600))
}

pub(crate) fn remove(jail: &str, scope: Scope, subject: &str) -> Change {
    Change::Remove { jail: JailName::new(jail), scope, subject: subject.parse().unwrap() }
}

/// A table laid with `layout()` and no bans.
pub(crate) fn laid() -> Nftables {
    let mut nftables = Nftables::open().unwrap();
    nftables.reconcile(&layout(), &mut std::iter::empty(), now()).unwrap();
    nftables
}

/// What the kernel holds, as text, in order.
pub(crate) fn held(nftables: &mut Nftables) -> Vec<String> {
    let mut held: Vec<String> = nftables
        .held(now())
        .unwrap()
        .iter()
        .map(|element| format!("{} {} {}", element.jail, element.scope, element.subject))
        .collect();
    held.sort();
    held
}
