//! A damaged file is set aside and the work goes on; what only looks like damage is an error, and the file stays as it is.

mod sample;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use event::{Ban, Decision, Failure, Moment, limit};
use sample::{batch, failure, scattered};
use store::{Batch, Opened, Sqlite, Store, StoreError};

const NOW: Moment = Moment::from_seconds(1_800_000_000);
const PAGE_BYTES: u64 = 4096;

/// A store with a few thousand bans and failures, closed in order, so that everything is in one file.
fn filled(dir: &Path) -> PathBuf {
    let path = dir.join("stockade.db");
    let mut store = Sqlite::open(&path, NOW).unwrap().store;
    let decisions = (0..3000).map(|n| Decision::Ban(live_ban(n)));
    let failures = (0..3000).map(|n| Failure { subject: scattered(n), ..failure("192.0.2.1", 7) }).collect();
    store.commit(&Batch { failures, ..batch(decisions) }).unwrap();
    path
}

fn live_ban(n: u32) -> Ban {
    let mut ban = sample::ban("192.0.2.1", "sshd", 1_799_999_000, 1_900_000_000);
    ban.subject = scattered(n);
    ban
}

fn overwrite(path: &Path, from: u64, bytes: &[u8]) {
    fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, from).unwrap();
}

fn cut(path: &Path, bytes: u64) {
    fs::OpenOptions::new().write(true).open(path).unwrap().set_len(bytes).unwrap();
}

fn garbage(bytes: u64) -> Vec<u8> {
    (0..bytes).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8 | 0x80).collect()
}

/// The file was set aside under the name promised, and the fresh one works.
fn assert_set_aside(path: &Path, opened: Opened) {
    let aside = opened.set_aside.expect("set aside");
    assert_eq!(aside.file_name().unwrap(), "stockade.db.corrupt-1800000000");
    assert!(aside.is_file());
    let message = opened.damage.unwrap().to_string();
    assert!(
        message.starts_with(&format!("{}: ", path.display())) && message.contains("damaged"),
        "{message}"
    );
    assert_eq!(opened.loaded, store::Loaded::default());
    let mut store = opened.store;
    store.commit(&batch([Decision::Ban(live_ban(1))])).unwrap();
    drop(store);
    let again = Sqlite::open(path, NOW).unwrap();
    assert_eq!((again.loaded.bans.len(), again.set_aside), (1, None));
}

#[test]
fn damage_of_every_kind_is_set_aside() {
    type Damage = fn(&Path);
    let kinds: [(&str, Damage); 7] = [
        ("garbage header", |path| overwrite(path, 0, &garbage(100))),
        ("garbage first page", |path| overwrite(path, 100, &garbage(PAGE_BYTES - 100))),
        ("truncated in a page", |path| cut(path, 50_000)),
        ("truncated at a page", |path| cut(path, 81_920)),
        ("truncated to a stub", |path| cut(path, 10)),
        ("not a database", |path| fs::write(path, "this is no database\n".repeat(100)).unwrap()),
        ("zeros", |path| overwrite(path, PAGE_BYTES, &vec![0; 40 * PAGE_BYTES as usize])),
    ];
    for (kind, damage) in kinds {
        let dir = tempfile::tempdir().unwrap();
        let path = filled(dir.path());
        damage(&path);
        println_kind(kind);
        assert_set_aside(&path, Sqlite::open(&path, NOW).unwrap());
    }
}

/// Shown by the test harness only if the test fails.
#[allow(clippy::print_stdout)]
fn println_kind(kind: &str) {
    println!("{kind}");
}

#[test]
fn a_damaged_page_is_found_at_start_or_by_mending_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = filled(dir.path());
    let sound = fs::read(&path).unwrap();
    let pages = sound.len() as u64 / PAGE_BYTES;
    let (mut at_start, mut at_mend) = (0, 0);
    for page in (1..pages).step_by(7) {
        fs::write(&path, &sound).unwrap();
        overwrite(&path, page * PAGE_BYTES, &garbage(PAGE_BYTES));
        let mut opened = Sqlite::open(&path, NOW).unwrap();
        if opened.set_aside.is_some() {
            assert!(opened.loaded.bans.is_empty());
            at_start += 1;
        } else {
            // Damage in what the start does not read: the bans are all there, and mending finds it.
            assert_eq!(opened.loaded.bans.len(), 3000);
            assert!(opened.store.mend(NOW).unwrap().is_some(), "page {page}");
            assert_eq!(opened.store.load(NOW).unwrap().bans.len(), 0);
            at_mend += 1;
        }
        drop(opened);
        clear_aside(dir.path());
    }
    assert!(at_start > 3 && at_mend > 3, "{at_start} {at_mend}");
}

#[test]
fn damage_while_running_is_told_as_such_and_mended() {
    let dir = tempfile::tempdir().unwrap();
    let path = filled(dir.path());
    let pages = fs::metadata(&path).unwrap().len() / PAGE_BYTES;
    let mut store = Sqlite::open(&path, NOW).unwrap().store;
    for page in 1..pages {
        overwrite(&path, page * PAGE_BYTES, &garbage(PAGE_BYTES));
    }
    let everything = Batch {
        failures: (0..3000).map(|n| Failure { subject: scattered(n), ..failure("192.0.2.1", 7) }).collect(),
        ..batch((0..3000).map(|n| Decision::Ban(live_ban(n))))
    };
    assert!(matches!(store.commit(&everything), Err(StoreError::Corrupt { .. })));
    assert!(store.mend(NOW).unwrap().is_some());
    store.commit(&everything).unwrap();
    assert_eq!(store.load(NOW).unwrap().bans.len(), 3000);
}

#[test]
fn mending_a_sound_file_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(&filled(dir.path()), NOW).unwrap().store;
    assert_eq!(store.mend(NOW).unwrap(), None);
    assert_eq!(store.load(NOW).unwrap().bans.len(), 3000);
}

#[test]
fn a_store_left_open_is_checked_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = filled(dir.path());
    // A log that is left behind is what a killed daemon leaves; its content is worthless here and ignored by SQLite.
    let mut sound = fs::read(&path).unwrap();
    let last = sound.len() - PAGE_BYTES as usize;
    sound[last..].copy_from_slice(&garbage(PAGE_BYTES));
    fs::write(&path, sound).unwrap();
    fs::write(dir.path().join("stockade.db-wal"), garbage(64)).unwrap();
    let opened = Sqlite::open(&path, NOW).unwrap();
    assert!(opened.set_aside.is_some());
    assert!(dir.path().join("stockade.db.corrupt-1800000000").is_file());
}

#[test]
fn only_the_latest_damaged_files_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    for n in 0..6 {
        fs::write(&path, "no database ".repeat(200)).unwrap();
        fs::write(dir.path().join("stockade.db-shm"), "x").unwrap();
        // Twice each second: names must not collide either.
        let now = NOW.after(std::time::Duration::from_millis(n * 500));
        assert!(Sqlite::open(&path, now).unwrap().set_aside.is_some());
    }
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name.contains("corrupt") && !name.ends_with("-shm"));
    names.sort();
    assert_eq!(names.len(), limit::CORRUPT_FILES);
    assert_eq!(names[2], "stockade.db.corrupt-1800000005");
}

#[test]
fn a_newer_layout_is_an_error_and_the_file_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = filled(dir.path());
    // `user_version` is the four bytes at 60 of the header.
    overwrite(&path, 60, &99_u32.to_be_bytes());
    let before = fs::read(&path).unwrap();
    let error = Sqlite::open(&path, NOW).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert!(
        error.to_string().contains("written by a newer stockade (layout 99, this program knows up to 2)")
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    // The file and its lock.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn another_programs_database_is_an_error_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = filled(dir.path());
    // `application_id` is the four bytes at 68 of the header.
    overwrite(&path, 68, &7_u32.to_be_bytes());
    assert!(matches!(Sqlite::open(&path, NOW).err().unwrap(), StoreError::Foreign { .. }));
    assert!(path.is_file());
}

#[test]
fn a_directory_in_its_place_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    fs::create_dir(&path).unwrap();
    assert!(matches!(Sqlite::open(&path, NOW).err().unwrap(), StoreError::NotAFile { .. }));
    assert!(path.is_dir());
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error() {
    // The kernel's own file system refuses root, too; a directory without the right to write would not.
    let dir = tempfile::tempdir().unwrap();
    for path in [Path::new("/proc/stockade.db"), &dir.path().join("nowhere/stockade.db")] {
        let error = Sqlite::open(path, NOW).err().unwrap();
        assert!(matches!(error, StoreError::Unwritable { .. }), "{error:?}");
        assert!(error.to_string().contains("make the directory exist and writable"));
    }
}

#[test]
fn a_second_daemon_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = filled(dir.path());
    let first = Sqlite::open(&path, NOW).unwrap();
    assert!(matches!(Sqlite::open(&path, NOW).err().unwrap(), StoreError::InUse { .. }));
    drop(first);
    Sqlite::open(&path, NOW).unwrap();
}

#[test]
fn an_empty_file_is_a_fresh_store() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("stockade.db");
    fs::write(&path, "").unwrap();
    let opened = Sqlite::open(&path, NOW).unwrap();
    assert_eq!((opened.set_aside, opened.loaded.bans.len()), (None, 0));
}

fn clear_aside(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap() != "stockade.db" {
            fs::remove_file(path).unwrap();
        }
    }
}
