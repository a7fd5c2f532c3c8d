//! The files of a configuration: the only module that touches the disk. It reads, within bounds, and refuses to write.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use event::limit;

use crate::complaint::Wrong;

/// The text of a file. None: there is no such file.
pub fn text(path: &Path) -> Result<Option<String>, Wrong> {
    let unreadable = |cause: std::io::Error| Wrong::Unreadable(cause.to_string());
    let file = match File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unreadable(cause)),
    };
    // A pipe or a device would keep us waiting for ever.
    if !file.metadata().map_err(unreadable)?.is_file() {
        return Err(Wrong::NotAFile);
    }
    let mut bytes = Vec::new();
    file.take(limit::FAIL2BAN_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > limit::FAIL2BAN_FILE_BYTES {
        return Err(Wrong::FileTooLarge);
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|cause| Wrong::NotUtf8 { at: cause.utf8_error().valid_up_to() })
}

/// The end of a log, whatever its characters: the lines of its last bytes, the first of them left out if it may be cut. None: it is no
/// file, or cannot be read.
pub fn last_lines(path: &Path, most: usize) -> Option<Vec<String>> {
    // A pipe would keep us waiting for ever.
    let size = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?.len();
    let mut file = File::open(path).ok()?;
    let start = size.saturating_sub(limit::FAIL2BAN_LINT_BYTES);
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut bytes = Vec::new();
    file.take(limit::FAIL2BAN_LINT_BYTES).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().skip(usize::from(start > 0)).collect();
    Some(lines[lines.len().saturating_sub(most)..].iter().map(|&line| line.to_owned()).collect())
}

/// How large a file is, and when it was written last, in seconds since 1970.
pub fn size_and_time(path: &Path) -> Option<(u64, i64)> {
    let known = std::fs::metadata(path).ok()?;
    let written = known.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((known.len(), i64::try_from(written.as_secs()).ok()?))
}

/// Whether there is such a file, or a link to one.
pub fn is_there(path: &Path) -> bool {
    path.exists()
}

/// The files of a folder whose names end in `.ENDING`, sorted as fail2ban sorts them. A folder that is not there has none.
pub fn ending_in(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let named = paths.filter(|path| {
        let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        !hidden && path.extension().is_some_and(|found| found == ending)
    });
    let mut found: Vec<PathBuf> = named.take(limit::FAIL2BAN_FILES + 1).collect();
    found.sort();
    found
}

/// The files that a pattern such as `/var/log/*/error.log` matches at present; dangling links are none. As in a shell, `*` finds no name that
/// begins with a dot.
pub fn matching(pattern: &str) -> Vec<PathBuf> {
    if !pattern.contains(['*', '?', '[']) {
        let path = PathBuf::from(pattern);
        return if path.exists() { vec![path] } else { Vec::new() };
    }
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let Ok(found) = glob::glob_with(pattern, options) else { return Vec::new() };
    found.filter_map(Result::ok).filter(|path| path.exists()).take(limit::FAIL2BAN_ENTRIES).collect()
}
