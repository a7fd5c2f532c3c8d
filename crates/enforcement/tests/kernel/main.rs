//! Enforcement on the real kernel, with real packets, in network namespaces of the tests' own. Needs root and the Debian
//! packages nftables, conntrack and iproute2.

mod network;
mod packets;
mod changes;

use enforcement::{Change, Element, Enforcement, Guard, Layout, Nftables};
use event::{JailName, Moment, Scope};

/// The moment at which the tests happen. The kernel only ever sees spans.
pub const NOW: Moment = Moment::from_seconds(1_800_000_000);

/// sshd on tcp/22, asterisk on SIP over both protocols, web and scan on shared ports, recidive on everything.
pub fn layout() -> Layout {
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
        whitelist: vec![],
    }
}

/// A ban that lasts so many seconds.
pub fn ban(jail: &str, scope: Scope, subject: &str, seconds: i64) -> Element {
    let until = Moment::from_seconds(NOW.seconds() + seconds);
    Element { jail: JailName::new(jail), scope, subject: subject.parse().unwrap(), until }
}

pub fn add(jail: &str, scope: Scope, subject: &str) -> Change {
    Change::Add(ban(jail, scope, subject, 3600))
}

pub fn remove(jail: &str, scope: Scope, subject: &str) -> Change {
    Change::Remove { jail: JailName::new(jail), scope, subject: subject.parse().unwrap() }
}

/// A table laid with `layout()` and no bans.
pub fn laid() -> Nftables {
    let mut nftables = Nftables::open().unwrap();
    nftables.reconcile(&layout(), &mut std::iter::empty(), NOW).unwrap();
    nftables
}

/// What the kernel holds, as text, in order.
pub fn held(nftables: &mut Nftables) -> Vec<String> {
    let mut held: Vec<String> = nftables
        .held(NOW)
        .unwrap()
        .iter()
        .map(|element| format!("{} {} {}", element.jail, element.scope, element.subject))
        .collect();
    held.sort();
    held
}
