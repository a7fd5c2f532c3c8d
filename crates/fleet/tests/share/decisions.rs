//! Bans and unbans between nodes whose clocks are hours apart.

use event::{JailName, Moment, Proof};
use fleet::{Heard, Told, Voice};

use crate::node::{HOUR, SOON, TestNode, agree, held, until};
use crate::server::Server;

fn three(server: &Server) -> [TestNode; 3] {
    let node = |name, shift| TestNode::start(name, server.port(), shift);
    let nodes = [node("alpha", 0), node("beta", 5 * HOUR), node("gamma", -7 * HOUR)];
    until("all are connected", SOON, || nodes.iter().all(TestNode::is_up));
    nodes
}

#[test]
fn what_one_decides_all_hold_and_what_one_lifts_none_holds() {
    let server = Server::start();
    let [alpha, beta, gamma] = three(&server);
    alpha.ban("192.0.2.1", 600);
    beta.ban("192.0.2.2", 600);
    gamma.ban("2001:db8::/64", 600);
    until("all hold three", SOON, || {
        [&alpha, &beta, &gamma].iter().all(|node| node.count() == 3) && agree(&[&alpha, &beta, &gamma])
    });
    // In whichever direction the clocks differ: the unban counts, and then the next ban.
    beta.unban("192.0.2.1", Some("sshd"));
    gamma.unban("192.0.2.2", None);
    alpha.unban("2001:db8::/64", None);
    until("all hold none", SOON, || [&alpha, &beta, &gamma].iter().all(|node| node.held().is_empty()));
    gamma.ban("192.0.2.1", 60);
    until("all hold the next one", SOON, || {
        [&alpha, &beta, &gamma].iter().all(|node| node.holds("192.0.2.1"))
    });
    let log = &alpha.host.program.lock().unwrap().log;
    let Some((Heard::Banned { ban, node }, _)) = log.last() else { panic!("{log:?}") };
    assert_eq!((node.as_str(), ban.reason.as_str(), ban.failures), ("gamma", "5 failures in 10m", 5));
    let names = beta.share().health().nodes;
    assert_eq!(names, ["alpha", "gamma"]);
}

#[test]
fn the_same_subject_banned_lifted_and_banned_in_one_go_is_banned() {
    let server = Server::start();
    let [alpha, beta, gamma] = three(&server);
    for _ in 0..20 {
        alpha.ban("192.0.2.1", 600);
        alpha.unban("192.0.2.1", None);
        alpha.ban("192.0.2.1", 1200);
        alpha.ban("192.0.2.2", 600);
        alpha.unban("192.0.2.2", None);
    }
    let rest = || [&beta, &gamma].iter().all(|node| node.count() == 1 && node.holds("192.0.2.1"));
    until("the others hold the one that was banned last", SOON, || {
        alpha.share().health().waiting == 0 && rest() && agree(&[&alpha, &beta, &gamma])
    });
    // As soon as it is heard, it is answered: clocks that are a little apart must not turn the order round.
    for turn in 0..20 {
        let subject = format!("198.51.100.{turn}");
        alpha.ban(&subject, 600);
        until("beta heard", SOON, || beta.holds(&subject));
        beta.unban(&subject, Some("sshd"));
        until("alpha heard", SOON, || !alpha.holds(&subject));
        alpha.ban(&subject, 600);
        until("beta heard again", SOON, || beta.holds(&subject) && gamma.holds(&subject));
    }
}

#[test]
fn what_must_not_be_spread_is_not_and_what_comes_back_makes_no_loop() {
    let server = Server::start();
    let [alpha, beta, gamma] = three(&server);
    let claimed = event::Ban { proof: Proof::Claimed, ..alpha.a_ban("192.0.2.9", 600) };
    alpha.make(claimed);
    let others = alpha.a_ban("192.0.2.8", 600);
    alpha.tell(&Told::Banned(held(others), Voice::Other));
    alpha.ban("192.0.2.1", 600);
    until("the proven one is there", SOON, || beta.holds("192.0.2.1") && gamma.holds("192.0.2.1"));
    assert_eq!((beta.count(), gamma.count()), (1, 1));
    // What a node holds under the name for jails that it does not know is not its own to tell; to lift it is to let somebody in.
    let unknown = event::Ban { jail: JailName::new(JailName::FLEET), ..gamma.a_ban("192.0.2.7", 600) };
    gamma.make(unknown);
    alpha.ban("192.0.2.6", 600);
    until("gamma holds it", SOON, || gamma.holds("192.0.2.6"));
    gamma.unban("192.0.2.6", Some(JailName::FLEET));
    until("nobody holds it", SOON, || !alpha.holds("192.0.2.6") && !beta.holds("192.0.2.6"));
    assert!(!alpha.holds("192.0.2.7") && !beta.holds("192.0.2.7"));
    // A program that tells what it heard as if it were its own.
    let echoed = beta.host.program.lock().unwrap().bans.values().next().cloned().unwrap();
    for _ in 0..5 {
        beta.make(echoed.clone());
    }
    beta.ban("192.0.2.3", 600);
    until("what was told after it is there", SOON, || alpha.holds("192.0.2.3"));
    assert_eq!(server.entries("stream"), 4);
    // By hand, without end; and one without end that was not made by hand ends within the bound.
    let by_hand = event::Ban {
        until: Moment::NEVER,
        failures: 0,
        jail: JailName::new("manual"),
        ..alpha.a_ban("198.51.100.0/24", 1)
    };
    alpha.make(by_hand);
    let endless = event::Ban { until: Moment::NEVER, ..alpha.a_ban("198.51.100.1", 1) };
    alpha.make(endless);
    until("both are there", SOON, || gamma.holds("198.51.100.1"));
    let ends = gamma.ends();
    let end = |subject: &str| *ends.iter().find(|(key, _)| key.0.to_string() == subject).unwrap().1;
    assert_eq!(end("198.51.100.0/24"), i64::MAX);
    let days = (end("198.51.100.1") - crate::node::real_now() / 1000).div_euclid(86_400);
    assert!((30..=31).contains(&days), "{days}");
}

#[test]
fn of_two_bans_the_longer_counts_and_by_hand_it_is_shortened() {
    let server = Server::start();
    let [alpha, beta, gamma] = three(&server);
    let all = [&alpha, &beta, &gamma];
    // As good as at once: whoever is the later of them, all end up with the week.
    alpha.ban("192.0.2.1", 600);
    beta.ban("192.0.2.1", 604_800);
    gamma.ban("192.0.2.1", 3600);
    let seconds = |node: &TestNode| node.ends().values().next().unwrap() - crate::node::real_now() / 1000;
    until("all hold a week", SOON, || agree(&all) && all.iter().all(|node| seconds(node) > 604_000));
    // An operator says two minutes.
    let by_hand = event::Ban { failures: 0, ..gamma.a_ban("192.0.2.1", 120) };
    gamma.make(by_hand);
    until("all hold two minutes", SOON, || {
        agree(&all) && all.iter().all(|node| !node.held().is_empty() && seconds(node) <= 121)
    });
}
