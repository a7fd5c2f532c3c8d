//! What a jail's bans close: read from its firewall actions, which become operations on our own sets; other actions are run as they are
//! written.

use std::collections::BTreeSet;

use dropin::model::{ActionModel, JailModel};
use event::Port;
use fail2ban::{Remark, Topic, firewall};

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
    /// They close nothing: the jail has no action of a firewall, or none of its ports is known. Its bans are told to its other actions, and
    /// to whoever asks.
    pub closes_nothing: bool,
    /// The kind of service, by the ports.
    pub service: &'static str,
}

impl Ports {
    /// By the jail's actions. What is not carried out is told.
    pub fn of(model: &JailModel, remarks: &mut Vec<Remark>) -> Self {
        let firewalls: Vec<_> = model.actions.iter().filter(|one| is_firewall(one)).collect();
        let mut ports = BTreeSet::new();
        let mut closes_all = false;
        for action in &firewalls {
            match ports_of(action, model, remarks) {
                Some(named) => ports.extend(named),
                None => closes_all = true,
            }
        }
        let ports: Vec<Port> = ports.into_iter().collect();
        let service = service(&ports, &model.name);
        // No ports would mean all of them: of what could not be read, nothing is closed.
        let closes_nothing = !closes_all && ports.is_empty();
        Self { ports: if closes_all { Vec::new() } else { ports }, closes_nothing, service }
    }
}

/// Whether the action's commands run a firewall's program.
pub fn is_firewall(action: &ActionModel) -> bool {
    firewall::is_firewall(|name| action.command(name))
}

/// The ports that an action closes; `None` if it closes all.
fn ports_of(action: &ActionModel, model: &JailModel, remarks: &mut Vec<Remark>) -> Option<Vec<Port>> {
    let closed = firewall::closed(|name| action.command(name));
    let topic = |option: &str| Topic::action(&model.name, &action.name, option);
    for word in &closed.unknown {
        let text = format!("port '{word}' is unknown here and is left open; write its number");
        remarks.push(Remark::new(topic("port"), text));
    }
    for (option, instead) in closed.unheeded {
        remarks.push(Remark::new(topic(option), instead));
    }
    closed.ports
}

fn service(ports: &[Port], jail: &str) -> &'static str {
    // Who closes nearly all tells nothing by it.
    let telling = || ports.iter().filter(|port| port.last - port.first < u16::MAX / 2);
    let closes = |wanted: &[u16]| {
        telling().any(|port| wanted.iter().any(|one| (port.first..=port.last).contains(one)))
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
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use dropin::{Edition, Model, Unborn};
    use fail2ban::stream::{self, Ask, Logs};

    use super::*;

    /// fail2ban's own actions of a firewall. Which ports they close is tested where actions are run.
    const STOCK: &str = "apf bsd-ipfw firewallcmd-allports firewallcmd-ipset firewallcmd-multiport firewallcmd-new firewallcmd-rich-logging \
        firewallcmd-rich-rules ipfilter ipfw iptables iptables-allports iptables-ipset iptables-ipset-proto4 iptables-ipset-proto6 \
        iptables-ipset-proto6-allports iptables-multiport iptables-multiport-log iptables-new iptables-xt_recent-echo nftables \
        nftables-allports nftables-multiport npf osx-afctl osx-ipfw pf route shorewall shorewall-ipset-proto6 \
        symbiosis-blacklist-allports ufw";

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
        let found = model.jails().iter().filter(|jail| jail.actions.iter().any(is_firewall));
        let found: BTreeSet<&str> = found.map(|jail| jail.name.as_str()).collect();
        assert_eq!(found, STOCK.split_whitespace().collect());
        assert!(model.jails().len() > 50);
    }

    #[test]
    fn what_is_not_heeded_is_said_and_actions_add_up() {
        let action = |properties: &[(&str, &str)]| {
            let mut made = ActionModel::new("act", None);
            for (name, text) in properties {
                made.set(name, &fail2ban::Value::text(*text)).expect("room");
            }
            made
        };
        let Some((_folder, model)) = jails() else { return };
        let mut jail = model.jails()[0].clone();
        jail.actions = vec![
            action(&[
                ("actionban", "iptables -I INPUT -s <ip> -p tcp --dport 22 -j LOG"),
                ("port", "22"),
                ("blocktype", "LOG"),
            ]),
            action(&[
                ("actionban", "nft add rule inet f2b x udp dport { 5060,nowhere } drop"),
                ("port", "5060,nowhere"),
            ]),
            action(&[("actionban", "mail -s <ip> root")]),
        ];
        let mut remarks = Vec::new();
        let closed = Ports::of(&jail, &mut remarks);
        let ports: Vec<String> = closed.ports.iter().map(ToString::to_string).collect();
        assert_eq!((ports.join(" ").as_str(), closed.service), ("tcp/22 udp/5060", "ssh"));
        let remarks: Vec<&str> = remarks.iter().map(|remark| remark.text.as_str()).collect();
        let expected = [
            "'blocktype = LOG' is not heeded: whom it bans is dropped",
            "port 'nowhere' is unknown here and is left open; write its number",
        ];
        assert_eq!(remarks, expected);
        assert!(!closed.closes_nothing);
        // One that closes all closes all, whatever the others do.
        jail.actions.push(action(&[("actionban", "ip route add blackhole <ip>")]));
        assert_eq!(Ports::of(&jail, &mut Vec::new()).ports, Vec::new());
    }
}
