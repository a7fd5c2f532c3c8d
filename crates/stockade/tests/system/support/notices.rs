//! The kernel's own notices of what is put into Stockade's sets and taken out of them. `nft monitor` tells the same, were it
//! not that version 1.0.6, Debian bookworm's, stumbles over a map with keys of two parts, and our table has one.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::net::netlink::{NETFILTER, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_recv_buffer_size_force, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

use super::Deadline;

/// The group of nftables is the seventh.
const GROUP: u32 = 1 << 6;
/// `NFT_MSG_NEWSETELEM` and `NFT_MSG_DELSETELEM` of subsystem 10.
const ADDED: u16 = 0x0a0c;
const REMOVED: u16 = 0x0a0e;

/// One element that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Came, or went.
    pub came: bool,
    /// The address; of a subnet, the first one.
    pub address: IpAddr,
    /// The set.
    pub set: String,
}

/// Hears everything from its creation on.
pub struct Notices {
    socket: OwnedFd,
    waiting: VecDeque<Notice>,
    heard: Vec<Notice>,
}

impl Notices {
    /// Begins to listen in the thread's namespace.
    pub fn listen() -> Self {
        let socket =
            socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(NETFILTER));
        let socket = socket.expect("make a netlink socket");
        // Nobody reads while a test does something else.
        set_socket_recv_buffer_size_force(&socket, 16 << 20).expect("make room for many notices");
        bind(&socket, &SocketAddrNetlink::new(0, GROUP)).expect("join the group of nftables");
        Self { socket, waiting: VecDeque::new(), heard: Vec::new() }
    }

    /// Waits until a ban of `address` is put into the kernel; tells the set.
    pub fn added(&mut self, address: &str) -> String {
        self.wait(true, address)
    }

    /// Waits until a ban of `address` is taken out of the kernel; tells the set.
    pub fn removed(&mut self, address: &str) -> String {
        self.wait(false, address)
    }

    /// Everything about `address` that was heard until now.
    pub fn of(&mut self, address: &str) -> Vec<Notice> {
        while self.hear(RecvFlags::DONTWAIT) {}
        let address: IpAddr = address.parse().expect("an address");
        let all = self.heard.iter().chain(&self.waiting);
        all.filter(|notice| notice.address == address).cloned().collect()
    }

    fn wait(&mut self, came: bool, address: &str) -> String {
        let deadline = Deadline::start();
        let wanted: IpAddr = address.parse().expect("an address");
        loop {
            while let Some(notice) = self.waiting.pop_front() {
                self.heard.push(notice.clone());
                if notice.came == came && notice.address == wanted {
                    return notice.set;
                }
            }
            let left = deadline.left();
            let what = if came { "come" } else { "go" };
            assert!(!left.is_zero(), "{address} did not {what}; heard {:?}", self.heard);
            set_socket_timeout(&self.socket, Timeout::Recv, Some(left)).expect("set a deadline");
            self.hear(RecvFlags::empty());
        }
    }

    /// Takes one datagram; says whether there was one.
    fn hear(&mut self, flags: RecvFlags) -> bool {
        let mut buffer = vec![0; 256 * 1024];
        match recv(&self.socket, &mut buffer[..], flags) {
            Ok((count, _)) => {
                self.waiting.extend(notices(&buffer[..count]));
                true
            }
            Err(Errno::AGAIN | Errno::INTR) => false,
            Err(cause) => panic!("the kernel's notices cannot be heard: {cause}"),
        }
    }
}

/// The changes of sets of bans in a datagram of netlink messages.
fn notices(mut datagram: &[u8]) -> Vec<Notice> {
    let mut found = Vec::new();
    while let Some(length) = datagram.first_chunk().map(|length| u32::from_ne_bytes(*length) as usize) {
        let Some(message) = datagram.get(16..length) else { break };
        let kind = u16::from_ne_bytes([datagram[4], datagram[5]]);
        let body = message.get(4..).unwrap_or_default();
        let text =
            |number| String::from_utf8_lossy(attribute(body, number)).trim_end_matches('\0').to_owned();
        let (table, set) = (text(1), text(2));
        if matches!(kind, ADDED | REMOVED) && table == "stockade" && !set.starts_with("whitelist") {
            let addresses = attributes(attribute(body, 3)).filter_map(|(_, element)| address(element));
            found.extend(addresses.map(|address| Notice { came: kind == ADDED, address, set: set.clone() }));
        }
        datagram = datagram.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// The key of an element, if it is an address.
fn address(element: &[u8]) -> Option<IpAddr> {
    let value = attribute(attribute(element, 1), 1);
    let v4 = <[u8; 4]>::try_from(value).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from)).ok()
}

fn attribute(body: &[u8], wanted: u16) -> &[u8] {
    attributes(body).find(|(number, _)| *number == wanted).map_or(&[], |(_, payload)| payload)
}

/// Number and payload of each attribute; a broken one ends the list. The upper two bits of a number are flags.
fn attributes(mut body: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let [a, b, c, d] = *body.first_chunk()?;
        let length = usize::from(u16::from_ne_bytes([a, b]));
        let payload = body.get(4..length)?;
        body = body.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((u16::from_ne_bytes([c, d]) & 0x3fff, payload))
    })
}
