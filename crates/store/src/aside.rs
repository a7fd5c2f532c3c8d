//! A damaged database is renamed, never deleted at once: it is evidence, and an expert may still read much of it. Only
//! the latest few are kept, so that a failing disk does not fill itself.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use event::{Moment, limit};

use crate::StoreError;

/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

/// Renames the database and its companions to `NAME.corrupt-SECONDS`, and deletes what is too old of that kind.
pub(crate) fn set_aside(path: &Path, now: Moment) -> Result<PathBuf, StoreError> {
    let mut seconds = now.seconds().max(0);
    let target = loop {
        let target = with_suffix(path, &format!(".corrupt-{seconds}"));
        if !target.exists() {
            break target;
        }
        // Twice within a second, or the clock went back: no earlier evidence is overwritten.
        seconds += 1;
    };
    let wrong = |cause| StoreError::from_io(path, "set the damaged database aside", cause);
    fs::rename(path, &target).map_err(wrong)?;
    for companion in COMPANIONS {
        match fs::rename(with_suffix(path, companion), with_suffix(&target, companion)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(wrong(cause)),
            _ => {}
        }
    }
    delete_old(path).map_err(wrong)?;
    Ok(target)
}

/// The file's write-ahead log. If it is there before the file is opened, the last run did not close the file.
pub(crate) fn write_ahead_log(path: &Path) -> PathBuf {
    with_suffix(path, COMPANIONS[0])
}

fn delete_old(path: &Path) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str()))
    else {
        return Ok(());
    };
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let mut found: Vec<u64> = fs::read_dir(directory)?
        .filter_map(|entry| {
            entry.ok()?.file_name().to_str()?.strip_prefix(name)?.strip_prefix(".corrupt-")?.parse().ok()
        })
        .collect();
    found.sort_unstable();
    for seconds in found.iter().rev().skip(limit::CORRUPT_FILES) {
        let old = with_suffix(path, &format!(".corrupt-{seconds}"));
        fs::remove_file(&old)?;
        for companion in COMPANIONS {
            match fs::remove_file(with_suffix(&old, companion)) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
                _ => {}
            }
        }
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
