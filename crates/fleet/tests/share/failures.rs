//! Failures that are counted together.

use event::{Failure, JailName, Moment, Proof};
use fleet::{Host, Told};

use crate::node::{HOUR, SOON, TestNode, settings, until};
use crate::server::Server;

fn failure(subject: &str, at: Moment) -> Failure {
    Failure {
        jail: JailName::new("sshd"),
        subject: subject.parse().unwrap(),
        address: subject.parse().ok(),
        at,
        account: Some("root".into()),
        count: 1,
        proof: Proof::Proven,
        echo: 0,
        pattern: "failed-password".into(),
        line: "Failed password for root".into(),
    }
}

fn counted(node: &TestNode) -> u32 {
    node.host.program.lock().unwrap().failures.iter().map(|failure| failure.count).sum()
}

#[test]
fn each_is_counted_once_whatever_happens() {
    let mut server = Server::start();
    let alpha = TestNode::start("alpha", server.port(), 0);
    let mut beta = TestNode::start("beta", server.port(), 4 * HOUR);
    let not_counting = config::redis::Redis { fleet_counts: false, ..settings(server.port()) };
    let gamma = TestNode::with("gamma", not_counting, 0);
    until("all are connected", SOON, || alpha.is_up() && beta.is_up() && gamma.is_up());
    let at = alpha.host.now();
    let claimed = Failure { proof: Proof::Claimed, ..failure("192.0.2.9", at) };
    alpha.tell(&Told::Failed(vec![failure("192.0.2.1", at), failure("192.0.2.1", at), claimed]));
    gamma.tell(&Told::Failed(vec![failure("192.0.2.5", at)]));
    until("beta counted both", SOON, || counted(&beta) == 2);
    let heard = beta.host.program.lock().unwrap().failures[0].clone();
    assert_eq!(&*heard.line, "seen on node alpha (pattern failed-password)");
    assert_eq!(heard.account.as_deref(), Some("root"));
    let late = beta.host.now().since(heard.at);
    assert!(late.as_secs() < 10, "{late:?}");
    // Off and on: what was counted is not counted again, what came meanwhile is.
    beta.off();
    alpha.tell(&Told::Failed(vec![failure("192.0.2.1", at)]));
    until("it is written", SOON, || server.entries("failures") == 2);
    beta.on();
    until("beta counted the third", SOON, || counted(&beta) == 3);
    server.kill();
    until("alpha has noticed", SOON, || !alpha.is_up());
    for _ in 0..7 {
        alpha.tell(&Told::Failed(vec![failure("192.0.2.2", at)]));
    }
    server.revive();
    until("beta counted ten", SOON, || counted(&beta) == 10);
    // The same entry again, as of a publisher that did not hear the answer past a Redis that forgot.
    let entries: Vec<(String, Vec<String>)> = server.command("XRANGE", "failures", &["-", "+"]);
    let again: Vec<&str> = std::iter::once("*").chain(entries[0].1.iter().map(String::as_str)).collect();
    let _: String = server.command("XADD", "failures", &again);
    alpha.tell(&Told::Failed(vec![failure("192.0.2.3", at)]));
    until("beta counted one more", SOON, || counted(&beta) == 11);
    assert_eq!((counted(&alpha), counted(&gamma)), (0, 0));
}

#[test]
fn a_flood_is_summed() {
    let server = Server::start();
    let alpha = TestNode::start("alpha", server.port(), 0);
    let beta = TestNode::start("beta", server.port(), 0);
    until("all are connected", SOON, || alpha.is_up() && beta.is_up());
    let started = crate::node::real_now();
    // A hundred thousand failures of fifty addresses.
    for number in 0..100_000 {
        let subject = format!("192.0.2.{}", number % 50);
        alpha.tell(&Told::Failed(vec![failure(&subject, alpha.host.now())]));
    }
    until("beta knows all fifty", SOON, || {
        let program = beta.host.program.lock().unwrap();
        let subjects: std::collections::BTreeSet<_> =
            program.failures.iter().map(|one| one.subject).collect();
        subjects.len() == 50
    });
    let seconds = (crate::node::real_now() - started) / 1000 + 1;
    let entries = i64::try_from(server.entries("failures")).unwrap();
    assert!(entries <= seconds * 10 + 2, "{entries} entries in {seconds} s");
}
