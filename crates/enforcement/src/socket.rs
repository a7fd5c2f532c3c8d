//! A netlink socket of the netfilter family: sends transactions, reads dumps and answers. It knows no table.

use std::io;
use std::os::fd::AsFd;

use event::limit;
use netlink_sys::{Socket, protocols::NETLINK_NETFILTER};
use rustix::io::Errno;
use rustix::net::{RecvFlags, sockopt};

use crate::batch::{self, Batch, Finished};
use crate::error::EnforcementError;
use crate::wire::{Attributes, HEADER, Message, Messages, Wire, as_text, flag, u32_at};

const ERROR: u16 = 2;
const DONE: u16 = 3;
/// The kernel fills dumps up to 32 KiB a message if the reader's buffer is at least as long.
const RECEIVE_BYTES: usize = 64 * 1024;

/// What an element takes in a transaction at most: deleted and added again, with a long counter's name.
const ELEMENT_BYTES: usize = 128;

/// A socket of our own; every change we make carries its port, by which the watch knows it as ours.
pub(crate) struct Netlink {
    socket: Socket,
    port: u32,
    sequence: u32,
    send_bytes: usize,
    buffer: Vec<u8>,
}

/// What the kernel refused in a transaction. None of it was done.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) errno: Errno,
    pub(crate) error: EnforcementError,
}

impl From<Refused> for EnforcementError {
    fn from(refused: Refused) -> Self {
        refused.error
    }
}

impl From<EnforcementError> for Refused {
    fn from(error: EnforcementError) -> Self {
        Self { errno: error.errno().map_or(Errno::IO, Errno::from_raw_os_error), error }
    }
}

impl Netlink {
    pub(crate) fn open() -> Result<Self, EnforcementError> {
        let mut socket = Socket::new(NETLINK_NETFILTER).map_err(failed("open a socket"))?;
        let port = socket.bind_auto().map_err(failed("bind the socket"))?.port_number();
        socket.set_ext_ack(true).map_err(failed("ask for explained errors"))?;
        socket.set_cap_ack(true).map_err(failed("ask for short errors"))?;
        set_receive_buffer(&socket, limit::NETLINK_RECEIVE_BYTES)?;
        let mut netlink = Self { socket, port, sequence: 1, send_bytes: 0, buffer: vec![0; RECEIVE_BYTES] };
        netlink.grow_send_buffer(limit::ELEMENTS_PER_TRANSACTION * ELEMENT_BYTES);
        Ok(netlink)
    }

    /// How many elements fit a transaction: fewer than the limit where the system does not let us have a larger buffer.
    pub(crate) fn elements_per_transaction(&self) -> usize {
        (self.send_bytes / ELEMENT_BYTES).clamp(1, limit::ELEMENTS_PER_TRANSACTION)
    }

    /// The port that changes made by this socket carry.
    pub(crate) fn port(&self) -> u32 {
        self.port
    }

    /// An empty transaction.
    pub(crate) fn batch(&self) -> Batch {
        Batch::new(self.sequence)
    }

    /// Sends a transaction and waits for what became of it. The kernel answers before `send` returns.
    pub(crate) fn commit(&mut self, batch: Batch) -> Result<(), Refused> {
        if batch.is_empty() {
            return Ok(());
        }
        let batch = batch.finish();
        self.sequence = batch.next;
        self.send(batch.bytes())?;
        let mut confirmed = false;
        let mut refused = None;
        let mut buffer = std::mem::take(&mut self.buffer);
        let outcome = loop {
            match receive(&self.socket, &mut buffer, RecvFlags::DONTWAIT) {
                Err(Errno::WOULDBLOCK) => break Ok(()),
                Err(errno) => break Err(errno),
                Ok(length) => {
                    for message in (Messages { rest: &buffer[..length] }).filter(|m| batch.has(m.sequence)) {
                        match failure(&message) {
                            Some((errno, offset, explanation)) if refused.is_none() => {
                                refused = Some(refusal(&batch, message.sequence, errno, offset, explanation));
                            }
                            None if message.sequence == batch.confirmed => confirmed = true,
                            _ => (),
                        }
                    }
                }
            }
        };
        self.buffer = buffer;
        outcome.map_err(|errno| failed("read the answer to a transaction")(errno.into()))?;
        match refused {
            Some(refused) => Err(refused),
            None if confirmed => Ok(()),
            None => Err(EnforcementError::Answer {
                operation: batch.describe(batch.confirmed, None),
                expected: "a confirmation of the transaction's last message",
            }
            .into()),
        }
    }

    /// Asks for everything that a request names and hands each message on. `Err(Unsteady)` if the rules changed meanwhile.
    pub(crate) fn dump(
        &mut self,
        kind: u16,
        operation: &str,
        body: impl FnOnce(&mut Wire),
        each: impl FnMut(&Message<'_>),
    ) -> Result<(), EnforcementError> {
        let mut wire = Wire::default();
        batch::request(&mut wire, kind, flag::DUMP, self.sequence, body);
        self.dump_request(&wire, operation, each)
    }

    /// As `dump`, for a request of any subsystem, numbered `next_sequence()`.
    pub(crate) fn dump_request(
        &mut self,
        request: &Wire,
        operation: &str,
        mut each: impl FnMut(&Message<'_>),
    ) -> Result<(), EnforcementError> {
        let sequence = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        self.send(request.bytes())?;
        let mut steady = true;
        loop {
            let length = receive(&self.socket, &mut self.buffer, RecvFlags::empty())
                .map_err(|errno| failed("read a dump")(errno.into()))?;
            for message in (Messages { rest: &self.buffer[..length] }).filter(|m| m.sequence == sequence) {
                steady &= message.flags & flag::DUMP_INTERRUPTED == 0;
                if message.kind == ERROR || message.kind == DONE {
                    let code = message.payload.get(..4).map_or(0, |code| u32_at(code, 0).cast_signed());
                    return match code {
                        0 if steady => Ok(()),
                        0 => Err(EnforcementError::Unsteady { operation: operation.to_owned() }),
                        code => Err(EnforcementError::refused(operation, Errno::from_raw_os_error(-code))),
                    };
                }
                each(&message);
            }
        }
    }

    /// Sends several requests at once, numbered from `next_sequence()` on, and hands each of the `count` answers on with
    /// its place; an error as `Err`.
    pub(crate) fn ask(
        &mut self,
        requests: &Wire,
        count: u32,
        mut each: impl FnMut(u32, Result<&Message<'_>, Errno>),
    ) -> Result<(), EnforcementError> {
        let first = self.sequence;
        self.sequence = self.sequence.wrapping_add(count);
        self.send(requests.bytes())?;
        let mut open = count;
        while open > 0 {
            let length = receive(&self.socket, &mut self.buffer, RecvFlags::empty())
                .map_err(|errno| failed("read an answer")(errno.into()))?;
            for message in (Messages { rest: &self.buffer[..length] }) {
                let place = message.sequence.wrapping_sub(first);
                if place >= count {
                    continue;
                }
                open -= 1;
                match failure(&message) {
                    Some((errno, ..)) => each(place, Err(errno)),
                    None => each(place, Ok(&message)),
                }
            }
        }
        Ok(())
    }

    /// The number that the next request must carry.
    pub(crate) fn next_sequence(&self) -> u32 {
        self.sequence
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), EnforcementError> {
        if bytes.len() > self.send_bytes {
            self.grow_send_buffer(bytes.len());
        }
        let sent = self.socket.send(bytes, 0).map_err(failed("send"))?;
        debug_assert_eq!(sent, bytes.len());
        Ok(())
    }
}

impl Netlink {
    /// The kernel takes a transaction only as one datagram, and that only if it fits the send buffer. Without the right to
    /// force it, the buffer grows as far as the system allows.
    fn grow_send_buffer(&mut self, bytes: usize) {
        let wanted = bytes + 64 * 1024;
        if sockopt::set_socket_send_buffer_size_force(self.socket.as_fd(), wanted).is_err() {
            let _ = sockopt::set_socket_send_buffer_size(self.socket.as_fd(), wanted);
        }
        // The kernel doubles what it is asked for and shows that; a few bytes of it are its own.
        let granted = sockopt::socket_send_buffer_size(self.socket.as_fd()).unwrap_or(wanted);
        self.send_bytes = granted.saturating_sub(4096);
    }
}

/// Reads one datagram; tries again when a signal interrupts.
pub(crate) fn receive(socket: impl AsFd, buffer: &mut [u8], flags: RecvFlags) -> Result<usize, Errno> {
    loop {
        match rustix::net::recv(&socket, &mut *buffer, flags) {
            Err(Errno::INTR) => (),
            Err(errno) => return Err(errno),
            Ok((read, _)) => return Ok(read),
        }
    }
}

/// Makes room for what arrives; without the right to force it, as much as the system allows.
pub(crate) fn set_receive_buffer(socket: &Socket, bytes: usize) -> Result<(), EnforcementError> {
    if sockopt::set_socket_recv_buffer_size_force(socket.as_fd(), bytes).is_err() {
        sockopt::set_socket_recv_buffer_size(socket.as_fd(), bytes)
            .map_err(|errno| failed("enlarge the receive buffer")(errno.into()))?;
    }
    Ok(())
}

/// An error of the socket itself.
pub(crate) fn failed(operation: &'static str) -> impl Fn(io::Error) -> EnforcementError {
    move |source| EnforcementError::Socket { operation, source }
}

/// The error that a message reports: its number, the place in our message, the explanation.
fn failure(message: &Message<'_>) -> Option<(Errno, Option<u32>, String)> {
    if message.kind != ERROR {
        return None;
    }
    let code = message.payload.get(..4).map_or(0, |code| u32_at(code, 0).cast_signed());
    if code == 0 {
        return None;
    }
    let mut extra = 4 + HEADER;
    if message.flags & flag::CAPPED == 0 {
        extra = 4 + message.payload.get(4..8).map_or(HEADER, |length| u32_at(length, 0) as usize);
    }
    let rest = if message.flags & flag::ACK_TLVS == 0 {
        &[]
    } else {
        message.payload.get(extra..).unwrap_or_default()
    };
    let tlvs = Attributes { rest };
    let offset = tlvs.find(2).filter(|value| value.len() == 4).map(|value| u32_at(value, 0));
    let explanation = tlvs.find(1).map(as_text).unwrap_or_default().to_owned();
    Some((Errno::from_raw_os_error(code.wrapping_neg()), offset, explanation))
}

fn refusal(
    batch: &Finished,
    sequence: u32,
    errno: Errno,
    offset: Option<u32>,
    explanation: String,
) -> Refused {
    let operation = batch.describe(sequence, offset);
    Refused { errno, error: EnforcementError::Refused { operation, source: errno.into(), explanation } }
}
