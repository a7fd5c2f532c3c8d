//! Lays the table: writes a frame into one transaction, over whatever is there. Sets of bans that are already as wanted
//! stay with their elements and counters with their counts, so that no packet of a banned source passes meanwhile.

use crate::batch::{Batch, kind};
use crate::frame::{BASE_CHAIN, Frame, PREROUTING, PRIORITY, Rule, SetDefinition, StaticElement, Value};
use crate::inventory::Inventory;
use crate::wire::{Wire, flag};

const DATA_TYPE_VERDICT: u32 = 0xffff_ff00;
const POLICY_ACCEPT: u32 = 1;
const OBJECT_COUNTER: u32 = 1;
const LIST_ELEMENT: u16 = 1;

/// Writes the frame. `counters` are those that bans or rules need. True for each set of bans that is new and empty.
pub(crate) fn write(
    batch: &mut Batch,
    frame: &Frame,
    counters: &[String],
    old: Option<&Inventory>,
) -> Vec<bool> {
    batch.message(kind::NEW_TABLE, flag::CREATE, |wire| wire.number(2, 0));
    let fresh: Vec<bool> = frame
        .ban_sets
        .iter()
        .map(|definition| old.is_none_or(|old| old.sets.get(&definition.name) != Some(definition)))
        .collect();
    if let Some(old) = old {
        clear(batch, frame, old);
    }
    for counter in counters.iter().filter(|name| old.is_none_or(|old| !old.counters.contains(*name))) {
        add_counter(batch, counter);
    }
    for (definition, fresh) in frame.ban_sets.iter().zip(&fresh) {
        if *fresh {
            add_set(batch, definition);
        }
    }
    for chain in &frame.chains {
        add_chain(batch, chain);
    }
    for (definition, elements) in &frame.static_sets {
        add_set(batch, definition);
        batch.elements(kind::NEW_ELEMENTS, flag::CREATE, &definition.name, elements, write_static);
    }
    for rule in &frame.rules {
        add_rule(batch, rule);
    }
    fresh
}

/// Adds a drop counter; one that is there keeps its count.
pub(crate) fn add_counter(batch: &mut Batch, name: &str) {
    batch.message(kind::NEW_OBJECT, flag::CREATE, |wire| {
        wire.text(2, name);
        wire.number(3, OBJECT_COUNTER);
        wire.nest(4, |wire| {
            wire.long(1, 0);
            wire.long(2, 0);
        });
    });
}

/// Takes out everything but the sets of bans that stay, users before what they use.
fn clear(batch: &mut Batch, frame: &Frame, old: &Inventory) {
    batch.message(kind::DEL_RULE, 0, |_| ());
    let stays = |definition: &SetDefinition| frame.ban_sets.contains(definition);
    for definition in old.sets.values().filter(|definition| !stays(definition)) {
        // Before Linux 6.4, deleting a map lets go of the chains that its elements name only after the commit.
        if definition.value == Value::Verdict {
            crate::elements::flush(batch, &definition.name);
        }
        batch.message(kind::DEL_SET, 0, |wire| wire.text(2, &definition.name));
    }
    for chain in old.chains.keys() {
        batch.message(kind::DEL_CHAIN, 0, |wire| wire.text(3, chain));
    }
}

fn add_set(batch: &mut Batch, definition: &SetDefinition) {
    batch.message(kind::NEW_SET, flag::CREATE, |wire| {
        wire.text(2, &definition.name);
        wire.number(3, definition.flags);
        wire.number(4, definition.key_type);
        wire.number(5, definition.key_bytes);
        match definition.value {
            Value::Nothing => (),
            Value::Verdict => wire.number(6, DATA_TYPE_VERDICT),
            Value::Counter => wire.number(15, OBJECT_COUNTER),
        }
        if definition.key_bytes == 8 {
            // The parts of `inet_proto . inet_service`, in bytes.
            wire.nest(9, |wire| {
                wire.nest(2, |wire| {
                    wire.nest(LIST_ELEMENT, |wire| wire.number(1, 1));
                    wire.nest(LIST_ELEMENT, |wire| wire.number(1, 2));
                });
            });
        }
        wire.number(10, 1);
        // For `nft list`: the keys are in network order.
        wire.attribute(13, &[0, 4, 2, 0, 0, 0]);
    });
}

fn write_static(wire: &mut Wire, element: &StaticElement) {
    wire.nest(1, |wire| wire.attribute(1, &element.key));
    if let Some(last) = &element.last {
        wire.nest(10, |wire| wire.attribute(1, last));
    }
    if element.ends {
        wire.number(3, 1);
    }
    if let Some(verdict) = element.verdict() {
        wire.nest(2, |wire| verdict.write(wire));
    }
}

fn add_chain(batch: &mut Batch, chain: &str) {
    batch.message(kind::NEW_CHAIN, flag::CREATE, |wire| {
        wire.text(3, chain);
        if chain == BASE_CHAIN {
            wire.nest(4, |wire| {
                wire.number(1, PREROUTING);
                wire.number(2, PRIORITY.cast_unsigned());
            });
            wire.number(5, POLICY_ACCEPT);
            wire.text(7, "filter");
        }
    });
}

fn add_rule(batch: &mut Batch, rule: &Rule) {
    batch.message(kind::NEW_RULE, flag::CREATE | flag::APPEND, |wire| {
        wire.text(2, &rule.chain);
        // The expressions are nested already; as an attribute of its own they need only the outer header.
        wire.attribute(4 | 0x8000, &rule.expressions);
        if !rule.comment.is_empty() {
            let mut comment = vec![0, rule.comment.len() as u8 + 1];
            comment.extend_from_slice(rule.comment.as_bytes());
            comment.push(0);
            wire.attribute(7, &comment);
        }
    });
}
