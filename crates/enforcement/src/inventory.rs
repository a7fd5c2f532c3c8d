//! What the kernel's table looks like at the moment: read whole, compared with the frame that is wanted. Reads the static
//! sets' elements, but not the bans: those are `elements`' business. Changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use rustix::io::Errno;

use crate::batch::{self, kind};
use crate::elements;
use crate::error::EnforcementError;
use crate::frame::{Frame, Rule, SetDefinition, StaticElement, Value, hook_of};
use crate::plan::{TABLE, set_meaning};
use crate::rules::{self, Standing};
use crate::socket::Netlink;
use crate::wire::{Attributes, Message, Wire};

/// How often a reading is begun anew when other programs change the rules meanwhile.
const READINGS: u32 = 20;
const DORMANT: u32 = 1;
const DATA_TYPE_VERDICT: u32 = 0xffff_ff00;

/// The table as it stands.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    dormant: bool,
    /// Each with its hook, if it has one.
    pub(crate) chains: BTreeMap<String, Option<Hooked>>,
    pub(crate) sets: BTreeMap<String, SetDefinition>,
    pub(crate) rules: rules::Chains,
    pub(crate) counters: BTreeSet<String>,
    /// The elements of the sets that hold no bans, sorted.
    static_elements: BTreeMap<String, Vec<StaticElement>>,
}

/// How a chain with a hook stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hooked {
    /// Whether it is a chain of ours that has a hook, and the right one.
    pub(crate) rightly: bool,
    /// Whether it lets pass what no rule judges. This can be changed in place.
    accepts: bool,
}

/// A named counter's reading.
pub(crate) struct Counted {
    pub(crate) name: String,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

impl Inventory {
    /// Reads the table; `None` if there is none.
    pub(crate) fn read(netlink: &mut Netlink) -> Result<Option<Self>, EnforcementError> {
        steadily(|| Self::read_once(netlink))
    }

    fn read_once(netlink: &mut Netlink) -> Result<Option<Self>, EnforcementError> {
        let Some(flags) = table_flags(netlink)? else { return Ok(None) };
        let mut inventory = Self { dormant: flags & DORMANT != 0, ..Self::default() };
        netlink.dump(kind::GET_CHAIN, "list chains", |_| (), |message| inventory.take_chain(message))?;
        let of_table = |wire: &mut Wire| wire.text(1, TABLE);
        let reading =
            netlink.dump(kind::GET_SET, "list sets", of_table, |message| inventory.take_set(message));
        if reading.as_ref().is_err_and(|error| error.is(Errno::NOENT)) {
            return Ok(None);
        }
        reading?;
        netlink.dump(kind::GET_RULE, "list rules", of_table, |message| inventory.take_rule(message))?;
        for counted in counters(netlink)? {
            inventory.counters.insert(counted.name);
        }
        let is_static = |set: &&SetDefinition| set_meaning(&set.name).is_none() && !set.is_dynamic();
        let static_sets: Vec<String> =
            inventory.sets.values().filter(is_static).map(|set| set.name.clone()).collect();
        for name in static_sets {
            if let Some(elements) = static_elements(netlink, &name)? {
                inventory.static_elements.insert(name, elements);
            }
        }
        Ok(Some(inventory))
    }

    /// Whether there is this set, whatever it holds.
    pub(crate) fn has_set(&self, definition: &SetDefinition) -> bool {
        self.sets.get(&definition.name) == Some(definition)
    }

    /// Whether there is this set with exactly these elements; those of a dynamic one are as they are.
    pub(crate) fn has_static(&self, definition: &SetDefinition, elements: &[StaticElement]) -> bool {
        self.has_set(definition) && (definition.is_dynamic() || self.has_elements(&definition.name, elements))
    }

    /// Whether the set of this name holds exactly these elements.
    pub(crate) fn has_elements(&self, name: &str, elements: &[StaticElement]) -> bool {
        self.static_elements.get(name).is_some_and(|found| found == elements)
    }

    /// The chain whose name begins like this and that has exactly these rules.
    pub(crate) fn chain_with(&self, begins: &str, wanted: &[Rule]) -> Option<&str> {
        let mut chains = self.rules.iter().filter(|(chain, _)| chain.starts_with(begins));
        chains.find(|(_, standing)| rules::stand(wanted, standing)).map(|(chain, _)| chain.as_str())
    }

    fn take_chain(&mut self, message: &Message<'_>) {
        let attributes = message.attributes();
        if attributes.text(1) != TABLE {
            return;
        }
        let name = attributes.text(3).to_owned();
        let hooked = attributes.find(4).map(|hook| {
            let hook = Attributes { rest: hook };
            let found = hook.number(1).zip(hook.number(2).map(u32::cast_signed));
            Hooked {
                rightly: found.is_some() && found == hook_of(&name) && attributes.text(7) == "filter",
                accepts: attributes.number(5) == Some(1),
            }
        });
        self.chains.insert(name, hooked);
    }

    fn take_set(&mut self, message: &Message<'_>) {
        let attributes = message.attributes();
        if attributes.text(1) != TABLE {
            return;
        }
        let name = attributes.text(2).to_owned();
        let value = match (attributes.number(6), attributes.number(15)) {
            (Some(DATA_TYPE_VERDICT), _) => Value::Verdict,
            (_, Some(1)) => Value::Counter,
            _ => Value::Nothing,
        };
        let number = |kind| attributes.number(kind).unwrap_or_default();
        let definition = SetDefinition {
            name,
            flags: number(3),
            key_type: number(4),
            key_bytes: number(5),
            value,
            size: attributes.inside(9).number(1).unwrap_or_default(),
            timeout_millis: attributes.long(11).unwrap_or_default(),
        };
        self.sets.insert(definition.name.clone(), definition);
    }

    fn take_rule(&mut self, message: &Message<'_>) {
        let attributes = message.attributes();
        if attributes.text(1) == TABLE {
            let handle = attributes.long(3).unwrap_or_default();
            let expressions = attributes.find(4).unwrap_or_default().to_vec();
            let chain = self.rules.entry(attributes.text(2).to_owned()).or_default();
            chain.push(Standing { handle, expressions });
        }
    }

    /// Whether the table is laid out as the frame wants it, to the last rule and static element.
    pub(crate) fn matches(&self, frame: &Frame) -> bool {
        !self.dormant
            && self.chains_match(frame)
            && rules::match_exactly(&frame.rules, &self.rules)
            && self.sets.len() == frame.set_definitions().count()
            && frame.ban_sets.iter().all(|definition| self.has_set(definition))
            && frame.static_sets.iter().all(|(definition, elements)| self.has_static(definition, elements))
    }

    fn chains_match(&self, frame: &Frame) -> bool {
        self.chains.len() == frame.chains.len()
            && frame.chains.iter().all(|chain| {
                let wanted = hook_of(chain).map(|_| Hooked { rightly: true, accepts: true });
                self.chains.get(chain) == Some(&wanted)
            })
    }
}

/// Reads again as long as other programs change the rules meanwhile.
pub(crate) fn steadily<T>(
    mut read: impl FnMut() -> Result<T, EnforcementError>,
) -> Result<T, EnforcementError> {
    let mut left = READINGS;
    loop {
        match read() {
            Err(EnforcementError::Unsteady { .. }) if left > 0 => left -= 1,
            outcome => return outcome,
        }
    }
}

/// The readings of all counters of the table; none if there is no table.
pub(crate) fn counters(netlink: &mut Netlink) -> Result<Vec<Counted>, EnforcementError> {
    let mut found = Vec::new();
    let outcome = netlink.dump(
        kind::GET_OBJECT,
        "list counters",
        |wire| wire.text(1, TABLE),
        |message| {
            let attributes = message.attributes();
            if attributes.text(1) == TABLE && attributes.number(3) == Some(1) {
                let data = attributes.inside(4);
                let reading = |kind| data.long(kind).unwrap_or_default();
                found.push(Counted {
                    name: attributes.text(2).to_owned(),
                    bytes: reading(1),
                    packets: reading(2),
                });
            }
        },
    );
    match outcome {
        Err(error) if error.is(Errno::NOENT) => Ok(Vec::new()),
        outcome => outcome.map(|()| found),
    }
}

/// The names of the table's sets; none if there is no table.
pub(crate) fn set_names(netlink: &mut Netlink) -> Result<Vec<String>, EnforcementError> {
    steadily(|| {
        let mut inventory = Inventory::default();
        let of_table = |wire: &mut Wire| wire.text(1, TABLE);
        match netlink.dump(kind::GET_SET, "list sets", of_table, |message| inventory.take_set(message)) {
            Err(error) if error.is(Errno::NOENT) => Ok(Vec::new()),
            outcome => outcome.map(|()| std::mem::take(&mut inventory.sets).into_keys().collect()),
        }
    })
}

fn table_flags(netlink: &mut Netlink) -> Result<Option<u32>, EnforcementError> {
    let mut wire = Wire::default();
    batch::request(&mut wire, kind::GET_TABLE, 0, netlink.next_sequence(), |wire| wire.text(1, TABLE));
    let mut found = Ok(None);
    netlink.ask(&wire, 1, |_, answer| {
        found = answer.map(|message| Some(message.attributes().number(2).unwrap_or_default()));
    })?;
    match found {
        Err(Errno::NOENT) => Ok(None),
        found => found.map_err(|errno| EnforcementError::refused("list table inet stockade", errno)),
    }
}

fn static_elements(netlink: &mut Netlink, set: &str) -> Result<Option<Vec<StaticElement>>, EnforcementError> {
    let mut found = Vec::new();
    let outcome = elements::read(netlink, set, |element| {
        found.push(StaticElement {
            key: element.key.to_vec(),
            begins: !element.ends_interval(),
            chain: element.chain.map(|(chain, returns)| (chain.to_owned(), returns)),
        });
    });
    match outcome {
        Err(error) if error.is(Errno::NOENT) => Ok(None),
        outcome => outcome.map(|()| {
            found.sort();
            Some(found)
        }),
    }
}
