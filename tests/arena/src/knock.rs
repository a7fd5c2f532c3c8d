//! A knock on a TCP port, to tell an open port from a closed one and both from a wall that swallows packets.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::{Error, Host, Result};

/// What a knock finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Somebody answered.
    Open,
    /// The host said that nobody is there.
    Refused,
    /// Nothing came back in the time given.
    Silent,
}

/// Tries to connect. One call is one connection attempt: its SYN is repeated by the kernel until `patience` is over,
/// so a call during a ban returns `Open` as soon as the ban has ended.
pub fn knock(from: &Host, to: IpAddr, port: u16, patience: Duration) -> Result<Door> {
    let door = SocketAddr::new(to, port);
    from.enter(|| match TcpStream::connect_timeout(&door, patience) {
        Ok(_) => Ok(Door::Open),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Ok(Door::Refused),
        Err(error) if error.kind() == ErrorKind::TimedOut => Ok(Door::Silent),
        Err(error) => Err(Error::io("connect to", door)(error)),
    })?
}

/// A connection that is already open, to see whether it still carries anything.
#[derive(Debug)]
pub struct Held {
    stream: TcpStream,
}

impl Held {
    /// Connects to a web server and keeps the connection.
    pub fn open(from: &Host, to: &Host, patience: Duration) -> Result<Self> {
        let door = SocketAddr::new(to.address(), 80);
        let stream = from.enter(|| TcpStream::connect_timeout(&door, patience))?;
        let stream = stream.map_err(Error::io("connect to", door))?;
        stream.set_read_timeout(Some(patience)).map_err(Error::io("set up", door))?;
        Ok(Self { stream })
    }

    /// Asks for the public page over the kept connection; tells whether an answer came.
    pub fn answers(&mut self) -> Result<bool> {
        let request = b"GET / HTTP/1.1\r\nHost: victim\r\n\r\n";
        self.stream.write_all(request).map_err(Error::io("write to", "the held connection"))?;
        let mut answer = [0; 4096];
        match self.stream.read(&mut answer) {
            Ok(count) => Ok(count > 0),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(false),
            Err(error) => Err(Error::io("read from", "the held connection")(error)),
        }
    }
}
