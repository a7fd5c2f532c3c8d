//! How fast and how large a store with a million bans is: `cargo run --release -p store --example million`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "this file measures time and prints it")]

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::time::{Duration, Instant};

use event::{Ban, Decision, Failure, Moment};
use sample::{failure, scattered};
use store::{Batch, Sqlite, Store};

const MILLION: u32 = 1_000_000;

fn main() {
    println!("a million bans and half a million failures");
    with_failures();
    println!("a million bans alone");
    alone();
}

fn with_failures() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    let now = Moment::from_seconds(1_000);
    let mut store = Sqlite::open(&path, now).unwrap().store;
    let begin = Instant::now();
    let mut slowest = Duration::ZERO;
    for start in (0..MILLION).step_by(20_000) {
        let batch = turn(start, 20_000);
        let before = Instant::now();
        store.commit(&batch).unwrap();
        slowest = slowest.max(before.elapsed());
        if start == 0 {
            println!("the first batch of 20,000 failures and bans: {slowest:?}");
        }
        while store.prune(now).unwrap().more {}
    }
    println!(
        "with pruning, 50 batches of 20,000 failures and bans: {:?}, slowest {slowest:?}",
        begin.elapsed()
    );
    let mut times: Vec<_> = (MILLION..MILLION + 5000)
        .map(|n| {
            let batch = turn(n, 1);
            let before = Instant::now();
            store.commit(&batch).unwrap();
            before.elapsed()
        })
        .collect();
    times.sort();
    println!("a batch of 1: median {:?}, 99 % {:?}, slowest {:?}", times[2500], times[4950], times[4999]);
    timed("evidence", || assert_eq!(store.evidence(&scattered(MILLION + 1), 20).unwrap().len(), 1));
    let mut calls = 0;
    let mut slowest = Duration::ZERO;
    loop {
        let before = Instant::now();
        let more = store.prune(now).unwrap().more;
        slowest = slowest.max(before.elapsed());
        calls += 1;
        if !more {
            break;
        }
    }
    println!("pruning: {calls} calls, slowest {slowest:?}");
    let mut told = 0;
    timed("failures_since", || store.failures_since(Moment::from_seconds(0), &mut |_| told += 1).unwrap());
    println!("{told} failures");
    timed("load", || assert_eq!(store.load(now).unwrap().bans.len(), 1_005_000));
    timed("mend (checks every page)", || assert!(store.mend(now).unwrap().is_none()));
    timed("close", || drop(store));
    println!("size {} MB", std::fs::metadata(&path).unwrap().len() / 1_000_000);
    timed("open", || drop(Sqlite::open(&path, now).unwrap()));
}

fn alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    let now = Moment::from_seconds(1_000);
    let mut store = Sqlite::open(&path, now).unwrap().store;
    for start in (0..MILLION).step_by(20_000) {
        store.commit(&Batch { failures: vec![], ..turn(start, 20_000) }).unwrap();
        while store.prune(now).unwrap().more {}
    }
    drop(store);
    println!("size {} MB", std::fs::metadata(&path).unwrap().len() / 1_000_000);
    timed("open", || drop(Sqlite::open(&path, now).unwrap()));
}

fn timed(what: &str, work: impl FnOnce()) {
    let before = Instant::now();
    work();
    println!("{what}: {:?}", before.elapsed());
}

fn turn(start: u32, count: u32) -> Batch {
    let range = start..start + count;
    let ban = |n| Ban { subject: scattered(n), ..sample::ban("192.0.2.1", "sshd", 1, 1_000_000_000) };
    Batch {
        failures: range
            .clone()
            .map(|n| Failure { subject: scattered(n), ..failure("192.0.2.1", 900) })
            .collect(),
        decisions: range.map(|n| Decision::Ban(ban(n))).collect(),
        ..Batch::default()
    }
}
