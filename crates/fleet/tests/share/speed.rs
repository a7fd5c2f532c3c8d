//! How long it takes until another node has heard. The figures are printed; what is asserted is what the fleet promises.

use std::time::Duration;

use crate::node::{Program, SOON, TestNode, until};
use crate::server::Server;

#[test]
#[allow(clippy::print_stdout, reason = "a measurement is there to be seen")]
fn a_ban_is_heard_within_milliseconds() {
    let server = Server::start();
    let alpha = TestNode::start("alpha", server.port(), 0);
    let beta = TestNode::start("beta", server.port(), 0);
    until("both are connected", SOON, || alpha.is_up() && beta.is_up());
    let mut took = Vec::new();
    for number in 0..300 {
        let subject = format!("10.0.{}.{}", number / 100, number % 100);
        let ((), heard) = timed(|| {
            alpha.ban(&subject, 600);
            wait_for(&beta, &subject);
        });
        took.push(heard);
    }
    took.sort_unstable();
    let (p50, p99) = (took[150], took[297]);
    println!("one ban on one node, heard by another: p50 {p50:?}, p99 {p99:?}, worst {:?}", took[299]);
    assert!(p50 < Duration::from_millis(50), "{p50:?}");
    let many = 10_000;
    let ((), all) = timed(|| {
        for number in 0..many {
            alpha.ban(&format!("11.0.{}.{}", number / 250, number % 250), 600);
        }
        until("beta holds all", SOON, || beta.count() == many + 300);
    });
    println!("{many} bans at once, heard by another: {all:?}");
    let (gamma, taken) = timed(|| {
        let gamma = TestNode::start("gamma", server.port(), 0);
        until("gamma holds all", SOON, || gamma.count() == many + 300);
        gamma
    });
    println!("the same taken over by a new node: {taken:?}");
    drop(gamma);
}

fn wait_for(node: &TestNode, subject: &str) {
    let subject = subject.parse().unwrap();
    let key = (subject, event::JailName::new("sshd"));
    let unheard = |program: &mut Program| !program.bans.contains_key(&key);
    let program = node.host.program.lock().unwrap();
    let (_guard, waited) = node.host.stirred.wait_timeout_while(program, SOON, unheard).unwrap();
    assert!(!waited.timed_out(), "{subject} is not heard");
}

#[allow(clippy::disallowed_methods, reason = "a measurement needs the clock; nothing is decided by it")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = std::time::Instant::now();
    let done = work();
    (done, start.elapsed())
}
