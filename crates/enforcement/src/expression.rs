//! The few nf_tables expressions that our rules are made of, as attributes. Values travel through register 1.

use event::Protocol;

use crate::plan::Kind;
use crate::wire::{Attributes, Wire};

const LIST_ELEMENT: u16 = 1;
const NAME: u16 = 1;
const DATA: u16 = 2;
/// `NFTA_LOOKUP_SET` and `NFTA_OBJREF_SET_NAME`.
const LOOKUP_SET: u16 = 1;
const OBJECT_MAP: u16 = 4;
const DYNAMIC_SET: u16 = 1;
/// `NFTA_DATA_VALUE` and `NFTA_DATA_VERDICT`.
pub(crate) const VALUE: u16 = 1;
pub(crate) const VERDICT: u16 = 2;
const REGISTER_VERDICT: u32 = 0;
const REGISTER_1: u32 = 1;
const BASE_NETWORK: u32 = 1;
const BASE_TRANSPORT: u32 = 2;
const META_IIF: u32 = 4;
/// `NFT_CT_STATE`, and the bits of established and related in it.
const CT_STATE: u32 = 0;
const ESTABLISHED_OR_RELATED: u32 = 2 | 4;
const EQUAL: u32 = 0;
const NOT_EQUAL: u32 = 1;
const TCP_SYN: u8 = 0x02;
const TCP_SYN_ACK: u8 = 0x12;
/// `NFT_DYNSET_OP_UPDATE`: a use begins an element's timeout anew.
const UPDATE: u32 = 1;
/// `NFT_LIMIT_PKTS` and `NFT_LIMIT_F_INV`: goes on for what is above the rate.
const LIMIT_PACKETS: u32 = 0;
const LIMIT_OVER: u32 = 1;
const META_NFPROTO: u32 = 15;
const META_L4PROTO: u32 = 16;
const OBJECT_COUNTER: u32 = 1;
const ICMP: u8 = 1;
/// Internet Group Management Protocol: what ICMPv6's listener messages are to IPv6.
pub(crate) const IGMP: u8 = 2;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;

/// What happens to a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Drop,
    Accept,
    Jump(String),
    Goto(String),
}

impl Verdict {
    /// The verdict as `NFTA_DATA_VERDICT`.
    pub(crate) fn write(&self, wire: &mut Wire) {
        let (code, chain) = match self {
            Self::Drop => (0, None),
            Self::Accept => (1, None),
            Self::Jump(chain) => (-3_i32, Some(chain)),
            Self::Goto(chain) => (-4, Some(chain)),
        };
        wire.nest(VERDICT, |wire| {
            wire.number(1, code as u32);
            if let Some(chain) = chain {
                wire.text(2, chain);
            }
        });
    }
}

/// `iif lo`: the loopback device is number 1 in every network namespace.
pub(crate) fn from_loopback(wire: &mut Wire) {
    meta(wire, META_IIF);
    compare(wire, &1u32.to_ne_bytes());
}

/// `ct state established,related`.
pub(crate) fn of_known_connection(wire: &mut Wire) {
    expression(wire, "ct", |wire| {
        wire.number(1, REGISTER_1);
        wire.number(2, CT_STATE);
    });
    mask(wire, &ESTABLISHED_OR_RELATED.to_ne_bytes());
    compare_as(wire, NOT_EQUAL, &[0; 4]);
}

/// `ip saddr` or `ip6 saddr` into register 1, masked to /64 for sets of those.
pub(crate) fn source(wire: &mut Wire, kind: Kind) {
    let (offset, length) = if kind.is_ipv4() { (12, 4) } else { (8, 16) };
    of_family(wire, kind);
    payload(wire, BASE_NETWORK, offset, length);
    if kind == Kind::V6 {
        mask(wire, Kind::V6.key_bytes(u64::MAX).as_slice());
    }
}

/// Leaves only the bits by which a shard is told.
pub(crate) fn shard_bits(wire: &mut Wire, kind: Kind) {
    mask(wire, kind.key_bytes(kind.shard_bits()).as_slice());
}

/// `tcp dport` or `udp dport` into register 1; goes on only for packets of that protocol.
pub(crate) fn destination_port(wire: &mut Wire, protocol: Protocol) {
    let number = match protocol {
        Protocol::Tcp => TCP,
        Protocol::Udp => UDP,
    };
    of_protocol(wire, number);
    payload(wire, BASE_TRANSPORT, 2, 2);
}

/// `meta l4proto`.
pub(crate) fn of_protocol(wire: &mut Wire, number: u8) {
    meta(wire, META_L4PROTO);
    compare(wire, &[number]);
}

/// `udp sport … udp dport …`, of one family.
pub(crate) fn udp_between(wire: &mut Wire, kind: Kind, from: u16, to: u16) {
    of_family(wire, kind);
    of_protocol(wire, UDP);
    payload(wire, BASE_TRANSPORT, 0, 4);
    compare(wire, &[from.to_be_bytes(), to.to_be_bytes()].concat());
}

/// `icmpv6 type` into register 1.
pub(crate) fn icmpv6_type(wire: &mut Wire) {
    of_protocol(wire, ICMPV6);
    payload(wire, BASE_TRANSPORT, 0, 1);
}

/// A ping of one family.
pub(crate) fn ping(wire: &mut Wire, kind: Kind) {
    let (protocol, echo_request) = if kind.is_ipv4() { (ICMP, 8) } else { (ICMPV6, 128) };
    of_protocol(wire, protocol);
    payload(wire, BASE_TRANSPORT, 0, 1);
    compare(wire, &[echo_request]);
}

/// A TCP packet that begins a connection: SYN without ACK.
pub(crate) fn begins_connection(wire: &mut Wire) {
    payload(wire, BASE_TRANSPORT, 13, 1);
    mask(wire, &[TCP_SYN_ACK]);
    compare(wire, &[TCP_SYN]);
}

/// What a UDP datagram's content begins with.
pub(crate) fn datagram_begins(wire: &mut Wire, content: &[u8]) {
    payload(wire, BASE_TRANSPORT, 8, content.len() as u32);
    compare(wire, content);
}

/// `update @set { … limit rate over … }`: goes on only for what is above the rate of the key in register 1. Where the set is
/// full, an unknown key ends the rule.
pub(crate) fn above_rate(wire: &mut Wire, set: &str, per_second: u32) {
    expression(wire, "dynset", |wire| {
        wire.text(DYNAMIC_SET, set);
        wire.number(3, UPDATE);
        wire.number(4, REGISTER_1);
        wire.nest(7, |wire| {
            wire.text(NAME, "limit");
            wire.nest(DATA, |wire| {
                wire.long(1, u64::from(per_second));
                wire.long(2, 1);
                wire.number(3, per_second);
                wire.number(4, LIMIT_PACKETS);
                wire.number(5, LIMIT_OVER);
            });
        });
    });
}

/// Goes on only if the set has the key.
pub(crate) fn in_set(wire: &mut Wire, set: &str) {
    expression(wire, "lookup", |wire| {
        wire.text(LOOKUP_SET, set);
        wire.number(2, REGISTER_1);
    });
}

/// The set or map that a rule's expressions look into.
pub(crate) fn set_of(expressions: &[u8]) -> Option<&str> {
    let name = |(_, expression)| {
        let expression = Attributes { rest: expression };
        let data = expression.inside(DATA);
        match expression.text(NAME) {
            "lookup" => Some(data.text(LOOKUP_SET)),
            "dynset" => Some(data.text(DYNAMIC_SET)),
            "objref" => Some(data.text(OBJECT_MAP)).filter(|map| !map.is_empty()),
            _ => None,
        }
    };
    Attributes { rest: expressions }.find_map(name)
}

/// Takes the verdict that the map has for the key.
pub(crate) fn verdict_of(wire: &mut Wire, map: &str) {
    expression(wire, "lookup", |wire| {
        wire.text(LOOKUP_SET, map);
        wire.number(2, REGISTER_1);
        wire.number(3, REGISTER_VERDICT);
    });
}

/// Counts with the counter that the map has for the key; goes on only if it has one.
pub(crate) fn count_by_map(wire: &mut Wire, map: &str) {
    expression(wire, "objref", |wire| {
        wire.number(3, REGISTER_1);
        wire.text(OBJECT_MAP, map);
    });
}

/// Counts with a named counter.
pub(crate) fn count(wire: &mut Wire, counter: &str) {
    expression(wire, "objref", |wire| {
        wire.number(1, OBJECT_COUNTER);
        wire.text(2, counter);
    });
}

/// Ends the rule with a verdict.
pub(crate) fn verdict(wire: &mut Wire, verdict: &Verdict) {
    expression(wire, "immediate", |wire| {
        wire.number(1, REGISTER_VERDICT);
        wire.nest(2, |wire| verdict.write(wire));
    });
}

fn meta(wire: &mut Wire, key: u32) {
    expression(wire, "meta", |wire| {
        wire.number(1, REGISTER_1);
        wire.number(2, key);
    });
}

/// `meta nfproto`.
fn of_family(wire: &mut Wire, kind: Kind) {
    meta(wire, META_NFPROTO);
    compare(wire, &[if kind.is_ipv4() { 2 } else { 10 }]);
}

fn compare(wire: &mut Wire, value: &[u8]) {
    compare_as(wire, EQUAL, value);
}

fn compare_as(wire: &mut Wire, operation: u32, value: &[u8]) {
    expression(wire, "cmp", |wire| {
        wire.number(1, REGISTER_1);
        wire.number(2, operation);
        wire.nest(3, |wire| wire.attribute(VALUE, value));
    });
}

fn payload(wire: &mut Wire, base: u32, offset: u32, length: u32) {
    expression(wire, "payload", |wire| {
        wire.number(1, REGISTER_1);
        wire.number(2, base);
        wire.number(3, offset);
        wire.number(4, length);
    });
}

fn mask(wire: &mut Wire, bits: &[u8]) {
    expression(wire, "bitwise", |wire| {
        wire.number(1, REGISTER_1);
        wire.number(2, REGISTER_1);
        wire.number(3, bits.len() as u32);
        wire.nest(4, |wire| wire.attribute(VALUE, bits));
        wire.nest(5, |wire| wire.attribute(VALUE, &vec![0; bits.len()]));
    });
}

fn expression(wire: &mut Wire, name: &str, body: impl FnOnce(&mut Wire)) {
    wire.nest(LIST_ELEMENT, |wire| {
        wire.text(NAME, name);
        wire.nest(DATA, body);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_is_what_nft_sends() {
        // From `nft --debug=mnl` for `ip saddr @sshd_v4`, version 1.0.6.
        let golden = [
            &[48, 0, 1, 128][..],
            &[11, 0, 1, 0],
            b"lookup\0\0",
            &[32, 0, 2, 128],
            &[12, 0, 1, 0],
            b"sshd_v4\0",
            &[8, 0, 2, 0, 0, 0, 0, 1],
        ]
        .concat();
        let mut wire = Wire::default();
        in_set(&mut wire, "sshd_v4");
        // nft also sends the flags, which are 0 when absent.
        assert_eq!(wire.bytes()[4..16], golden[4..16]);
        assert_eq!(wire.bytes()[20..], golden[20..]);
    }
}
