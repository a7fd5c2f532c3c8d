//! What a jail's bans close: read from its firewall actions, which become operations on our own sets; other actions are run as they are
//! written. An action is known as a firewall's by the program that its commands run, not by its name, since every distribution derives
//! its own.

use std::collections::BTreeSet;
use std::fs;

use dropin::model::{ActionModel, JailModel};
use event::{Port, Protocol};
use fail2ban::{Remark, Topic};

/// The programs whose bans our sets replace; those of other systems too, since an action for them can do nothing here.
const FIREWALLS: [&str; 17] = [
    "iptables",
    "ip6tables",
    "<iptables>",
    "nft",
    "<nftables>",
    "ipset",
    "firewall-cmd",
    "ufw",
    "shorewall",
    "shorewall6",
    "apf",
    "pfctl",
    "<pfctl>",
    "npfctl",
    "ipfw",
    "ipf",
    "afctl",
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
    pub fn of(model: &JailModel, remarks: &mut Vec<Remark>) -> Self {
        let firewalls: Vec<_> = model.actions.iter().filter(|one| is_firewall(one)).collect();
        if firewalls.is_empty() {
            remarks.push(Remark::new(
                Topic::jail(&model.name, "action"),
                "no action of a firewall: its bans close every port in Stockade's own table",
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
    let words = commands
        .iter()
        .flat_map(|text| text.split(|one: char| one.is_whitespace() || "|;&('\"`".contains(one)));
    let words: Vec<&str> = words
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        // `shorewall<family>`
        .map(|program| {
            program
                .split_once('<')
                .map_or(program, |(plain, _)| if plain.is_empty() { program } else { plain })
        })
        .collect();
    // A route into the void is as good as a rule.
    words.iter().any(|word| FIREWALLS.contains(word)) || words.windows(2).any(|pair| pair == ["ip", "route"])
}

/// The ports that an action closes; `None` if it closes all.
fn ports_of(action: &ActionModel, model: &JailModel, remarks: &mut Vec<Remark>) -> Option<Vec<Port>> {
    let told = action.command("port");
    let is_all = action.name.contains("allports") || action.command("type") == "allports";
    // `jail.conf` tells every action the jail's ports; one whose commands do not ask for them closes all.
    let asks = ["actionstart", "actionban"].iter().any(|name| {
        let command = action.command(name);
        command.contains("<port>") || command.contains(told)
    });
    if is_all || !asks || told.is_empty() || ["0:65535", "0-65535", "1:65535", "all"].contains(&told) {
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
                    remarks.push(Remark::new(
                        Topic::action(&model.name, &action.name, "port"),
                        format!("port '{word}' is unknown here and is left open; write its number"),
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Command;

    use dropin::{Edition, Model, Unborn};
    use fail2ban::stream::{self, Ask, Logs};

    use super::*;

    /// fail2ban's own actions of a firewall, each with the ports that it closes where the jail's are 22 and 2222; none means all.
    const STOCK: [(&str, &str); 32] = [
        ("apf", ""),
        ("bsd-ipfw", "22 2222"),
        ("firewallcmd-allports", ""),
        ("firewallcmd-ipset", "22 2222"),
        ("firewallcmd-multiport", "22 2222"),
        ("firewallcmd-new", "22 2222"),
        ("firewallcmd-rich-logging", "22 2222"),
        ("firewallcmd-rich-rules", "22 2222"),
        ("ipfilter", ""),
        ("ipfw", "22 2222"),
        ("iptables", "22 2222"),
        ("iptables-allports", ""),
        ("iptables-ipset", "22 2222"),
        ("iptables-ipset-proto4", "22 2222"),
        ("iptables-ipset-proto6", "22 2222"),
        ("iptables-ipset-proto6-allports", ""),
        ("iptables-multiport", "22 2222"),
        ("iptables-multiport-log", "22 2222"),
        ("iptables-new", "22 2222"),
        ("iptables-xt_recent-echo", ""),
        ("nftables", "22 2222"),
        ("nftables-allports", ""),
        ("nftables-multiport", "22 2222"),
        ("npf", ""),
        ("osx-afctl", ""),
        ("osx-ipfw", "22 2222"),
        ("pf", "22 2222"),
        ("route", ""),
        ("shorewall", ""),
        ("shorewall-ipset-proto6", ""),
        ("symbiosis-blacklist-allports", ""),
        ("ufw", ""),
    ];

    /// A jail with each action of the folder, and with the ports 22 and 2222.
    fn jails() -> Option<(tempfile::TempDir, Model)> {
        let source = Path::new("/etc/fail2ban");
        if !source.join("action.d").exists() {
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let copied = Command::new("cp").arg("-r").arg("/etc/fail2ban/.").arg(folder.path()).status();
        assert!(copied.is_ok_and(|status| status.success()));
        let _ = fs::remove_file(folder.path().join("jail.d/defaults-debian.conf"));
        let mut text = String::new();
        for entry in fs::read_dir(source.join("action.d")).expect("the actions").flatten() {
            let file = entry.file_name().into_string().expect("a name");
            let Some(name) = file.strip_suffix(".conf").filter(|name| !name.ends_with("-common")) else {
                continue;
            };
            text.push_str(&format!(
                "[{name}]\nenabled = true\nfilter = sshd\nlogpath = /dev/null\naction = {name}[name={name}, port=\"22,2222\"]\n"
            ));
        }
        fs::write(folder.path().join("jail.local"), text).expect("write the jails");
        let stream = stream::read(folder.path(), &Ask { logs: Logs::AsWritten, ..Ask::default() });
        let mut model = Model::new(Edition::default());
        for command in &stream.commands {
            let _ = model.obey(command, &mut Unborn);
        }
        Some((folder, model))
    }

    #[test]
    fn every_stock_action_is_known_for_what_it_is() {
        let Some((_folder, model)) = jails() else { return };
        let mut wrong = Vec::new();
        for jail in model.jails() {
            let firewall = jail.actions.iter().any(is_firewall);
            if firewall != STOCK.iter().any(|(stock, _)| *stock == jail.name) {
                wrong.push(format!("{}: a firewall's: {firewall}", jail.name));
            }
            let Some((_, expected)) = STOCK.iter().find(|(name, _)| *name == jail.name) else { continue };
            let ports = Ports::of(jail, &mut Vec::new()).ports;
            let firsts: BTreeSet<u16> = ports.iter().map(|port| port.first).collect();
            let found = firsts.iter().map(u16::to_string).collect::<Vec<_>>().join(" ");
            if found != *expected {
                wrong.push(format!("{}: closes '{found}', expected '{expected}'", jail.name));
            }
        }
        assert!(model.jails().len() > 50);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
