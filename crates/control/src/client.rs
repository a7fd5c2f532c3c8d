//! The client's side of the socket.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::{Answer, Request};

/// Why there is no answer.
#[derive(Debug)]
pub enum AskError {
    /// Nobody listens there.
    NotRunning(PathBuf),
    /// The kernel did not let us in.
    NotAllowed(PathBuf),
    /// The connection failed.
    Io(PathBuf, io::Error),
    /// What came back is no answer: another version, perhaps.
    NotAnAnswer(PathBuf, serde_json::Error),
}

impl std::fmt::Display for AskError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotRunning(path) => write!(
                f,
                "{}: no stockade answers here; start it with 'stockade run', or name its directory with --state-dir",
                path.display()
            ),
            Self::NotAllowed(path) => {
                write!(
                    f,
                    "{}: you may not ask; be root or a member of the group in [control]",
                    path.display()
                )
            }
            Self::Io(path, cause) => write!(f, "{}: {cause}", path.display()),
            Self::NotAnAnswer(path, cause) => {
                write!(
                    f,
                    "{}: the answer is not understood ({cause}); is it another version?",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for AskError {}

/// Asks the Stockade behind `socket`.
pub fn ask(socket: &Path, request: &Request) -> Result<Answer, AskError> {
    let io = |cause| AskError::Io(socket.to_owned(), cause);
    let mut stream = UnixStream::connect(socket).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NotRunning(socket.to_owned()),
        io::ErrorKind::PermissionDenied => AskError::NotAllowed(socket.to_owned()),
        _ => AskError::Io(socket.to_owned(), cause),
    })?;
    let mut text =
        serde_json::to_string(request).map_err(|cause| AskError::NotAnAnswer(socket.to_owned(), cause))?;
    text.push('\n');
    let sent = stream.write_all(text.as_bytes()).and_then(|()| stream.shutdown(Shutdown::Write));
    let mut text = Vec::new();
    let received = stream.read_to_end(&mut text);
    // Who is refused before the request is read has an answer all the same, and then an error.
    if text.is_empty() {
        sent.and(received).map_err(io)?;
        let early = io::Error::new(io::ErrorKind::UnexpectedEof, "stockade ended before it answered");
        return Err(io(early));
    }
    serde_json::from_slice(&text).map_err(|cause| AskError::NotAnAnswer(socket.to_owned(), cause))
}
