//! The bytes of netlink messages: writing attributes and reading them back. Knows the framing of netfilter messages
//! (`nlmsghdr`, `nfgenmsg`, attributes), and nothing of tables, sets or sockets.

/// Bytes of `nlmsghdr`.
pub(crate) const HEADER: usize = 16;

/// `nlmsg_flags`.
pub(crate) mod flag {
    pub(crate) const REQUEST: u16 = 0x1;
    pub(crate) const ACK: u16 = 0x4;
    pub(crate) const DUMP: u16 = 0x300;
    pub(crate) const CREATE: u16 = 0x400;
    pub(crate) const APPEND: u16 = 0x800;
    pub(crate) const DUMP_INTERRUPTED: u16 = 0x10;
    pub(crate) const CAPPED: u16 = 0x100;
    pub(crate) const ACK_TLVS: u16 = 0x200;
}

const NESTED: u16 = 0x8000;
const TYPE_MASK: u16 = 0x3fff;

/// Messages one behind the other, as one `send` takes them.
#[derive(Default)]
pub(crate) struct Wire {
    bytes: Vec<u8>,
}

impl Wire {
    /// The messages written so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many bytes were written so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// One message whose attributes `body` writes.
    pub(crate) fn message(&mut self, head: Head, body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&0u32.to_ne_bytes());
        self.bytes.extend_from_slice(&head.kind.to_ne_bytes());
        self.bytes.extend_from_slice(&(head.flags | flag::REQUEST).to_ne_bytes());
        self.bytes.extend_from_slice(&head.sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&0u32.to_ne_bytes());
        self.bytes.extend_from_slice(&[head.family, 0]);
        self.bytes.extend_from_slice(&head.resource.to_be_bytes());
        body(self);
        let length = u32::try_from(self.bytes.len() - start).unwrap_or(u32::MAX);
        self.bytes[start..start + 4].copy_from_slice(&length.to_ne_bytes());
    }

    /// Asks the kernel to confirm the message that begins at `start`.
    pub(crate) fn request_ack(&mut self, start: usize) {
        let flags = u16::from_ne_bytes([self.bytes[start + 6], self.bytes[start + 7]]) | flag::ACK;
        self.bytes[start + 6..start + 8].copy_from_slice(&flags.to_ne_bytes());
    }

    /// An attribute with these bytes as its value.
    pub(crate) fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(value.len() + 4).expect("an attribute's value is shorter than 64 KiB");
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.pad();
    }

    /// A text attribute, ended by a zero byte.
    pub(crate) fn text(&mut self, kind: u16, value: &str) {
        let length = u16::try_from(value.len() + 5).expect("a name is shorter than 64 KiB");
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(0);
        self.pad();
    }

    /// A 32-bit number in network order, as nf_tables wants its numbers.
    pub(crate) fn number(&mut self, kind: u16, value: u32) {
        self.attribute(kind, &value.to_be_bytes());
    }

    /// A 64-bit number in network order.
    pub(crate) fn long(&mut self, kind: u16, value: u64) {
        self.attribute(kind, &value.to_be_bytes());
    }

    /// An attribute that holds the attributes `body` writes.
    pub(crate) fn nest(&mut self, kind: u16, body: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(&(kind | NESTED).to_ne_bytes());
        body(self);
        let length = u16::try_from(self.bytes.len() - start).expect("the writer splits lists below 64 KiB");
        self.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
    }

    fn pad(&mut self) {
        while !self.bytes.len().is_multiple_of(4) {
            self.bytes.push(0);
        }
    }
}

/// What stands before a message's attributes.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    /// Subsystem and message number.
    pub(crate) kind: u16,
    /// Flags besides REQUEST.
    pub(crate) flags: u16,
    /// Number by which answers name this message.
    pub(crate) sequence: u32,
    /// `nfgen_family`.
    pub(crate) family: u8,
    /// `res_id`: the subsystem for the ends of a batch, else 0.
    pub(crate) resource: u16,
}

/// A message that was received, or one of ours that an answer names.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) kind: u16,
    pub(crate) flags: u16,
    pub(crate) sequence: u32,
    /// The port of the socket that caused it.
    pub(crate) port: u32,
    /// What follows `nlmsghdr`.
    pub(crate) payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// The attributes behind `nfgenmsg`.
    pub(crate) fn attributes(&self) -> Attributes<'a> {
        Attributes { rest: self.payload.get(4..).unwrap_or_default() }
    }
}

/// The messages in a buffer; ends at the first that is cut off.
pub(crate) struct Messages<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let head = self.rest.get(..HEADER)?;
        let length = u32_at(head, 0) as usize;
        let whole = self.rest.get(..length).filter(|_| length >= HEADER)?;
        self.rest = self.rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(Message {
            kind: u16_at(head, 4),
            flags: u16_at(head, 6),
            sequence: u32_at(head, 8),
            port: u32_at(head, 12),
            payload: &whole[HEADER..],
        })
    }
}

/// The attributes in a buffer; ends at the first that is cut off.
#[derive(Clone, Copy)]
pub(crate) struct Attributes<'a> {
    pub(crate) rest: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// The value of the first attribute of this type.
    pub(crate) fn find(mut self, kind: u16) -> Option<&'a [u8]> {
        self.find_map(|(found, value)| (found == kind).then_some(value))
    }

    /// A text without its zero byte; empty if it is absent or not UTF-8.
    pub(crate) fn text(self, kind: u16) -> &'a str {
        self.find(kind).map(as_text).unwrap_or_default()
    }

    /// What is nested in the first attribute of this type.
    pub(crate) fn inside(self, kind: u16) -> Attributes<'a> {
        Attributes { rest: self.find(kind).unwrap_or_default() }
    }

    /// A 32-bit number in network order.
    pub(crate) fn number(self, kind: u16) -> Option<u32> {
        self.find(kind).and_then(as_number)
    }

    /// A 64-bit number in network order.
    pub(crate) fn long(self, kind: u16) -> Option<u64> {
        self.find(kind).and_then(as_long)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<(u16, &'a [u8])> {
        let head = self.rest.get(..4)?;
        let length = usize::from(u16_at(head, 0));
        let value = self.rest.get(4..length)?;
        let kind = u16_at(head, 2) & TYPE_MASK;
        self.rest = self.rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// A text attribute's value without its zero byte.
pub(crate) fn as_text(value: &[u8]) -> &str {
    std::str::from_utf8(value.strip_suffix(&[0]).unwrap_or(value)).unwrap_or_default()
}

/// A 32-bit number in network order.
pub(crate) fn as_number(value: &[u8]) -> Option<u32> {
    value.try_into().ok().map(u32::from_be_bytes)
}

/// A 64-bit number in network order.
pub(crate) fn as_long(value: &[u8]) -> Option<u64> {
    value.try_into().ok().map(u64::from_be_bytes)
}

/// Whether everything in the attributes that we would send stands in those the kernel shows. The kernel may show more
/// (newer kernels add attributes), so this asks for containment, not for equality.
pub(crate) fn contains(sent: &[u8], shown: &[u8]) -> bool {
    let mut rest = sent;
    while let Some(head) = rest.get(..4) {
        let length = usize::from(u16_at(head, 0));
        let Some(value) = rest.get(4..length) else { return false };
        let kind = u16_at(head, 2);
        let found = Attributes { rest: shown }.find(kind & TYPE_MASK);
        let same = match found {
            None => false,
            Some(found) if kind & NESTED != 0 => contains(value, found),
            Some(found) => found == value,
        };
        if !same {
            return false;
        }
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    true
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes([bytes[at], bytes[at + 1]])
}

/// A 32-bit number in this machine's order, as netlink's own headers have them.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut wire = Wire::default();
        let head = Head { kind: 0xa0c, flags: flag::CREATE, sequence: 7, family: 1, resource: 0 };
        wire.message(head, |wire| {
            wire.text(1, "stockade");
            wire.nest(3, |wire| wire.number(2, 0x0102_0304));
            wire.long(4, 5);
        });
        let message = Messages { rest: wire.bytes() }.next().unwrap();
        assert_eq!((message.kind, message.flags, message.sequence), (0xa0c, flag::CREATE | flag::REQUEST, 7));
        assert_eq!(message.attributes().text(1), "stockade");
        assert_eq!(message.attributes().inside(3).number(2), Some(0x0102_0304));
        assert_eq!(message.attributes().long(4), Some(5));
    }

    #[test]
    fn a_text_is_padded_to_four_bytes_and_its_length_is_not() {
        let mut wire = Wire::default();
        wire.text(1, "tcp_1");
        assert_eq!(wire.bytes(), [&10u16.to_ne_bytes()[..], &1u16.to_ne_bytes(), b"tcp_1\0\0\0"].concat());
    }

    #[test]
    fn hostile_lengths_end_the_walk() {
        for bytes in [&[0u8; 3][..], &[3, 0, 1, 0], &[255, 255, 1, 0, 9], &[0; 40]] {
            assert_eq!(Attributes { rest: bytes }.count(), 0);
            assert_eq!(Messages { rest: bytes }.count(), 0);
        }
    }
}
