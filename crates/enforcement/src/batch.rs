//! One nf_tables transaction as bytes: all of it takes effect at one moment, or nothing does. Also says, from the
//! bytes, which operation an error is about.

use crate::plan::TABLE;
use crate::wire::{self, Attributes, Head, Message, Messages, Wire, flag};

/// The nf_tables subsystem in the upper byte of a message's type.
pub(crate) const NF_TABLES: u16 = 10 << 8;
/// `NFPROTO_INET`: one table for IPv4 and IPv6.
pub(crate) const INET: u8 = 1;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
/// A list of elements is cut here, since an attribute's length has 16 bits.
const LIST_BYTES: usize = 60_000;

/// nf_tables messages.
pub(crate) mod kind {
    pub(crate) const NEW_TABLE: u16 = 0;
    pub(crate) const GET_TABLE: u16 = 1;
    pub(crate) const DEL_TABLE: u16 = 2;
    pub(crate) const NEW_CHAIN: u16 = 3;
    pub(crate) const GET_CHAIN: u16 = 4;
    pub(crate) const DEL_CHAIN: u16 = 5;
    pub(crate) const NEW_RULE: u16 = 6;
    pub(crate) const GET_RULE: u16 = 7;
    pub(crate) const DEL_RULE: u16 = 8;
    pub(crate) const NEW_SET: u16 = 9;
    pub(crate) const GET_SET: u16 = 10;
    pub(crate) const DEL_SET: u16 = 11;
    pub(crate) const NEW_ELEMENTS: u16 = 12;
    pub(crate) const GET_ELEMENTS: u16 = 13;
    pub(crate) const DEL_ELEMENTS: u16 = 14;
    pub(crate) const NEW_GENERATION: u16 = 15;
    pub(crate) const NEW_OBJECT: u16 = 18;
    pub(crate) const GET_OBJECT: u16 = 19;
}

/// A transaction that is being written.
pub(crate) struct Batch {
    wire: Wire,
    first_sequence: u32,
    next_sequence: u32,
    last_start: usize,
}

impl Batch {
    /// An empty transaction whose messages are numbered from `sequence` on.
    pub(crate) fn new(sequence: u32) -> Self {
        let mut batch =
            Self { wire: Wire::default(), first_sequence: sequence, next_sequence: sequence, last_start: 0 };
        batch.end_of_batch(BATCH_BEGIN);
        batch
    }

    fn end_of_batch(&mut self, kind: u16) {
        let head = Head { kind, flags: 0, sequence: self.next_sequence, family: 0, resource: NF_TABLES >> 8 };
        self.wire.message(head, |_| ());
        self.next_sequence = self.next_sequence.wrapping_add(1);
    }

    /// Adds one message about our table; `body` writes what follows the table's name.
    pub(crate) fn message(&mut self, kind: u16, flags: u16, body: impl FnOnce(&mut Wire)) {
        self.message_for(TABLE, kind, flags, body);
    }

    /// Adds one message about any table.
    pub(crate) fn message_for(&mut self, table: &str, kind: u16, flags: u16, body: impl FnOnce(&mut Wire)) {
        self.last_start = self.wire.len();
        let head =
            Head { kind: NF_TABLES | kind, flags, sequence: self.next_sequence, family: INET, resource: 0 };
        self.wire.message(head, |wire| {
            wire.text(1, table);
            body(wire);
        });
        self.next_sequence = self.next_sequence.wrapping_add(1);
    }

    /// Adds as many messages as the elements need.
    pub(crate) fn elements<T>(
        &mut self,
        kind: u16,
        flags: u16,
        set: &str,
        items: &[T],
        write: impl Fn(&mut Wire, &T),
    ) {
        let mut rest = items;
        while !rest.is_empty() {
            self.message(kind, flags, |wire| {
                wire.text(2, set);
                wire.nest(3, |wire| {
                    let start = wire.len();
                    while let [item, more @ ..] = rest
                        && wire.len() - start < LIST_BYTES
                    {
                        wire.nest(1, |wire| write(wire, item));
                        rest = more;
                    }
                });
            });
        }
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.last_start == 0
    }

    /// Ends the transaction and has its last message confirmed: without that word, the kernel did not get so far.
    pub(crate) fn finish(mut self) -> Finished {
        self.wire.request_ack(self.last_start);
        let confirmed = self.next_sequence.wrapping_sub(1);
        self.end_of_batch(BATCH_END);
        Finished { wire: self.wire, first: self.first_sequence, confirmed, next: self.next_sequence }
    }
}

/// A transaction ready to be sent.
pub(crate) struct Finished {
    wire: Wire,
    first: u32,
    /// The message that the kernel confirms.
    pub(crate) confirmed: u32,
    /// The first number that the next transaction may use.
    pub(crate) next: u32,
}

impl Finished {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.wire.bytes()
    }

    /// Whether an answer is about this transaction.
    pub(crate) fn has(&self, sequence: u32) -> bool {
        sequence.wrapping_sub(self.first) < self.next.wrapping_sub(self.first)
    }

    /// The operation that an error names: by its message, and by the attribute's place in it if the kernel gave one.
    pub(crate) fn describe(&self, sequence: u32, offset: Option<u32>) -> String {
        match (Messages { rest: self.wire.bytes() }).find(|message| message.sequence == sequence) {
            None => "transaction".to_owned(),
            Some(message) => describe(&message, offset.map(|offset| offset as usize)),
        }
    }
}

fn describe(message: &Message<'_>, offset: Option<usize>) -> String {
    let attributes = message.attributes();
    let second = attributes.text(2);
    let verb = match message.kind & 0xff {
        kind::NEW_TABLE => "add table inet",
        kind::DEL_TABLE => "delete table inet",
        kind::NEW_CHAIN => return format!("add chain inet {TABLE} {}", attributes.text(3)),
        kind::DEL_CHAIN => return format!("delete chain inet {TABLE} {}", attributes.text(3)),
        kind::NEW_RULE => "add rule inet",
        kind::DEL_RULE => "delete rule inet",
        kind::NEW_SET => "add set inet",
        kind::DEL_SET => "delete set inet",
        kind::NEW_OBJECT => "add counter inet",
        kind::NEW_ELEMENTS => return elements_text("add element", &attributes, message, offset),
        kind::DEL_ELEMENTS => return elements_text("delete element", &attributes, message, offset),
        _ => "transaction",
    };
    format!("{verb} {} {second}", attributes.text(1)).trim_end().to_owned()
}

fn elements_text(
    verb: &str,
    attributes: &Attributes<'_>,
    message: &Message<'_>,
    offset: Option<usize>,
) -> String {
    let list = attributes.find(3).unwrap_or_default();
    // The kernel counts from the message's header; the attribute it means is the element.
    let element = offset
        .and_then(|offset| message.payload.get(offset.checked_sub(wire::HEADER)?..))
        .filter(|_| !list.is_empty())
        .and_then(|rest| Attributes { rest }.next())
        .map(|(_, value)| Attributes { rest: value })
        .or_else(|| Attributes { rest: list }.next().map(|(_, value)| Attributes { rest: value }));
    let key = element.and_then(|element| element.inside(1).find(1)).map(key_text).unwrap_or_default();
    let count = Attributes { rest: list }.count();
    let which = match (offset, count) {
        (None, 2..) => format!("{key} and {} more", count - 1),
        _ => key,
    };
    format!("{verb} inet {TABLE} {} {{ {which} }}", attributes.text(2))
}

fn key_text(key: &[u8]) -> String {
    if let Ok(v4) = <[u8; 4]>::try_from(key) {
        std::net::Ipv4Addr::from(v4).to_string()
    } else if let Ok(v6) = <[u8; 16]>::try_from(key) {
        std::net::Ipv6Addr::from(v6).to_string()
    } else {
        format!("{key:02x?}")
    }
}

/// A request outside of a transaction: a dump or a look at single things.
pub(crate) fn request(wire: &mut Wire, kind: u16, flags: u16, sequence: u32, body: impl FnOnce(&mut Wire)) {
    debug_assert_eq!(flags & (flag::CREATE | flag::APPEND) & !flag::DUMP, 0);
    let head = Head { kind: NF_TABLES | kind, flags, sequence, family: INET, resource: 0 };
    wire.message(head, body);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_below_64_kib_and_lose_nothing() {
        let mut batch = Batch::new(1);
        let keys: Vec<u32> = (0..20_000).collect();
        batch.elements(kind::NEW_ELEMENTS, flag::CREATE, "sshd_v4", &keys, |wire, key| {
            wire.nest(1, |wire| wire.attribute(1, &key.to_be_bytes()));
        });
        let finished = batch.finish();
        let mut found: Vec<u32> = Vec::new();
        let mut messages = 0;
        for message in
            (Messages { rest: finished.bytes() }).filter(|m| m.kind == NF_TABLES | kind::NEW_ELEMENTS)
        {
            messages += 1;
            let keys = message.attributes().inside(3);
            found.extend(keys.filter_map(|(_, element)| Attributes { rest: element }.inside(1).number(1)));
        }
        assert_eq!(found, keys);
        assert_eq!(messages, 6);
    }

    #[test]
    fn an_error_names_the_element() {
        let mut batch = Batch::new(1);
        let keys = [[192, 0, 2, 1], [192, 0, 2, 2]];
        batch.elements(kind::NEW_ELEMENTS, flag::CREATE, "sshd_v4", &keys, |wire, key| {
            wire.nest(1, |wire| wire.attribute(1, key));
        });
        let finished = batch.finish();
        // Header and preamble, table, set, list, then one element of 16 bytes.
        let second = 20 + 16 + 12 + 4 + 16;
        assert_eq!(finished.describe(2, Some(second)), "add element inet stockade sshd_v4 { 192.0.2.2 }");
        assert_eq!(finished.describe(2, None), "add element inet stockade sshd_v4 { 192.0.2.1 and 1 more }");
        assert!(finished.has(2) && finished.has(3) && !finished.has(4));
    }
}
