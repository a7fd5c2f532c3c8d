//! The networks' change: one that stays (by its subnet) keeps its place among the others, its lines and its comments; its
//! values are changed in place. Judges no network.

use std::ops::Range;

use event::Subject;
use toml_edit::{Array, ArrayOfTables, InlineTable, Item, TableLike, Value};

use super::EditError;
use super::list::List;
use super::page::{Page, Splice};
use super::place::Kind;
use super::wanted::{Assign, Wanted, quoted};
use crate::firewall::Network;

const SECTION: [&str; 2] = ["firewall", "networks"];

pub(super) fn edit(text: &str, wanted: &[Network]) -> Result<String, EditError> {
    let page = Page::read(text)?;
    let firewall = page.place(&SECTION[..1])?;
    let item = if firewall.exists() { firewall.table.get("networks") } else { None };
    match item {
        None if wanted.is_empty() => Ok(text.to_owned()),
        None if matches!(firewall.kind, Kind::Inline(..)) => {
            let literals: Vec<_> = wanted.iter().map(in_braces).collect();
            let literal = Wanted::Literal(format!("[{}]", literals.join(", ")));
            let splices =
                page.assign(&firewall, &SECTION[..1], &[Assign::new("networks", literal, false)])?;
            page.splice(splices, &SECTION)
        }
        None => {
            let blocks: Vec<_> = wanted.iter().map(|network| block(network, page.line_end)).collect();
            let at = page.section_place(&SECTION, "[[");
            page.splice(vec![page.insert_block(at, &blocks.join(page.line_end))], &SECTION)
        }
        Some(Item::ArrayOfTables(tables)) => {
            let changed = change_blocks(&page, tables, wanted)?;
            let page = Page::read(&changed)?;
            order_blocks(&page, wanted)
        }
        Some(Item::Value(Value::Array(array))) => {
            let Some(literal) = changed_list(&page, array, wanted)? else { return Ok(text.to_owned()) };
            page.splice(vec![literal], &SECTION)
        }
        Some(_) => Err(shape()),
    }
}

fn shape() -> EditError {
    EditError::Shape(SECTION.join("."))
}

/// For each written network, the wanted one with its subnet; each wanted one is given away once.
fn partners(written: &[Option<Subject>], wanted: &[Network]) -> Vec<Option<usize>> {
    let mut given = vec![false; wanted.len()];
    let partner = |subject: &Option<Subject>| {
        let same = |(at, network): &(usize, &Network)| !given[*at] && Some(network.subnet) == *subject;
        let (at, _) = wanted.iter().enumerate().find(same)?;
        given[at] = true;
        Some(at)
    };
    written.iter().map(partner).collect()
}

fn subnet_of(table: &dyn TableLike) -> Option<Subject> {
    table.get("subnet")?.as_str()?.parse().ok()
}

fn assigns(network: &Network) -> [Assign; 4] {
    let (name, services) = (&network.name, &network.services);
    [
        Assign::new("name", Wanted::Text(name.clone()), *name == network.subnet.to_string()),
        Assign::new("services", Wanted::Services(services.clone()), services.is_empty()),
        Assign::new("local", Wanted::Switch(network.local), !network.local),
        Assign::new("never_block", Wanted::Switch(network.never_block), !network.never_block),
    ]
}

/// The keys of a new network, as written.
fn keys(network: &Network) -> Vec<String> {
    let mut keys: Vec<_> = assigns(network)
        .iter()
        .filter(|assign| !assign.implied)
        .map(|assign| format!("{} = {}", assign.key, assign.wanted.written("\n")))
        .collect();
    let subnet = format!("subnet = {}", quoted(&network.subnet.to_string()));
    let named = keys.first().is_some_and(|key| key.starts_with("name"));
    keys.insert(usize::from(named), subnet);
    keys
}

fn block(network: &Network, line_end: &str) -> String {
    let keys: String = keys(network).iter().map(|key| format!("{key}{line_end}")).collect();
    format!("[[{}]]{line_end}{keys}", SECTION.join("."))
}

fn in_braces(network: &Network) -> String {
    format!("{{ {} }}", keys(network).join(", "))
}

/// The text with the values of those that stay changed.
fn change_blocks(page: &Page<'_>, tables: &ArrayOfTables, wanted: &[Network]) -> Result<String, EditError> {
    let written: Vec<_> = tables.iter().map(|table| subnet_of(table)).collect();
    let mut splices = Vec::new();
    for (table, partner) in tables.iter().zip(partners(&written, wanted)) {
        if let Some(partner) = partner {
            let place = page.place_of(table).ok_or_else(shape)?;
            splices.extend(page.assign(&place, &SECTION, &assigns(&wanted[partner]))?);
        }
    }
    page.splice(splices, &SECTION)
}

/// The text with those gone that are not wanted, and the others in order.
fn order_blocks(page: &Page<'_>, wanted: &[Network]) -> Result<String, EditError> {
    let firewall = page.place(&SECTION[..1])?;
    let tables = firewall.table.get("networks").and_then(Item::as_array_of_tables).ok_or_else(shape)?;
    let written: Vec<_> = tables.iter().map(|table| subnet_of(table)).collect();
    let partners = partners(&written, wanted);
    let ranges: Option<Vec<Range<usize>>> = tables
        .iter()
        .map(|table| {
            let header = page.line_start(table.span()?.start);
            Some(page.with_comment(header)..page.end_of(header))
        })
        .collect();
    let ranges = ranges.ok_or_else(shape)?;
    let mut splices = Vec::new();
    let mut slots = Vec::new();
    for (range, partner) in ranges.iter().zip(&partners) {
        match partner {
            Some(partner) => slots.push((range.clone(), *partner)),
            None => splices.push((with_blank_lines(page.text, range), String::new())),
        }
    }
    let in_file: Vec<usize> = slots.iter().map(|(_, partner)| *partner).collect();
    let mut in_order: Vec<usize> = in_file.clone();
    if !same_order(wanted, &in_file, &with_new(wanted, &in_file)) {
        in_order.sort_by_key(|at| (catches_all(&wanted[*at]), *at));
    }
    for ((range, there), here) in slots.iter().zip(&in_order) {
        if there != here {
            let from = slots.iter().find(|(_, partner)| partner == here).map(|(range, _)| range.clone());
            let moved = &page.text[from.ok_or_else(shape)?];
            let ended = if moved.ends_with('\n') { "" } else { page.line_end };
            splices.push((range.clone(), format!("{moved}{ended}")));
        }
    }
    let places: Vec<_> = slots.iter().map(|(range, _)| range.clone()).zip(in_order).collect();
    splices.extend(new_blocks(page, &ranges, &places, wanted));
    page.splice(splices, &SECTION)
}

/// The new networks' blocks: each behind the one that it follows.
fn new_blocks(
    page: &Page<'_>,
    all: &[Range<usize>],
    places: &[(Range<usize>, usize)],
    wanted: &[Network],
) -> Vec<Splice> {
    let mut splices: Vec<Splice> = Vec::new();
    let mut behind: Option<usize> = None;
    let mut waiting: Vec<String> = Vec::new();
    let mut flush = |behind: Option<usize>, waiting: &mut Vec<String>| {
        if waiting.is_empty() {
            return;
        }
        let text = std::mem::take(waiting).join(page.line_end);
        let (first, last) = (all.first().map_or(0, |range| range.start), all.last());
        match behind {
            Some(at) => {
                let crowded = !page.text[at..].is_empty() && !page.text[at..].starts_with(['\n', '\r']);
                let end = if crowded { page.line_end } else { "" };
                splices.push((at..at, format!("{}{text}{end}", page.line_end)));
            }
            None if places.is_empty() => {
                // All old ones go, so their blank lines go too.
                let at = last.map_or(page.text.len(), |range| with_blank_lines(page.text, range).end);
                let end = if at < page.text.len() { page.line_end } else { "" };
                splices.push((at..at, format!("{text}{end}")));
            }
            None => splices.push((first..first, format!("{text}{}", page.line_end))),
        }
    };
    for at in ordered(wanted) {
        match places.iter().find(|(_, partner)| *partner == at) {
            Some((range, _)) => {
                flush(behind, &mut waiting);
                behind = Some(range.end);
            }
            None => waiting.push(block(&wanted[at], page.line_end)),
        }
    }
    flush(behind, &mut waiting);
    splices
}

fn catches_all(network: &Network) -> bool {
    network.subnet.prefix_bits() == 0
}

/// The wanted networks in the order in which they count.
fn ordered(wanted: &[Network]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|at| catches_all(&wanted[*at]));
    order
}

/// The order in the file once the new ones are put behind those that they follow.
fn with_new(wanted: &[Network], in_file: &[usize]) -> Vec<usize> {
    let mut list = in_file.to_vec();
    let mut before = None;
    for at in ordered(wanted) {
        if !list.contains(&at) {
            let place = before.and_then(|before| list.iter().position(|one| *one == before));
            list.insert(place.map_or(0, |place| place + 1), at);
        }
        before = Some(at);
    }
    list
}

/// Whether the file's order leads to the wanted one, wherever it has the catch-alls.
fn same_order(wanted: &[Network], in_file: &[usize], with_new: &[usize]) -> bool {
    let mut order = with_new.to_vec();
    order.sort_by_key(|at| catches_all(&wanted[*at]));
    order == ordered(wanted) || in_file.is_empty()
}

fn with_blank_lines(text: &str, range: &Range<usize>) -> Range<usize> {
    let mut end = range.end;
    while let Some(line) = text[end..].split_inclusive('\n').next().filter(|line| line.trim().is_empty()) {
        end += line.len();
    }
    range.start..end
}

/// The changed list of inline tables and where it stands; `None` if nothing changes.
fn changed_list(page: &Page<'_>, array: &Array, wanted: &[Network]) -> Result<Option<Splice>, EditError> {
    let tables: Option<Vec<&InlineTable>> = array.iter().map(Value::as_inline_table).collect();
    let tables = tables.ok_or_else(shape)?;
    let (Some(span), Some(elements)) = (array.span(), tables.iter().map(|table| table.span()).collect())
    else {
        return Err(shape());
    };
    let elements: Vec<Range<usize>> = elements;
    let written: Vec<_> = tables.iter().map(|table| subnet_of(*table)).collect();
    let partners = partners(&written, wanted);
    let says = |table: &InlineTable, network: &Network| {
        let same =
            |assign: &Assign| table.get(assign.key).map_or(assign.implied, |value| assign.wanted.is(value));
        assigns(network).iter().all(same)
    };
    let in_file: Vec<usize> = partners.iter().flatten().copied().collect();
    let complete = in_file.len() == wanted.len() && partners.iter().all(Option::is_some);
    let values =
        tables.iter().zip(&partners).all(|(table, at)| at.is_some_and(|at| says(table, &wanted[at])));
    if complete && values && same_order(wanted, &[0], &in_file) {
        return Ok(None);
    }
    let mut list = List::read(page.text, &span, &elements, page.line_end);
    for ((piece, table), partner) in list.pieces.iter_mut().zip(&tables).zip(&partners) {
        if let Some(at) = partner
            && !says(table, &wanted[*at])
        {
            piece.literal = in_braces(&wanted[*at]);
        }
    }
    list.retain(|at| partners[at].is_some());
    let kept: Vec<_> = in_file.iter().copied().zip(list.pieces.clone()).collect();
    let pieces =
        ordered(wanted).into_iter().map(|at| match kept.iter().find(|(partner, _)| *partner == at) {
            Some((_, piece)) => piece.clone(),
            None => list.new_piece(in_braces(&wanted[at])),
        });
    list.pieces = pieces.collect();
    Ok(Some((span, list.written())))
}
