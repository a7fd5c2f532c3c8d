//! What fail2ban 1.1.1 asks and 1.0 does not know: `status --all` and `statistics`.

#[path = "debian/memory.rs"]
mod memory;

use dropin::{Edition, Model, Socket};
use fail2ban::Value;

fn told(model: &mut Model, host: &mut memory::Memory, command: &str) -> Value {
    model.obey(&Value::texts(command.split(' ')), host).unwrap()
}

fn pair(name: &str, value: Value) -> Value {
    Value::Tuple(vec![Value::text(name), value])
}

#[test]
fn all_jails_are_told_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let socket = Socket::bind(&dir.path().join("x.sock")).unwrap();
    let mut host = memory::Memory::new(socket.stopper());
    let mut model = Model::new(Edition::V1_1_1);
    for command in
        ["add web polling", "add sshd systemd", "start web", "start sshd", "set sshd banip 192.0.2.1"]
    {
        told(&mut model, &mut host, command);
    }
    told(&mut model, &mut host, "set sshd addjournalmatch _COMM=sshd + _COMM=sshd-session");
    assert_eq!(
        told(&mut model, &mut host, "get sshd journalmatch"),
        Value::List(vec![Value::texts(["_COMM=sshd"]), Value::texts(["_COMM=sshd-session"])])
    );
    assert_eq!(told(&mut model, &mut host, "get sshd datepattern"), Value::None);
    let counts = |backend: &str, banned: i64| {
        let both = |one, two| Value::Tuple(vec![Value::Int(one), Value::Int(two)]);
        Value::List(vec![Value::text(backend), both(0, 0), both(banned, banned)])
    };
    let wanted = Value::Dict(vec![
        (Value::text("sshd"), counts("systemd", 1)),
        (Value::text("web"), counts("polling", 0)),
    ]);
    assert_eq!(told(&mut model, &mut host, "statistics"), wanted);
    let Value::List(all) = told(&mut model, &mut host, "status --all") else { panic!("no list") };
    assert_eq!(
        all[..2],
        [pair("Number of jail", Value::Int(2)), pair("Jail list", Value::text("sshd, web"))]
    );
    let Value::Dict(jails) = &all[2] else { panic!("no dict") };
    assert_eq!(jails[0], (Value::text("sshd"), told(&mut model, &mut host, "status sshd")));
    assert_eq!(told(&mut model, &mut host, "version"), Value::text("1.1.1"));
}

#[test]
fn whatever_is_told_has_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let socket = Socket::bind(&dir.path().join("x.sock")).unwrap();
    let mut host = memory::Memory::new(socket.stopper());
    let mut model = Model::new(Edition::V1_0);
    told(&mut model, &mut host, "add sshd polling");
    let mut until_refused = |command: &dyn Fn(usize) -> String| {
        (0..20_000).find(|number| {
            let command = Value::texts(command(*number).split(' '));
            model.obey(&command, &mut host).is_err()
        })
    };
    let entries = Some(event::limit::FAIL2BAN_ENTRIES);
    assert_eq!(until_refused(&|number| format!("set sshd addaction a{number}")), entries);
    assert_eq!(until_refused(&|number| format!("set sshd bantime.a{number} x")), entries);
    assert_eq!(
        until_refused(&|number| format!("set sshd addignoreip 10.1.{}.{}", number / 256, number % 256)),
        Some(event::limit::FAIL2BAN_IGNORED)
    );
    assert_eq!(until_refused(&|number| format!("add jail{number} polling")), entries.map(|most| most - 1));
    let long = "x".repeat(300_000);
    assert_eq!(until_refused(&|_| format!("set sshd addfailregex <HOST>{long}")), Some(0));
}
