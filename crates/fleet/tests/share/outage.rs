//! Redis goes away, comes back empty, is cut off; nodes go away and come back.

use crate::node::{HOUR, SOON, TestNode, agree, until};
use crate::proxy::Proxy;
use crate::server::Server;

fn all_up(nodes: &[&TestNode]) {
    until("all are connected", SOON, || nodes.iter().all(|node| node.is_up()));
}

#[test]
fn an_unban_wins_against_a_ban_that_comes_late() {
    let server = Server::start();
    let wire = Proxy::to(server.port());
    let alpha = TestNode::start("alpha", wire.port(), 2 * HOUR);
    let beta = TestNode::start("beta", server.port(), -HOUR);
    let gamma = TestNode::start("gamma", server.port(), 0);
    all_up(&[&alpha, &beta, &gamma]);
    wire.cut();
    // Alpha bans and cannot say so; beta lifts; then alpha can.
    alpha.ban("192.0.2.1", 600);
    alpha.ban("192.0.2.2", 600);
    alpha.ban("192.0.2.3", 600);
    let banned = crate::node::real_now();
    until("a moment has passed", SOON, || crate::node::real_now() > banned + 20);
    beta.unban("192.0.2.1", None);
    beta.unban("192.0.2.2", Some("sshd"));
    beta.unban("192.0.2.3", Some("nginx"));
    until("gamma's Redis knows", SOON, || server.entries("stream") >= 3);
    until("alpha has noticed", SOON, || !alpha.is_up());
    assert!(alpha.share().health().error.is_some());
    wire.mend();
    let only = |node: &TestNode| node.count() == 1 && node.holds("192.0.2.3");
    until("all hold the one that was not lifted", SOON, || [&alpha, &beta, &gamma].into_iter().all(only));
    assert!(agree(&[&alpha, &beta, &gamma]));
    let log: Vec<_> = gamma.host.program.lock().unwrap().log.iter().map(|(heard, _)| heard.clone()).collect();
    let bans = log.iter().filter(|heard| matches!(heard, fleet::Heard::Banned { .. })).count();
    assert_eq!(bans, 1, "{log:?}");
    // A new ban after the lift counts.
    alpha.ban("192.0.2.1", 600);
    until("all hold the new one", SOON, || [&beta, &gamma].iter().all(|node| node.holds("192.0.2.1")));
}

#[test]
fn both_sides_of_a_cut_wire_agree_afterwards() {
    let server = Server::start();
    let wire = Proxy::to(server.port());
    let alpha = TestNode::start("alpha", wire.port(), 0);
    let beta = TestNode::start("beta", server.port(), HOUR);
    all_up(&[&alpha, &beta]);
    for last in 0..20 {
        alpha.ban(&format!("192.0.2.{last}"), 600);
    }
    until("beta holds them", SOON, || beta.count() == 20);
    wire.cut();
    for last in 0..20 {
        match last % 4 {
            0 => alpha.unban(&format!("192.0.2.{last}"), None),
            1 => beta.unban(&format!("192.0.2.{last}"), None),
            2 => drop(beta.ban(&format!("192.0.2.{last}"), 3600)),
            _ => drop(alpha.ban(&format!("192.0.2.{last}"), 7200)),
        }
    }
    until("alpha has noticed", SOON, || !alpha.is_up());
    wire.mend();
    until("both agree", SOON, || agree(&[&alpha, &beta]) && alpha.count() == 10);
}

fn comes_back(is_trimmed: bool) {
    let server = Server::start();
    let alpha = TestNode::start("alpha", server.port(), 0);
    let beta = TestNode::start("beta", server.port(), HOUR);
    let mut gamma = TestNode::start("gamma", server.port(), -2 * HOUR);
    all_up(&[&alpha, &beta, &gamma]);
    for last in 0..10 {
        alpha.ban(&format!("192.0.2.{last}"), 6000);
    }
    until("gamma holds them", SOON, || gamma.count() == 10);
    gamma.off();
    for last in 0..5 {
        beta.unban(&format!("192.0.2.{last}"), None);
    }
    for last in 0..300 {
        beta.ban(&format!("198.51.{}.{}", last / 100, last % 100), 6000);
    }
    // While it is off it lifts something by itself, and its clock is set by an hour.
    gamma.unban("192.0.2.9", Some("sshd"));
    gamma.shift(-HOUR);
    for ban in gamma.host.program.lock().unwrap().bans.values_mut() {
        ban.since = ban.since.after(std::time::Duration::from_secs(3600));
        ban.until = ban.until.after(std::time::Duration::from_secs(3600));
    }
    for lifted in &mut gamma.host.program.lock().unwrap().lifted {
        lifted.at = lifted.at.after(std::time::Duration::from_secs(3600));
    }
    until("beta has told", SOON, || alpha.count() == 305);
    if is_trimmed {
        let trimmed: usize = server.command("XTRIM", "stream", &["MAXLEN", "0"]);
        assert!(trimmed >= 315);
    }
    gamma.on();
    until("all agree", SOON, || agree(&[&alpha, &beta, &gamma]) && gamma.count() == 304);
}

#[test]
fn a_node_that_was_off_agrees_when_it_is_back() {
    comes_back(false);
}

#[test]
fn a_node_that_was_off_agrees_when_it_is_back_though_the_stream_was_cut_off() {
    comes_back(true);
}

#[test]
fn a_redis_that_comes_back_empty_loses_nothing() {
    let mut server = Server::start();
    let mut alpha = TestNode::start("alpha", server.port(), 0);
    let beta = TestNode::start("beta", server.port(), 3 * HOUR);
    let mut gamma = TestNode::start("gamma", server.port(), -HOUR);
    all_up(&[&alpha, &beta, &gamma]);
    for last in 0..50 {
        alpha.ban(&format!("192.0.2.{last}"), 6000);
    }
    until("all hold them", SOON, || [&beta, &gamma].iter().all(|node| node.count() == 50));
    beta.unban("192.0.2.0", None);
    until("all know", SOON, || [&alpha, &gamma].iter().all(|node| node.count() == 49));
    // Gamma, off from here on, holds one that is lifted while it is; alpha's bans are known to others only.
    gamma.off();
    beta.unban("192.0.2.1", None);
    until("alpha knows", SOON, || alpha.count() == 48);
    alpha.off();
    server.kill();
    until("beta has noticed", SOON, || !beta.is_up());
    beta.ban("198.51.100.1", 6000);
    beta.unban("192.0.2.2", None);
    server.revive();
    all_up(&[&beta]);
    gamma.on();
    alpha.on();
    let delta = TestNode::start("delta", server.port(), 0);
    until("all agree", SOON, || agree(&[&alpha, &beta, &gamma, &delta]) && delta.count() == 48);
    // Alpha's record is still alpha's, though beta wrote it.
    let log = &delta.host.program.lock().unwrap().log;
    assert!(
        log.iter().any(|(heard, _)| matches!(heard, fleet::Heard::Banned { node, .. } if node == "alpha"))
    );
}

#[test]
fn an_unban_while_redis_is_away_outlives_a_restart() {
    let mut server = Server::start();
    let mut alpha = TestNode::start("alpha", server.port(), 0);
    let beta = TestNode::start("beta", server.port(), 0);
    all_up(&[&alpha, &beta]);
    alpha.ban("192.0.2.1", 6000);
    until("beta holds it", SOON, || beta.holds("192.0.2.1"));
    server.kill();
    until("alpha has noticed", SOON, || !alpha.is_up());
    alpha.unban("192.0.2.1", None);
    alpha.off();
    server.revive();
    until("beta has published what it holds", SOON, || server.command::<usize>("HLEN", "bans", &[]) == 1);
    alpha.on();
    until("nobody holds it", SOON, || alpha.is_up() && !alpha.holds("192.0.2.1") && !beta.holds("192.0.2.1"));
}

#[test]
fn a_queue_that_is_overrun_is_made_up_for_by_a_comparison() {
    let mut server = Server::start();
    let alpha = TestNode::start("alpha", server.port(), 0);
    let beta = TestNode::start("beta", server.port(), HOUR);
    all_up(&[&alpha, &beta]);
    server.kill();
    until("alpha has noticed", SOON, || !alpha.is_up());
    let many = event::limit::FLEET_QUEUE + 2000;
    for number in 0..many {
        alpha.ban(&format!("10.{}.{}.{}", number >> 16, (number >> 8) & 255, number & 255), 6000);
    }
    let health = alpha.share().health();
    assert!(health.overrun >= 1800 && health.waiting <= event::limit::FLEET_QUEUE as u64 + 200, "{health:?}");
    server.revive();
    until("beta holds all", SOON, || beta.count() == many);
    until("nothing waits", SOON, || alpha.share().health().waiting == 0);
}
