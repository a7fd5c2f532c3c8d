//! How long the page waits for the archive when every table is full: `cargo run --release -p store --example overview`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "this file measures time and prints it")]

#[path = "../tests/sample/mod.rs"]
mod sample;

use std::time::{Duration, Instant};

use event::{Decision, Failure, JailName, Moment, Unban, limit};
use sample::{failure, scattered};
use store::{Action, Archive, Batch, Sqlite, Store};

const WEEK: u32 = 7 * 24 * 3600;
const BEGIN: i64 = 1_800_000_000;
const TURNS: u32 = 100;
const FAILURES: u32 = limit::RECORDED_FAILURES as u32 / TURNS;
const ENDED: u32 = limit::HISTORY_ROWS as u32 / TURNS;
const ACTIONS: u32 = limit::ACTION_ROWS as u32 / TURNS;

fn main() {
    for (what, subjects) in [("all from different addresses", u32::MAX), ("from 5,000 addresses", 5_000)] {
        println!("failures {what}:");
        measure(subjects);
    }
}

fn measure(subjects: u32) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    let now = Moment::from_seconds(BEGIN + i64::from(WEEK));
    let mut store = Sqlite::open(&path, Moment::from_seconds(BEGIN)).unwrap().store;
    let before = Instant::now();
    for turn in 0..TURNS {
        store.commit(&filling(turn, subjects)).unwrap();
        store.prune(now).unwrap();
    }
    while store.prune(now).unwrap().more {}
    println!("  filling in {TURNS} turns: {:?}", before.elapsed());
    println!("  size {} MB", std::fs::metadata(&path).unwrap().len() / 1_000_000);
    let mut archive = Archive::open(&path).unwrap();
    let week = Moment::from_seconds(BEGIN);
    let day = now.before(Duration::from_secs(24 * 3600));
    let hour = Duration::from_secs(3600);
    timed("failures_by_step, day", || drop(archive.failures_by_step(day, hour, 24).unwrap()));
    timed("failures_by_step, week", || drop(archive.failures_by_step(week, 6 * hour, 28).unwrap()));
    timed("bans_by_step, week", || drop(archive.bans_by_step(week, 6 * hour, 28).unwrap()));
    timed("top, day", || assert_eq!(archive.top(day, 10).unwrap().subjects.len(), 10));
    timed("top, week", || assert_eq!(archive.top(week, 10).unwrap().subjects.len(), 10));
    timed("actions, newest 100", || assert_eq!(archive.actions(None, 100).unwrap().len(), 100));
    timed("actions, oldest 100", || assert_eq!(archive.actions(Some(101), 100).unwrap().len(), 100));
    timed("evidence, 20", || assert!(!archive.evidence(&scattered(1), 20).unwrap().is_empty()));
    timed("history of all, 100", || assert_eq!(archive.history(None, 100).unwrap().len(), 100));
    timed("history of one, 100", || assert!(!archive.history(Some(&scattered(1)), 100).unwrap().is_empty()));
    timed("audit, 100", || assert_eq!(archive.audit(100).unwrap().len(), 100));
    let mut told = 0;
    timed("failures_since, week", || archive.failures_since(week, &mut |_| told += 1).unwrap());
    assert_eq!(told, 3 * limit::RECORDED_FAILURES);
    beside_a_reader(&mut store, &mut archive, week);
}

/// What a turn of the engine costs while somebody reads everything.
fn beside_a_reader(store: &mut Sqlite, archive: &mut Archive, week: Moment) {
    let turn = |n| Batch {
        failures: vec![Failure { subject: scattered(n), ..failure("192.0.2.1", BEGIN + i64::from(WEEK)) }],
        ..Batch::default()
    };
    let commits = |store: &mut Sqlite| {
        let mut times: Vec<_> = (0..2000)
            .map(|n| {
                let before = Instant::now();
                store.commit(&turn(n)).unwrap();
                let taken = before.elapsed();
                // As the timer does it: folding the log into the file is no part of a turn.
                if n % 500 == 0 {
                    store.prune(week).unwrap();
                }
                taken
            })
            .collect();
        times.sort();
        (times[1000], times[1980], times[1999])
    };
    println!("  a turn of 1 failure alone: median, 99 %, slowest {:?}", commits(store));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|threads| {
        threads.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                archive.top(week, 10).unwrap();
            }
        });
        println!("  beside a reader: {:?}", commits(store));
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// The best of three.
fn timed(what: &str, mut work: impl FnMut()) {
    let times = [(); 3].map(|()| {
        let before = Instant::now();
        work();
        before.elapsed()
    });
    println!("  {what}: {:?}", times.iter().min().unwrap());
}

fn filling(turn: u32, subjects: u32) -> Batch {
    let failures = (turn * FAILURES..(turn + 1) * FAILURES).map(|n| Failure {
        subject: scattered(n % subjects),
        jail: JailName::new(["sshd", "asterisk", "nginx", "asterisk-ami"][n as usize % 4]),
        account: Some(format!("account-{}", n % 20_000).into()),
        ..failure("192.0.2.1", BEGIN + i64::from(n) * i64::from(WEEK) / limit::RECORDED_FAILURES as i64)
    });
    let since = |n: u32| BEGIN + i64::from(n) * 3;
    let decisions = (turn * ENDED..(turn + 1) * ENDED).flat_map(|n| {
        let mut ban = sample::ban("192.0.2.1", "sshd", since(n), since(n) + 999_999);
        ban.subject = scattered(n);
        let at = Moment::from_seconds(since(n) + 1);
        let lifted = Unban { subject: ban.subject, jail: ban.jail.clone(), at, actor: "admin".to_owned() };
        [Decision::Ban(ban), Decision::Unban(lifted)]
    });
    let action = |n: u32| Action {
        at: Moment::from_seconds(since(n)),
        deed: "unban".to_owned(),
        actor: "admin".to_owned(),
        origin: "192.0.2.9".to_owned(),
        subject: scattered(n).to_string(),
        detail: String::new(),
    };
    let actions = (turn * ACTIONS..(turn + 1) * ACTIONS).map(action).collect();
    Batch { failures: failures.collect(), decisions: decisions.collect(), actions, ..Batch::default() }
}
