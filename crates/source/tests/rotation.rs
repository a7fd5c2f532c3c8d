//! What happens to a log that is rotated, by renaming or by truncation, while it is read and while it is not.

mod reader;

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::time::Duration;

use event::limit::WAITING_ROTATIONS;
use event::{Origin, Position};
use reader::{Read, append, clock, health, open, read, specs, text};
use source::FileSource;
use tempfile::tempdir;

/// How long another thread may take at most.
const PATIENCE: Duration = Duration::from_secs(20);

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
        Position::Cursor { .. } => 0,
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
