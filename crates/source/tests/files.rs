//! How files are found, missed, found again and read, each on real files with the kernel's own notices.

mod reader;

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};

use event::Origin;
use event::limit::{FILES, FIRST_CATCH_UP_BYTES, LINE_BYTES, READ_BYTES};
use reader::{append, clock, health, open, read, specs, text};
use source::{FileHealth, FileSource, FileSpec, FileState, SourceError};
use tempfile::tempdir;

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
