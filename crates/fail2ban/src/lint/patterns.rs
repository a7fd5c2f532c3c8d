//! One filter's patterns, looked at one by one and beside each other. It refuses to look at a log: `jails` does.

use std::collections::HashSet;

use event::limit::FAIL2BAN_PATTERN_DEPTH;
use regex_syntax::hir::literal::Extractor;

use super::chars::{flat, parts};
use super::fault::Fault;
use super::{dead, forged, slow};
use crate::filter_file::FilterText;
use crate::pattern::python::{self, Parsed};
use crate::pattern::render::{Target, render_ascii};
use crate::pattern::syntax::{Node, Place};
use crate::pattern::{Names, Pattern, PatternError, Text, Wrong, tags};

/// Groups of which one at least must say whom a failure is about.
const IDENTITIES: [&str; 5] = ["fid", "ip4", "ip6", "dns", "mlfid"];

/// Every fault of a filter's patterns, each with its pattern.
pub fn faults(filter: &FilterText, names: Names) -> Vec<(String, Fault)> {
    let mut found = Vec::new();
    let lines = if filter.maxlines > 1 { Text::EachLine } else { Text::Line };
    let prefix = filter.prefregex.as_deref().map(|source| (source, read(source, names, Text::Line)));
    let mut identified = false;
    if let Some((source, parsed)) = &prefix {
        match parsed {
            Ok(parsed) => {
                identified = is_identified(parsed);
                each(source, parsed, false, &mut found);
            }
            Err(cause) => found.push(((*source).to_owned(), Fault::Unusable(cause.clone()))),
        }
    }
    let let_through = prefix.as_ref().and_then(|(_, parsed)| openings(content(parsed.as_ref().ok()?)));
    let mut before = HashSet::new();
    for source in &filter.failregex {
        if !before.insert(source) {
            found.push((source.clone(), Fault::Repeated));
            continue;
        }
        match read(source, names, lines) {
            Ok(parsed) if !identified && !is_identified(&parsed) => {
                let nobody = PatternError { pattern: source.clone(), at: 0, wrong: Wrong::NoIdentity };
                found.push((source.clone(), Fault::Unusable(nobody)));
            }
            Ok(parsed) => {
                let is_dead = each(source, &parsed, true, &mut found);
                let excluded = let_through
                    .as_deref()
                    .filter(|_| !is_dead)
                    .and_then(|content| excluded(content, &parsed.root));
                found.extend(excluded.map(|content| (source.clone(), Fault::Excluded { content })));
            }
            Err(cause) => found.push((source.clone(), Fault::Unusable(cause))),
        }
    }
    for source in &filter.ignoreregex {
        match read(source, names, Text::Line) {
            Ok(parsed) => _ = each(source, &parsed, false, &mut found),
            Err(cause) => found.push((source.clone(), Fault::Unusable(cause))),
        }
    }
    found
}

/// The tree, if it can also be used.
fn read(source: &str, names: Names, text: Text) -> Result<Parsed, PatternError> {
    Pattern::new(source, names, text)?;
    let resolved = tags::localise_flags(&tags::resolve(source, names));
    let parsed = python::parse(&resolved, text == Text::EachLine)?;
    Ok(Parsed { root: flat(parsed.root), names: parsed.names })
}

fn is_identified(parsed: &Parsed) -> bool {
    parsed.names.iter().flatten().any(|name| IDENTITIES.contains(&name.as_str()))
}

/// What is wrong with one pattern by itself; says whether it is dead.
fn each(source: &str, parsed: &Parsed, is_failure: bool, found: &mut Vec<(String, Fault)>) -> bool {
    let root = &parsed.root;
    let mut add = |fault: Fault| found.push((source.to_owned(), fault));
    let sequence = parts(root);
    let death = dead::death(root).map(Fault::Never);
    let literal = match (sequence.first(), sequence.last()) {
        (_, Some(Node::Char('$'))) => Some(Fault::LiteralEnd),
        (Some(Node::Char('^')), _) => Some(Fault::LiteralStart),
        _ => None,
    };
    let dead = death.or(literal);
    let is_dead = dead.is_some();
    if let Some(fault) = dead {
        add(fault);
    } else if let Some(forgery) = forged::forgery(parsed).filter(|_| is_failure || is_identified(parsed)) {
        add(Fault::Forged(forgery));
    }
    // Names are runs too, but short ones.
    let without_names = read(source, Names::Skip, Text::Line);
    let slowness = without_names.ok().and_then(|parsed| slow::slowness(&parsed.root));
    if let Some(slowness) = slowness {
        add(Fault::Slow(slowness));
    }
    if root.any(&has_twice) {
        add(Fault::AlternativeTwice);
    }
    is_dead
}

/// Alternatives that are compared with one another; of more, nothing is said.
const ALTERNATIVES: usize = 200;

fn has_twice(node: &Node) -> bool {
    let Node::Alternation(nodes) = node else { return false };
    let nodes = &nodes[..nodes.len().min(ALTERNATIVES)];
    nodes.iter().enumerate().any(|(index, node)| nodes[..index].contains(node))
}

/// What `prefregex` leaves for the others: its content, or all of it.
fn content(prefix: &Parsed) -> &Node {
    let number = prefix.names.iter().position(|name| name.as_deref() == Some("content"));
    number.and_then(|number| group(&prefix.root, number)).unwrap_or(&prefix.root)
}

fn group(node: &Node, wanted: usize) -> Option<&Node> {
    match node {
        Node::Group(number, _) if *number == wanted => Some(node),
        Node::Concat(nodes) | Node::Alternation(nodes) => nodes.iter().find_map(|node| group(node, wanted)),
        Node::Group(_, node) | Node::Case { node, .. } | Node::Atomic(node) => group(node, wanted),
        _ => None,
    }
}

/// The texts with which every match of `node` begins. None: they are too many, or any.
fn openings(node: &Node) -> Option<Vec<String>> {
    let text = render_ascii(node, Target::Loose, true);
    let mut parser = regex_syntax::ParserBuilder::new();
    let hir = parser
        .unicode(false)
        .utf8(false)
        .nest_limit(4 * FAIL2BAN_PATTERN_DEPTH as u32)
        .build()
        .parse(&text)
        .ok()?;
    let sequence = Extractor::new().extract(&hir);
    let literals = sequence.literals()?;
    let texts: Vec<String> =
        literals.iter().map(|literal| String::from_utf8_lossy(literal.as_bytes()).into_owned()).collect();
    (!texts.is_empty() && texts.iter().all(|text| !text.is_empty())).then_some(texts)
}

/// How the content begins, if the pattern begins in no such way.
fn excluded(content: &[String], root: &Node) -> Option<String> {
    if !matches!(parts(root).first(), Some(Node::At(Place::Start))) {
        return None;
    }
    let own = openings(root)?;
    let fits = |a: &String, b: &String| a.starts_with(b.as_str()) || b.starts_with(a.as_str());
    if own.iter().any(|own| content.iter().any(|content| fits(own, content))) {
        return None;
    }
    let shown: Vec<String> = content.iter().take(4).map(|text| format!("'{text}'")).collect();
    Some(shown.join(", "))
}
