//! The settings file as a program reads and writes it: whole, atomically, and without taking it from whoever owns it.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use event::limit;
use sha2::{Digest, Sha256};

/// Mode of a file that was not there before.
const MODE: u32 = 0o644;
/// Bytes of the hash that make a tag.
const TAG_BYTES: usize = 12;

/// The whole text of the file. Refused unread past `limit::CONFIG_BYTES`.
pub fn read_text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit::CONFIG_BYTES + 1).read_to_end(&mut bytes)?;
    within_bound(bytes.len())?;
    String::from_utf8(bytes).map_err(|cause| io::Error::new(io::ErrorKind::InvalidData, cause))
}

/// Writes the file anew: beside the old one, to the disk, then over it. Mode and owner stay; a symbolic link stays one, and
/// what it points to is written.
pub fn write_text(path: &Path, text: &str) -> io::Result<()> {
    within_bound(text.len())?;
    let target = target(path);
    let dir = directory(&target);
    let beside = beside(&target, ".new");
    let written = write_beside(&target, &beside, text).and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
        return written;
    }
    // The name must be on the disk too.
    File::open(dir)?.sync_all()
}

/// Why the file could not be written, in words for the administrator; `None` if it could.
pub fn why_read_only(path: &Path) -> Option<String> {
    let target = target(path);
    if is_mounted(&target) {
        let what =
            "it is mounted by itself, so no other file can take its place; mount its directory instead";
        return Some(format!("{} cannot be written: {what}", path.display()));
    }
    // Another name than `write_text` uses: it may be at work.
    let beside = beside(&target, ".try");
    let tried = OpenOptions::new().write(true).create(true).truncate(false).mode(MODE).open(&beside);
    let _ = fs::remove_file(&beside);
    let cause = tried.err()?;
    let dir = directory(&target).display().to_string();
    let what = match cause.kind() {
        io::ErrorKind::NotFound => format!("the directory {dir} does not exist"),
        io::ErrorKind::ReadOnlyFilesystem => format!("{dir} is on a file system that is mounted read-only"),
        io::ErrorKind::PermissionDenied => format!("this process may not write in {dir}"),
        _ => format!("{dir}: {cause}"),
    };
    Some(format!("{} cannot be written: {what}", path.display()))
}

/// Tells one text from another: what changes it changes its tag.
pub fn tag(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(TAG_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

fn write_beside(target: &Path, beside: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(beside)?;
    if let Ok(old) = fs::metadata(target) {
        file.set_permissions(Permissions::from_mode(old.mode() & 0o7777))?;
        // Only root may give a file away; whoever cannot owns it anyway.
        let _ = std::os::unix::fs::fchown(&file, Some(old.uid()), Some(old.gid()));
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn within_bound(bytes: usize) -> io::Result<()> {
    if bytes as u64 <= limit::CONFIG_BYTES {
        return Ok(());
    }
    let text = format!("it is larger than {} KiB, which no configuration is", limit::CONFIG_BYTES / 1024);
    Err(io::Error::new(io::ErrorKind::FileTooLarge, text))
}

fn target(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether something is mounted at the path itself, as containers do with single files: nothing can be renamed onto it.
fn is_mounted(path: &Path) -> bool {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return false };
    let written = path.display().to_string().replace('\\', "\\134").replace(' ', "\\040");
    mounts.lines().any(|line| line.split(' ').nth(4) == Some(written.as_str()))
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mode_and_link_stay() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real.toml"), dir.path().join("stockade.toml"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_text(&link, "new").unwrap();
        assert_eq!(
            (read_text(&real).unwrap(), read_text(&link).unwrap()),
            ("new".to_owned(), "new".to_owned())
        );
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&real).unwrap().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside");
    }

    #[test]
    fn what_cannot_be_written_says_why() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(why_read_only(&dir.path().join("stockade.toml")), None);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        let nowhere = dir.path().join("nowhere/stockade.toml");
        assert!(why_read_only(&nowhere).unwrap().contains("does not exist"));
        assert!(is_mounted(Path::new("/proc")) && !is_mounted(dir.path()));
        let too_long = "#".repeat(limit::CONFIG_BYTES as usize + 1);
        assert!(write_text(&dir.path().join("stockade.toml"), &too_long).is_err());
    }

    #[test]
    fn tags_tell_texts_apart() {
        assert_ne!(tag(b"a"), tag(b"b"));
        assert_eq!((tag(b"a"), tag(b"a").len()), (tag(b"a"), 24));
    }
}
