//! What a ban closes by fail2ban's firewall actions: those that Debian ships are run by its own code with stand-ins for the firewalls, and what
//! these are told is held against what we read from the same actions. Each is tried with what people write behind its name.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use dropin::JailModel;
use event::Protocol;
use fail2ban::{Value, firewall};
use serde_json::json;

/// Programs that only write down what they are told.
const STAND_INS: &str = "iptables ip6tables ipset nft firewall-cmd ufw shorewall shorewall6 ip pfctl ipfw npfctl apf ipf afctl ss conntrack \
    systemctl notify curl";

/// What is written behind an action's name.
const GIVEN: [&str; 12] = [
    "port=\"22,2222\"",
    "port=\"22,2222\", protocol=udp",
    "port=\"22,2222\", protocol=\"tcp,udp\"",
    "port=\"22,2222\", protocol=all",
    "port=\"5060:5061,ssh\"",
    "port=22, type=oneport",
    "port=\"22,2222\", type=allports",
    "port=\"22,2222\", type=allports, protocol=all",
    "port=\"22,2222\", actiontype=\"<allports>\"",
    "port=\"22,2222\", blocktype=DROP, chain=DOCKER-USER, returntype=ACCEPT, lockingopt=\"\"",
    "port=\"22,2222\", table=mine, table_family=ip, chain_hook=forward, chain_priority=5, addr_set=mine, zone=dmz",
    "",
];

/// What is closed: protocols with their ports; a protocol of all ports has 0.
type Closed = BTreeSet<(&'static str, u16, u16)>;

const BOTH: [&str; 2] = ["tcp", "udp"];

fn everything() -> Closed {
    ["any"].map(|any| (any, 0, 0)).into()
}

/// One jail for each action and each way to write it. `place` puts what an action writes elsewhere.
fn jails(etc: &Path, place: impl Fn(String) -> String) -> Vec<JailModel> {
    let mut text = String::new();
    let mut names: Vec<String> = fs::read_dir("/etc/fail2ban/action.d")
        .expect("tests/setup.sh installs fail2ban")
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".conf").map(str::to_owned))
        .filter(|name| !name.ends_with("-common"))
        .collect();
    names.sort();
    for name in &names {
        let file = fs::read_to_string(format!("/etc/fail2ban/action.d/{name}.conf")).unwrap();
        support::put(&etc.join(format!("action.d/{name}.conf")), &place(file));
        for (number, given) in GIVEN.iter().enumerate() {
            text += &format!("[{name}-{number}]\nenabled = true\naction = {name}[name=x{number}, {given}]\n");
        }
    }
    for entry in fs::read_dir("/etc/fail2ban/action.d").unwrap() {
        let path = entry.unwrap().path();
        let to = etc.join("action.d").join(path.file_name().unwrap());
        if !to.exists() {
            fs::copy(path, to).unwrap();
        }
    }
    support::configure(etc, &text);
    support::jails(etc)
        .into_iter()
        .filter(|jail| jail.actions.iter().any(|action| firewall::is_firewall(|name| action.command(name))))
        .collect()
}

fn ours(jail: &JailModel) -> Closed {
    let mut all = Closed::new();
    for action in &jail.actions {
        let Some(ports) = firewall::closed(|name| action.command(name)).ports else { return everything() };
        all.extend(ports.iter().map(|port| {
            let name = if port.protocol == Protocol::Tcp { "tcp" } else { "udp" };
            if (port.first, port.last) == (1, 65535) { (name, 0, 0) } else { (name, port.first, port.last) }
        }));
    }
    all
}

/// What the firewall's programs were told, a call in each line, comes to.
fn theirs(calls: &str) -> Closed {
    let mut narrowed = Closed::new();
    let mut protocols = BTreeSet::new();
    for call in calls.lines() {
        let plain: String =
            call.chars().map(|one| if "[]{}'\"=".contains(one) { ' ' } else { one }).collect();
        let words: Vec<&str> = plain.split_whitespace().collect();
        let is_named = |name: &&str| words.iter().any(|word| word.split(',').any(|one| one == *name));
        let named: Vec<&'static str> = BOTH.into_iter().filter(is_named).collect();
        protocols.extend(&named);
        let at = words.iter().rposition(|word| {
            ["--dports", "--dport", "dport", "dst-port"].contains(word)
                || (*word == "port" && words.contains(&"any"))
        });
        let at = at.or_else(|| words.windows(2).position(|pair| pair == ["port", "port"]).map(|at| at + 1));
        let told = match at {
            Some(at) => words[at + 1],
            // ipfw's ports stand behind the address.
            None if words[0] == "ipfw" && words.contains(&"from") => {
                words.last().copied().unwrap_or_default()
            }
            None => continue,
        };
        let named = if named.is_empty() { BOTH.to_vec() } else { named };
        for word in told.split(',') {
            let word = if word == "ssh" { "22" } else { word };
            let (first, last) = word.split_once([':', '-']).unwrap_or((word, word));
            let (Ok(first), Ok(last)) = (first.parse(), last.parse()) else { continue };
            let (first, last) = if (first, last) == (1, 65535) { (0, 0) } else { (first, last) };
            narrowed.extend(named.iter().map(|name| (*name, first, last)));
        }
    }
    match (narrowed.is_empty(), protocols.is_empty()) {
        (false, _) => narrowed,
        (true, false) => protocols.into_iter().map(|name| (name, 0, 0)).collect(),
        (true, true) => everything(),
    }
}

fn run(dir: &Path, jails: &[JailModel]) -> BTreeMap<String, String> {
    let value = |value: &Value| match value {
        Value::Int(number) => json!(number),
        Value::Bool(is) => json!(is),
        Value::None => json!(null),
        other => json!(fail2ban::repr::str(other)),
    };
    let told = json!(
        jails
            .iter()
            .map(|jail| json!([
                jail.name,
                jail.actions
                    .iter()
                    .map(|action| json!([
                        action.name,
                        action
                            .properties
                            .iter()
                            .map(|(name, told)| json!([name, value(told)]))
                            .collect::<Vec<_>>(),
                    ]))
                    .collect::<Vec<_>>()
            ]))
            .collect::<Vec<_>>()
    );
    let mut command = Command::new("/usr/bin/python3");
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/debian/firewalls.py"));
    command.env_clear().env("PATH", dir.join("bin")).env("LC_ALL", "C.UTF-8");
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(told.to_string().as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut calls: BTreeMap<String, String> = BTreeMap::new();
    for line in fs::read_to_string(dir.join("calls")).unwrap().lines() {
        let (jail, call) = line.split_once('|').unwrap();
        let held = calls.entry(jail.to_owned()).or_default();
        held.push_str(call);
        held.push('\n');
    }
    calls
}

#[test]
#[allow(clippy::print_stdout, reason = "how much was compared is there to be seen")]
fn a_ban_closes_what_fail2ban_s_rules_close() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    fs::create_dir_all(dir.join("etc/run/firewall/blacklist.d")).unwrap();
    let stand_in = format!(
        "#!/bin/sh\n{{ printf '%s|%s' \"$ACTION_TEST_JAIL\" \"${{0##*/}}\"; for one; do printf ' %s' \"$one\"; done; \
         case ${{0##*/}} in pfctl|ipf) tr '\\n' ' ';; esac; echo; }} >>{}/calls\nexit 0\n",
        dir.display()
    );
    support::programs(&dir.join("bin"), STAND_INS, &stand_in);
    // What has its place on the host has it here.
    let here = dir.join("etc/run").display().to_string();
    let place = |file: String| {
        file.replace("/var/run/fail2ban", &here).replace("/sbin/ipf", "ipf").replace("/etc/symbiosis", &here)
    };
    let jails = jails(&dir.join("etc"), place);
    let calls = run(dir, &jails);
    let mut wrong = Vec::new();
    // That jail's rule is pf's alone, which sets its ports in a variable of the shell and there does not use it. No Linux has a pf.
    for jail in jails.iter().filter(|jail| jail.name != "pf-8") {
        let told = calls.get(&jail.name).cloned().unwrap_or_default();
        let (ours, theirs) = (ours(jail), theirs(&told));
        if ours != theirs {
            wrong.push(format!("{}: we close {ours:?}, fail2ban {theirs:?}:\n{told}", jail.name));
        }
    }
    println!("{} jails compared", jails.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(jails.len() >= 32 * GIVEN.len(), "{}", jails.len());
}

/// What of the jails' commands is not done, by jail.
fn beside(jails: &[JailModel]) -> BTreeMap<&str, Vec<String>> {
    let told = |jail: &JailModel| {
        let closed = jail.actions.iter().map(|action| firewall::closed(|name| action.command(name)));
        let unheeded = closed.flat_map(|closed| closed.unheeded);
        unheeded.filter(|(option, _)| option.starts_with("action")).map(|(_, told)| told).collect()
    };
    jails
        .iter()
        .map(|jail| (jail.name.as_str(), told(jail)))
        .filter(|(_, told): &(_, Vec<_>)| !told.is_empty())
        .collect()
}

#[test]
fn debian_s_firewall_actions_do_nothing_else_but_two_that_write_of_packets() {
    let folder = tempfile::tempdir().unwrap();
    let jails = jails(folder.path(), |file| file);
    let found = beside(&jails);
    for (jail, told) in &found {
        let logs = ["iptables-multiport-log-", "firewallcmd-rich-logging-"]
            .iter()
            .any(|name| jail.starts_with(name));
        assert!(logs && told.len() == 1 && told[0].contains("logs packets"), "{jail}: {told:?}");
    }
    assert_eq!(found.len(), 2 * GIVEN.len());
    assert!(jails.len() >= 32 * GIVEN.len(), "{}", jails.len());
}

#[test]
fn what_an_administrator_put_into_a_firewall_s_action_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let etc = folder.path();
    let of_its_own = "[INCLUDES]\nbefore = iptables.conf\n[Definition]\ntype = multiport\n";
    let before = "<iptables> -I f2b-<name> 1 -s <ip> -j <blocktype>\n            ";
    for (name, more) in [
        ("plain", String::new()),
        ("hook", format!("actionban = {before}curl -s -d ip=<ip> https://hook.example/\n")),
        (
            "both",
            format!(
                "actionban = {before}echo \"<ip>\" | mail -s \"<name>\" root; logger \"<ip>\" >/dev/null\n"
            ),
        ),
        ("unban", "actionunban = %(known/actionunban)s\n              logger \"<ip> is free\"\n".to_owned()),
        ("noted", format!("actionban = {before}echo \"<ip>\" >> /var/log/banned\n")),
        ("logged", format!("actionban = {before}<iptables> -I f2b-<name> 1 -s <ip> -j LOG\n")),
    ] {
        support::put(&etc.join(format!("action.d/{name}.conf")), &format!("{of_its_own}{more}"));
    }
    fs::copy("/etc/fail2ban/action.d/iptables.conf", etc.join("action.d/iptables.conf")).unwrap();
    let names = ["plain", "hook", "both", "unban", "noted", "logged"];
    support::configure(
        etc,
        &names.map(|name| format!("[{name}]\nenabled = true\naction = {name}[port=22]\n")).concat(),
    );
    let jails = support::jails(etc);
    let found = beside(&jails);
    let expected = [
        ("both", "actionban also runs 'logger', 'mail', which is not done: "),
        ("hook", "actionban also runs 'curl', which is not done: "),
        ("logged", "actionban has a rule that logs packets, which is not made: "),
        ("noted", "actionban also changes '/var/log/banned', which is not done: "),
        ("unban", "actionunban also runs 'logger', which is not done: "),
    ];
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), expected.map(|(jail, _)| jail));
    for (jail, text) in expected {
        assert!(found[jail].len() == 1 && found[jail][0].starts_with(text), "{jail}: {:?}", found[jail]);
    }
}
