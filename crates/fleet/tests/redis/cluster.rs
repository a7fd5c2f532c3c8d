//! A cluster of three masters: each key where it belongs, also while slots move.

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use config::Servers;
use event::Categories;
use fleet::{Link, Reader, Told, Trouble};
use redis::{Value, cmd};

use crate::keys::{connected, start};
use crate::support::deadline::until;
use crate::support::host::{Program, in_seconds, now};
use crate::support::server::{Server, free_port, settings};
use crate::support::{banned, held, lifted};

fn node() -> Server {
    let (port, bus) = (free_port(), free_port().to_string());
    let number = port.to_string();
    let arguments = [
        "--port",
        &number,
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus,
        "--cluster-node-timeout",
        "2000",
    ];
    Server::with(port, &arguments)
}

fn of_cluster(words: &[&str]) {
    let output = Command::new("redis-cli").arg("--cluster").args(words).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn ask(server: &Server, words: &[&str]) -> Value {
    cmd(words[0]).arg(&words[1..]).query(&mut server.connection(0)).unwrap()
}

#[test]
fn keys_are_spread_and_found() {
    let nodes = [node(), node(), node()];
    let names: Vec<String> = nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)).collect();
    of_cluster(&["create", &names[0], &names[1], &names[2], "--cluster-yes"]);
    let mut settings = settings("");
    settings.database = 0;
    settings.servers = Servers::Cluster(vec![format!("redis://127.0.0.1:{}", free_port()), nodes[1].url()]);
    until("the cluster serves", 20, || Link::connect(&settings).is_ok());

    let program = Arc::new(Program::default());
    let fleet = start(&settings, &program);
    connected(&fleet);
    let mut reader = Reader::new(&settings);
    assert!(reader.whole(now()).unwrap().bans.is_empty());
    for number in 1..=100 {
        fleet.tell(banned(held(&format!("192.0.2.{number}"), "repeat", Categories::ALL, in_seconds(600))));
    }
    fleet.tell(Told::Whitelist(vec!["203.0.113.1".parse().unwrap()]));
    let sizes = || {
        nodes
            .each_ref()
            .map(|node| ask(node, &["DBSIZE"]))
            .map(|size| redis::from_redis_value::<usize>(size).unwrap())
    };
    // The list of what was written, the whitelist, and the list of what was put on it.
    until("all are written", 20, || sizes().iter().sum::<usize>() == 503);
    assert!(sizes().iter().all(|size| *size > 100), "{:?}", sizes());
    until("the channel said so", 20, || !reader.wait_change(Duration::from_millis(200)).unwrap().is_empty());
    let standing = reader.whole(now()).unwrap();
    assert_eq!((standing.bans.len(), standing.unreadable), (100, 0));
    assert!(standing.bans.iter().all(|(_, categories, _)| *categories == Categories::ALL));
    assert_eq!(reader.whitelist().unwrap(), ["203.0.113.1".parse().unwrap()]);

    // A transaction, and a read that waits, where their keys are.
    let mut link = Link::connect(&settings).unwrap();
    let pair = ["{fleet}:a", "{fleet}:b"].map(|key| cmd("INCR").arg(key).to_owned());
    assert_eq!(link.run_atomic(&pair).unwrap(), [Value::Int(1), Value::Int(1)]);
    let waits = cmd("XREAD").arg("BLOCK").arg(50).arg("STREAMS").arg("{fleet}:stream").arg("$").to_owned();
    assert_eq!(link.wait(&waits, Duration::from_millis(50)).unwrap(), Value::Nil);
    link.server_time().unwrap();

    // Slots move to another node: what is sent to the old one is sent on.
    let id = |node: &Server| redis::from_redis_value::<String>(ask(node, &["CLUSTER", "MYID"])).unwrap();
    let (from, to) = (id(&nodes[0]), id(&nodes[2]));
    of_cluster(&[
        "reshard",
        &names[0],
        "--cluster-from",
        &from,
        "--cluster-to",
        &to,
        "--cluster-slots",
        "1000",
        "--cluster-yes",
    ]);
    for number in 1..=100 {
        fleet.tell(lifted(&format!("192.0.2.{number}"), None, now()));
    }
    until("all are gone", 20, || fleet.health().keys == 0 && fleet.health().is_connected);
    assert!(reader.whole(now()).unwrap().bans.is_empty());
    assert_eq!(link.run_atomic(&pair).unwrap(), [Value::Int(2), Value::Int(2)]);
    fleet.stop();

    settings.servers = Servers::Single(nodes[0].url());
    let many: Vec<_> = (0..20).map(|number| cmd("GET").arg(format!("key{number}")).to_owned()).collect();
    let error = Link::connect(&settings).unwrap().run(&many).unwrap_err();
    assert!(matches!(error.trouble, Trouble::IsCluster(_)), "{error}");
}
