//! What our client prints of an answer must be what Debian's prints, to the byte.

use std::io::Write;
use std::process::{Command, Stdio};

use fail2ban::beautifier::{self, Fault};
use fail2ban::repr;
use fail2ban::value::Value;

/// What Debian's client prints of each pair, all asked in one process.
fn theirs(pairs: &[(Vec<&str>, Value)]) -> Vec<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/beautifier.py");
    let mut python = Command::new("/usr/bin/python3")
        .args(["-W", "ignore", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: tests/setup.sh installs fail2ban");
    let mut lines = String::new();
    for (command, reply) in pairs {
        let command = Value::List(command.iter().map(|&word| Value::text(word)).collect());
        lines += &(repr(&Value::List(vec![command, reply.clone()])) + "\n");
    }
    let mut stdin = python.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()).unwrap());
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::List(values.into_iter().collect())
}

fn texts(texts: &[&str]) -> Value {
    list(texts.iter().map(|&text| Value::text(text)))
}

fn pair(name: &str, value: Value) -> Value {
    Value::Tuple(vec![Value::text(name), value])
}

/// Replies of the shapes that the server gives, and of others.
fn replies() -> Vec<Value> {
    let jail = |banned: Value, files: Value| {
        let filter = [
            pair("Currently failed", Value::Int(1)),
            pair("Total failed", Value::Int(7)),
            pair("File list", files),
        ];
        let actions = [
            pair("Currently banned", Value::Int(0)),
            pair("Total banned", Value::Int(12)),
            pair("Banned IP list", banned),
        ];
        list([pair("Filter", list(filter)), pair("Actions", list(actions))])
    };
    vec![
        Value::None,
        Value::Bool(true),
        Value::Int(5),
        Value::Int(20),
        Value::Int(12),
        Value::Int(-1),
        Value::Int(86_400),
        Value::Float(600.0),
        Value::Float(12.75),
        Value::Float(-0.5),
        Value::text("pong"),
        Value::text(""),
        Value::text("жур'нал\n\"x\"\u{7f}"),
        list([]),
        Value::Tuple(vec![]),
        Value::Dict(vec![]),
        Value::Set(vec![]),
        texts(&["/var/log/auth.log"]),
        texts(&["/var/log/a.log", "/var/log/b é.log", "'q'"]),
        list([texts(&["_COMM=sshd", "_UID=0"]), texts(&["x"])]),
        list([Value::Int(1), Value::text("a"), Value::None]),
        list([Value::text("a"), Value::Int(1), Value::text("b")]),
        list([pair("Number of jail", Value::Int(2)), pair("Jail list", Value::text("asterisk, sshd"))]),
        list([pair("Number of jail", Value::Int(0)), pair("Jail list", Value::text(""))]),
        jail(list([]), texts(&["/var/log/auth.log", "/var/log/x"])),
        jail(texts(&["192.0.2.1", "2001:db8::1"]), list([])),
        list([pair("Filter", list([pair("A", Value::Float(1.5))])), pair("Actions", Value::Int(1))]),
        list([pair("Filter", list([pair("A", Value::None), Value::Int(1)]))]),
        list([
            Value::Dict(vec![(Value::text("sshd"), texts(&["192.0.2.1"]))]),
            Value::Dict(vec![(Value::text("x"), list([]))]),
        ]),
        Value::Dict(vec![(Value::text("a"), Value::Int(1))]),
        Value::Tuple(vec![Value::None, Value::text("Default Detectors")]),
        Value::Tuple(vec![Value::text("%Y-%m"), Value::text("Year-Month")]),
        texts(&["%Y", "Year"]),
        Value::Tuple(vec![Value::text("one")]),
        texts(&["192.0.2.1 \t2026-11-22 10:00:00 + 600 = 2026-11-22 10:10:00"]),
    ]
}

const COMMANDS: &[&[&str]] = &[
    &["ping"],
    &["version"],
    &["start", "sshd"],
    &["stop"],
    &["stop", "sshd"],
    &["add", "sshd"],
    &["flushlogs"],
    &["echo", "a", "b"],
    &["status"],
    &["status", "sshd"],
    &["status", "sshd", "stats"],
    &["reload"],
    &["banned"],
    &["banned", "192.0.2.1"],
    &["unban", "--all"],
    &["server-status"],
    &["get", "loglevel"],
    &["set", "loglevel", "INFO"],
    &["get", "logtarget"],
    &["get", "syslogsocket"],
    &["get", "dbfile"],
    &["get", "dbpurgeage"],
    &["set", "dbpurgeage", "1d"],
    &["get", "dbmaxmatches"],
    &["get", "sshd", "logpath"],
    &["set", "sshd", "addlogpath", "/x", "tail"],
    &["get", "sshd", "logencoding"],
    &["get", "sshd", "journalmatch"],
    &["set", "sshd", "deljournalmatch"],
    &["get", "sshd", "datepattern"],
    &["get", "sshd", "ignoreip"],
    &["set", "sshd", "delignoreip", "x"],
    &["get", "sshd", "ignoreself"],
    &["get", "sshd", "failregex"],
    &["set", "sshd", "addignoreregex", "x"],
    &["get", "sshd", "actions"],
    &["get", "sshd", "actionproperties", "nft"],
    &["get", "sshd", "actionproperties"],
    &["get", "sshd", "actionmethods", "nft"],
    &["get", "sshd", "action", "nft", "actionban"],
    &["get", "sshd", "banip"],
    &["get", "sshd", "banip", "--with-time"],
    &["get", "sshd", "banip", "|"],
    &["set", "sshd", "banip", "192.0.2.1"],
    &["get", "sshd", "bantime"],
    &["get", "dbfile", "bantime"],
];

#[test]
fn answers_read_as_debians_client_prints_them() {
    let mut pairs = Vec::new();
    for command in COMMANDS {
        for reply in replies() {
            pairs.push((command.to_vec(), reply));
        }
    }
    for ((command, reply), theirs) in pairs.iter().zip(theirs(&pairs)) {
        assert_eq!(beautifier::text(command, reply), theirs, "{command:?} {}", repr(reply));
    }
}

#[test]
fn exceptions_read_as_debians_client_prints_them() {
    let faults = [
        ("UnknownJailException", texts(&["no-such"])),
        ("DuplicateJailException", texts(&["sshd"])),
        ("IndexError", texts(&["list index out of range"])),
        ("ValueError", texts(&["it's\nwrong"])),
        ("KeyError", texts(&["key"])),
        ("Exception", texts(&["Invalid command (no set action or not yet implemented)"])),
        ("Exception", list([])),
        ("Exception", list([Value::text("a"), Value::Int(2)])),
    ];
    let asked = |(class, args): &(&str, Value)| {
        let fault = vec![(Value::text("!"), Value::text(*class)), (Value::text("args"), args.clone())];
        (vec!["status", "x"], Value::Dict(fault))
    };
    let pairs: Vec<_> = faults.iter().map(asked).collect();
    for ((class, args), theirs) in faults.into_iter().zip(theirs(&pairs)) {
        let Value::List(args) = args else { unreachable!() };
        let fault = Fault { class: class.to_owned(), args };
        assert_eq!(beautifier::fault_text(&fault), theirs);
    }
    let fault = Fault { class: "ValueError".to_owned(), args: vec![Value::text("x")] };
    assert_eq!(beautifier::fault_line(&fault), "NOK: ('x',)");
}

#[test]
fn what_only_newer_editions_answer_is_printed_as_by_1_1_0() {
    let named = |name: &str, value: Value| Value::Tuple(vec![Value::text(name), value]);
    let pair = |one: i64, two: i64| Value::Tuple(vec![Value::Int(one), Value::Int(two)]);
    let jail = || {
        let filter = [
            named("Currently failed", Value::Int(1)),
            named("Total failed", Value::Int(20)),
            named("File list", texts(&["/var/log/a.log"])),
        ];
        let actions = [
            named("Currently banned", Value::Int(1)),
            named("Total banned", Value::Int(2)),
            named("Banned IP list", texts(&["192.0.2.1"])),
        ];
        list([named("Filter", list(filter)), named("Actions", list(actions))])
    };
    let all = list([
        named("Number of jail", Value::Int(2)),
        named("Jail list", Value::text("sshd, asterisk")),
        Value::Dict(vec![(Value::text("asterisk"), jail()), (Value::text("sshd"), jail())]),
    ]);
    let counts = Value::Dict(vec![
        (Value::text("asterisk"), list([Value::text("polling"), pair(1, 20), pair(0, 2)])),
        (Value::text("a-jail-of-long-name"), list([Value::text("systemd"), pair(1234, 20000), pair(10, 2)])),
    ]);
    // Printed by the client of Debian's 1.1.0-8, which bookworm does not have.
    let status = [
        "Status",
        "|- Number of jail:\t2",
        "|- Jail list:\tsshd, asterisk",
        "`- Status for the jails:",
        "   |- Jail: asterisk",
        "   |  |- Filter",
        "   |  |  |- Currently failed:\t1",
        "   |  |  |- Total failed:\t20",
        "   |  |  `- File list:\t/var/log/a.log",
        "   |  `- Actions",
        "   |     |- Currently banned:\t1",
        "   |     |- Total banned:\t2",
        "   |     `- Banned IP list:\t192.0.2.1",
        "   `- Jail: sshd",
        "      |- Filter",
        "      |  |- Currently failed:\t1",
        "      |  |- Total failed:\t20",
        "      |  `- File list:\t/var/log/a.log",
        "      `- Actions",
        "         |- Currently banned:\t1",
        "         |- Total banned:\t2",
        "         `- Banned IP list:\t192.0.2.1",
    ];
    assert_eq!(beautifier::text(&["status", "--all"], &all), status.join("\n"));
    let statistics = [
        "                    ║          ║ Filter       ║ Actions  ",
        "Jail                ║ Backend  ╟──────────────╫───────────",
        "                    ║          ║  cur │   tot ║ cur │ tot",
        "════════════════════╬══════════╬══════════════╬═══════════",
        "asterisk            ║ polling  ║    1 │    20 ║   0 │   2",
        "a-jail-of-long-name ║ systemd  ║ 1234 │ 20000 ║  10 │   2",
        "════════════════════╩══════════╩══════════════╩═══════════",
    ];
    assert_eq!(beautifier::text(&["statistics"], &counts), statistics.join("\n"));
}
