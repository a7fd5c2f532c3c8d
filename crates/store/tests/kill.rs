//! `kill -9` at any moment loses no ban that was acknowledged, and keeps failures and their position together.
//!
//! The writer is this test binary again: it commits batches and acknowledges each on its standard output. It is killed
//! after a random number of acknowledgements, while it goes on writing ahead of the reader, so that the kill falls
//! anywhere: between commits, within one, and while the log is folded into the file.

mod sample;

use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use event::{Ban, Decision, Failure, Moment, Position};
use sample::{failure, scattered};
use store::{Batch, Sqlite, Store};

const KILLS: u32 = 40;
const DIRECTORY: &str = "STORE_KILL_TEST_DIRECTORY";
const BANS_PER_BATCH: u32 = 40;

#[test]
fn no_acknowledged_ban_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        acknowledged = acknowledged.max(run_and_kill(dir.path()));
        let bans = check(&path, kill, acknowledged);
        // What was committed but not yet acknowledged may be there as well: the writer goes on behind it.
        acknowledged = bans;
    }
    assert!(acknowledged > KILLS, "{acknowledged}");
}

/// Runs the writer, kills it, and tells how many bans it had acknowledged.
fn run_and_kill(dir: &Path) -> u32 {
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writes_until_it_is_killed", "--ignored", "--nocapture"])
        .env(DIRECTORY, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let patience = 1 + RandomState::new().hash_one("patience") % 60;
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut acknowledged = 0;
    let mut heard = 0;
    while heard < patience {
        let line = lines.next().expect("the writer ended by itself");
        if let Some(number) = number_in(&line) {
            acknowledged = number;
            heard += 1;
        }
    }
    writer.kill().unwrap();
    // What it acknowledged before the kill reached it counts as well.
    if let Some(number) = lines.filter_map(|line| number_in(&line)).last() {
        acknowledged = number;
    }
    writer.wait().unwrap();
    acknowledged
}

/// A line that the kill cut short carries no full stop and says nothing.
fn number_in(line: &str) -> Option<u32> {
    line.strip_prefix("acknowledged ")?.strip_suffix('.')?.parse().ok()
}

/// Opens the store as the daemon would, and tells how many bans are in it.
fn check(path: &Path, kill: u32, acknowledged: u32) -> u32 {
    let opened = Sqlite::open(path, Moment::from_seconds(0)).unwrap();
    assert!(opened.set_aside.is_none(), "kill {kill}: {:?}", opened.damage);
    let bans = u32::try_from(opened.loaded.bans.len()).unwrap();
    assert!(bans >= acknowledged, "kill {kill}: {bans} bans, {acknowledged} acknowledged");
    let present: std::collections::HashSet<_> = opened.loaded.bans.iter().map(|ban| ban.subject).collect();
    assert!((0..bans).all(|n| present.contains(&scattered(n))), "kill {kill}: a hole");
    let mut failures = 0;
    opened.store.failures_since(Moment::from_seconds(0), &mut |_| failures += 1).unwrap();
    assert_eq!(
        read_up_to(&opened.loaded.positions),
        failures,
        "kill {kill}: a failure lost or counted twice"
    );
    drop(opened);
    let conn = rusqlite::Connection::open(path).unwrap();
    let verdict: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok", "kill {kill}");
    bans
}

fn read_up_to(positions: &[(String, Position)]) -> u64 {
    match positions {
        [] => 0,
        [(_, Position::File { offset, .. })] => *offset,
        other => panic!("{other:?}"),
    }
}

/// The writer. Its "log" has one failure per byte, so that the position is the number of failures.
#[test]
#[ignore = "runs as a child of the test above"]
fn writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(DIRECTORY) else { return };
    let mut opened = Sqlite::open(&Path::new(&dir).join("stockade.db"), Moment::from_seconds(0)).unwrap();
    let mut written = u32::try_from(opened.loaded.bans.len()).unwrap();
    let mut read = read_up_to(&opened.loaded.positions);
    let mut stdout = std::io::stdout();
    loop {
        let decisions = (written..written + BANS_PER_BATCH).map(|n| Decision::Ban(ban(n))).collect();
        let failures: Vec<_> = (written..written + 3)
            .map(|n| Failure { subject: scattered(n), ..failure("192.0.2.1", 5) })
            .collect();
        read += failures.len() as u64;
        let position = Position::File { device: 1, inode: 2, offset: read, fingerprint: 3, head_bytes: 4 };
        let positions = vec![("log".to_owned(), position)];
        opened.store.commit(&Batch { failures, decisions, positions, ..Batch::default() }).unwrap();
        written += BANS_PER_BATCH;
        // Every few commits the log is folded into the file, so that kills fall into that, too.
        if written % (BANS_PER_BATCH * 4) == 0 {
            opened.store.prune(Moment::from_seconds(5)).unwrap();
        }
        writeln!(stdout, "acknowledged {written}.").unwrap();
        stdout.flush().unwrap();
    }
}

fn ban(n: u32) -> Ban {
    Ban { subject: scattered(n), ..sample::ban("192.0.2.1", "sshd", 1, 1_000_000_000) }
}
