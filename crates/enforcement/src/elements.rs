//! Elements of one kernel set: read them all, look some up, write and delete. Knows the bytes; what they mean is up to
//! the caller.

use rustix::io::Errno;

use crate::batch::{self, Batch, kind};
use crate::error::EnforcementError;
use crate::plan::{Kind, TABLE};
use crate::socket::Netlink;
use crate::wire::{Attributes, Message, Wire, as_long, as_number, as_text, flag};

const KEY: u16 = 1;
const DATA: u16 = 2;
const FLAGS: u16 = 3;
const TIMEOUT: u16 = 4;
const EXPIRATION: u16 = 5;
const USERDATA: u16 = 6;
const OBJECT: u16 = 9;
const INTERVAL_END: u32 = 1;
/// For listeners, not for the kernel: flags (1) of four bytes, of which the first bit says that no end follows.
const WITHOUT_INTERVAL_END: [u8; 6] = {
    let [a, b, c, d] = 1u32.to_ne_bytes();
    [1, 4, a, b, c, d]
};
/// How many single look-ups are sent at once: their answers must fit the receive buffer.
const LOOKUPS: usize = 256;

/// An element as the kernel shows it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Shown<'a> {
    pub(crate) key: &'a [u8],
    flags: u32,
    /// Milliseconds left; `None` without end.
    pub(crate) millis_left: Option<u64>,
    /// The counter it leads to; empty if none.
    pub(crate) counter: &'a str,
    /// The chain it leads to, and whether control comes back.
    pub(crate) chain: Option<(&'a str, bool)>,
}

impl Shown<'_> {
    pub(crate) fn ends_interval(&self) -> bool {
        self.flags & INTERVAL_END != 0
    }
}

/// An element to write or to delete.
#[derive(Clone, Copy)]
pub(crate) struct Written<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) bound: Bound,
    /// `None` without end.
    pub(crate) millis_left: Option<u64>,
    /// Empty if it leads to none.
    pub(crate) counter: &'a str,
}

/// What an element is of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// No more than its beginning, or there are no intervals in that set.
    Begins,
    /// The beginning of one that reaches the end of all keys. `nft monitor` must be told, else it holds this element back
    /// and takes the next one for its end.
    BeginsLast,
    /// The first key behind.
    Ends,
}

impl Bound {
    /// Writes what the kernel and its listeners must know beside the key.
    pub(crate) fn write(self, wire: &mut Wire) {
        match self {
            Self::Begins => (),
            Self::BeginsLast => wire.attribute(USERDATA, &WITHOUT_INTERVAL_END),
            Self::Ends => wire.number(FLAGS, INTERVAL_END),
        }
    }
}

impl Written<'_> {
    /// As an item of the list of a message that adds.
    pub(crate) fn write(&self, wire: &mut Wire) {
        self.write_key(wire);
        if let Some(millis) = self.millis_left {
            wire.long(TIMEOUT, millis);
        }
        if !self.counter.is_empty() {
            wire.text(OBJECT, self.counter);
        }
    }

    /// As an item of the list of a message that deletes or looks up.
    pub(crate) fn write_key(&self, wire: &mut Wire) {
        wire.nest(KEY, |wire| wire.attribute(1, self.key));
        self.bound.write(wire);
    }
}

/// Hands on every element of a set.
pub(crate) fn read(
    netlink: &mut Netlink,
    set: &str,
    mut each: impl FnMut(Shown<'_>),
) -> Result<(), EnforcementError> {
    let operation = format!("list set inet {TABLE} {set}");
    let body = |wire: &mut Wire| {
        wire.text(1, TABLE);
        wire.text(2, set);
    };
    netlink.dump(kind::GET_ELEMENTS, &operation, body, |message| each_element(message, &mut each))
}

/// Looks up single clients, each in the set of that name; answers in order.
pub(crate) fn look_up<'a>(
    netlink: &mut Netlink,
    keys: impl Iterator<Item = (&'a str, Kind, u64)>,
    mut each: impl FnMut(usize, Option<Shown<'_>>),
) -> Result<(), EnforcementError> {
    let mut keys = keys.peekable();
    let mut done = 0;
    while keys.peek().is_some() {
        let mut wire = Wire::default();
        let mut count = 0;
        for (set, kind, key) in keys.by_ref().take(LOOKUPS) {
            let sequence = netlink.next_sequence().wrapping_add(count);
            batch::request(&mut wire, kind::GET_ELEMENTS, 0, sequence, |wire| {
                wire.text(1, TABLE);
                wire.text(2, set);
                wire.nest(3, |wire| {
                    wire.nest(1, |wire| {
                        wire.nest(KEY, |wire| wire.attribute(1, kind.key_bytes(key).as_slice()));
                    });
                });
            });
            count += 1;
        }
        let mut refused = None;
        netlink.ask(&wire, count, |place, answer| {
            let place = done + place as usize;
            match answer {
                Ok(message) => each_element(message, &mut |shown| each(place, Some(shown))),
                Err(Errno::NOENT) => each(place, None),
                Err(errno) => refused = Some(errno),
            }
        })?;
        if let Some(errno) = refused {
            return Err(EnforcementError::refused(format!("get element inet {TABLE}"), errno));
        }
        done += count as usize;
    }
    Ok(())
}

/// Adds the deletion of every element of a set to a transaction.
pub(crate) fn flush(batch: &mut Batch, set: &str) {
    batch.message(kind::DEL_ELEMENTS, 0, |wire| wire.text(2, set));
}

/// Adds elements to a transaction. One that is there already stays as it is (or, from Linux 6.12 on, gets the new end):
/// insisting that it is new would be announced to listeners as `create element`, where they look for `add element`.
pub(crate) fn add(batch: &mut Batch, set: &str, items: &[Written<'_>]) {
    batch.elements(kind::NEW_ELEMENTS, flag::CREATE, set, items, |wire, item| item.write(wire));
}

/// Adds deletions to a transaction. One that is not there is an error.
pub(crate) fn delete(batch: &mut Batch, set: &str, items: &[Written<'_>]) {
    batch.elements(kind::DEL_ELEMENTS, 0, set, items, |wire, item| item.write_key(wire));
}

fn each_element(message: &Message<'_>, each: &mut impl FnMut(Shown<'_>)) {
    for (_, element) in message.attributes().inside(3) {
        each(shown(element));
    }
}

fn shown(element: &[u8]) -> Shown<'_> {
    let mut shown = Shown::default();
    for (kind, value) in (Attributes { rest: element }) {
        match kind {
            KEY => shown.key = Attributes { rest: value }.find(1).unwrap_or_default(),
            FLAGS => shown.flags = as_number(value).unwrap_or_default(),
            // A timeout stands beside the expiration only in sets that have timeouts; without both, no end.
            TIMEOUT if shown.millis_left.is_none() => shown.millis_left = as_long(value),
            EXPIRATION => shown.millis_left = as_long(value),
            OBJECT => shown.counter = as_text(value),
            DATA => {
                let verdict = Attributes { rest: value }.inside(2);
                let code = verdict.number(1).unwrap_or_default().cast_signed();
                shown.chain = Some((verdict.text(2), code == -3));
            }
            _ => (),
        }
    }
    shown
}
