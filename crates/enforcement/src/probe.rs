//! Can this process enforce here? Tried on the kernel itself, with a table that is made and deleted in one transaction and
//! so never stands: "not allowed", "this kernel cannot" and "could not find out" are different answers.

use std::fmt;

use event::Protocol;
use rustix::io::Errno;

use crate::batch::{Batch, kind};
use crate::error::EnforcementError;
use crate::expression as expr;
use crate::plan::Kind;
use crate::socket::Netlink;
use crate::wire::{Wire, flag};

const PROBE_TABLE: &str = "stockade_probe";

/// What the kernel lets us do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// Everything that was asked for.
    Supported,
    /// The process may not: it lacks `CAP_NET_ADMIN` in its network namespace.
    NoPermission,
    /// The kernel cannot, and this is what it lacks.
    Unsupported {
        /// What was tried and what the kernel said.
        why: String,
    },
    /// Something else went wrong; nothing is known.
    Unknown {
        /// The system's error number; 0 if there was none.
        errno: i32,
    },
}

impl fmt::Display for Support {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supported => f.write_str("nftables is there and may be used"),
            Self::NoPermission => {
                f.write_str("no permission to use nftables; run as root or give CAP_NET_ADMIN")
            }
            Self::Unsupported { why } => write!(f, "this kernel lacks what enforcement needs: {why}"),
            Self::Unknown { errno } => write!(
                f,
                "could not find out whether nftables can be used: {}",
                std::io::Error::from_raw_os_error(*errno)
            ),
        }
    }
}

/// Tries what bans need, and leaves nothing behind.
pub fn probe() -> Support {
    attempt(write)
}

/// Tries what the network firewall and the SIP limit need beyond that, and leaves nothing behind: conntrack, rates, dynamic sets.
/// A kernel without them can hold bans all the same, if the layout has no firewall.
pub fn probe_firewall() -> Support {
    attempt(|batch| {
        batch.message_for(PROBE_TABLE, kind::NEW_TABLE, flag::CREATE, |wire| wire.number(2, 0));
        write_firewall(batch);
        batch.message_for(PROBE_TABLE, kind::DEL_TABLE, 0, |_| ());
    })
}

fn attempt(write: impl FnOnce(&mut Batch)) -> Support {
    let mut netlink = match Netlink::open() {
        Ok(netlink) => netlink,
        Err(error) => return judge(&error),
    };
    let mut batch = netlink.batch();
    write(&mut batch);
    match netlink.commit(batch) {
        Ok(()) => Support::Supported,
        Err(refused) => judge(&refused.error),
    }
}

fn judge(error: &EnforcementError) -> Support {
    match error.errno().map(Errno::from_raw_os_error) {
        Some(Errno::PERM | Errno::ACCESS) => Support::NoPermission,
        Some(
            Errno::OPNOTSUPP
            | Errno::NOENT
            | Errno::INVAL
            | Errno::AFNOSUPPORT
            | Errno::PROTONOSUPPORT
            | Errno::NOSYS,
        ) => Support::Unsupported { why: error.to_string() },
        errno => Support::Unknown { errno: errno.map_or(0, Errno::raw_os_error) },
    }
}

/// The kinds of everything that a frame without a firewall has.
fn write(batch: &mut Batch) {
    let create = flag::CREATE;
    batch.message_for(PROBE_TABLE, kind::NEW_TABLE, create, |wire| wire.number(2, 0));
    let sets = [
        ("client", 0x10, 7, 4, None),
        ("net", 0x14, 7, 4, None),
        ("map", 0x50, 7, 4, Some(1)),
        ("net_map", 0x54, 8, 16, Some(1)),
    ];
    for (name, flags, key_type, key_bytes, object) in sets {
        batch.message_for(PROBE_TABLE, kind::NEW_SET, create, |wire| {
            wire.text(2, name);
            wire.number(3, flags);
            wire.number(4, key_type);
            wire.number(5, key_bytes);
            if let Some(object) = object {
                wire.number(15, object);
            }
            wire.number(10, 1);
        });
    }
    batch.message_for(PROBE_TABLE, kind::NEW_SET, create, |wire| {
        wire.text(2, "ports");
        wire.number(3, 0xc);
        wire.number(4, 13);
        wire.number(5, 2);
        wire.number(6, 0xffff_ff00);
        wire.number(10, 1);
    });
    batch.message_for(PROBE_TABLE, kind::NEW_CHAIN, create, |wire| {
        wire.text(3, "prerouting");
        wire.nest(4, |wire| {
            wire.number(1, crate::frame::PREROUTING);
            wire.number(2, crate::frame::PRIORITY.cast_unsigned());
        });
        wire.number(5, 1);
        wire.text(7, "filter");
    });
    batch.message_for(PROBE_TABLE, kind::NEW_RULE, create | flag::APPEND, |wire| {
        wire.text(2, "prerouting");
        wire.nest(4, |wire| {
            expr::source(wire, Kind::V4);
            expr::shard_bits(wire, Kind::V4);
            expr::count_by_map(wire, "map");
            expr::verdict(wire, &expr::Verdict::Drop);
        });
    });
    batch.message_for(PROBE_TABLE, kind::NEW_RULE, create | flag::APPEND, |wire| {
        wire.text(2, "prerouting");
        wire.nest(4, |wire| {
            expr::destination_port(wire, Protocol::Tcp);
            expr::verdict_of(wire, "ports");
        });
    });
    batch.message_for(PROBE_TABLE, kind::DEL_TABLE, 0, |_| ());
}

fn write_firewall(batch: &mut Batch) {
    let create = flag::CREATE;
    batch.message_for(PROBE_TABLE, kind::NEW_SET, create, |wire| {
        wire.text(2, "sources");
        wire.number(3, crate::frame::DYNAMIC | crate::frame::TIMEOUT);
        wire.number(4, 7);
        wire.number(5, 4);
        wire.nest(9, |wire| wire.number(1, 16));
        wire.number(10, 1);
        wire.long(11, 1_000);
    });
    batch.message_for(PROBE_TABLE, kind::NEW_CHAIN, create, |wire| {
        wire.text(3, "input");
        wire.nest(4, |wire| {
            wire.number(1, crate::firewall::INPUT);
            wire.number(2, crate::firewall::PRIORITY.cast_unsigned());
        });
        wire.number(5, 1);
        wire.text(7, "filter");
    });
    let mut rule = |body: fn(&mut Wire)| {
        batch.message_for(PROBE_TABLE, kind::NEW_RULE, create | flag::APPEND, |wire| {
            wire.text(2, "input");
            wire.nest(4, |wire| {
                body(wire);
                expr::verdict(wire, &expr::Verdict::Accept);
            });
        });
    };
    rule(expr::of_known_connection);
    rule(|wire| {
        expr::source(wire, Kind::V4);
        expr::above_rate(wire, "sources", 1);
    });
}
