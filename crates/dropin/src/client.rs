//! The client's side of fail2ban's socket, for this binary called by the name of fail2ban's client. It knows no command and prints nothing.

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use fail2ban::Value;
use fail2ban::beautifier::Fault;

use crate::pickle::{self, PickleError};
use crate::socket::frame::{Frame, Frames};
use crate::socket::{CLOSE, END};

/// A connection to a server, fail2ban's or ours.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    frames: Frames,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum ClientError {
    /// The connection failed; as with fail2ban's client, its end too is "connection reset by peer".
    Io(io::Error),
    /// The answer is longer than any should be.
    TooLong,
    /// The answer is none.
    Pickle(PickleError),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(cause) => write!(f, "{cause}"),
            Self::TooLong => write!(f, "the server's answer is too long"),
            Self::Pickle(cause) => write!(f, "the server's answer cannot be read: {cause}"),
        }
    }
}

impl std::error::Error for ClientError {}

impl Client {
    /// Connects; afterwards it waits so long for each piece of an answer, or for ever.
    pub fn connect(path: &Path, patience: Option<Duration>) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(patience)?;
        stream.set_write_timeout(patience)?;
        Ok(Self { stream, frames: Frames::default() })
    }

    /// Sends one command, and waits for its answer.
    pub fn ask(&mut self, command: &Value) -> Result<Result<Value, Fault>, ClientError> {
        let mut sent = pickle::write(command);
        sent.extend_from_slice(END);
        self.stream.write_all(&sent).map_err(ClientError::Io)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match self.frames.next() {
                Frame::Command(answer) => return pickle::read_answer(&answer).map_err(ClientError::Pickle),
                Frame::Close => {}
                Frame::More => match self.stream.read(&mut buffer).map_err(ClientError::Io)? {
                    0 => return Err(ClientError::Io(io::ErrorKind::ConnectionReset.into())),
                    length if self.frames.push(&buffer[..length]) => {}
                    _ => return Err(ClientError::TooLong),
                },
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A server that is gone need not be told.
        let _ = self.stream.write_all(CLOSE).and_then(|()| self.stream.write_all(END));
    }
}
