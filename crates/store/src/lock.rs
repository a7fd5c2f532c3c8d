//! One store at a time on one file. SQLite's own lock would keep out the archive's readers, too, so a file beside the
//! database is locked; it is empty and stays there. The kernel lets go of it when the process ends in whatever way.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// The right to write the database, for as long as it lives.
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the right; it does not wait for it.
    pub(crate) fn take(path: &Path) -> Result<Self, StoreError> {
        let wrong = |cause| StoreError::from_io(path, "lock the database", cause);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(beside(path))
            .map_err(wrong)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(cause)) => Err(wrong(cause)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not do while a child that was just forked still has the descriptor. Should unlocking fail,
        // closing is what is left.
        let _ = self.0.unlock();
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-lock");
    PathBuf::from(name)
}
