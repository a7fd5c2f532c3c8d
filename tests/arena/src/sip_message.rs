//! The one SIP request of the arena, REGISTER, and what is read of a response. Text only: no socket.

use std::net::{IpAddr, SocketAddr};

use crate::{Error, Result};

/// The request's method.
pub const METHOD: &str = "REGISTER";

/// What came back from the registrar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The final status: 200 for registered, 401 or 403 for refused.
    Status(u16),
    /// Nothing, however often the request was repeated in the time given.
    Silence,
}

/// What a REGISTER says. The texts go into it as they are: escaping them is up to the caller, or left out on purpose.
#[derive(Clone, Copy, Debug)]
pub struct Register<'a> {
    /// `UDP` or `TCP`.
    pub transport: &'a str,
    /// The telephone.
    pub own: SocketAddr,
    /// Where it registers.
    pub registrar: IpAddr,
    /// As whom.
    pub account: &'a str,
    /// What this registration is called.
    pub call_id: &'a str,
    /// Counts the requests of this registration.
    pub sequence: u32,
}

impl Register<'_> {
    /// The request, with the answer to a challenge if there is one.
    pub fn text(&self, proof: Option<&str>) -> String {
        let Self { transport, own, registrar, account, call_id, sequence } = self;
        let uri = uri(*registrar);
        // PJSIP tells transactions apart by this alone, whoever sends them.
        let branch = format!("{}-{}-{sequence}", own.ip(), own.port());
        let proof = proof.map(|proof| format!("Authorization: {proof}\r\n")).unwrap_or_default();
        format!(
            "{METHOD} {uri} SIP/2.0\r\n\
             Via: SIP/2.0/{transport} {own};branch=z9hG4bK-{branch};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:{account}@{registrar}>;tag=arena\r\n\
             To: <sip:{account}@{registrar}>\r\n\
             Call-ID: {call_id}\r\n\
             CSeq: {sequence} {METHOD}\r\n\
             Contact: <sip:{account}@{own}>\r\n\
             Expires: 300\r\n\
             {proof}Content-Length: 0\r\n\r\n"
        )
    }
}

/// What is registered at, and what the digest is made over.
pub fn uri(registrar: IpAddr) -> String {
    format!("sip:{registrar}")
}

/// The value of a header, if the message has it.
pub fn header<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    message.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// The number in a response's first line.
pub fn status(response: &str) -> Result<u16> {
    let number = response.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3)?.parse().ok());
    number.ok_or_else(|| Error::Unreadable {
        what: "the registrar".to_owned(),
        said: response.to_owned(),
        reason: "no status line".to_owned(),
    })
}
