//! Values that several of the store's tests share.
#![allow(dead_code, unreachable_pub, reason = "each test file takes what it needs")]

use std::path::Path;

use event::{Ban, Decision, Failure, JailName, Moment, Proof, Scope, Subject};
use store::{Batch, Sqlite};

pub fn open(dir: &Path) -> Sqlite {
    Sqlite::open(&dir.join("stockade.db"), Moment::from_seconds(0)).unwrap().store
}

pub fn subject(text: &str) -> Subject {
    text.parse().unwrap()
}

/// The n-th of four thousand million addresses, spread so that neighbours lie far apart, as attackers do.
pub fn scattered(n: u32) -> Subject {
    Subject::exactly(std::net::Ipv4Addr::from(n.wrapping_mul(2_654_435_761)).into())
}

pub fn ban(who: &str, jail: &str, since: i64, until: i64) -> Ban {
    Ban {
        subject: subject(who),
        jail: JailName::new(jail),
        scope: Scope::Jail,
        since: Moment::from_seconds(since),
        until: Moment::from_seconds(until),
        failures: 3,
        proof: Proof::Proven,
        reason: "3 failures within 1 h".to_owned(),
    }
}

pub fn failure(who: &str, at: i64) -> Failure {
    let subject = subject(who);
    Failure {
        jail: JailName::new("sshd"),
        subject,
        address: Some(subject.address()),
        at: Moment::from_seconds(at),
        account: None,
        count: 1,
        proof: Proof::Proven,
        echo: 0,
        pattern: "wrong-password".into(),
        line: "Nov  1 00:00:00 pbx sshd[42]: Failed password for root from 192.0.2.1 port 40000 ssh2".into(),
    }
}

pub fn batch(decisions: impl IntoIterator<Item = Decision>) -> Batch {
    Batch { decisions: decisions.into_iter().collect(), ..Batch::default() }
}
