//! Lays the table. Over one that stands, in three steps, so that no packet of a banned source passes meanwhile:
//!
//! 1. `prepare` adds the sets, chains and maps of ports that are missing, and the new sets are filled. No rule uses them.
//! 2. `switch` exchanges the rules that differ in one transaction. Sets of bans that stay keep their elements, counters their
//!    counts.
//! 3. `sweep` takes out what no rule uses any more.
//!
//! One transaction for all of it would not do, though it is atomic for rules: the kernel empties maps that are deleted for
//! packets that the old rules are still judging, and fills some forms of sets only after the new rules are in force (those
//! with a `commit` of their own, as `nft_pipapo_commit`). Both let packets through, which the tests saw.

use std::collections::BTreeMap;

use crate::batch::{Batch, kind};
use crate::elements::Bound;
use crate::frame::{Frame, INTERVAL, Rule, SetDefinition, StaticElement, Value, hook_of};
use crate::inventory::Inventory;
use crate::rules;
use crate::wire::{Wire, flag};

const DATA_TYPE_VERDICT: u32 = 0xffff_ff00;
const POLICY_ACCEPT: u32 = 1;
const OBJECT_COUNTER: u32 = 1;

/// Writes a whole table where none stands. `counters` are those that bans or rules need.
pub(crate) fn create(batch: &mut Batch, frame: &Frame, counters: &[String]) {
    let nothing = Inventory::default();
    prepare(batch, frame, counters, &nothing);
    switch(batch, frame, &nothing);
}

/// Adds what is missing and what no rule can be using yet.
pub(crate) fn prepare(batch: &mut Batch, frame: &Frame, counters: &[String], old: &Inventory) {
    // Without the flag, this also wakes a table that was put to sleep.
    batch.message(kind::NEW_TABLE, flag::CREATE, |wire| wire.number(2, 0));
    let counters = counters.iter().map(String::as_str).chain(frame.counters.iter().copied());
    for counter in counters.filter(|name| !old.counters.contains(*name)) {
        add_counter(batch, counter);
    }
    for definition in frame.ban_sets.iter().filter(|definition| !old.has_set(definition)) {
        add_set(batch, definition);
    }
    for chain in &frame.chains {
        add_chain(batch, chain);
    }
    for (definition, elements) in &frame.static_sets {
        if !old.sets.contains_key(&definition.name) {
            add_static(batch, definition, elements);
        }
    }
}

/// Whether the table's sets of bans and the chains with hooks are such that they can stay where a frame has their names.
pub(crate) fn can_stay(frame: &Frame, old: &Inventory) -> bool {
    let hooked = old.chains.iter().all(|(chain, hooked)| match hooked {
        Some(hooked) => hooked.rightly,
        None => hook_of(chain).is_none(),
    });
    let mut sets = frame.ban_sets.iter();
    hooked && sets.all(|wanted| old.has_set(wanted) || !old.sets.contains_key(&wanted.name))
}

/// Exchanges the rules that differ, and static sets that others use the names of.
pub(crate) fn switch(batch: &mut Batch, frame: &Frame, old: &Inventory) {
    let replaced: BTreeMap<&str, &SetDefinition> = frame
        .static_sets
        .iter()
        .filter(|(definition, elements)| !old.has_static(definition, elements))
        .filter_map(|(definition, _)| Some((definition.name.as_str(), old.sets.get(&definition.name)?)))
        .collect();
    let exchange = rules::exchange(&frame.rules, &old.rules, |set| replaced.contains_key(set));
    for (chain, handle) in exchange.gone {
        batch.message(kind::DEL_RULE, 0, |wire| {
            wire.text(2, chain);
            wire.long(3, handle);
        });
    }
    for (definition, elements) in &frame.static_sets {
        if let Some(other) = replaced.get(definition.name.as_str()) {
            delete_set(batch, other);
            add_static(batch, definition, elements);
        }
    }
    for (rule, before) in exchange.new {
        add_rule(batch, rule, before);
    }
}

/// Takes out the sets and chains that the frame does not have.
pub(crate) fn sweep(batch: &mut Batch, frame: &Frame, old: &Inventory) {
    for definition in old.sets.values() {
        if !frame.set_definitions().any(|kept| kept.name == definition.name) {
            delete_set(batch, definition);
        }
    }
    for chain in old.chains.keys().filter(|chain| !frame.chains.contains(chain)) {
        batch.message(kind::DEL_CHAIN, 0, |wire| wire.text(3, chain));
    }
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

fn add_static(batch: &mut Batch, definition: &SetDefinition, elements: &[StaticElement]) {
    add_set(batch, definition);
    let bounded: Vec<(&StaticElement, Bound)> = elements
        .iter()
        .enumerate()
        .map(|(index, element)| (element, bound(definition, element, elements.get(index + 1))))
        .collect();
    batch.elements(kind::NEW_ELEMENTS, flag::CREATE, &definition.name, &bounded, write_static);
}

fn delete_set(batch: &mut Batch, definition: &SetDefinition) {
    // Before Linux 6.4, deleting a map lets go of the chains that its elements name only after the commit.
    if definition.value == Value::Verdict {
        crate::elements::flush(batch, &definition.name);
    }
    batch.message(kind::DEL_SET, 0, |wire| wire.text(2, &definition.name));
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
        if definition.size != 0 {
            wire.nest(9, |wire| wire.number(1, definition.size));
        }
        wire.number(10, 1);
        if definition.timeout_millis != 0 {
            wire.long(11, definition.timeout_millis);
        }
        // For `nft list`: the keys are in network order.
        wire.attribute(13, &[0, 4, 2, 0, 0, 0]);
    });
}

fn bound(definition: &SetDefinition, element: &StaticElement, next: Option<&StaticElement>) -> Bound {
    match element.begins {
        false => Bound::Ends,
        true if definition.flags & INTERVAL != 0 && next.is_none_or(|next| next.begins) => Bound::BeginsLast,
        true => Bound::Begins,
    }
}

fn write_static(wire: &mut Wire, (element, bound): &(&StaticElement, Bound)) {
    wire.nest(1, |wire| wire.attribute(1, &element.key));
    bound.write(wire);
    if let Some(verdict) = element.verdict() {
        wire.nest(2, |wire| verdict.write(wire));
    }
}

fn add_chain(batch: &mut Batch, chain: &str) {
    batch.message(kind::NEW_CHAIN, flag::CREATE, |wire| {
        wire.text(3, chain);
        if let Some((hook, priority)) = hook_of(chain) {
            wire.nest(4, |wire| {
                wire.number(1, hook);
                wire.number(2, priority.cast_unsigned());
            });
            // A new chain is in force before its rules are, so it must let pass.
            wire.number(5, POLICY_ACCEPT);
            wire.text(7, "filter");
        }
    });
}

fn add_rule(batch: &mut Batch, rule: &Rule, before: Option<u64>) {
    let append = if before.is_some() { 0 } else { flag::APPEND };
    batch.message(kind::NEW_RULE, flag::CREATE | append, |wire| {
        wire.text(2, &rule.chain);
        if let Some(handle) = before {
            wire.long(6, handle);
        }
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
