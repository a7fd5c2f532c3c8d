//! What a firewall action closes, read from its commands: the one place that knows which programs are firewalls. An action is known by the program
//! that it runs, not by its name, since every distribution derives its own. Nothing is run here, and no rule is understood beyond the ports
//! and protocols that it is about.

mod script;
mod beside;

use std::path::Path;

use event::{Port, Protocol};

use crate::disk;
use beside::Beside;

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

/// Ports that are all ports.
const ALL: [&str; 4] = ["0:65535", "0-65535", "1:65535", "all"];

/// Ways to keep somebody out, as the programs call them.
const REFUSALS: [&str; 10] = [
    "drop",
    "reject",
    "deny",
    "block",
    "blackhole",
    "unreachable",
    "unreach",
    "prohibit",
    "logdrop",
    "logreject",
];

/// What an action closes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// None: everything, of whatever protocol.
    pub ports: Option<Vec<Port>>,
    /// Words among its ports that are none on this host. They stay open.
    pub unknown: Vec<String>,
    /// Its options and commands that our sets do not heed, each with what happens instead.
    pub unheeded: Vec<(&'static str, String)>,
}

/// Whether commands run a firewall's program. `text` has the action's commands and parameters by name, empty where it has none.
pub fn is_firewall<'a>(text: impl Fn(&str) -> &'a str) -> bool {
    let commands = commands(text);
    let words: Vec<&str> = commands
        .split(|one: char| one.is_whitespace() || "|;&('\"`".contains(one))
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

/// What an action of a firewall closes.
pub fn closed<'a>(text: impl Fn(&str) -> &'a str + Copy) -> Closed {
    let (commands, told) = (commands(text), text("port"));
    let protocols = protocols(&commands, text("protocol"));
    let mut made = Closed { unheeded: unheeded(text), ..Closed::default() };
    // `jail.conf` tells every action the jail's ports; one whose commands do not ask for them closes all.
    let asks = commands.contains("<port>") || has_word(&commands, told);
    if !asks || told.is_empty() || ALL.contains(&told) {
        made.ports = protocols.map(|named| {
            named.into_iter().map(|protocol| Port { protocol, first: 1, last: 65535 }).collect()
        });
        return made;
    }
    let protocols = protocols.unwrap_or_else(|| vec![Protocol::Tcp, Protocol::Udp]);
    let mut ports = Vec::new();
    for word in told.split([',', ' ']).filter(|word| !word.is_empty()) {
        let range = word.split_once([':', '-']).and_then(|(first, last)| number(first).zip(number(last)));
        let range = range.or_else(|| number(word).or_else(|| named(word)).map(|port| (port, port)));
        match range.filter(|(first, last)| first <= last) {
            Some((first, last)) => {
                ports.extend(protocols.iter().map(|&protocol| Port { protocol, first, last }));
            }
            None => made.unknown.push(word.to_owned()),
        }
    }
    made.ports = Some(ports);
    made
}

fn commands<'a>(text: impl Fn(&str) -> &'a str) -> String {
    ["actionstart", "actionban"].map(text).join("\n")
}

/// The protocols that commands name, with what their options came to in place. `all`, or none named: every one.
fn protocols(commands: &str, told: &str) -> Option<Vec<Protocol>> {
    let is_named = |name: &str| {
        commands.split(|one: char| !one.is_alphanumeric() && !"-_.<>".contains(one)).any(|word| word == name)
    };
    // A command that is not filled in asks for what was told.
    let is_told =
        |name: &str| commands.contains("<protocol>") && told.split([',', ' ']).any(|word| word == name);
    let both = [(Protocol::Tcp, "tcp"), (Protocol::Udp, "udp")];
    let named: Vec<Protocol> =
        both.iter().filter(|(_, name)| is_named(name) || is_told(name)).map(|(one, _)| *one).collect();
    (!named.is_empty()).then_some(named)
}

/// Whether it stands there as a word of its own: `22` is none of `f2b-22`.
fn has_word(commands: &str, word: &str) -> bool {
    let is_part = |one: char| one.is_alphanumeric() || "-_.,:".contains(one);
    commands.match_indices(word).filter(|_| !word.is_empty()).any(|(at, _)| {
        !commands[..at].ends_with(is_part) && !commands[at + word.len()..].starts_with(is_part)
    })
}

fn unheeded<'a>(text: impl Fn(&str) -> &'a str + Copy) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut say = |option: &'static str, instead: &str| {
        found.push((option, format!("'{option} = {}' is not heeded: {instead}", text(option).trim())));
    };
    let is_told = |option: &str| !text(option).trim().is_empty();
    let target = text("blocktype").split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let is_refused = target.is_empty() || REFUSALS.contains(&target.as_str());
    if !is_refused {
        say("blocktype", "whom it bans is dropped");
    }
    if is_told("pre-rule") {
        say("pre-rule", "its bans hold for all packets to its ports, whatever else a rule would ask of them");
    }
    if is_told("rule_match-custom") && text("type") == "custom" {
        say(
            "rule_match-custom",
            "its bans close all ports of the protocols that it names, or all; write them as port and protocol",
        );
    }
    if is_told("application") {
        say("application", "its bans close every port; use an action that has ports");
    }
    if is_told("destination") && text("destination") != "any" {
        say("destination", "its bans hold for all addresses of this host");
    }
    for command in beside::COMMANDS {
        let mut beside = Beside::read(text(command), text);
        // What was said of the target goes for the rule, and what lifts a ban takes such a rule away.
        beside.logs &= is_refused && ["actionstart", "actionban"].contains(&command);
        found.extend(beside.told(command).into_iter().map(|told| (command, told)));
    }
    found
}

fn number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port > 0)
}

/// A port by the name that the host knows it by.
fn named(name: &str) -> Option<u16> {
    let services = disk::text(Path::new("/etc/services")).ok()??;
    services.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let (first, port) = (words.next()?, words.next()?);
        (first == name || words.any(|alias| alias == name)).then(|| port.split('/').next()?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(properties: &[(&str, &str)]) -> (bool, String, Closed) {
        let text = |name: &str| {
            let found = properties.iter().find(|(known, _)| *known == name);
            found.map_or("", |(_, text)| *text)
        };
        let made = closed(text);
        let ports = made.ports.as_ref().map_or("all".to_owned(), |ports| {
            ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        });
        (is_firewall(text), ports, made)
    }

    #[test]
    fn an_action_is_known_by_the_program_that_it_runs() {
        let ban = |command| read(&[("actionban", command)]).0;
        for command in [
            "/usr/sbin/iptables -I x",
            "<iptables> -I x",
            "if true; then ufw deny from <ip>; fi",
            "shorewall<family> drop <ip>",
            "ip route add blackhole <ip>",
            "echo block | /sbin/ipf -f -",
        ] {
            assert!(ban(command), "{command}");
        }
        for command in ["mail -s iptables-like root", "ip addr", "echo my-ufw", "printf x >/etc/nft.conf", ""]
        {
            assert!(!ban(command), "{command}");
        }
    }

    #[test]
    fn ports_are_those_that_the_commands_ask_for() {
        let ports = |start, port| read(&[("actionstart", start), ("port", port), ("protocol", "tcp")]).1;
        let two = "iptables -I INPUT -p tcp -m multiport --dports 22,5060:5061 -j f2b-22";
        assert_eq!(ports(two, "22,5060:5061"), "tcp/22 tcp/5060-5061");
        assert_eq!(ports("iptables -I INPUT -p tcp -j f2b-22", "22"), "tcp/1-65535");
        assert_eq!(ports("iptables -I INPUT -j f2b-22", "22"), "all");
        assert_eq!(
            ports("iptables -p tcp --dports <port>; iptables -p udp --dports <port>", "22"),
            "tcp/22 udp/22"
        );
        assert_eq!(ports("iptables -p <protocol> --dports <port>", "0:65535"), "tcp/1-65535");
        assert_eq!(ports("shorewall drop <ip> <port>", "22"), "tcp/22 udp/22");
        let (_, ports, made) =
            read(&[("actionban", "ufw deny tcp 22,nowhere,9-3"), ("port", "22,nowhere,9-3")]);
        assert_eq!((ports.as_str(), made.unknown.join(" ").as_str()), ("tcp/22", "nowhere 9-3"));
    }

    #[test]
    fn what_is_not_heeded_is_told() {
        let told = |properties: &[(&str, &str)]| {
            let options = read(properties).2.unheeded.into_iter().map(|(option, _)| option);
            options.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            told(&[("blocktype", "REJECT --reject-with icmp-port-unreachable"), ("destination", "any")]),
            ""
        );
        assert_eq!(told(&[("chain", "DOCKER-USER"), ("table", "mine"), ("blocktype", "drop")]), "");
        assert_eq!(
            told(&[("blocktype", "MARK --set-mark 1"), ("pre-rule", "-i eth0"), ("application", "OpenSSH")]),
            "blocktype pre-rule application"
        );
        assert_eq!(
            told(&[("type", "custom"), ("rule_match-custom", "tcp dport 25"), ("destination", "192.0.2.1")]),
            "rule_match-custom destination"
        );
    }
}
