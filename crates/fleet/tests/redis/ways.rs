//! Ways to sign in, and what is said when one is closed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use config::{Redis, Servers};
use fleet::{Link, Trouble, settings_of_url};
use redis::cmd;

use crate::keys::{connected, start};
use crate::support::deadline::until;
use crate::support::host::{Program, in_seconds, now};
use crate::support::server::{Server, free_port, password_file, settings};
use crate::support::{banned, lifted, sip};

fn ping(settings: &Redis) -> Result<(), Trouble> {
    Link::connect(settings).map(drop).map_err(|error| {
        println!("{error}");
        error.trouble
    })
}

#[test]
fn passwords_and_users() {
    let server = Server::start(&["--requirepass", "secret"]);
    let dir = server.dir.path();
    let mut settings = settings(&server.url());
    assert_eq!(ping(&settings), Err(Trouble::PasswordMissing));
    settings.password_file = Some(password_file(dir, "wrong"));
    assert!(matches!(ping(&settings), Err(Trouble::PasswordWrong(_))));
    settings.password_file = Some(dir.join("nowhere"));
    assert!(matches!(ping(&settings), Err(Trouble::File { .. })));
    settings.password_file = Some(password_file(dir, "secret"));
    ping(&settings).unwrap();

    let mut link = Link::connect(&settings).unwrap();
    // As docs/redis.md has it, without the channel, and with what this test asks for itself.
    let keys = "~_PH_REDIS_CLIENT:firewall:* ~_PH_REDIS_CLIENT:stockade:*";
    let commands = "+ping +select +time +set +del +pttl +zadd +zrem +zrange +zremrangebyscore +pexpire +sadd +srem \
                    +smembers +publish";
    let line = format!("ACL SETUSER stockade on >other {keys} {commands}");
    let rights: Vec<&str> = line.split_whitespace().collect();
    link.run(&[cmd(rights[0]).arg(&rights[1..]).to_owned()]).unwrap();
    settings.user = Some("stockade".to_owned());
    assert!(matches!(ping(&settings), Err(Trouble::PasswordWrong(_))));
    settings.password_file = Some(password_file(dir, "other"));
    ping(&settings).unwrap();

    // This account has no right to any channel: keys are written all the same.
    let program = Arc::new(Program::default());
    let fleet = start(&settings, &program);
    connected(&fleet);
    fleet.tell(banned(sip("192.0.2.1", in_seconds(600))));
    fleet.tell(fleet::Told::Whitelist(vec!["203.0.113.1".parse().unwrap()]));
    until("a key", 20, || fleet.health().keys == 1);
    fleet.tell(lifted("192.0.2.1", None, now()));
    until("no key", 20, || fleet.health().keys == 0);
    assert_eq!(fleet.health().error, None);
    fleet.stop();

    let mut link = Link::connect(&settings).unwrap();
    let elsewhere = link.run(&[cmd("GET").arg("elsewhere").to_owned()]).unwrap_err();
    assert!(matches!(&elsewhere.trouble, Trouble::NotPermitted(said) if said.contains("GET")));
    assert!(!elsewhere.is_lost());
    link.server_time().unwrap();
}

#[test]
fn a_url_of_the_command_line_may_hold_the_password() {
    let server = Server::start(&["--requirepass", "secret"]);
    let url = format!("redis://:secret@127.0.0.1:{}/3", server.port);
    let mut settings = settings_of_url(&url, "p:", None).unwrap();
    assert_eq!((settings.database, settings.prefix.as_str()), (3, "p:"));
    ping(&settings).unwrap();
    Link::connect(&settings).unwrap().run(&[cmd("SET").arg("here").arg(1).to_owned()]).unwrap();
    let stands: bool = {
        let client = redis::Client::open(url.as_str()).unwrap();
        cmd("EXISTS").arg("here").query(&mut client.get_connection().unwrap()).unwrap()
    };
    assert!(stands, "the URL's database is the one that is used");
    settings.password_file = Some(password_file(server.dir.path(), "wrong"));
    assert!(matches!(ping(&settings), Err(Trouble::PasswordWrong(_))));
    let error = settings_of_url("http://user:secret@127.0.0.1", "", None).unwrap_err().to_string();
    assert!(!error.contains("secret") && error.contains("redis://127.0.0.1:6379"), "{error}");
}

#[test]
fn what_cannot_be_reached_is_named() {
    let port = free_port();
    let error = Link::connect(&settings(&format!("redis://127.0.0.1:{port}"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "redis at 127.0.0.1:{port}: not reachable (connection refused); is it running, and is the address right?"
        )
    );
    let server = Server::start(&[]);
    let mut settings = settings(&server.url());
    settings.database = 99;
    assert!(matches!(ping(&settings), Err(Trouble::Database(_))));
    settings.servers = Servers::Cluster(vec![server.url()]);
    assert!(matches!(ping(&settings), Err(Trouble::Database(_))));
    settings.database = 0;
    assert!(matches!(ping(&settings), Err(Trouble::NoCluster(_))));
    settings.servers = Servers::Single("redis://no-such-host.invalid:6379".to_owned());
    assert!(matches!(ping(&settings), Err(Trouble::Unreachable(_))));
    let replica = Server::start(&["--replicaof", "127.0.0.1", &server.port.to_string()]);
    settings.servers = Servers::Single(replica.url());
    let set = cmd("SET").arg("a").arg(1).to_owned();
    let error = Link::connect(&settings).unwrap().run(&[set]).unwrap_err();
    assert_eq!(error.trouble, Trouble::ReadOnly);
    assert!(error.is_lost());
}

/// A certificate authority and a certificate of it for `127.0.0.1`, in files.
fn certificates(dir: &Path) -> (PathBuf, PathBuf, PathBuf) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let own = authority.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(authority, key);
    let server_key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let signed = server.signed_by(&server_key, &issuer).unwrap();
    let write = |name: &str, text: String| {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    (
        write("ca.pem", own.pem()),
        write("server.pem", signed.pem()),
        write("server.key", server_key.serialize_pem()),
    )
}

#[test]
fn tls_with_an_authority_of_ones_own() {
    let dir = tempfile::tempdir().unwrap();
    let (authority, certificate, key) = certificates(dir.path());
    let port = free_port();
    let number = port.to_string();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (authority_path, certificate, key) = (path(&authority), path(&certificate), path(&key));
    let server = Server::with(
        port,
        &[
            "--port",
            "0",
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--tls-port",
            &number,
            "--tls-cert-file",
            &certificate,
            "--tls-key-file",
            &key,
            "--tls-ca-cert-file",
            &authority_path,
            "--tls-auth-clients",
            "no",
            "--requirepass",
            "secret",
        ],
    );
    let mut settings = settings(&format!("rediss://127.0.0.1:{port}"));
    settings.password_file = Some(password_file(server.dir.path(), "secret"));
    assert!(matches!(ping(&settings), Err(Trouble::Tls(_))), "an unknown authority");
    settings.ca_file = Some(authority);
    let program = Arc::new(Program::default());
    let fleet = start(&settings, &program);
    connected(&fleet);
    for number in 0..3000_u32 {
        let address = std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string();
        fleet.tell(banned(sip(&address, in_seconds(600))));
    }
    until("keys over TLS", 20, || fleet.health().keys == 3000 && fleet.health().is_connected);
    fleet.stop();
    let mut link = Link::connect(&settings).unwrap();
    let key = "_PH_REDIS_CLIENT:firewall:sip:10.0.11.183";
    assert_eq!(link.run(&[cmd("GET").arg(key).to_owned()]).unwrap(), [redis::Value::BulkString(b"1".into())]);

    let plain = Server::start(&[]);
    settings.servers = Servers::Single(format!("rediss://127.0.0.1:{}", plain.port));
    assert!(matches!(ping(&settings), Err(Trouble::Tls(_) | Trouble::TimedOut)), "no TLS there");
    settings.ca_file = Some(settings.password_file.clone().unwrap());
    assert!(ping(&settings).is_err(), "no certificate in that file");
}

#[test]
fn a_socket_in_the_file_system() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("redis.sock");
    let server = Server::start(&["--unixsocket", path.to_str().unwrap(), "--requirepass", "secret"]);
    let mut settings = settings(&format!("redis+unix://{}", path.display()));
    settings.password_file = Some(password_file(server.dir.path(), "secret"));
    let program = Arc::new(Program::default());
    let fleet = start(&settings, &program);
    connected(&fleet);
    fleet.tell(banned(sip("192.0.2.1", in_seconds(600))));
    until("a key", 20, || server.ask(&["EXISTS", "_PH_REDIS_CLIENT:firewall:sip:192.0.2.1"]));
    fleet.stop();
    settings.servers = Servers::Single("redis+unix:///nowhere/redis.sock".to_owned());
    assert!(matches!(ping(&settings), Err(Trouble::Unreachable(_))));
}

#[test]
fn an_address_of_ipv6() {
    let server = Server::start(&["--bind", "127.0.0.1", "::1"]);
    let mut settings = settings(&format!("redis://[::1]:{}", server.port));
    ping(&settings).unwrap();
    let port = free_port();
    settings.servers = Servers::Single(format!("redis://[::1]:{port}"));
    let error = Link::connect(&settings).unwrap_err().to_string();
    assert!(error.contains(&format!("[::1]:{port}")), "{error}");
}
