//! The file with our process number, where fail2ban.conf says that it stands: init scripts, monitoring and panels look into it. Nothing here
//! takes it for a lock; that is the state directory.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file, as long as this is kept.
pub struct PidFile(PathBuf);

impl PidFile {
    /// Writes it beside, then over what stands there, so that nobody reads half of it.
    pub fn write(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut new = path.as_os_str().to_owned();
        new.push(".new");
        let _ = fs::remove_file(&new);
        // Nothing that somebody has put there is followed.
        OpenOptions::new().write(true).create_new(true).open(&new)?.write_all(own().as_bytes())?;
        fs::rename(&new, path)?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        // Another server may have written its own meanwhile.
        if fs::read_to_string(&self.0).is_ok_and(|text| text == own()) {
            let _ = fs::remove_file(&self.0);
        }
    }
}

fn own() -> String {
    format!("{}\n", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_with_its_process_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/f.pid");
        let file = PidFile::write(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), own());
        drop(file);
        assert!(!path.exists());
        let file = PidFile::write(&path).unwrap();
        fs::write(&path, "1\n").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }
}
