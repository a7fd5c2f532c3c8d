//! Guesses the password of a SIP account over TCP. No program that Debian packages does, and it matters: a sender who has
//! completed a handshake is no forgery.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::digest::Challenge;
use crate::sip_message::{Answer, METHOD, Register, header, status, uri};
use crate::{Error, Host, Result};

/// One guess over a connection of its own.
pub fn guess(from: &Host, to: &Host, account: &str, password: &str, patience: Duration) -> Result<Answer> {
    let registrar = SocketAddr::new(to.address(), 5060);
    from.enter(|| match talk(registrar, account, password, patience) {
        Ok(response) => Ok(Answer::Status(status(&response)?)),
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            Ok(Answer::Silence)
        }
        Err(error) => Err(Error::io("register at", registrar)(error)),
    })?
}

fn talk(at: SocketAddr, account: &str, password: &str, patience: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&at, patience)?;
    stream.set_read_timeout(Some(patience))?;
    let own = stream.local_addr()?;
    let call_id = format!("arena-{account}@{own}");
    let mut register =
        Register { transport: "TCP", own, registrar: at.ip(), account, call_id: &call_id, sequence: 1 };
    let mut responses = BufReader::new(stream.try_clone()?);
    stream.write_all(register.text(None).as_bytes())?;
    let first = response(&mut responses)?;
    let Some(challenge) = header(&first, "WWW-Authenticate").and_then(Challenge::parse) else {
        return Ok(first);
    };
    register.sequence = 2;
    let proof = challenge.answer(account, password, METHOD, &uri(at.ip()));
    stream.write_all(register.text(Some(&proof)).as_bytes())?;
    response(&mut responses)
}

/// A response's head; responses to REGISTER have no body.
fn response(from: &mut impl BufRead) -> std::io::Result<String> {
    let mut head = String::new();
    while from.read_line(&mut head)? > "\r\n".len() {}
    Ok(head)
}
