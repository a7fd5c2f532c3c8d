//! A client of Asterisk's manager interface that knows one action: Login.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::{Error, Host, Result};

/// How a login went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Login {
    /// The manager let us in.
    Accepted,
    /// The manager answered, with a no.
    Rejected,
    /// No answer within the time given: the packets went nowhere.
    Silence,
}

/// Logs in once, from `from`, over a new connection.
pub fn login(from: &Host, to: &Host, account: (&str, &str), patience: Duration) -> Result<Login> {
    let manager = SocketAddr::new(to.address(), 5038);
    from.enter(|| match talk(manager, account, patience) {
        Ok(said) if said.contains("Response: Success") => Ok(Login::Accepted),
        Ok(said) if said.contains("Response: Error") => Ok(Login::Rejected),
        Ok(said) => {
            Err(Error::Unreadable { what: "the manager".to_owned(), said, reason: "no response".to_owned() })
        }
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            Ok(Login::Silence)
        }
        Err(error) => Err(Error::io("log in to", manager)(error)),
    })?
}

fn talk(manager: SocketAddr, (name, secret): (&str, &str), patience: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&manager, patience)?;
    stream.set_read_timeout(Some(patience))?;
    write!(stream, "Action: Login\r\nUsername: {name}\r\nSecret: {secret}\r\nEvents: off\r\n\r\n")?;
    let mut said = String::new();
    for line in BufReader::new(stream).lines() {
        let line = line?;
        said.push_str(&line);
        said.push('\n');
        // The answer ends with an empty line; the greeting before it has none.
        if line.is_empty() {
            break;
        }
    }
    Ok(said)
}
