//! A client of Asterisk's own trunk protocol (IAX2, RFC 5456) that knows one thing: to register over UDP.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use md5::{Digest, Md5};

use crate::deadline::Deadline;
use crate::{Error, Host, Result};

const PORT: u16 = 4569;
const CALL: u16 = 0x8000 | 77;
/// The frame's kind: one that carries IAX's own messages.
const CONTROL: u8 = 6;

const ACK: u8 = 4;
const REGREQ: u8 = 13;
const REGAUTH: u8 = 14;
const REGACK: u8 = 15;
const REGREJ: u8 = 16;

const USERNAME: u8 = 6;
const CHALLENGE: u8 = 15;
const MD5_RESULT: u8 = 16;
const REFRESH: u8 = 19;

/// How a registration went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// We are registered.
    Accepted,
    /// The answer was no.
    Refused,
    /// No answer within the time given.
    Silence,
}

/// Registers once, from `from`, over a new socket.
pub fn register(from: &Host, to: &Host, account: (&str, &str), patience: Duration) -> Result<Registration> {
    let registrar = SocketAddr::new(to.address(), PORT);
    from.enter(|| match talk(registrar, account, patience) {
        Ok(REGACK) => Ok(Registration::Accepted),
        Ok(_) => Ok(Registration::Refused),
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            Ok(Registration::Silence)
        }
        Err(error) => Err(Error::io("register at", registrar)(error)),
    })?
}

fn talk(at: SocketAddr, (name, secret): (&str, &str), patience: Duration) -> std::io::Result<u8> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    socket.connect(at)?;
    let deadline = Deadline::after(patience);
    let who = [element(USERNAME, name.as_bytes()), element(REFRESH, &300_u16.to_be_bytes())].concat();
    socket.send(&request(0, 0, &who))?;
    let (kind, answer) = receive(&socket, &deadline)?;
    let Some(challenge) = find(&answer, CHALLENGE).filter(|_| kind == REGAUTH) else { return Ok(kind) };
    let digest = Md5::digest([challenge, secret.as_bytes()].concat());
    let proof: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let other = u16::from_be_bytes([answer[0], answer[1]]) & 0x7fff;
    socket.send(&request(other, 1, &[who, element(MD5_RESULT, proof.as_bytes())].concat()))?;
    receive(&socket, &deadline).map(|(kind, _)| kind)
}

/// The next message that is an answer to a registration; acknowledgements and measurements are read over.
fn receive(socket: &UdpSocket, deadline: &Deadline) -> std::io::Result<(u8, Vec<u8>)> {
    loop {
        let left = deadline.left().ok_or(ErrorKind::TimedOut)?;
        socket.set_read_timeout(Some(left))?;
        let mut frame = vec![0; 1024];
        let count = socket.recv(&mut frame)?;
        frame.truncate(count);
        let is_answer = count >= 12 && frame[10] == CONTROL && frame[11] != ACK;
        if is_answer && [REGAUTH, REGACK, REGREJ].contains(&frame[11]) {
            return Ok((frame[11], frame));
        }
    }
}

fn request(other: u16, sequence: u8, elements: &[u8]) -> Vec<u8> {
    let mut frame = [CALL.to_be_bytes(), other.to_be_bytes()].concat();
    frame.extend_from_slice(&(u32::from(sequence) + 1).to_be_bytes());
    frame.extend_from_slice(&[sequence, sequence, CONTROL, REGREQ]);
    frame.extend_from_slice(elements);
    frame
}

fn element(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).expect("a short value");
    [&[kind, length], value].concat()
}

fn find(frame: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = frame.get(12..)?;
    while let [kind, length, behind @ ..] = rest {
        let (value, next) = behind.split_at_checked(usize::from(*length))?;
        if *kind == wanted {
            return Some(value);
        }
        rest = next;
    }
    None
}
