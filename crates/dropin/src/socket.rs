//! The server's side of fail2ban's socket: who may connect, how many, for how long, and where a command ends. What a command means is the
//! caller's matter.

pub(crate) mod frame;
mod place;

use std::fmt;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use event::limit::{FAIL2BAN_CLIENT_SECONDS, FAIL2BAN_CLIENTS, FAIL2BAN_GRACE_SECONDS};
use fail2ban::Value;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_peercred;

use crate::model::Model;
use crate::pickle;
use crate::wrong::Wrong;
use frame::{Frame, Frames};
use place::Place;

/// What fail2ban puts behind every command and every answer.
pub const END: &[u8] = b"<F2B_END_COMMAND>";
/// With this, a client says that it goes.
pub const CLOSE: &[u8] = b"<F2B_CLOSE_COMMAND>";

/// A bound socket. Dropping it removes the file, if it is still ours.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    place: Arc<Place>,
    stop: Stop,
    bell: UnixStream,
}

/// Ends a socket from elsewhere.
#[derive(Clone, Debug)]
pub struct Stop {
    stopped: Arc<AtomicBool>,
    bell: Arc<UnixStream>,
    place: Arc<Place>,
}

impl Stop {
    /// Takes the socket away and lets `serve` return when the answers under way are sent.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.place.remove();
        // A bell that was rung before and not heard yet is as good.
        let _ = (&*self.bell).write_all(&[0]);
    }
}

/// Why there is no socket.
#[derive(Debug)]
pub enum SocketError {
    /// Another server answers there.
    InUse(PathBuf),
    /// Something that is no socket stands there.
    InTheWay(PathBuf),
    /// What was done to which path, and how it failed.
    Io {
        /// What was done.
        what: &'static str,
        /// To which path.
        path: PathBuf,
        /// How it failed.
        cause: io::Error,
    },
}

impl fmt::Display for SocketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(path) => write!(
                f,
                "{}: another server answers here; stop fail2ban ('systemctl stop fail2ban') before taking it over",
                path.display()
            ),
            Self::InTheWay(path) => {
                write!(f, "{}: something that is no socket stands here; move it away", path.display())
            }
            Self::Io { what, path, cause } => write!(f, "{}: cannot {what}: {cause}", path.display()),
        }
    }
}

impl std::error::Error for SocketError {}

impl Socket {
    /// Binds the path for root and our own user. A socket that is left over is replaced, one that answers is not.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        let (listener, place) = Place::take(path)?;
        let io = |what| move |cause| SocketError::Io { what, path: path.to_owned(), cause };
        let (bell, ringer) = UnixStream::pair().map_err(io("make a way to stop the socket"))?;
        ringer.set_nonblocking(true).map_err(io("make a way to stop the socket"))?;
        let place = Arc::new(place);
        let stop = Stop { stopped: Arc::default(), bell: Arc::new(ringer), place: Arc::clone(&place) };
        Ok(Self { listener, place, stop, bell })
    }

    /// Ends this socket.
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    /// Answers commands until it is stopped; `obey` is called from a thread for each client. Returns an error only if the socket fails.
    pub fn serve(
        &self,
        obey: impl Fn(&Value) -> Result<Value, Wrong> + Send + Sync + 'static,
    ) -> io::Result<()> {
        let obey: Arc<Obey> = Arc::new(obey);
        let seats = Arc::new(Seats::default());
        loop {
            let mut waited =
                [PollFd::new(&self.listener, PollFlags::IN), PollFd::new(&self.bell, PollFlags::IN)];
            match poll(&mut waited, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(cause) => return Err(cause.into()),
            }
            if self.stop.stopped.load(Ordering::SeqCst) {
                seats.wait_until_empty(Duration::from_secs(FAIL2BAN_GRACE_SECONDS));
                return Ok(());
            }
            match self.listener.accept() {
                Ok((stream, _)) => admit(stream, &seats, &obey),
                Err(cause) if transient(&cause) => {}
                Err(cause) => return Err(cause),
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.place.remove();
    }
}

type Obey = dyn Fn(&Value) -> Result<Value, Wrong> + Send + Sync;

fn transient(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionAborted
    )
}

fn admit(stream: UnixStream, seats: &Arc<Seats>, obey: &Arc<Obey>) {
    // The socket's mode let in nobody else; this is the second look.
    let ourselves = rustix::process::geteuid().as_raw();
    let known = socket_peercred(&stream).map(|peer| peer.uid.as_raw());
    if !known.is_ok_and(|peer| peer == 0 || peer == ourselves) || !seats.take() {
        return;
    }
    let (held, obey) = (Arc::clone(seats), Arc::clone(obey));
    let talk = move || {
        // A client that goes away or stays silent ends its own connection and nothing else.
        if let Err(cause) = talk(&stream, &*obey) {
            tracing::debug!("a client of fail2ban's socket was cut off: {cause}");
        }
        held.give_back();
    };
    if std::thread::Builder::new().name("fail2ban client".to_owned()).spawn(talk).is_err() {
        seats.give_back();
    }
}

fn talk(mut stream: &UnixStream, obey: &Obey) -> io::Result<()> {
    let patience = Some(Duration::from_secs(FAIL2BAN_CLIENT_SECONDS));
    stream.set_read_timeout(patience)?;
    stream.set_write_timeout(patience)?;
    let mut frames = Frames::default();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match frames.next() {
            Frame::Close => return Ok(()),
            Frame::Command(bytes) => {
                let mut answer = answer(&bytes, stream, obey);
                answer.extend_from_slice(END);
                stream.write_all(&answer)?;
            }
            Frame::More => {
                let length = stream.read(&mut buffer)?;
                if length == 0 {
                    return Ok(());
                }
                if !frames.push(&buffer[..length]) {
                    return Err(io::Error::other("its command is too long"));
                }
            }
        }
    }
}

fn answer(bytes: &[u8], stream: &UnixStream, obey: &Obey) -> Vec<u8> {
    match pickle::read(bytes) {
        Ok(command) => {
            if let Some(delay) = Model::delay(&command) {
                wait(stream, delay);
            }
            pickle::write_answer(&obey(&command))
        }
        Err(cause) => {
            tracing::warn!("a command on fail2ban's socket is refused: {cause}");
            pickle::write(&Value::Text(format!("ERROR: {cause}")))
        }
    }
}

/// Waits so long, or until the client has gone.
fn wait(stream: &UnixStream, delay: Duration) {
    let Ok(timeout) = Timespec::try_from(delay) else { return };
    // Nothing is asked of the stream but whether it hangs up, which is always told.
    let _ = poll(&mut [PollFd::new(stream, PollFlags::empty())], Some(&timeout));
}

/// How many clients are being served.
#[derive(Debug, Default)]
struct Seats {
    taken: Mutex<usize>,
    changed: Condvar,
}

impl Seats {
    fn take(&self) -> bool {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let free = *taken < FAIL2BAN_CLIENTS;
        *taken += usize::from(free);
        free
    }

    fn give_back(&self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_sub(1);
        self.changed.notify_all();
    }

    fn wait_until_empty(&self, patience: Duration) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_timeout_while(taken, patience, |taken| *taken > 0));
    }
}

#[cfg(test)]
mod tests;
