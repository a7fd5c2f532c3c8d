//! The server's side of the socket: lets in whom the kernel lets in, reads one request, hands it on, writes one answer.

use std::fs::{self, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use event::limit::{CONTROL_CLIENTS, CONTROL_REQUEST_BYTES};
use rustix::net::sockopt::socket_peercred;

use crate::account;
use crate::{Answer, Clients, Request};

/// A client that says nothing holds its place no longer than this.
const CLIENT_PATIENCE: Duration = Duration::from_secs(30);

/// Who asked, as the kernel says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// User number.
    pub uid: u32,
    /// User name, for the audit.
    pub name: String,
}

/// A bound socket. Dropping it removes the file.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
    group: Option<u32>,
    clients: Clients,
}

/// Why the socket could not be made.
#[derive(Debug)]
pub enum ServerError {
    /// No group of that name.
    NoSuchGroup(String),
    /// Another program answers there.
    InUse(PathBuf),
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

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSuchGroup(name) => {
                write!(
                    f,
                    "control: group '{name}' is not in /etc/group; create it with 'groupadd --system {name}'"
                )
            }
            Self::InUse(path) => {
                write!(
                    f,
                    "{}: another stockade answers here; stop it, or give this one its own --state-dir",
                    path.display()
                )
            }
            Self::Io { what, path, cause } => write!(f, "{}: cannot {what}: {cause}", path.display()),
        }
    }
}

impl std::error::Error for ServerError {}

impl Server {
    /// Binds `path` for root, our own user and the members of `group`.
    pub fn bind(path: &Path, group: Option<&str>) -> Result<Self, ServerError> {
        let group = match group {
            None => None,
            Some(name) => {
                Some(account::group_id(name).ok_or_else(|| ServerError::NoSuchGroup(name.to_owned()))?)
            }
        };
        if UnixStream::connect(path).is_ok() {
            return Err(ServerError::InUse(path.to_owned()));
        }
        let io = |what| move |cause| ServerError::Io { what, path: path.to_owned(), cause };
        // Bound under another name and moved when its mode is right: there is no moment in which anyone could connect.
        let early = path.with_extension("sock.new");
        let _ = fs::remove_file(&early);
        let listener = UnixListener::bind(&early).map_err(io("bind the control socket"))?;
        let mode = if group.is_some() { 0o660 } else { 0o600 };
        fs::set_permissions(&early, Permissions::from_mode(mode))
            .map_err(io("set the mode of the control socket"))?;
        if group.is_some() {
            std::os::unix::fs::chown(&early, None, group)
                .map_err(io("give the control socket to its group"))?;
        }
        fs::rename(&early, path).map_err(io("move the control socket into place"))?;
        Ok(Self { listener, path: path.to_owned(), group, clients: Clients::default() })
    }

    /// Who is being answered at the moment.
    pub fn clients(&self) -> Clients {
        self.clients.clone()
    }

    /// Answers requests for ever; `handle` is called from a thread for each client. Past the bound of clients, a further
    /// one is told so. Returns only if the socket itself fails.
    pub fn serve(&self, handle: impl Fn(Request, Peer) -> Answer + Send + Sync + 'static) -> io::Error {
        let handle = Arc::new(handle);
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => return cause,
            };
            let Some(seat) = self.clients.admit() else {
                reply(
                    &stream,
                    &Answer::Fault(format!("more than {CONTROL_CLIENTS} clients at once; try again")),
                );
                continue;
            };
            let (handle, by_group) = (Arc::clone(&handle), self.group.is_some());
            std::thread::spawn(move || {
                reply(&stream, &answer(&stream, by_group, &*handle));
                drop(seat);
            });
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn answer(stream: &UnixStream, by_group: bool, handle: &dyn Fn(Request, Peer) -> Answer) -> Answer {
    let peer = match socket_peercred(stream) {
        Ok(credentials) => credentials.uid.as_raw(),
        Err(cause) => return Answer::Fault(format!("the kernel does not say who asks: {cause}")),
    };
    let ourselves = rustix::process::geteuid().as_raw();
    // With a group, the socket's mode let in its members and nobody else; without one, this is the second look.
    if !by_group && peer != 0 && peer != ourselves {
        return Answer::Fault(format!("{} may not control stockade; ask as root", account::user_name(peer)));
    }
    match read_request(stream) {
        Ok(request) => handle(request, Peer { uid: peer, name: account::user_name(peer) }),
        Err(wrong) => Answer::Fault(wrong),
    }
}

fn read_request(stream: &UnixStream) -> Result<Request, String> {
    stream.set_read_timeout(Some(CLIENT_PATIENCE)).map_err(|cause| cause.to_string())?;
    let mut line = String::new();
    BufReader::new(stream.take(CONTROL_REQUEST_BYTES as u64))
        .read_line(&mut line)
        .map_err(|cause| cause.to_string())?;
    if line.len() >= CONTROL_REQUEST_BYTES {
        return Err(format!("a request may have {CONTROL_REQUEST_BYTES} bytes"));
    }
    serde_json::from_str(&line).map_err(|cause| format!("not a request: {cause}"))
}

fn reply(mut stream: &UnixStream, answer: &Answer) {
    // A client that has gone away misses its answer, nobody else does.
    let _ = stream.set_write_timeout(Some(CLIENT_PATIENCE));
    let _ = serde_json::to_string(answer)
        .map(|text| stream.write_all(text.as_bytes()).and_then(|()| stream.write_all(b"\n")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_answered_and_nonsense_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stockade.sock");
        let server = Server::bind(&path, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(Server::bind(&path, Some("no-such-group")), Err(ServerError::NoSuchGroup(_))));
        std::thread::spawn(move || {
            server.serve(|request, peer| {
                assert_eq!(peer.uid, rustix::process::geteuid().as_raw());
                Answer::Done(format!("{request:?}"))
            })
        });
        assert_eq!(crate::ask(&path, &Request::Banned).unwrap(), Answer::Done("Banned".to_owned()));
        assert!(matches!(Server::bind(&path, None), Err(ServerError::InUse(_))));
        let mut stream = UnixStream::connect(&path).unwrap();
        stream.write_all(b"{\"ask\":\"fly\"}\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.contains("not a request"), "{text}");
    }
}
