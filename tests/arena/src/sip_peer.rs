//! A SIP telephone that registers over UDP, always from the same port: to the kernel, one established flow.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use crate::deadline::Deadline;
use crate::digest::Challenge;
use crate::sip_message::{Answer, METHOD, Register, header, status, uri};
use crate::{Error, Host, Result};

/// How long a telephone waits before it sends a request again (RFC 3261, T1).
const RETRANSMIT: Duration = Duration::from_millis(500);
const DATAGRAM_BYTES: usize = 4096;

/// The telephone, with its socket.
#[derive(Debug)]
pub struct SipPeer {
    socket: UdpSocket,
    own: SocketAddr,
    registrar: SocketAddr,
    account: String,
    password: String,
    call_id: String,
    sequence: u32,
}

impl SipPeer {
    /// A telephone on `from` with an account at the PBX on `to`. Nothing is sent yet.
    pub fn new(from: &Host, to: &Host, account: &str, password: &str) -> Result<Self> {
        Self::on_port(from, to, 5060, account, password)
    }

    /// The same on another port than SIP's own, for a second telephone on a host.
    pub fn on_port(from: &Host, to: &Host, port: u16, account: &str, password: &str) -> Result<Self> {
        let own = SocketAddr::new(from.address(), port);
        let socket = from.enter(|| UdpSocket::bind(own))?.map_err(Error::io("bind", own))?;
        socket.set_read_timeout(Some(RETRANSMIT)).map_err(Error::io("set up", own))?;
        let registrar = SocketAddr::new(to.address(), 5060);
        let call_id = format!("arena-{account}@{own}");
        Ok(Self {
            call_id,
            socket,
            own,
            registrar,
            account: account.to_owned(),
            password: password.to_owned(),
            sequence: 0,
        })
    }

    /// Calls its calls by this name, which goes into the request and from there into logs as it is.
    pub fn with_call_id(self, call_id: &str) -> Self {
        Self { call_id: call_id.to_owned(), ..self }
    }

    /// Registers with the telephone's password, answering the registrar's challenge.
    pub fn register(&mut self, patience: Duration) -> Result<Answer> {
        let password = self.password.clone();
        self.register_with(&password, patience)
    }

    /// Asks to be registered and leaves the registrar's challenge at that: a request and a response, and no login.
    pub fn ask(&mut self, patience: Duration) -> Result<Answer> {
        match self.exchange(None, &Deadline::after(patience))? {
            Some(response) => Ok(Answer::Status(status(&response)?)),
            None => Ok(Answer::Silence),
        }
    }

    /// Registers with another password.
    pub fn register_with(&mut self, password: &str, patience: Duration) -> Result<Answer> {
        let deadline = Deadline::after(patience);
        let Some(first) = self.exchange(None, &deadline)? else { return Ok(Answer::Silence) };
        let Some(challenge) = header(&first, "WWW-Authenticate").and_then(Challenge::parse) else {
            return Ok(Answer::Status(status(&first)?));
        };
        let proof = challenge.answer(&self.account, password, METHOD, &uri(self.registrar.ip()));
        let Some(second) = self.exchange(Some(&proof), &deadline)? else { return Ok(Answer::Silence) };
        Ok(Answer::Status(status(&second)?))
    }

    /// One request, repeated until its final response comes or time is up.
    fn exchange(&mut self, proof: Option<&str>, deadline: &Deadline) -> Result<Option<String>> {
        self.sequence += 1;
        let request = self.request(proof);
        let mark = format!("{} {METHOD}", self.sequence);
        let mut buffer = [0; DATAGRAM_BYTES];
        while deadline.left().is_some() {
            self.socket
                .send_to(request.as_bytes(), self.registrar)
                .map_err(Error::io("send to", self.registrar))?;
            // Late responses to earlier requests and provisional ones are read over.
            loop {
                let count = match self.socket.recv(&mut buffer) {
                    Ok(count) => count,
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                        break;
                    }
                    Err(error) => return Err(Error::io("receive from", self.registrar)(error)),
                };
                let response = String::from_utf8_lossy(&buffer[..count]).into_owned();
                if header(&response, "CSeq") == Some(&mark) && status(&response)? >= 200 {
                    return Ok(Some(response));
                }
            }
        }
        Ok(None)
    }

    fn request(&self, proof: Option<&str>) -> String {
        let Self { own, registrar, account, call_id, sequence, .. } = self;
        let register = Register {
            transport: "UDP",
            own: *own,
            registrar: registrar.ip(),
            account,
            call_id,
            sequence: *sequence,
        };
        register.text(proof)
    }
}
