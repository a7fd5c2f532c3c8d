//! The socket's file: made under another name, with its mode, and moved into place, so that there is no moment in which anybody else could
//! connect and no link that is followed. It removes nothing that answers, and nothing that is no socket.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::SocketError;

/// Where the socket is, and which file it is there.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Place {
    /// Binds the path. The directory is locked meanwhile: of two servers that start at once, the second sees the first.
    pub fn take(path: &Path) -> Result<(UnixListener, Self), SocketError> {
        let io = |what| move |cause| SocketError::Io { what, path: path.to_owned(), cause };
        let directory =
            path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !directory.is_dir() {
            fs::create_dir(directory).map_err(io("make the directory of the socket"))?;
        }
        let lock = File::open(directory).map_err(io("open the directory of the socket"))?;
        flock(&lock, FlockOperation::LockExclusive)
            .map_err(|cause| io("lock the directory of the socket")(cause.into()))?;
        match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(SocketError::InTheWay(path.to_owned()));
            }
            Ok(_) if UnixStream::connect(path).is_ok() => return Err(SocketError::InUse(path.to_owned())),
            Ok(_) => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(io("look at the socket")(cause)),
        }
        let early = path.with_added_extension(format!("{}.new", std::process::id()));
        let _ = fs::remove_file(&early);
        let listener = UnixListener::bind(&early).map_err(io("bind the socket"))?;
        fs::set_permissions(&early, Permissions::from_mode(0o600))
            .map_err(io("set the mode of the socket"))?;
        fs::rename(&early, path).map_err(io("move the socket into place"))?;
        let made = fs::symlink_metadata(path).map_err(io("look at the socket"))?;
        Ok((listener, Self { path: path.to_owned(), device: made.dev(), inode: made.ino() }))
    }

    /// Removes the file, unless another stands there by now.
    pub fn remove(&self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|found| found.dev() == self.device && found.ino() == self.inode);
        if ours {
            let _ = fs::remove_file(&self.path);
        }
    }
}
