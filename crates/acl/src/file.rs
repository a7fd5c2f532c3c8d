//! One list's file: compared, and exchanged as a whole. Its first line says whose it is and since when; only what stands behind
//! that line is compared. No word about what it means.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::Path;

use event::Moment;
use event::limit::ACL_FILE_BYTES;

/// Writes `body` if the file does not hold it already; tells whether it did. `model` is the file whose owner and mode a new one takes over.
pub fn write(path: &Path, mark: char, body: &str, now: Moment, model: Option<&Path>) -> io::Result<bool> {
    if holds(path, body) {
        return Ok(false);
    }
    let text = format!("{}{body}", first_line(mark, now));
    exchange(path, text.as_bytes(), &Access::for_file(path, model)?)?;
    Ok(true)
}

fn first_line(mark: char, now: Moment) -> String {
    let since = jiff::Timestamp::from_millisecond(now.millis()).unwrap_or_default();
    format!(
        "{mark} Written by Stockade, as it stands since {since:.0}. Changes made here are lost: it is overwritten with every ban.\n"
    )
}

fn holds(path: &Path, body: &str) -> bool {
    // What is there may be no file at all, and then it is to be replaced, or refused when that is tried.
    if !fs::symlink_metadata(path).is_ok_and(|held| held.is_file() && held.len() <= ACL_FILE_BYTES) {
        return false;
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(ACL_FILE_BYTES).read_to_string(&mut text));
    read.is_ok() && text.split_once('\n').is_some_and(|(_, held)| held == body)
}

/// A file of that name is whole at every moment, also for who reads it while we write, and after a power cut.
fn exchange(path: &Path, text: &[u8], access: &Access) -> io::Result<()> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::Error::other("it is not a file in a directory"));
    };
    // The name begins with a dot and does not end in `.conf`, so that no `*.conf` of an include finds it.
    let aside = directory.join(format!(".{}.new", name.to_string_lossy()));
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // `create_new` follows no link: whoever else may write in this directory cannot lead us elsewhere.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    let written = (|| {
        access.give(&file)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&aside, path)
    })();
    if written.is_err() {
        // The reason counts; what is left is removed by the next attempt too.
        let _ = fs::remove_file(&aside);
    }
    written?;
    File::open(directory)?.sync_all()
}

/// Who may read a file: its program runs as somebody else than we do.
#[derive(Debug)]
struct Access {
    user: u32,
    group: u32,
    mode: u32,
}

impl Access {
    /// As the file has it, or its model, or the directory.
    fn for_file(path: &Path, model: Option<&Path>) -> io::Result<Self> {
        let of_file = |path: &Path| fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file);
        let known = of_file(path).or_else(|| of_file(model?));
        let known = match known {
            Some(known) => known,
            None => fs::metadata(path.parent().unwrap_or(path))?,
        };
        Ok(Self { user: known.uid(), group: known.gid(), mode: known.mode() & 0o666 | 0o600 })
    }

    fn give(&self, file: &File) -> io::Result<()> {
        // The mode first: a file that belongs to somebody else takes one more right to change.
        file.set_permissions(fs::Permissions::from_mode(self.mode))?;
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (self.user, self.group) {
            // Without root the file stays ours; its group or mode may still let the program read it.
            if let Err(error) = fchown(file, Some(self.user), Some(self.group)) {
                tracing::debug!(%error, "an access list stays with its writer");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_seconds(1_790_000_000);

    #[test]
    fn it_is_written_only_if_it_differs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("stockade-acl.conf");
        assert!(write(&path, ';', "a\n", NOW, None).unwrap());
        let first = fs::read_to_string(&path).unwrap();
        assert!(
            first.starts_with("; Written by Stockade, as it stands since 2026-09-21T14:13:20Z."),
            "{first}"
        );
        assert!(first.ends_with("\na\n"), "{first}");
        assert!(!write(&path, ';', "a\n", NOW.after(std::time::Duration::from_secs(9)), None).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
        assert!(write(&path, ';', "b\n", NOW, None).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(write(&path, ';', "b\n", NOW, None).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn it_may_be_read_by_whom_its_model_may() {
        let directory = tempfile::tempdir().unwrap();
        let (path, model) = (directory.path().join("new"), directory.path().join("acl.conf"));
        fs::write(&model, "").unwrap();
        fs::set_permissions(&model, fs::Permissions::from_mode(0o640)).unwrap();
        write(&path, ';', "", NOW, Some(&model)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, ';', "more", NOW, Some(&model)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o644, "a mode that somebody gave it stays");
    }

    #[test]
    fn a_link_is_replaced_and_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("list"), directory.path().join("other"));
        fs::write(&other, "precious").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        std::os::unix::fs::symlink(&other, directory.path().join(".list.new")).unwrap();
        write(&path, '#', "a\n", NOW, None).unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "precious");
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }

    #[test]
    fn no_directory_is_an_error() {
        assert!(write(Path::new("/nowhere/at/all/list"), '#', "", NOW, None).is_err());
    }
}
