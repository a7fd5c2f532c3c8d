//! How files are found, missed, found again and read, each on real files with the kernel's own notices.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use event::limit::{FILES, FIRST_CATCH_UP_BYTES, LINE_BYTES, READ_BYTES, WAITING_ROTATIONS};
use event::{Moment, Origin, Position};
use source::{FileHealth, FileSource, FileSpec, FileState, SourceError};
use tempfile::{TempDir, tempdir};

/// How long another thread may take at most.
const PATIENCE: Duration = Duration::from_secs(20);

fn clock() -> Moment {
    Moment::from_seconds(1_800_000_000)
}

fn specs(directory: &TempDir, patterns: &[&str]) -> Vec<FileSpec> {
    let absolute = |pattern: &&str| directory.path().join(pattern).to_str().unwrap().to_owned();
    patterns.iter().map(|pattern| FileSpec { pattern: absolute(pattern) }).collect()
}

fn open(directory: &TempDir, patterns: &[&str]) -> FileSource {
    FileSource::open(specs(directory, patterns), HashMap::new(), clock).unwrap()
}

#[derive(Debug, PartialEq, Eq)]
struct Read {
    spec: usize,
    path: String,
    text: Vec<u8>,
    origin: Origin,
    position: Position,
}

/// Everything that can be read now, without waiting: the kernel queues its notices before the writer's call returns.
fn read(source: &mut FileSource) -> Vec<Read> {
    let mut all = Vec::new();
    loop {
        let before = all.len();
        source
            .read(Some(Duration::ZERO), &mut |found| {
                all.push(Read {
                    spec: found.spec,
                    path: found.path.to_owned(),
                    text: found.block.text.to_vec(),
                    origin: found.block.origin,
                    position: found.position,
                });
            })
            .unwrap();
        if all.len() == before && source.is_caught_up() {
            return all;
        }
    }
}

fn text(source: &mut FileSource) -> String {
    String::from_utf8(read(source).into_iter().flat_map(|read| read.text).collect()).unwrap()
}

fn append(path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_ref()).unwrap();
}

fn health(source: &FileSource, path: impl AsRef<Path>) -> FileHealth {
    let path = path.as_ref().to_str().unwrap();
    source.health().into_iter().find(|health| health.path == path).unwrap()
}

fn is_missing(health: &FileHealth) -> bool {
    matches!(health.state, FileState::Missing { .. })
}

#[test]
fn old_lines_are_catch_up_and_new_ones_live() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "old 1\nold 2\nhal");
    let mut source = open(&directory, &["a.log"]);
    append(&log, "f\nnew\n");
    let all = read(&mut source);
    let found: Vec<(&[u8], Origin)> = all.iter().map(|read| (read.text.as_slice(), read.origin)).collect();
    let expected: [(&[u8], Origin); 2] =
        [(b"old 1\nold 2\n", Origin::CatchUp), (b"half\nnew\n", Origin::Live)];
    assert_eq!(found, expected);
    let health = health(&source, &log);
    assert_eq!((health.state, health.lines, health.bytes), (FileState::Following, 4, 21));
    assert_eq!(health.last_read, Some(clock()));
}

#[test]
fn a_half_written_line_waits() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "");
    let mut source = open(&directory, &["a.log"]);
    append(&log, "one");
    assert_eq!(text(&mut source), "");
    append(&log, " and two");
    assert_eq!(text(&mut source), "");
    append(&log, "\nthree");
    assert_eq!(text(&mut source), "one and two\n");
}

#[test]
fn bytes_that_are_no_utf8_are_handed_on_untouched() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, b"\xff\xfe caf\xe9\r\n\x00inside\x00\n");
    let mut source = open(&directory, &["a.log"]);
    assert_eq!(read(&mut source)[0].text, b"\xff\xfe caf\xe9\r\n\x00inside\x00\n");
}

#[test]
fn a_line_too_long_is_left_out_and_counted() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "before\n");
    let mut source = open(&directory, &["a.log"]);
    let long = vec![b'x'; 2 * READ_BYTES + 5];
    append(&log, &long);
    assert_eq!(text(&mut source), "before\n");
    append(&log, &long);
    append(&log, "\nafter\n");
    assert_eq!(text(&mut source), "after\n");
    append(&log, [&vec![b'y'; LINE_BYTES], b"\nz\n".as_slice()].concat());
    assert_eq!(text(&mut source).len(), LINE_BYTES + 3);
    assert_eq!(health(&source, &log).cut_lines, 1);
}

#[test]
fn a_first_reading_begins_near_the_end_at_the_start_of_a_line() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    let line = format!("{}\n", "x".repeat(999));
    let lines = usize::try_from(FIRST_CATCH_UP_BYTES).unwrap() / 1000 + 100;
    append(&log, line.repeat(lines));
    let mut source = open(&directory, &["a.log"]);
    let all = text(&mut source);
    assert_eq!(all.len() % 1000, 0);
    let unread = FIRST_CATCH_UP_BYTES - all.len() as u64;
    assert!(unread < 1000, "{unread}");
}

#[test]
fn blocks_are_large_and_take_turns() {
    let directory = tempdir().unwrap();
    append(directory.path().join("huge.log"), "0123456789abcde\n".repeat(100_000));
    append(directory.path().join("small.log"), "line\n");
    let mut source = open(&directory, &["huge.log", "small.log"]);
    let all = read(&mut source);
    assert!(all[..2].iter().any(|read| read.path.ends_with("small.log")));
    assert_eq!(all[..2].iter().find(|read| read.path.ends_with("huge.log")).unwrap().text.len(), READ_BYTES);
}

#[test]
fn a_missing_file_is_a_state_and_not_an_end() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(directory.path().join("b.log"), "b\n");
    let mut source = open(&directory, &["a.log", "b.log"]);
    assert_eq!(text(&mut source), "b\n");
    assert_eq!(health(&source, &log).state, FileState::Missing { since: clock() });
    append(&log, "first\n");
    let all = read(&mut source);
    assert_eq!((all[0].text.as_slice(), all[0].origin), (b"first\n".as_slice(), Origin::Live));
    fs::remove_file(&log).unwrap();
    assert_eq!(text(&mut source), "");
    assert!(is_missing(&health(&source, &log)));
    append(&log, "second\n");
    assert_eq!(text(&mut source), "second\n");
    assert_eq!(health(&source, &log).state, FileState::Following);
}

#[test]
fn missing_parents_are_waited_for_one_after_the_other() {
    let directory = tempdir().unwrap();
    let mut source = open(&directory, &["x/y/z/a.log"]);
    for parent in ["x", "x/y", "x/y/z"] {
        assert_eq!(text(&mut source), "");
        fs::create_dir(directory.path().join(parent)).unwrap();
    }
    append(directory.path().join("x/y/z/a.log"), "here\n");
    assert_eq!(text(&mut source), "here\n");
    // The whole tree is swapped for another one.
    fs::rename(directory.path().join("x"), directory.path().join("gone")).unwrap();
    fs::create_dir_all(directory.path().join("x/y/z")).unwrap();
    append(directory.path().join("x/y/z/a.log"), "there\n");
    assert_eq!(text(&mut source), "there\n");
}

#[test]
fn a_tree_made_at_once_is_found() {
    let directory = tempdir().unwrap();
    let mut source = open(&directory, &["x/*/z/*.log"]);
    fs::create_dir_all(directory.path().join("x/1/z")).unwrap();
    append(directory.path().join("x/1/z/a.log"), "one\n");
    assert_eq!(text(&mut source), "one\n");
}

#[test]
fn globs_pick_up_new_files_and_directories() {
    let directory = tempdir().unwrap();
    fs::create_dir(directory.path().join("pod-1")).unwrap();
    append(directory.path().join("pod-1/a.log"), "old\n");
    let mut source = open(&directory, &["pod-*/*.log", "none/*.log"]);
    assert_eq!(text(&mut source), "old\n");
    append(directory.path().join("pod-1/b.log"), "b\n");
    append(directory.path().join("pod-1/b.txt"), "no\n");
    append(directory.path().join("pod-1/.hidden.log"), "no\n");
    let all = read(&mut source);
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].spec, all[0].text.as_slice(), all[0].origin), (0, b"b\n".as_slice(), Origin::Live));
    fs::create_dir(directory.path().join("pod-2")).unwrap();
    assert_eq!(text(&mut source), "");
    append(directory.path().join("pod-2/a.log"), "c\n");
    assert_eq!(text(&mut source), "c\n");
    assert!(is_missing(&health(&source, directory.path().join("none/*.log"))));
    fs::remove_dir_all(directory.path().join("pod-1")).unwrap();
    assert_eq!(text(&mut source), "");
    assert!(!source.health().iter().any(|health| health.path.contains("pod-1")));
}

#[test]
fn a_glob_does_not_read_rotated_files_again() {
    let directory = tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    append(file("a.log.2.gz"), "packed\n");
    append(file("a.log.1"), "yesterday\n");
    append(file("a.log"), "today\n");
    let mut source = open(&directory, &["a.log*"]);
    assert_eq!(text(&mut source), "today\n");
    for round in 0..4 {
        fs::rename(file("a.log.1"), file("a.log.2")).unwrap();
        fs::rename(file("a.log"), file("a.log.1")).unwrap();
        assert_eq!(text(&mut source), "");
        append(file("a.log.1"), "late\n");
        append(file("a.log"), format!("{round}\n"));
        assert_eq!(text(&mut source), format!("late\n{round}\n"));
    }
    fs::copy(file("a.log"), file("a.log.3")).unwrap();
    File::create(file("a.log")).unwrap();
    append(file("a.log"), "cut\n");
    assert_eq!(text(&mut source), "cut\n");
}

#[test]
fn late_lines_of_the_old_file_are_heard_after_the_new_one_began() {
    let directory = tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    append(file("a.log"), "1\n");
    let mut source = open(&directory, &["a.log"]);
    assert_eq!(text(&mut source), "1\n");
    append(file("a.log"), "2\n");
    fs::rename(file("a.log"), file("a.log.1")).unwrap();
    append(file("a.log"), "4\n");
    append(file("a.log.1"), "3\n");
    assert_eq!(text(&mut source), "2\n3\n4\n");
    append(file("a.log.1"), "late\n");
    let late = read(&mut source);
    assert_eq!(late[0].text, b"late\n");
    // The position stays that of the new file: the late lines have been read.
    append(file("a.log"), "5\n");
    let new = read(&mut source);
    let inode = |read: &Read| match read.position {
        Position::File { inode, .. } => inode,
        Position::Journal { .. } => 0,
    };
    assert_eq!(inode(&late[0]), inode(&new[0]));
    // An unlinked file is let go, so that its space on the disk is free.
    fs::remove_file(file("a.log.1")).unwrap();
    assert_eq!(text(&mut source), "");
    let open_files =
        fs::read_dir("/proc/self/fd").unwrap().flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
    assert!(
        !open_files
            .into_iter()
            .any(|path| path.to_string_lossy().contains(file("a.log.1").to_str().unwrap()))
    );
}

#[test]
fn links_are_followed_wherever_they_lead() {
    let directory = tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    fs::create_dir_all(file("real/one")).unwrap();
    fs::create_dir_all(file("real/two")).unwrap();
    append(file("real/one/a.log"), "one\n");
    symlink("real/one", file("logs")).unwrap();
    symlink("../logs/../two/b.log", file("real/b.log")).unwrap();
    symlink("real/b.log", file("link.log")).unwrap();
    let mut source = open(&directory, &["logs/a.log", "link.log"]);
    assert_eq!(text(&mut source), "one\n");
    // The parent is re-pointed.
    append(file("real/two/a.log"), "two\n");
    symlink("real/two", file("new")).unwrap();
    fs::rename(file("new"), file("logs")).unwrap();
    assert_eq!(text(&mut source), "two\n");
    // `logs/..` is `real` by now as before: the link behind the link leads to a file that appears now.
    append(file("real/two/b.log"), "b\n");
    assert_eq!(text(&mut source), "b\n");
    fs::remove_file(file("link.log")).unwrap();
    assert_eq!(text(&mut source), "");
    assert!(is_missing(&health(&source, file("link.log"))));
    symlink("nowhere/link.log", file("real/loop")).unwrap();
    symlink("real/one/a.log", file("link.log")).unwrap();
    assert_eq!(text(&mut source), "one\n");
}

#[test]
fn links_in_a_circle_are_unreadable() {
    let directory = tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    symlink("b.log", file("a.log")).unwrap();
    symlink("a.log", file("b.log")).unwrap();
    let mut source = open(&directory, &["a.log"]);
    assert_eq!(text(&mut source), "");
    assert!(matches!(health(&source, file("a.log")).state, FileState::Unreadable { .. }));
    fs::remove_file(file("b.log")).unwrap();
    append(file("b.log"), "straight\n");
    assert_eq!(text(&mut source), "straight\n");
}

#[test]
fn what_is_no_file_is_unreadable_until_it_is_one() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    fs::create_dir(&log).unwrap();
    let mut source = open(&directory, &["a.log"]);
    let state = health(&source, &log).state;
    assert_eq!(state, FileState::Unreadable { reason: "not a regular file".into() });
    fs::remove_dir(&log).unwrap();
    append(&log, "now\n");
    assert_eq!(text(&mut source), "now\n");
}

#[test]
fn a_file_that_becomes_readable_is_read() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "old\n");
    fs::set_permissions(&log, fs::Permissions::from_mode(0o000)).unwrap();
    let may_read_all = File::open(&log).is_ok();
    let mut source = open(&directory, &["a.log"]);
    if !may_read_all {
        assert!(matches!(health(&source, &log).state, FileState::Unreadable { .. }));
        fs::set_permissions(&log, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let all = read(&mut source);
    assert_eq!((all[0].text.as_slice(), all[0].origin), (b"old\n".as_slice(), Origin::CatchUp));
}

#[test]
fn a_copy_truncated_log_that_outgrew_the_offset_is_read_from_its_start() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "before\n");
    let mut source = open(&directory, &["a.log"]);
    assert_eq!(text(&mut source), "before\n");
    File::create(&log).unwrap();
    append(&log, "after, and longer than what was there\n".repeat(100));
    assert_eq!(text(&mut source).lines().count(), 100);
}

#[test]
fn lines_truncated_before_they_were_read_are_read_from_the_copy() {
    let directory = tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    append(file("a.log"), "1\n");
    fs::copy(file("a.log"), file("a.log.2")).unwrap();
    append(file("a.log.2"), "not a copy any more\n");
    let mut source = open(&directory, &["a.log*"]);
    assert_eq!(text(&mut source), "1\n");
    append(file("a.log"), "2\n3\n");
    fs::copy(file("a.log"), file("a.log.1")).unwrap();
    File::options().write(true).open(file("a.log.1")).unwrap().set_modified(later()).unwrap();
    File::create(file("a.log")).unwrap();
    append(file("a.log"), "4\n");
    assert_eq!(text(&mut source), "2\n3\n4\n");
    append(file("a.log"), "5\n");
    assert_eq!(text(&mut source), "5\n");
}

/// A time that is later than any of the test's own.
fn later() -> std::time::SystemTime {
    std::time::UNIX_EPOCH + Duration::from_secs(4_000_000_000)
}

#[test]
fn the_gap_of_a_writer_that_does_not_append_is_skipped() {
    use std::os::unix::fs::FileExt;
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    let far = 3 << 30;
    let writer = File::create(&log).unwrap();
    writer.write_all_at(b"before\n", 0).unwrap();
    let mut source = open(&directory, &["a.log"]);
    assert_eq!(text(&mut source), "before\n");
    writer.set_len(0).unwrap();
    writer.write_all_at(b"after\n", far).unwrap();
    assert_eq!(text(&mut source), "after\n");
    // The gap is not counted as read.
    assert_eq!(health(&source, &log).bytes, 13);
}

#[test]
fn after_several_rotations_while_stopped_all_are_read_in_order() {
    let directory = tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    append(file("a.log"), "1\n");
    let mut source = open(&directory, &["a.log"]);
    let position = read(&mut source).remove(0).position;
    drop(source);
    append(file("a.log"), "2\n");
    fs::rename(file("a.log"), file("a.log.2")).unwrap();
    append(file("a.log.1"), "3\n");
    append(file("a.log"), "4\n");
    let saved = HashMap::from([(file("a.log").to_str().unwrap().to_owned(), position)]);
    let mut source = FileSource::open(specs(&directory, &["a.log"]), saved, clock).unwrap();
    let all = read(&mut source);
    assert!(all.iter().all(|read| read.origin == Origin::CatchUp));
    assert_eq!(all.into_iter().flat_map(|read| read.text).collect::<Vec<u8>>(), b"2\n3\n4\n");
    assert_eq!(health(&source, file("a.log")).gaps, 0);
}

#[test]
fn more_rotations_than_may_be_open_are_read_in_order() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    let name = log.to_str().unwrap().to_owned();
    let rounds = 3 * WAITING_ROTATIONS;
    let rotate = |rounds: std::ops::Range<usize>| {
        for number in rounds.clone() {
            append(&log, format!("{number}\n"));
            fs::rename(&log, directory.path().join(format!("a.log-{:08}", 20_000_000 + number))).unwrap();
        }
        append(&log, format!("{}\n", rounds.end));
        (rounds.start..=rounds.end).map(|number| format!("{number}\n")).collect::<String>()
    };
    append(&log, "first\n");
    let mut source = open(&directory, &["a.log"]);
    let position = read(&mut source).remove(0).position;
    let expected = rotate(0..rounds);
    assert_eq!(text(&mut source), expected);
    assert_eq!(health(&source, &log).gaps, 0);
    // The same, all of it while stopped.
    let mut source =
        FileSource::open(specs(&directory, &["a.log"]), HashMap::from([(name, position)]), clock).unwrap();
    assert_eq!(text(&mut source), expected);
    assert_eq!(health(&source, &log).gaps, 0);
}

#[test]
fn a_file_gone_before_it_was_read_is_a_gap() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "1\n");
    let position = Position::File { device: 1, inode: 2, offset: 3, fingerprint: 4, head_bytes: 3 };
    let saved = HashMap::from([(log.to_str().unwrap().to_owned(), position)]);
    let mut source = FileSource::open(specs(&directory, &["a.log"]), saved, clock).unwrap();
    assert_eq!(text(&mut source), "1\n");
    assert_eq!(health(&source, &log).gaps, 1);
}

#[test]
fn replacing_the_specs_keeps_what_stays() {
    let directory = tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    for name in ["a.log", "b.log", "c.log"] {
        append(file(name), "old\n");
    }
    let mut source = open(&directory, &["a.log", "b.log"]);
    assert_eq!(text(&mut source), "old\nold\n");
    append(file("b.log"), "b\n");
    source.replace(specs(&directory, &["c.log", "b.log"])).unwrap();
    append(file("a.log"), "a\n");
    let all = read(&mut source);
    let mut found: Vec<(usize, &[u8])> = all.iter().map(|read| (read.spec, read.text.as_slice())).collect();
    found.sort_unstable();
    let expected: [(usize, &[u8]); 2] = [(0, b"old\n"), (1, b"b\n")];
    assert_eq!(found, expected);
    // Wanted again, by another pattern: it goes on where it was left.
    source.replace(specs(&directory, &["[ab].log"])).unwrap();
    assert_eq!(text(&mut source), "a\n");
    assert!(matches!(
        source.replace(vec![FileSpec { pattern: "relative.log".into() }]),
        Err(SourceError::NotAbsolute { .. })
    ));
    append(file("b.log"), "still\n");
    assert_eq!(text(&mut source), "still\n");
}

#[test]
fn a_poke_ends_the_waiting() {
    let directory = tempdir().unwrap();
    let mut source = open(&directory, &["a.log"]);
    let waker = source.waker();
    let poke = std::thread::spawn(move || waker.wake());
    // Without the poke, this would wait for ever.
    source.read(None, &mut |_| panic!("nothing was written")).unwrap();
    poke.join().unwrap();
}

#[test]
fn a_line_written_while_waiting_ends_the_waiting() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "");
    let mut source = open(&directory, &["a.log"]);
    assert_eq!(text(&mut source), "");
    let writer = std::thread::spawn(move || append(log, "line\n"));
    let mut found = Vec::new();
    while found.is_empty() {
        source.read(None, &mut |block| found.extend_from_slice(block.block.text)).unwrap();
    }
    assert_eq!(found, b"line\n");
    writer.join().unwrap();
}

#[test]
fn two_specs_for_one_file_each_get_its_lines() {
    let directory = tempdir().unwrap();
    append(directory.path().join("a.log"), "");
    let mut source = open(&directory, &["a.log", "*.log"]);
    append(directory.path().join("a.log"), "line\n");
    let mut specs: Vec<usize> = read(&mut source).iter().map(|read| read.spec).collect();
    specs.sort_unstable();
    assert_eq!(specs, [0, 1]);
}

#[test]
fn a_writer_that_rotates_without_pause_is_read_in_order() {
    let directory = tempdir().unwrap();
    let log = directory.path().join("a.log");
    append(&log, "");
    let mut source = open(&directory, &["a.log"]);
    let (lines, lines_per_file) = (40_000, 500);
    let writer = std::thread::spawn(move || {
        let open_log = || OpenOptions::new().append(true).create(true).open(&log).unwrap();
        let mut file = open_log();
        for number in 0..lines {
            if number % lines_per_file == lines_per_file - 1 {
                fs::rename(&log, log.with_extension(format!("log-{:08}", 20_000_000 + number))).unwrap();
                // The writer notices the rotation one line later, as daemons do.
                file.write_all(format!("{number}\n").as_bytes()).unwrap();
                file = open_log();
                continue;
            }
            file.write_all(format!("{number}\n").as_bytes()).unwrap();
        }
    });
    let mut found = Vec::new();
    while !found.ends_with(format!("\n{}\n", lines - 1).as_bytes()) {
        let (before, finished) = (found.len(), writer.is_finished());
        source.read(Some(PATIENCE), &mut |read| found.extend_from_slice(read.block.text)).unwrap();
        assert!(found.len() > before || !source.is_caught_up() || !finished, "{:?}", source.health());
    }
    writer.join().unwrap();
    let found: Vec<u32> =
        String::from_utf8(found).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    let wrong = found.iter().zip(0..lines).find(|(found, expected)| **found != *expected);
    assert_eq!((wrong, found.len()), (None, lines as usize));
}

#[test]
fn when_the_kernels_queue_runs_over_everything_is_looked_at() {
    let directory = tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    append(file("a.log"), "");
    append(file("b.log"), "");
    let mut source = open(&directory, &["a.log", "b.log", "c.log"]);
    assert_eq!(text(&mut source), "");
    let queued: usize =
        fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap().trim().parse().unwrap();
    let open_log = |name: &str| OpenOptions::new().append(true).open(file(name)).unwrap();
    let mut logs = [open_log("a.log"), open_log("b.log")];
    // In turn, because the kernel makes one notice of two equal ones.
    for number in 0..queued + 100 {
        logs[number % 2].write_all(b"x\n").unwrap();
    }
    fs::rename(file("a.log"), file("a.log.1")).unwrap();
    append(file("a.log"), "a\n");
    append(file("c.log"), "c\n");
    let all = text(&mut source);
    assert_eq!(all.lines().filter(|line| *line == "x").count(), queued + 100);
    assert!(all.contains("a\n") && all.contains("c\n"));
}

#[test]
fn more_files_than_the_bound_are_counted() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let allowed = getrlimit(Resource::Nofile);
    let wanted = allowed.maximum.unwrap_or(8192);
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), ..allowed }).unwrap();
    assert!(wanted > 2000, "this test needs 2000 open files; raise the hard limit ('ulimit -Hn')");
    let directory = tempdir().unwrap();
    for number in 0..FILES + 6 {
        append(directory.path().join(format!("{number:05}.log")), "line\n");
    }
    let mut source = open(&directory, &["*.log"]);
    assert_eq!(text(&mut source).lines().count(), FILES);
    assert_eq!(health(&source, directory.path().join("*.log")).state, FileState::OverBound { unread: 6 });
    // Where files end, others are begun.
    for number in 0..5 {
        fs::remove_file(directory.path().join(format!("{number:05}.log"))).unwrap();
    }
    assert_eq!(text(&mut source), "");
    append(directory.path().join("new.log"), "");
    assert_eq!(text(&mut source).lines().count(), 5);
    assert_eq!(health(&source, directory.path().join("*.log")).state, FileState::OverBound { unread: 2 });
}

#[test]
fn sources_can_be_moved_to_a_thread() {
    fn check<T: Send>() {}
    check::<FileSource>();
    check::<source::JournalSource>();
    check::<source::StreamSource<std::io::Stdin>>();
}
