//! Deletes the tracked flows of banned sources, so that no later firewall rule lets them pass as established. Works on
//! conntrack by netlink; that there are none, or no conntrack at all, is no error.

use std::collections::HashSet;
use std::net::IpAddr;

use event::Subject;
use rustix::io::Errno;

use crate::error::EnforcementError;
use crate::plan::{Kind, key_of};
use crate::socket::Netlink;
use crate::wire::{Attributes, Head, Message, Wire, flag};

/// The conntrack subsystem in the upper byte of a message's type.
const CONNTRACK: u16 = 1 << 8;
const GET: u16 = 1;
const DELETE: u16 = 2;
const TUPLE_ORIGINAL: u16 = 1;
const ID: u16 = 12;
const ZONE: u16 = 18;
const FILTER: u16 = 25;
const NESTED: u16 = 0x8000;
const FAMILY_IPV4: u8 = 2;
const FAMILY_IPV6: u8 = 10;
/// Deletions sent at once: their answers must fit the receive buffer.
const DELETIONS: usize = 256;

/// Deletes the flows whose original source is one of these; says how many there were.
pub fn forget_flows(subjects: &[Subject]) -> Result<u64, EnforcementError> {
    if subjects.is_empty() {
        return Ok(0);
    }
    let mut netlink = Netlink::open()?;
    let mut forgotten = 0;
    for (family, ipv4) in [(FAMILY_IPV4, true), (FAMILY_IPV6, false)] {
        let sources = Sources::new(subjects, ipv4);
        if !sources.is_empty() {
            let flows = find(&mut netlink, family, &sources)?;
            forgotten += delete(&mut netlink, family, &flows)?;
        }
    }
    Ok(forgotten)
}

/// Whose flows are meant.
struct Sources {
    clients: HashSet<u64>,
    nets: Vec<Subject>,
}

impl Sources {
    fn new(subjects: &[Subject], ipv4: bool) -> Self {
        let of_family = subjects.iter().filter(|subject| subject.is_ipv4() == ipv4);
        let (nets, clients): (Vec<Subject>, Vec<Subject>) =
            of_family.partition(|s| Kind::of(s).is_interval());
        Self { clients: clients.iter().map(key_of).collect(), nets }
    }

    fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.nets.is_empty()
    }

    fn contains(&self, source: IpAddr) -> bool {
        let exactly = Subject::exactly(source);
        self.clients.contains(&key_of(&exactly)) || self.nets.iter().any(|net| net.covers(&exactly))
    }

    /// The only source, if it is one IPv4 address.
    fn only_ipv4(&self) -> Option<u32> {
        let only = self.nets.is_empty() && self.clients.len() == 1;
        self.clients.iter().next().filter(|_| only).and_then(|key| u32::try_from(*key).ok())
    }
}

/// What names a flow in a deletion: its tuple, number and zone as the kernel showed them.
struct Flow {
    tuple: Vec<u8>,
    id: Vec<u8>,
    zone: Option<Vec<u8>>,
}

fn find(netlink: &mut Netlink, family: u8, sources: &Sources) -> Result<Vec<Flow>, EnforcementError> {
    let mut wire = Wire::default();
    let head = Head {
        kind: CONNTRACK | GET,
        flags: flag::DUMP,
        sequence: netlink.next_sequence(),
        family,
        resource: 0,
    };
    wire.message(head, |wire| {
        // From Linux 5.8 on the kernel sorts out the others itself; an older one ignores the filter.
        if let Some(source) = sources.only_ipv4().filter(|_| family == FAMILY_IPV4) {
            wire.nest(TUPLE_ORIGINAL, |wire| wire.nest(1, |wire| wire.attribute(1, &source.to_be_bytes())));
            wire.nest(FILTER, |wire| {
                wire.attribute(1, &1u32.to_ne_bytes());
                wire.attribute(2, &0u32.to_ne_bytes());
            });
        }
    });
    let mut flows = Vec::new();
    let outcome = netlink.dump_request(&wire, "list tracked flows", |message| {
        flows.extend(flow(message, sources));
    });
    match outcome {
        // No conntrack in this kernel: the subsystem is unknown.
        Err(error) if error.is(Errno::INVAL) || error.is(Errno::OPNOTSUPP) => Ok(Vec::new()),
        // The table is alive: a dump that others changed meanwhile still showed what was there before.
        Err(EnforcementError::Unsteady { .. }) => Ok(flows),
        outcome => outcome.map(|()| flows),
    }
}

fn flow(message: &Message<'_>, sources: &Sources) -> Option<Flow> {
    let attributes = message.attributes();
    let tuple = attributes.find(TUPLE_ORIGINAL)?;
    let addresses = Attributes { rest: tuple }.inside(1);
    let ipv4 = addresses.find(1).and_then(|octets| <[u8; 4]>::try_from(octets).ok()).map(IpAddr::from);
    let ipv6 = addresses.find(3).and_then(|octets| <[u8; 16]>::try_from(octets).ok()).map(IpAddr::from);
    let source = ipv4.or(ipv6)?;
    sources.contains(source).then(|| Flow {
        tuple: tuple.to_vec(),
        id: attributes.find(ID).unwrap_or_default().to_vec(),
        zone: attributes.find(ZONE).map(<[u8]>::to_vec),
    })
}

fn delete(netlink: &mut Netlink, family: u8, flows: &[Flow]) -> Result<u64, EnforcementError> {
    let mut deleted = 0;
    for chunk in flows.chunks(DELETIONS) {
        let mut wire = Wire::default();
        for (place, flow) in chunk.iter().enumerate() {
            let sequence = netlink.next_sequence().wrapping_add(place as u32);
            let head = Head { kind: CONNTRACK | DELETE, flags: flag::ACK, sequence, family, resource: 0 };
            wire.message(head, |wire| {
                wire.attribute(TUPLE_ORIGINAL | NESTED, &flow.tuple);
                // The number makes sure that it is this flow and not one that has taken its place.
                if !flow.id.is_empty() {
                    wire.attribute(ID, &flow.id);
                }
                if let Some(zone) = &flow.zone {
                    wire.attribute(ZONE, zone);
                }
            });
        }
        let mut refused = None;
        netlink.ask(&wire, chunk.len() as u32, |_, answer| match answer {
            Ok(_) => deleted += 1,
            // It ended by itself meanwhile.
            Err(Errno::NOENT) => (),
            Err(errno) => refused = Some(errno),
        })?;
        if let Some(errno) = refused {
            return Err(EnforcementError::refused("delete tracked flow", errno));
        }
    }
    Ok(deleted)
}
