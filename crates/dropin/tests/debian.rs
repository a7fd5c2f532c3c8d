//! Debian's unmodified `fail2ban-client` is told the same commands for Debian's own server and for ours: what it prints, its exit
//! code and its complaints must be the same. No jail here has an action that does anything.

#[path = "debian/memory.rs"]
mod memory;
#[path = "debian/servers.rs"]
mod servers;
#[path = "debian/commands.rs"]
mod commands;

use commands::{COMMANDS, How};
use dropin::Client;
use fail2ban::{Value, beautifier};
use servers::{Said, Servers, configure, stock};

const JAILS: &str = "
[DEFAULT]
backend = polling
usedns = no
bantime = 600
findtime = 600
maxretry = 3
ignoreip = 127.0.0.1/8 ::1 192.168.0.0/16
action = idle[port=\"22\"]
         other[actname=second]

[sshd]
enabled = true
filter = service
logpath = DIR/a.log

[web]
enabled = true
filter = service
maxretry = 5
logpath = DIR/a.log
          DIR/b.log tail
";

/// What the configuration becomes: other values and a new jail; a jail that its server refuses between two others; one whose filter is missing.
const CHANGED: [&str; 4] = [
    JAILS,
    "
[DEFAULT]
backend = polling
usedns = no
bantime = 1h
findtime = 5m
maxretry = 9
ignoreip = 127.0.0.1/8 10.1.0.0/16
action = idle[port=\"22\"]
         other[actname=third]

[sshd]
enabled = true
filter = service
logpath = DIR/b.log

[late]
enabled = true
filter = service
logpath = DIR/a.log
",
    "
[DEFAULT]
backend = polling
filter = service
logpath = DIR/a.log
action = idle
enabled = true
[early]
[refused]
failregex = ^(<HOST>
[sshd]
",
    "
[DEFAULT]
backend = polling
filter = service
logpath = DIR/a.log
action = idle
enabled = true
[early]
[missing]
filter = nowhere
[sshd]
",
];

fn words(command: &str, dir: &str) -> Vec<String> {
    command.split(' ').map(|word| word.replace('~', " ").replace("DIR", dir)).collect()
}

/// What must be equal.
fn compared(how: How, said: &Said) -> Said {
    let mut said = said.clone();
    match how {
        How::AnyOrder => {
            let bare = |line: &str| line.trim_start_matches("|- ").trim_start_matches("`- ").to_owned();
            let mut lines: Vec<String> = said.output.lines().map(bare).collect();
            lines.sort();
            said.output = lines.join("\n");
        }
        How::Timeless => {
            let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
            said.output = said.output.chars().map(digits).collect();
        }
        _ => {}
    }
    said.complaints = said.complaints.replace("theirs.", "ours.");
    said.output = said.output.replace("theirs.", "ours.");
    said
}

#[test]
#[allow(clippy::print_stdout, reason = "how much was compared is there to be seen")]
fn the_client_finds_no_difference() {
    let mut servers = Servers::start(|dir| configure(dir, JAILS));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/debian/stream.py");
    assert_eq!(servers.script(script, &[]), "0 None\n0 None\n");
    let dir = servers.path("").display().to_string();
    let dir = dir.trim_end_matches('/');
    let mut different = Vec::new();
    for (how, command) in COMMANDS {
        if *how == How::Edit {
            let text = CHANGED[command.parse::<usize>().unwrap()].replace("DIR", dir);
            std::fs::write(servers.path("conf/jail.conf"), text).unwrap();
            continue;
        }
        let words = words(command, dir);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let tries = if *how == How::Soon { 50 } else { 1 };
        let mut last = None;
        for _ in 0..tries {
            let (theirs, ours) = std::thread::scope(|scope| {
                let theirs = scope.spawn(|| servers.client("theirs", &words));
                let ours = servers.client("ours", &words);
                (theirs.join().unwrap(), ours)
            });
            let (theirs, ours) = (compared(*how, &theirs), compared(*how, &ours));
            if *how == How::NewAction {
                let lost = theirs.code == ours.code && ours.output.starts_with(theirs.output.trim_end());
                assert!(
                    lost && theirs != ours,
                    "Debian's server keeps new actions of a reload by now: {theirs:?}"
                );
                continue;
            }
            last = (theirs != ours).then(|| format!("{command}\n  theirs: {theirs:?}\n  ours:   {ours:?}"));
            if last.is_none() {
                break;
            }
        }
        different.extend(last);
    }
    let compared = COMMANDS.iter().filter(|(how, _)| *how != How::Edit).count();
    println!("{compared} commands compared, {} different", different.len());
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(servers.have_ended());
}

#[test]
#[allow(clippy::print_stdout, reason = "how much was compared is there to be seen")]
fn every_stock_jail_is_told_and_shown_alike() {
    let servers = Servers::start(stock);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/debian/stock.py");
    let told = servers.script(script, &[]);
    println!("{}", told.trim_end());
    assert!(told.trim_end().ends_with(" 0 different"), "{told}");
}

/// Our own client prints what Debian's prints, whichever server it asks.
#[test]
#[allow(clippy::print_stdout, reason = "how much was compared is there to be seen")]
fn our_client_prints_the_same() {
    let servers = Servers::start(|dir| configure(dir, JAILS));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/debian/stream.py");
    assert_eq!(servers.script(script, &[]), "0 None\n0 None\n");
    let commands = [
        "ping",
        "version",
        "status",
        "status sshd",
        "status nobody",
        "get sshd failregex",
        "get sshd datepattern",
        "get sshd actions",
        "get nobody actions",
        "get sshd action idle x",
        "get sshd action x y",
        "set sshd",
        "nonsense",
        "set sshd bantime 10x",
        "set sshd bantime x",
        "set sshd bantime 1h",
        "set sshd maxretry x",
        "set sshd addlogpath /nowhere/x",
        "set sshd addfailregex (",
        "set sshd banip 192.0.2.1 2001:db8::1",
        "get sshd banip",
        "get sshd banned",
        "banned",
        "banned 192.0.2.1",
        "status sshd short",
        "set sshd unbanip --report-absent 192.0.2.9",
        "unban --all",
        "set sshd logencoding klingon",
        "get dbfile",
    ];
    let mut different = Vec::new();
    for command in commands {
        let words: Vec<&str> = command.split(' ').collect();
        for whose in ["theirs", "ours"] {
            let debian = servers.client(whose, &words);
            let mut client = Client::connect(&servers.path(&format!("{whose}.sock")), None).unwrap();
            let printed = match client.ask(&Value::texts(words.iter().copied())).unwrap() {
                Ok(value) => beautifier::text(&words, &value),
                Err(fault) => beautifier::fault_text(&fault),
            };
            // What changes something was changed by Debian's client before.
            let again = ["banip", "unban"].iter().any(|word| words.contains(word));
            if printed + "\n" != debian.output && !again {
                different.push(format!("{whose}: {command}: {}", debian.output));
            }
        }
    }
    println!("{} commands, {} printed otherwise", commands.len() * 2, different.len());
    assert!(different.is_empty(), "{different:#?}");
}

#[test]
#[allow(clippy::print_stdout, reason = "how much was compared is there to be seen")]
fn values_right_and_wrong_are_taken_alike() {
    let servers = Servers::start(|dir| configure(dir, JAILS));
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/debian");
    assert_eq!(servers.script(&format!("{folder}/stream.py"), &[]), "0 None\n0 None\n");
    let told = servers.script(&format!("{folder}/values.py"), &[]);
    println!("{}", told.trim_end());
    assert!(told.trim_end().ends_with(" 0 different"), "{told}");
}
