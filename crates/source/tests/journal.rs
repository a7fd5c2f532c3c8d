//! The journal, read from a real journal file by the real `journalctl`. The file is written by systemd-journal-remote.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use event::{Moment, Origin, Position};
use source::{JournalPlace, JournalSource, JournalSpec, JournalState};
use tempfile::{TempDir, tempdir};

const REMOTE: &str = "/lib/systemd/systemd-journal-remote";
const OPENED: i64 = 1_800_000_000;
/// How long the kernel and systemd may take at most; on an idle machine it is milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

fn clock() -> Moment {
    Moment::from_seconds(OPENED)
}

/// A clock that runs fast, so that pauses are over at the next look.
fn fast_clock() -> Moment {
    static SECONDS: AtomicI64 = AtomicI64::new(OPENED);
    Moment::from_seconds(SECONDS.fetch_add(1, Ordering::Relaxed))
}

/// A journal file and the process that writes it.
struct Journal {
    directory: TempDir,
    writer: Child,
    input: Option<ChildStdin>,
    entries: i64,
}

impl Journal {
    fn new() -> Self {
        assert!(
            Path::new(REMOTE).exists(),
            "{REMOTE} is missing; install Debian's package systemd-journal-remote"
        );
        let found = Command::new("journalctl").arg("--version").stdout(Stdio::null()).status();
        assert!(found.is_ok(), "journalctl is missing; install Debian's package systemd");
        let directory = tempdir().unwrap();
        let output = format!("--output={}", directory.path().join("test.journal").display());
        let mut command = Command::new(REMOTE);
        command.args([&output, "-"]).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut writer = command.spawn().unwrap();
        let input = writer.stdin.take();
        let mut journal = Self { directory, writer, input, entries: 0 };
        journal.write("first.service", b"first", OPENED - 100);
        let file = format!("--file={}", journal.file().display());
        until(|| {
            let output = Command::new("journalctl").args([&file, "--output=cat"]).output().unwrap();
            output.stdout == b"first\n"
        });
        journal
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("test.journal")
    }

    /// In the journal's export format, with the message as a binary field so that it may be any bytes.
    fn write(&mut self, unit: &str, message: &[u8], second: i64) {
        self.entries += 1;
        let micros = second * 1_000_000 + self.entries;
        let mut entry = format!(
            "__REALTIME_TIMESTAMP={micros}\n__MONOTONIC_TIMESTAMP={}\n\
             _BOOT_ID=6b8a0a5f3d9d4a3f8d7a6a1b2c3d4e5f\n_SYSTEMD_UNIT={unit}\nMESSAGE\n",
            self.entries
        )
        .into_bytes();
        entry.extend((message.len() as u64).to_le_bytes());
        entry.extend(message);
        entry.extend(b"\n\n");
        let input = self.input.as_mut().unwrap();
        input.write_all(&entry).unwrap();
        input.flush().unwrap();
    }

    fn open(&self, specs: Vec<JournalSpec>, cursor: Option<String>) -> JournalSource {
        self.open_with(specs, cursor, clock)
    }

    fn open_with(
        &self,
        specs: Vec<JournalSpec>,
        cursor: Option<String>,
        clock: fn() -> Moment,
    ) -> JournalSource {
        let since = Moment::from_seconds(OPENED - 3600);
        JournalSource::open(specs, cursor, since, JournalPlace::File(self.file()), clock).unwrap()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.writer.kill();
        let _ = self.writer.wait();
    }
}

/// Waits in the kernel, a moment at a time, for what another process does.
fn until(mut done: impl FnMut() -> bool) {
    let moment = rustix::event::Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
    for _ in 0..PATIENCE.as_millis() / 5 {
        if done() {
            return;
        }
        rustix::event::poll(&mut [], Some(&moment)).unwrap();
    }
    panic!("not done within {PATIENCE:?}");
}

fn spec(stream: usize, unit: &str) -> JournalSpec {
    JournalSpec { stream, matches: vec![format!("_SYSTEMD_UNIT={unit}"), format!("UNIT={unit}")] }
}

#[derive(Debug, PartialEq, Eq)]
struct Read {
    streams: Vec<usize>,
    message: Vec<u8>,
    written: Moment,
    origin: Origin,
    cursor: String,
}

/// Reads until `count` entries have come.
fn read(source: &mut JournalSource, count: usize) -> Vec<Read> {
    let mut all = Vec::new();
    for _ in 0..PATIENCE.as_millis() / 100 {
        source
            .read(Some(Duration::from_millis(100)), &mut |found| {
                let Position::Cursor { cursor } = found.position else { panic!("not a journal's position") };
                all.push(Read {
                    streams: found.streams.to_vec(),
                    message: found.entry.message.to_vec(),
                    written: found.entry.written,
                    origin: found.entry.origin,
                    cursor,
                });
            })
            .unwrap();
        if all.len() >= count {
            return all;
        }
    }
    panic!("{} entries instead of {count}: {:?}", all.len(), source.health());
}

fn messages(all: &[Read]) -> Vec<&str> {
    all.iter().map(|read| std::str::from_utf8(&read.message).unwrap()).collect()
}

#[test]
fn entries_come_to_the_streams_that_want_them() {
    let mut journal = Journal::new();
    journal.write("ssh.service", b"too old", OPENED - 7200);
    journal.write("ssh.service", b"old", OPENED - 60);
    journal.write("nobody.service", b"unwanted", OPENED - 60);
    let specs = vec![spec(7, "ssh.service"), spec(9, "asterisk.service"), spec(11, "ssh.service")];
    let mut source = journal.open(specs, None);
    let old = read(&mut source, 1);
    assert_eq!(
        (messages(&old), &old[0].streams, old[0].origin),
        (vec!["old"], &vec![7, 11], Origin::CatchUp)
    );
    assert_eq!(old[0].written, Moment::from_seconds(OPENED - 60));
    journal.write("asterisk.service", b"new", OPENED + 1);
    let new = read(&mut source, 1);
    assert_eq!((messages(&new), &new[0].streams, new[0].origin), (vec!["new"], &vec![9], Origin::Live));
    let health = source.health();
    assert_eq!((health.state, health.entries, health.restarts), (JournalState::Following, 2, 0));
}

#[test]
fn any_bytes_and_large_messages_come_through() {
    let mut journal = Journal::new();
    let mut source = journal.open(vec![spec(0, "ssh.service")], None);
    let large = vec![b'x'; 60_000];
    let binary: Vec<u8> = (0..=255).cycle().take(60_000).collect();
    for message in
        [b"caf\xe9 \x01\x02".as_slice(), b"two\nlines", "\u{e9}\u{1f40e}\"\\".as_bytes(), &large, &binary]
    {
        journal.write("ssh.service", message, OPENED + 1);
        assert_eq!(read(&mut source, 1)[0].message, message);
    }
    journal.write("ssh.service", &[b'y'; 70_000], OPENED + 1);
    journal.write("ssh.service", b"after", OPENED + 1);
    assert_eq!(messages(&read(&mut source, 1)), ["after"]);
    assert_eq!(source.health().skipped, 1);
}

#[test]
fn when_the_child_is_killed_reading_goes_on_without_loss_or_repetition() {
    let mut journal = Journal::new();
    let mut source = journal.open_with(vec![spec(0, "ssh.service")], None, fast_clock);
    let mut expected = Vec::new();
    let mut found = Vec::new();
    for round in 0..4 {
        for number in 0..20 {
            let message = format!("{round}.{number}");
            journal.write("ssh.service", message.as_bytes(), OPENED + 1);
            expected.push(message);
        }
        // Some are read before the child ends, some may be in its pipe, some are not read by it yet.
        found.extend(read(&mut source, 1));
        kill(source.process_id().unwrap());
        journal.write("ssh.service", b"while it is dead", OPENED + 1);
        expected.push("while it is dead".to_owned());
    }
    found.extend(read(&mut source, expected.len() - found.len()));
    assert_eq!(messages(&found), expected);
    // A child whose end was not noticed yet, because its pipe was not empty, was killed twice.
    let health = source.health();
    assert_eq!(health.state, JournalState::Following);
    assert!((1..=4).contains(&health.restarts), "{health:?}");
}

#[test]
fn a_cursor_goes_on_after_a_restart() {
    let mut journal = Journal::new();
    for number in 0..5 {
        journal.write("ssh.service", format!("{number}").as_bytes(), OPENED - 60);
    }
    let mut source = journal.open(vec![spec(0, "ssh.service")], None);
    let cursor = read(&mut source, 5)[2].cursor.clone();
    drop(source);
    let mut source = journal.open(vec![spec(0, "ssh.service")], Some(cursor));
    assert_eq!(messages(&read(&mut source, 2)), ["3", "4"]);
}

#[test]
fn a_refused_cursor_is_given_up() {
    let mut journal = Journal::new();
    journal.write("ssh.service", b"here", OPENED - 60);
    let mut source = journal.open_with(vec![spec(0, "ssh.service")], Some("nonsense".to_owned()), fast_clock);
    let refused = |source: &mut JournalSource| {
        source.read(Some(PATIENCE), &mut |_| panic!("no entry follows nonsense")).unwrap();
        matches!(source.health().state, JournalState::Stopped { reason, .. } if reason.contains("cursor"))
    };
    until(|| refused(&mut source));
    assert_eq!(messages(&read(&mut source, 1)), ["here"]);
}

#[test]
fn streams_change_without_losing_the_place() {
    let mut journal = Journal::new();
    let mut source = journal.open(vec![spec(0, "ssh.service")], None);
    journal.write("ssh.service", b"1", OPENED + 1);
    assert_eq!(messages(&read(&mut source, 1)), ["1"]);
    source.replace(vec![spec(3, "ssh.service"), spec(4, "nginx.service")]).unwrap();
    journal.write("ssh.service", b"2", OPENED + 1);
    journal.write("nginx.service", b"3", OPENED + 1);
    let all = read(&mut source, 2);
    assert_eq!((messages(&all), &all[0].streams, &all[1].streams), (vec!["2", "3"], &vec![3], &vec![4]));
    source.replace(Vec::new()).unwrap();
    assert_eq!((source.health().state, source.process_id()), (JournalState::Idle, None));
    let waker = source.waker();
    waker.wake();
    source.read(None, &mut |_| panic!("nobody wants it")).unwrap();
    assert!(source.replace(vec![JournalSpec { stream: 0, matches: vec!["--help".into()] }]).is_err());
}

fn kill(id: u32) {
    let pid = rustix::process::Pid::from_raw(id.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
