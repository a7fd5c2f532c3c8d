//! What a jail's bans close, as `tcp/22`: read from the actions that run a firewall. Names of ports are those of the host's list.

use std::path::Path;

use crate::action_file::ActionText;
use crate::disk;
use crate::jail::Jail;

/// Programs whose bans become ours.
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

/// All that there is to close.
const ALL: [&str; 2] = ["tcp/1-65535", "udp/1-65535"];

/// What a jail closes, and what of its actions is not carried over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    /// The ports.
    pub ports: Vec<String>,
    /// What was left out.
    pub left: Vec<String>,
}

/// Reads the actions.
pub fn ports(jail: &Jail) -> Ports {
    let mut found = Ports::default();
    let (firewalls, others): (Vec<_>, Vec<_>) = jail.actions.iter().partition(|action| is_firewall(action));
    for other in others {
        found.left.push(format!("action '{}' is no firewall's and is not run", other.name));
    }
    let mut closes_all = firewalls.is_empty();
    for action in &firewalls {
        match of_action(action, &mut found.left) {
            Some(ports) => found.ports.extend(ports),
            None => closes_all = true,
        }
    }
    if closes_all || found.ports.is_empty() {
        found.ports = ALL.map(str::to_owned).to_vec();
    }
    found.ports.sort();
    found.ports.dedup();
    found
}

fn is_firewall(action: &ActionText) -> bool {
    let commands =
        ["actionban", "actionstart"].map(|name| action.commands.get(name).map_or("", String::as_str));
    let mut words =
        commands.iter().flat_map(|text| text.split(|c: char| c.is_whitespace() || "|;&('\"`".contains(c)));
    words.any(|word| FIREWALLS.contains(&word.rsplit('/').next().unwrap_or(word)))
}

/// The ports of one action. None: all.
fn of_action(action: &ActionText, left: &mut Vec<String>) -> Option<Vec<String>> {
    let told = |name: &str| action.parameters.get(name).map_or("", String::as_str);
    let port = told("port");
    let is_all =
        action.name.contains("allports") || action.file.contains("allports") || told("type") == "allports";
    if is_all || port.is_empty() || ["0:65535", "0-65535", "1:65535", "all"].contains(&port) {
        return None;
    }
    let commands: String = action.commands.values().flat_map(|text| [text.as_str(), "\n"]).collect();
    let protocols: &[&str] = match told("protocol") {
        "udp" => &["udp"],
        "all" => &["tcp", "udp"],
        both if both.contains("udp") && both.contains("tcp") => &["tcp", "udp"],
        // An action that names both in its commands closes both.
        _ if commands.contains("-p udp") && commands.contains("-p tcp") => &["tcp", "udp"],
        _ => &["tcp"],
    };
    let mut found = Vec::new();
    for word in port.split([',', ' ']).filter(|word| !word.is_empty()) {
        let range =
            word.split_once([':', '-']).and_then(|(first, last)| Some((number(first)?, number(last)?)));
        let range = range.or_else(|| number(word).or_else(|| named(word)).map(|port| (port, port)));
        match range {
            Some((first, last)) if first <= last => found.extend(protocols.iter().map(|protocol| {
                if first == last {
                    format!("{protocol}/{first}")
                } else {
                    format!("{protocol}/{first}-{last}")
                }
            })),
            _ => left.push(format!("action '{}': port '{word}' is unknown on this host", action.name)),
        }
    }
    Some(found)
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

fn named(name: &str) -> Option<u16> {
    let services = disk::text(Path::new("/etc/services")).ok()??;
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let (first, port) = (words.next()?, words.next()?);
        (first == name || words.any(|alias| alias == name)).then(|| port.split('/').next()?.parse().ok())?
    })
}
