//! Entries that no node wrote: stamps in the future, ends in the year 3000, wrong types, texts of a megabyte.

use fleet::Heard;

use crate::node::{SOON, TestNode, real_now, until};
use crate::server::Server;

fn ban(subject: &str, more: &str) -> String {
    let now = real_now();
    format!(
        r#"{{"subject":"{subject}","jail":"sshd","scope":"jail","since":{now},"until":{},"stamp":{now},"failures":3,"reason":"r","node":"liar","name":"liar"{more}}}"#,
        now + 600_000
    )
}

fn add(server: &Server, kind: &str, record: &str) {
    let _: String = server.command("XADD", "stream", &["*", "kind", kind, "record", record]);
}

fn with(record: &str, key: &str, value: &str) -> String {
    let mut parsed: serde_json::Value = serde_json::from_str(record).unwrap();
    parsed[key] = serde_json::from_str(value).unwrap();
    parsed.to_string()
}

#[test]
fn wild_entries_are_counted_and_harm_nothing() {
    let server = Server::start();
    let alpha = TestNode::start("alpha", server.port(), 0);
    until("alpha is connected", SOON, || alpha.is_up());
    let good = ban("192.0.2.1", "");
    let long = "x".repeat(1_000_000);
    let wild = [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "[".repeat(3000),
        with(&good, "stamp", "\"now\""),
        with(&good, "stamp", "-1"),
        with(&good, "stamp", "1e300"),
        with(&good, "subject", "\"0.0.0.0/0\""),
        with(&good, "subject", "\"10.0.0.0/7\""),
        with(&good, "subject", "\"localhost\""),
        with(&good, "subject", "7"),
        with(&good, "jail", "\"../../etc\""),
        with(&good, "jail", "\"\""),
        with(&good, "scope", "\"everything\""),
        with(&good, "failures", "-1"),
        with(&good, "node", "\"a b\""),
        with(&good, "proof", "\"claimed\""),
        with(&good, "reason", &format!("\"{long}\"")),
    ];
    for record in &wild {
        add(&server, "ban", record);
    }
    add(&server, "lift", "{}");
    add(&server, "surprise", &good);
    let _: String = server.command("XADD", "stream", &["*", "a", "b"]);
    let mut raw = redis::cmd("XADD");
    raw.arg(crate::server::key("stream")).arg("*").arg(b"\xff\xfe".as_slice()).arg(b"\xff".as_slice());
    let _: String = raw.query(&mut server.connection()).unwrap();
    add(&server, "ban", &ban("192.0.2.7", r#","colour":"blue","nested":{"a":[1]}"#));
    until("the good one behind them is there", SOON, || alpha.holds("192.0.2.7"));
    assert_eq!(alpha.held().len(), 1);
    assert_eq!(alpha.share().health().passed_over, wild.len() as u64 + 4);
}

#[test]
fn a_node_that_lies_about_time_gains_nothing() {
    let server = Server::start();
    let mut alpha = TestNode::start("alpha", server.port(), 0);
    until("alpha is connected", SOON, || alpha.is_up());
    let year_3000 = "32503680000000";
    // Decided in the year 3000, and lasting until then.
    add(&server, "ban", &with(&with(&ban("192.0.2.1", ""), "stamp", year_3000), "until", year_3000));
    // Lifted in the year 3000: whoever is banned after today may be banned all the same.
    let lift =
        format!(r#"{{"subject":"192.0.2.2","stamp":{year_3000},"by":"x","node":"liar","name":"liar"}}"#);
    add(&server, "lift", &lift);
    // Over long ago, and made up long ago.
    add(&server, "ban", &with(&with(&ban("192.0.2.3", ""), "stamp", "1000"), "until", "2000"));
    // Without end, though not by hand.
    let mut endless: serde_json::Value = serde_json::from_str(&ban("192.0.2.4", "")).unwrap();
    endless.as_object_mut().unwrap().remove("until");
    add(&server, "ban", &endless.to_string());
    add(
        &server,
        "ban",
        &with(&ban("192.0.2.5", ""), "reason", &serde_json::Value::from("é\u{1}".repeat(300)).to_string()),
    );
    until("the last one is there", SOON, || alpha.holds("192.0.2.5"));
    assert!(!alpha.holds("192.0.2.3"));
    let month = 31 * 86_400;
    for ((subject, _), end) in alpha.ends() {
        assert!(end <= real_now() / 1000 + month + 1, "{subject}");
    }
    let log: Vec<_> = alpha.host.program.lock().unwrap().log.iter().map(|(heard, _)| heard.clone()).collect();
    for heard in &log {
        match heard {
            Heard::Banned { ban, .. } => {
                assert!(ban.since.millis() <= real_now() && ban.reason.len() <= 400);
                assert!(!ban.reason.chars().any(char::is_control));
            }
            Heard::Lifted { lifted, .. } => assert!(lifted.at.millis() <= real_now()),
            Heard::Failed { .. } => panic!("{heard:?}"),
        }
    }
    // The lie about the ban can be lifted, and the lie about the lift is over by now.
    alpha.unban("192.0.2.1", None);
    alpha.ban("192.0.2.2", 600);
    let beta = TestNode::start("beta", server.port(), 0);
    until("beta holds what alpha told", SOON, || beta.holds("192.0.2.2") && !beta.holds("192.0.2.1"));
    // The liar wrote into the stream alone; what alpha believed of it stands in the snapshot when alpha has compared.
    alpha.off();
    alpha.on();
    until("beta holds what alpha holds", SOON, || {
        beta.holds("192.0.2.2") && !beta.holds("192.0.2.1") && crate::node::agree(&[&alpha, &beta])
    });
}

#[test]
fn a_snapshot_with_lies_in_it_is_cleaned() {
    let server = Server::start();
    let good = ban("192.0.2.1", "");
    let set = |hash: &str, field: &str, value: &str| {
        let _: usize = server.command("HSET", hash, &[field, value]);
    };
    set("bans", "192.0.2.1 sshd", &good);
    set("bans", "192.0.2.2 sshd", &good);
    set("bans", "192.0.2.3 sshd", &with(&ban("192.0.2.3", ""), "stamp", "32503680000000"));
    set("bans", "192.0.2.4 sshd", &with(&ban("192.0.2.4", ""), "until", "1000"));
    set("bans", "nonsense", "nonsense");
    set(
        "lifts",
        "192.0.2.5 *",
        r#"{"subject":"192.0.2.5","stamp":32503680000000,"by":"x","node":"n","name":"n"}"#,
    );
    set("nodes", "far away", "?");
    set("nodes", "gone", r#"{"name":"gone","boot":"a","at":1}"#);
    let alpha = TestNode::start("alpha", server.port(), 0);
    until("the good one is there, the others are out", SOON, || {
        alpha.holds("192.0.2.1")
            && server.command::<usize>("HLEN", "bans", &[]) == 1
            && server.command::<usize>("HLEN", "lifts", &[]) == 0
            && server.command::<usize>("HLEN", "nodes", &[]) == 1
    });
    assert_eq!(alpha.held().len(), 1);
    assert_eq!(alpha.share().health().nodes, ["liar"]);
    // What stood there in the year 3000 stands in nobody's way.
    set("bans", "192.0.2.6 sshd", &with(&ban("192.0.2.6", ""), "stamp", "32503680000000"));
    set(
        "lifts",
        "192.0.2.6 sshd",
        r#"{"subject":"192.0.2.6","jail":"sshd","stamp":32503680000000,"by":"x","node":"n","name":"n"}"#,
    );
    alpha.ban("192.0.2.6", 600);
    let beta = TestNode::start("beta", server.port(), 0);
    until("beta holds it", SOON, || beta.holds("192.0.2.6"));
}
