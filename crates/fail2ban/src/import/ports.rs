//! What a jail's bans close, as `tcp/22`: of the actions that run a firewall. What others do is not carried over.

use crate::action_file::ActionText;
use crate::firewall;
use crate::jail::Jail;

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
    let (firewalls, others): (Vec<_>, Vec<_>) =
        jail.actions.iter().partition(|action| firewall::is_firewall(|name| text(action, name)));
    for other in others {
        found.left.push(format!("action '{}' is no firewall's and is not run", other.name));
    }
    let mut closes_all = firewalls.is_empty();
    for action in &firewalls {
        let closed = firewall::closed(|name| text(action, name));
        let unknown = closed.unknown.iter().map(|word| format!("port '{word}' is unknown on this host"));
        let unheeded = closed.unheeded.iter().map(|(_, instead)| instead.clone());
        found.left.extend(unknown.chain(unheeded).map(|left| format!("action '{}': {left}", action.name)));
        match closed.ports {
            Some(ports) => found.ports.extend(ports.iter().map(ToString::to_string)),
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

fn text<'a>(action: &'a ActionText, name: &str) -> &'a str {
    action.commands.get(name).or_else(|| action.parameters.get(name)).map_or("", String::as_str)
}
