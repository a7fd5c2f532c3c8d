//! What a jail's bans close: read from its firewall actions, which become operations on our own sets; other actions are run as they are written. An action is known as a
//! firewall's by the program that its commands run, not by its name, since every distribution derives its own.

use std::collections::BTreeSet;
use std::fs;

use dropin::model::{ActionModel, JailModel};
use event::{Port, Protocol};

/// The programs whose bans our sets replace.
const FIREWALLS: [&str; 10] = [
    "iptables",
    "ip6tables",
    "<iptables>",
    "nft",
    "<nftables>",
    "ipset",
    "firewall-cmd",
    "ufw",
    "pfctl",
    "shorewall",
];

/// The ports that tell a kind of service, the first that fits.
const SERVICES: [(&[u16], &str); 6] = [
    (&[22], "ssh"),
    (&[5060, 5061], "sip"),
    (&[4569], "iax"),
    (&[5038, 5039], "ami"),
    (&[80, 443, 8080, 8443], "web"),
    (&[25, 110, 143, 465, 587, 993, 995], "mail"),
];

/// What a jail's bans close.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// None means all.
    pub ports: Vec<Port>,
    /// The kind of service, by the ports.
    pub service: &'static str,
}

impl Ports {
    /// By the jail's actions. What is not carried out is told.
    pub fn of(model: &JailModel, remarks: &mut Vec<String>) -> Self {
        let firewalls: Vec<_> = model.actions.iter().filter(|one| is_firewall(one)).collect();
        if firewalls.is_empty() {
            remarks.push(format!(
                "jail {}: no action of a firewall: its bans close every port in Stockade's own table",
                model.name
            ));
        }
        let mut ports = BTreeSet::new();
        let mut closes_all = firewalls.is_empty();
        for action in &firewalls {
            match ports_of(action, model, remarks) {
                Some(named) => ports.extend(named),
                None => closes_all = true,
            }
        }
        let ports: Vec<Port> = ports.into_iter().collect();
        let service = service(&ports, &model.name);
        Self { ports: if closes_all { Vec::new() } else { ports }, service }
    }
}

/// Whether the action's commands run a firewall's program.
pub fn is_firewall(action: &ActionModel) -> bool {
    let commands = ["actionban", "actionstart"].map(|name| action.command(name));
    let mut words = commands
        .iter()
        .flat_map(|text| text.split(|one: char| one.is_whitespace() || "|;&('\"`".contains(one)));
    words.any(|word| {
        let program = word.rsplit('/').next().unwrap_or(word);
        FIREWALLS.contains(&program)
    })
}

/// The ports that an action closes; `None` if it closes all.
fn ports_of(action: &ActionModel, model: &JailModel, remarks: &mut Vec<String>) -> Option<Vec<Port>> {
    let told = action.command("port");
    let is_all = action.name.contains("allports") || action.command("type") == "allports";
    if is_all || told.is_empty() || ["0:65535", "0-65535", "1:65535", "all"].contains(&told) {
        return None;
    }
    let protocols = protocols(action);
    let mut ports = Vec::new();
    for word in told.split([',', ' ']).filter(|word| !word.is_empty()) {
        let range = word.split_once([':', '-']).and_then(|(first, last)| number(first).zip(number(last)));
        match range.or_else(|| number(word).map(|port| (port, port))) {
            Some((first, last)) if first <= last => {
                ports.extend(protocols.iter().map(|protocol| Port { protocol: *protocol, first, last }));
            }
            _ => {
                let Some(port) = named(word) else {
                    remarks.push(format!(
                        "jail {}: action '{}': port '{word}' is unknown here and is left open; write its number",
                        model.name, action.name
                    ));
                    continue;
                };
                ports.extend(protocols.iter().map(|protocol| Port {
                    protocol: *protocol,
                    first: port,
                    last: port,
                }));
            }
        }
    }
    Some(ports)
}

/// The protocols of those ports. Commands that name them do not ask the property, whose default says tcp.
fn protocols(action: &ActionModel) -> Vec<Protocol> {
    let both = [(Protocol::Tcp, "tcp"), (Protocol::Udp, "udp")];
    let words: Vec<&str> = ["actionban", "actionstart"]
        .iter()
        .flat_map(|name| action.command(name).split_whitespace())
        .collect();
    let is_named = |name: &str| {
        words.windows(2).any(|pair| ["-p", "--protocol", "proto"].contains(&pair[0]) && pair[1] == name)
    };
    let named: Vec<Protocol> = both.iter().filter(|(_, name)| is_named(name)).map(|(one, _)| *one).collect();
    if !named.is_empty() {
        return named;
    }
    let told = action.command("protocol");
    let meant = both.iter().filter(|(_, name)| told == "all" || told.contains(name)).map(|(one, _)| *one);
    let meant: Vec<Protocol> = meant.collect();
    if meant.is_empty() { vec![Protocol::Tcp] } else { meant }
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

/// A port by the name that the host knows it by.
fn named(name: &str) -> Option<u16> {
    let services = fs::read_to_string("/etc/services").unwrap_or_default();
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let (first, port) = (words.next()?, words.next()?);
        (first == name || words.any(|alias| alias == name)).then(|| port.split('/').next()?.parse().ok())?
    })
}

fn service(ports: &[Port], jail: &str) -> &'static str {
    let closes = |wanted: &[u16]| {
        ports.iter().any(|port| wanted.iter().any(|one| (port.first..=port.last).contains(one)))
    };
    let by_port = SERVICES.iter().find(|(wanted, _)| closes(wanted)).map(|(_, service)| *service);
    // A jail that closes all ports is known by its name, if by anything.
    let by_name =
        [("asterisk", "sip"), ("ssh", "ssh"), ("dropbear", "ssh"), ("nginx", "nginx"), ("apache", "web")];
    by_port
        .or_else(|| by_name.iter().find(|(word, _)| jail.contains(word)).map(|(_, service)| *service))
        .unwrap_or("other")
}
