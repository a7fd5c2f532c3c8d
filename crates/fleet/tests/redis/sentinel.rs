//! Sentinels: the master is found, and found again after another one took its place.

use std::sync::Arc;

use config::Servers;
use fleet::{Link, Trouble};

use crate::keys::{connected, start};
use crate::support::deadline::until;
use crate::support::host::{Program, in_seconds};
use crate::support::server::{Server, free_port, password_file, settings};
use crate::support::{banned, sip};

fn sentinel(master: u16) -> Server {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("sentinel.conf");
    let port = free_port();
    let text = format!(
        "port {port}\nbind 127.0.0.1\nsentinel monitor pbx 127.0.0.1 {master} 1\n\
         sentinel auth-pass pbx secret\nrequirepass secret\n\
         sentinel down-after-milliseconds pbx 500\nsentinel failover-timeout pbx 3000\n"
    );
    std::fs::write(&file, text).unwrap();
    Server::within(dir, port, &[file.to_str().unwrap(), "--sentinel"])
}

#[test]
fn a_failover_is_followed() {
    let account = ["--requirepass", "secret", "--masterauth", "secret"];
    let mut master = Server::start(&account);
    let of = ["--replicaof", "127.0.0.1", &master.port.to_string()];
    let replica = Server::start(&[&account[..], &of[..]].concat());
    until("the replica is one", 20, || {
        replica.ask::<String>(&["INFO", "replication"]).contains("master_link_status:up")
    });
    let sentinel = sentinel(master.port);
    let mut settings = settings("");
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    settings.servers =
        Servers::Sentinel { sentinels: vec![nobody.clone(), sentinel.url()], master: "pbx".to_owned() };
    settings.password_file = Some(password_file(sentinel.dir.path(), "secret"));
    let with_password = sentinel.url().replace("redis://", "redis://:secret@");
    until("the Sentinel knows the replica", 20, || {
        let mut connection = redis::Client::open(with_password.as_str()).unwrap().get_connection().unwrap();
        let replicas: Vec<redis::Value> =
            redis::cmd("SENTINEL").arg("replicas").arg("pbx").query(&mut connection).unwrap();
        replicas.len() == 1
    });
    let program = Arc::new(Program::default());
    let fleet = start(&settings, &program);
    connected(&fleet);
    fleet.tell(banned(sip("192.0.2.1", in_seconds(600))));
    let key = "_PH_REDIS_CLIENT:firewall:sip:192.0.2.1";
    until("on both", 20, || replica.ask(&["EXISTS", key]));
    master.kill();
    until("it is missed", 20, || !fleet.health().is_connected);
    fleet.tell(banned(sip("192.0.2.2", in_seconds(600))));
    let key = "_PH_REDIS_CLIENT:firewall:sip:192.0.2.2";
    until("the new master has it", 30, || replica.ask(&["EXISTS", key]));
    fleet.stop();

    settings.servers =
        Servers::Sentinel { sentinels: vec![nobody, sentinel.url()], master: "other".to_owned() };
    let error = Link::connect(&settings).unwrap_err();
    assert!(matches!(&error.trouble, Trouble::NoMaster { said, .. } if said.len() == 2), "{error}");
}
