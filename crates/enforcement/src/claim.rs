//! One process keeps the table of a network namespace, and no second one: two that mend each other's work would never end.
//! The claim is the name of an abstract socket, which exists once in a network namespace and goes with its process, however
//! that ends. It guards against mistakes, not against root.

use std::fmt;
use std::io;
use std::thread;

use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept, bind, connect, listen, socket_with,
};

const NAME: &[u8] = b"stockade-table";

/// Why the table cannot be claimed.
#[derive(Debug)]
pub enum ClaimError {
    /// Another process keeps it.
    Taken {
        /// Its number, 0 if it cannot be seen from here.
        process: i32,
    },
    /// The claim cannot be made.
    Io(io::Error),
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { process: 0 } => {
                f.write_str("another stockade keeps the table 'inet stockade' in this network namespace")
            }
            Self::Taken { process } => write!(
                f,
                "another stockade (process {process}) keeps the table 'inet stockade' in this network namespace"
            ),
            Self::Io(cause) => write!(f, "the table 'inet stockade' cannot be claimed: {cause}"),
        }
    }
}

impl std::error::Error for ClaimError {}

/// Claims the table of the thread's network namespace for this process, until it ends. False: somebody who may not change the
/// firewall sits on the name; it is as if nobody did, but a second process of ours would not be noticed.
pub fn claim() -> Result<bool, ClaimError> {
    let address = SocketAddrUnix::new_abstract_name(NAME).map_err(failed)?;
    let name = socket(SocketFlags::CLOEXEC)?;
    match bind(&name, &address) {
        Ok(()) => {
            listen(&name, 8).map_err(failed)?;
            thread::spawn(move || answer(&name));
            Ok(true)
        }
        Err(Errno::ADDRINUSE) => match holder(&address)? {
            Some(process) => Err(ClaimError::Taken { process }),
            None => Ok(false),
        },
        Err(cause) => Err(failed(cause)),
    }
}

/// Takes every call and hangs up: the caller has learnt by then who answers, and the queue never fills.
fn answer(name: &OwnedFd) {
    loop {
        match accept(name) {
            Ok(_) | Err(Errno::INTR | Errno::CONNABORTED) => {}
            // The name stays ours as long as the socket is open.
            Err(_) => thread::park(),
        }
    }
}

/// Who sits on the name, if it is somebody who may: abstract names know no permissions, and nobody without rights is to keep
/// the firewall from coming up.
fn holder(address: &SocketAddrUnix) -> Result<Option<i32>, ClaimError> {
    let call = socket(SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)?;
    // One of ours answers at once.
    if connect(&call, address).is_err() {
        return Ok(None);
    }
    Ok(match socket_peercred(&call) {
        Ok(who) if who.uid.is_root() || who.uid == rustix::process::geteuid() => {
            Some(who.pid.as_raw_nonzero().get())
        }
        Ok(_) => None,
        // A process in a pid namespace around ours has no number here.
        Err(_) => Some(0),
    })
}

fn socket(flags: SocketFlags) -> Result<OwnedFd, ClaimError> {
    socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(failed)
}

fn failed(cause: Errno) -> ClaimError {
    ClaimError::Io(cause.into())
}
