//! Hears from a host's kernel, as it happens, who is put into a set of Stockade's table and who is taken out.
//!
//! It reads the kernel's own notices (netlink, group of nftables). `nft monitor` would do, were it not that version 1.0.6,
//! Debian bookworm's, crashes when a map whose keys are of two parts gets its elements, and Stockade's table has one.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::netlink::{NETFILTER, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

use crate::deadline::Deadline;
use crate::{Error, Host, Result};

const TABLE: &[u8] = b"stockade\0";
/// `NFNLGRP_NFTABLES` is group 7; bind takes a mask.
const GROUPS: u32 = 1 << (7 - 1);
/// `NFNL_SUBSYS_NFTABLES` and the message: `NFT_MSG_NEWSETELEM`, `NFT_MSG_DELSETELEM`.
const ADDED: u16 = 10 << 8 | 12;
const REMOVED: u16 = 10 << 8 | 14;
const MESSAGE_HEADER: usize = 16;
const NETFILTER_HEADER: usize = 4;
/// Attributes, as linux/netfilter/nf_tables.h numbers them.
const ELEMENTS_TABLE: u16 = 1;
const ELEMENTS_SET: u16 = 2;
const ELEMENTS: u16 = 3;
const ELEMENT_KEY: u16 = 1;
const DATA_VALUE: u16 = 1;
/// The upper two bits of an attribute's type are flags.
const TYPE: u16 = 0x3fff;
const BUFFER_BYTES: usize = 256 * 1024;

/// Listens on a host from its creation on; nothing that happens after that is missed.
#[derive(Debug)]
pub struct Monitor {
    socket: OwnedFd,
    heard: VecDeque<Event>,
    seen: Vec<String>,
}

/// A change of one element, and the set that it was in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Event {
    change: Change,
    address: IpAddr,
    set: String,
}

/// What happened to an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Added,
    Removed,
}

impl Monitor {
    /// Begins to listen.
    pub fn start(host: &Host) -> Result<Self> {
        let socket = host.enter(|| {
            let flags = SocketFlags::CLOEXEC;
            let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(NETFILTER))?;
            bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
            Ok(socket)
        })?;
        let socket = socket.map_err(|errno: Errno| Error::io("listen to", "the kernel")(errno.into()))?;
        Ok(Self { socket, heard: VecDeque::new(), seen: Vec::new() })
    }

    /// Waits until `address` is put into a set; tells which one.
    pub fn banned(&mut self, address: impl Into<IpAddr>, patience: Duration) -> Result<String> {
        self.wait(Change::Added, address.into(), patience)
    }

    /// Waits until `address` is taken out of a set before its time; tells which one.
    pub fn unbanned(&mut self, address: impl Into<IpAddr>, patience: Duration) -> Result<String> {
        self.wait(Change::Removed, address.into(), patience)
    }

    fn wait(&mut self, change: Change, address: IpAddr, patience: Duration) -> Result<String> {
        let deadline = Deadline::after(patience);
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            while let Some(event) = self.heard.pop_front() {
                self.seen.push(format!("{:?} {} in {}", event.change, event.address, event.set));
                if (event.change, event.address) == (change, address) {
                    return Ok(event.set);
                }
            }
            let Some(left) = deadline.left() else { break };
            let failed = |errno: Errno| Error::io("hear from", "the kernel")(errno.into());
            set_socket_timeout(&self.socket, Timeout::Recv, Some(left)).map_err(failed)?;
            match recv(&self.socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((count, _)) => self.heard.extend(events(&buffer[..count])),
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(errno) => return Err(failed(errno)),
            }
        }
        let what = format!("'{change:?} {address}' from the kernel");
        Err(Error::Late { what, waited: patience, seen: self.seen.clone() })
    }
}

/// The changes of Stockade's sets of banned addresses, in a buffer of netlink messages.
fn events(mut buffer: &[u8]) -> Vec<Event> {
    let mut found = Vec::new();
    while buffer.len() >= MESSAGE_HEADER {
        let length = u32::from_ne_bytes([buffer[0], buffer[1], buffer[2], buffer[3]]) as usize;
        if length < MESSAGE_HEADER || length > buffer.len() {
            break;
        }
        let change = match u16::from_ne_bytes([buffer[4], buffer[5]]) {
            ADDED => Some(Change::Added),
            REMOVED => Some(Change::Removed),
            _ => None,
        };
        let body = buffer.get(MESSAGE_HEADER + NETFILTER_HEADER..length).unwrap_or_default();
        let set = String::from_utf8_lossy(attribute(body, ELEMENTS_SET).unwrap_or_default());
        let set = set.trim_end_matches('\0');
        // The whitelist is of addresses as well, and of the first ones behind those that are meant.
        if let Some(change) = change
            && attribute(body, ELEMENTS_TABLE) == Some(TABLE)
            && !set.starts_with("whitelist")
        {
            let elements = attributes(attribute(body, ELEMENTS).unwrap_or_default());
            let addresses = elements.filter_map(|(_, element)| key(element));
            found.extend(addresses.map(|address| Event { change, address, set: set.to_owned() }));
        }
        buffer = buffer.get(aligned(length)..).unwrap_or_default();
    }
    found
}

fn key(element: &[u8]) -> Option<IpAddr> {
    let value = attribute(attribute(element, ELEMENT_KEY)?, DATA_VALUE)?;
    if let Ok(v4) = <[u8; 4]>::try_from(value) {
        return Some(v4.into());
    }
    <[u8; 16]>::try_from(value).ok().map(IpAddr::from)
}

fn attribute(body: &[u8], wanted: u16) -> Option<&[u8]> {
    attributes(body).find(|(kind, _)| *kind == wanted).map(|(_, payload)| payload)
}

/// Type and payload of each attribute; a broken one ends the list.
fn attributes(mut body: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let header = body.get(..4)?;
        let length = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let kind = u16::from_ne_bytes([header[2], header[3]]) & TYPE;
        let payload = body.get(4..length)?;
        body = body.get(aligned(length)..).unwrap_or_default();
        Some((kind, payload))
    })
}

/// Netlink begins everything at a multiple of four.
fn aligned(length: usize) -> usize {
    length.next_multiple_of(4)
}
