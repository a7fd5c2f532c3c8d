//! Notices when another program changes our table: a second socket that hears every nftables transaction. What expires by
//! itself is not announced by the kernel, and what we change carries our port, so neither is taken for a foreign change.

use std::os::fd::{AsFd, BorrowedFd};

use event::limit;
use netlink_sys::{Socket, protocols::NETLINK_NETFILTER};
use rustix::io::Errno;
use rustix::net::RecvFlags;

use crate::batch::{NF_TABLES, kind};
use crate::error::EnforcementError;
use crate::plan::TABLE;
use crate::socket::{failed, receive, set_receive_buffer};
use crate::wire::{Message, Messages};

/// `NFNLGRP_NFTABLES`.
const GROUP_NFTABLES: u32 = 7;

/// Hears changes of the rules. Readable (poll it) when there are any.
pub struct Watch {
    socket: Socket,
    own_port: u32,
    buffer: Vec<u8>,
}

impl Watch {
    pub(crate) fn open(own_port: u32) -> Result<Self, EnforcementError> {
        let mut socket = Socket::new(NETLINK_NETFILTER).map_err(failed("open the watch"))?;
        socket.bind_auto().map_err(failed("bind the watch"))?;
        set_receive_buffer(&socket, limit::NETLINK_RECEIVE_BYTES)?;
        socket.add_membership(GROUP_NFTABLES).map_err(failed("join the nftables group"))?;
        Ok(Self { socket, own_port, buffer: vec![0; 64 * 1024] })
    }

    /// Takes what has arrived, without waiting. True if another program changed our table, or if so much arrived that some
    /// was lost and nobody can tell: then `reconcile`.
    pub fn changed(&mut self) -> Result<bool, EnforcementError> {
        let mut changed = false;
        for _ in 0..limit::WATCH_DATAGRAMS {
            match receive(&self.socket, &mut self.buffer, RecvFlags::DONTWAIT) {
                Err(Errno::WOULDBLOCK) => return Ok(changed),
                Err(Errno::NOBUFS) => changed = true,
                Err(errno) => return Err(failed("read the watch")(errno.into())),
                Ok(length) => {
                    let messages = Messages { rest: &self.buffer[..length] };
                    changed |= messages.into_iter().any(|message| is_foreign(&message, self.own_port));
                }
            }
        }
        Ok(changed)
    }
}

impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn is_foreign(message: &Message<'_>, own_port: u32) -> bool {
    let of_nf_tables = message.kind & 0xff00 == NF_TABLES;
    // A new generation ends each transaction; it names no table, and the changes before it said all.
    let names_a_table = message.kind != NF_TABLES | kind::NEW_GENERATION;
    // Every other message has the table's name as its first attribute.
    of_nf_tables && names_a_table && message.port != own_port && message.attributes().text(1) == TABLE
}
