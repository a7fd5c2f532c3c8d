//! The journal, read from a real journal file by the real `journalctl`. The file is written by systemd-journal-remote.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use event::{Moment, Origin, Position};
use source::{JournalPlace, JournalSource, JournalSpec, JournalState, JournalWish};
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

    fn place(&self) -> JournalPlace {
        JournalPlace { options: vec![format!("--file={}", self.file().display())] }
    }

    fn spec(&self, stream: usize, unit: &str) -> JournalSpec {
        let matches = vec![vec![format!("_SYSTEMD_UNIT={unit}")], vec![format!("UNIT={unit}")]];
        JournalSpec { stream, wish: JournalWish { place: self.place(), matches, lines: false } }
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
        let cursors = cursor.map(|cursor| (self.place().name(), cursor)).into_iter().collect();
        JournalSource::open(specs, cursors, since, clock).unwrap()
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
    let specs = vec![
        journal.spec(7, "ssh.service"),
        journal.spec(9, "asterisk.service"),
        journal.spec(11, "ssh.service"),
    ];
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
    let health = source.health().remove(0);
    assert_eq!((health.state, health.entries, health.restarts), (JournalState::Following, 2, 0));
}

#[test]
fn any_bytes_and_large_messages_come_through() {
    let mut journal = Journal::new();
    let mut source = journal.open(vec![journal.spec(0, "ssh.service")], None);
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
    assert_eq!(source.health()[0].skipped, 1);
}

#[test]
fn when_the_child_is_killed_reading_goes_on_without_loss_or_repetition() {
    let mut journal = Journal::new();
    let mut source = journal.open_with(vec![journal.spec(0, "ssh.service")], None, fast_clock);
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
        kill(source.process_ids()[0]);
        journal.write("ssh.service", b"while it is dead", OPENED + 1);
        expected.push("while it is dead".to_owned());
    }
    found.extend(read(&mut source, expected.len() - found.len()));
    assert_eq!(messages(&found), expected);
    // A child whose end was not noticed yet, because its pipe was not empty, was killed twice.
    let health = source.health().remove(0);
    assert_eq!(health.state, JournalState::Following);
    assert!((1..=4).contains(&health.restarts), "{health:?}");
}

#[test]
fn a_cursor_goes_on_after_a_restart() {
    let mut journal = Journal::new();
    for number in 0..5 {
        journal.write("ssh.service", format!("{number}").as_bytes(), OPENED - 60);
    }
    let mut source = journal.open(vec![journal.spec(0, "ssh.service")], None);
    let cursor = read(&mut source, 5)[2].cursor.clone();
    drop(source);
    let mut source = journal.open(vec![journal.spec(0, "ssh.service")], Some(cursor));
    assert_eq!(messages(&read(&mut source, 2)), ["3", "4"]);
}

#[test]
fn a_refused_cursor_is_given_up() {
    let mut journal = Journal::new();
    journal.write("ssh.service", b"here", OPENED - 60);
    let mut source =
        journal.open_with(vec![journal.spec(0, "ssh.service")], Some("nonsense".to_owned()), fast_clock);
    let refused = |source: &mut JournalSource| {
        source.read(Some(PATIENCE), &mut |_| panic!("no entry follows nonsense")).unwrap();
        matches!(&source.health()[0].state, JournalState::Stopped { reason, .. } if reason.contains("cursor"))
    };
    until(|| refused(&mut source));
    assert_eq!(messages(&read(&mut source, 1)), ["here"]);
}

#[test]
fn streams_change_without_losing_the_place() {
    let mut journal = Journal::new();
    let mut source = journal.open(vec![journal.spec(0, "ssh.service")], None);
    journal.write("ssh.service", b"1", OPENED + 1);
    assert_eq!(messages(&read(&mut source, 1)), ["1"]);
    source.replace(vec![journal.spec(3, "ssh.service"), journal.spec(4, "nginx.service")]).unwrap();
    journal.write("ssh.service", b"2", OPENED + 1);
    journal.write("nginx.service", b"3", OPENED + 1);
    let all = read(&mut source, 2);
    assert_eq!((messages(&all), &all[0].streams, &all[1].streams), (vec!["2", "3"], &vec![3], &vec![4]));
    source.replace(Vec::new()).unwrap();
    assert_eq!((source.health(), source.process_ids()), (Vec::new(), Vec::new()));
    let waker = source.waker();
    waker.wake();
    source.read(None, &mut |_| panic!("nobody wants it")).unwrap();
    let wish = JournalWish::any(&["--help".to_owned()]);
    assert!(source.replace(vec![JournalSpec { stream: 0, wish }]).is_err());
}

#[test]
fn several_journals_are_read_each_from_where_it_is() {
    let (mut one, mut other) = (Journal::new(), Journal::new());
    one.write("ssh.service", b"one", OPENED - 60);
    other.write("ssh.service", b"other", OPENED - 60);
    let mut source = one.open(vec![one.spec(0, "ssh.service")], None);
    assert_eq!(messages(&read(&mut source, 1)), ["one"]);
    source.replace(vec![other.spec(0, "ssh.service"), one.spec(1, "ssh.service")]).unwrap();
    let old = read(&mut source, 1);
    assert_eq!((messages(&old), &old[0].streams), (vec!["other"], &vec![0]));
    source.replace(vec![other.spec(0, "ssh.service")]).unwrap();
    one.write("ssh.service", b"while nobody listens", OPENED + 1);
    other.write("ssh.service", b"new", OPENED + 1);
    assert_eq!(messages(&read(&mut source, 1)), ["new"]);
    source.replace(vec![one.spec(0, "ssh.service")]).unwrap();
    assert_eq!(messages(&read(&mut source, 1)), ["while nobody listens"]);
    assert_eq!(source.health()[0].source, one.place().name());
}

#[test]
fn entries_are_lines_and_may_need_several_fields() {
    let mut journal = Journal::new();
    journal.write("ssh.service", b"two\nlines", OPENED - 60);
    journal.write("nobody.service", b"unwanted", OPENED - 60);
    let boot = "_BOOT_ID=6b8a0a5f3d9d4a3f8d7a6a1b2c3d4e5f".to_owned();
    let spec = |stream: usize, matches: &[&[&str]]| {
        let words =
            |words: &&[&str]| words.iter().map(|&word| word.to_owned()).chain([boot.clone()]).collect();
        let matches = matches.iter().map(words).collect();
        JournalSpec { stream, wish: JournalWish { place: journal.place(), matches, lines: true } }
    };
    let specs = vec![
        spec(0, &[&["_SYSTEMD_UNIT=ssh.service"]]),
        spec(1, &[&["_SYSTEMD_UNIT=ssh.service", "MESSAGE=other"], &["_COMM=x"]]),
    ];
    let mut source = journal.open(specs, None);
    let mut found = Vec::new();
    while found.is_empty() {
        let take = &mut |entry: source::JournalEntry<'_>| {
            found.push((entry.streams.to_vec(), entry.entry.line.to_vec(), entry.entry.sent_micros));
        };
        source.read(Some(PATIENCE), take).unwrap();
    }
    assert_eq!(found, [(vec![0], b"two\\nlines".to_vec(), (OPENED - 60) * 1_000_000 + 2)]);
}

#[test]
fn no_more_journals_are_read_than_the_bound() {
    let place = |at: usize| JournalPlace { options: vec![format!("--file=/nowhere/{at}")] };
    let wish = |at: usize| JournalWish { place: place(at), ..JournalWish::default() };
    let specs = (0..=event::limit::JOURNALS).map(|at| JournalSpec { stream: at, wish: wish(at) }).collect();
    let source = Journal::new().open(specs, None);
    let left_unread = source.health().pop().unwrap();
    assert!(
        matches!(left_unread.state, JournalState::Stopped { ref reason, .. } if reason.contains("left unread"))
    );
}

fn kill(id: u32) {
    let pid = rustix::process::Pid::from_raw(id.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}
