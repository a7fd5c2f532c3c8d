//! Whether an address can be forged: taken from a text that the client writes. What a client chooses cannot be read from a pattern; what
//! can is whether the address stands at a place that is fixed from one end of the line at least.

use std::collections::BTreeSet;

use super::chars::{Chars, can_be_empty, parts};
use crate::pattern::python::Parsed;
use crate::pattern::syntax::{Node, Place};

/// How an address can be forged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgery {
    /// Something before it may hold any text, and nothing behind it says where the line ends.
    Spanned {
        /// Whether the pattern has no end, rather than one behind any text.
        endless: bool,
    },
    /// It may begin anywhere in the line, and nothing behind it says where the line ends.
    Adrift,
    /// It is the host in `name@host`, behind a name of any length: a header that the client writes.
    Header,
}

/// Groups that say whom a failure is about.
const IDENTITIES: [&str; 4] = ["ip4", "ip6", "dns", "fid"];

/// How the address of a pattern can be forged.
pub fn forgery(parsed: &Parsed) -> Option<Forgery> {
    let named = |name: &Option<String>| name.as_deref().is_some_and(|name| IDENTITIES.contains(&name));
    let groups: BTreeSet<usize> =
        parsed.names.iter().enumerate().filter(|(_, name)| named(name)).map(|(number, _)| number).collect();
    if groups.is_empty() {
        return None;
    }
    let mut around = Around::default();
    around.split(&parsed.root, &groups);
    if is_header(&around.before) {
        return Some(Forgery::Header);
    }
    let ended = ends(&parsed.root);
    let open_behind = !ended || span(&around.behind);
    if !open_behind {
        return None;
    }
    if span(&around.before) {
        return Some(Forgery::Spanned { endless: !ended });
    }
    (!starts(&parsed.root)).then_some(Forgery::Adrift)
}

/// What stands before the address and what behind it.
#[derive(Default)]
struct Around<'p> {
    before: Vec<&'p Node>,
    behind: Vec<&'p Node>,
}

impl<'p> Around<'p> {
    fn split(&mut self, node: &'p Node, groups: &BTreeSet<usize>) {
        match node {
            Node::Group(number, _) if groups.contains(number) => {}
            Node::Group(_, node)
            | Node::Case { node, .. }
            | Node::Atomic(node)
            | Node::Repeat { node, .. } => {
                self.split(node, groups);
            }
            Node::Alternation(nodes) => {
                let mut holding = nodes.iter().filter(|node| holds(node, groups));
                if let (Some(only), None) = (holding.next(), holding.next()) {
                    self.split(only, groups);
                }
            }
            Node::Concat(nodes) => {
                let holding = |node: &Node| holds(node, groups);
                let (Some(first), Some(last)) =
                    (nodes.iter().position(holding), nodes.iter().rposition(holding))
                else {
                    return;
                };
                self.before.extend(&nodes[..first]);
                if first == last {
                    self.split(&nodes[first], groups);
                }
                self.behind.extend(&nodes[last + 1..]);
            }
            _ => {}
        }
    }
}

fn holds(node: &Node, groups: &BTreeSet<usize>) -> bool {
    node.any(&|node| matches!(node, Node::Group(number, _) if groups.contains(number)))
}

/// Whether one of `nodes`, which stand behind one another, may be any text of any length.
fn span(nodes: &[&Node]) -> bool {
    nodes.iter().enumerate().any(|(index, node)| spans(node, nodes.get(index + 1).copied()))
}

/// Whether a part of `node` may be any text of any length; `next` stands behind it.
fn spans(node: &Node, next: Option<&Node>) -> bool {
    match node {
        Node::Concat(nodes) => {
            nodes.iter().enumerate().any(|(index, node)| spans(node, nodes.get(index + 1).or(next)))
        }
        Node::Group(_, node) | Node::Case { node, .. } | Node::Atomic(node) => spans(node, next),
        Node::Alternation(nodes) => nodes.iter().any(|node| spans(node, next)),
        Node::Conditional { yes, no, .. } => spans(yes, next) || spans(no, next),
        Node::Repeat { node, max: None, .. } => {
            let set = Chars::within(node, false);
            set.can_forge() && is_free(node) && !is_delimited(set, next)
        }
        Node::Repeat { node, .. } => spans(node, next),
        _ => false,
    }
}

/// Whether a turn of a repetition is bound by nothing: no character must be there but a space, and no text may not.
fn is_free(turn: &Node) -> bool {
    parts(turn).iter().all(|part| match part {
        Node::Char(c) => *c == ' ',
        Node::Look { .. } => false,
        Node::Repeat { node, .. } => is_free(node),
        Node::Alternation(nodes) => nodes.iter().any(is_free),
        _ => true,
    })
}

/// Whether a run ends at the character behind it, as in `'[^']*'`: a service that writes such quotes sees to what is between them.
fn is_delimited(set: Chars, next: Option<&Node>) -> bool {
    next.and_then(|next| parts(next).first())
        .is_some_and(|next| matches!(next, Node::Char(c) if !set.has(*c)))
}

/// Whether what stands before is a name of any length and an `@`.
fn is_header(before: &[&Node]) -> bool {
    let mut last =
        before.iter().rev().flat_map(|node| parts(node).iter().rev()).filter(|node| !can_be_empty(node));
    let at = matches!(last.next(), Some(Node::Char('@')));
    // `[^@]+`: whoever wrote that had an address of the form `name@host` in mind.
    at && last.next().is_some_and(|node| {
        matches!(node, Node::Repeat { node, max: None, .. }
            if Chars::of(node, false).is_some_and(|set| !set.has('@') && set.has('1')))
    })
}

/// Whether every match begins where the text does.
fn starts(node: &Node) -> bool {
    match node {
        Node::At(Place::Start) => true,
        Node::Group(_, node) | Node::Case { node, .. } | Node::Atomic(node) => starts(node),
        Node::Alternation(nodes) => nodes.iter().all(starts),
        Node::Concat(nodes) => {
            let mut first = nodes.iter().skip_while(|node| matches!(node, Node::Empty | Node::Look { .. }));
            first.next().is_some_and(starts)
        }
        _ => false,
    }
}

/// Whether every match ends where the line does.
fn ends(node: &Node) -> bool {
    match node {
        Node::At(Place::End | Place::Finish | Place::LineEnd) => true,
        Node::Group(_, node) | Node::Case { node, .. } | Node::Atomic(node) => ends(node),
        Node::Alternation(nodes) => nodes.iter().all(ends),
        Node::Look { behind: false, negative: false, node } => ends(node),
        // Which of the two it is depends on what was taken before; whoever wrote that has thought of it.
        Node::Conditional { yes, no, .. } => ends(yes) || ends(no),
        Node::Concat(nodes) => {
            let mut last = nodes.iter().rev().skip_while(|node| matches!(node, Node::Empty));
            last.next().is_some_and(ends)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::chars::flat;
    use super::*;
    use crate::pattern::python::parse;
    use crate::pattern::tags::{Names, resolve};

    fn found(pattern: &str) -> Option<Forgery> {
        let Parsed { root, names } = parse(&resolve(pattern, Names::Read), false).unwrap();
        forgery(&Parsed { root: flat(root), names })
    }

    #[test]
    fn an_address_at_a_fixed_place_is_none() {
        for pattern in [
            "^bad login from <HOST>",
            "^bad login for .* from <HOST>$",
            "^bad login for .* from <HOST> port \\d+\\s*$",
            "^x (?:\\S+ )?from \\[?<ADDR>\\]?:",
            "^(?:a|b) <HOST> .*",
            "from <HOST>$",
            "'user'@'<HOST>'$",
            "^login '[^']*' from <HOST>",
            "^login (?:(?! from ).)* from <HOST>",
            "^event(?:,\\w+=\"[^\"]*\")*,address=<HOST>(?:,\\w+=\"[^\"]*\")*$",
        ] {
            assert_eq!(found(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn one_that_a_client_can_write_is_found() {
        assert_eq!(found("^login for .* from <HOST>"), Some(Forgery::Spanned { endless: true }));
        assert_eq!(found("^login for .*? from <HOST>: .*$"), Some(Forgery::Spanned { endless: false }));
        assert_eq!(found("^login (?:\\S+ )*from <HOST>"), Some(Forgery::Spanned { endless: true }));
        assert_eq!(found("^(\\S|\\s)*x <HOST>(\\S|\\s)*"), Some(Forgery::Spanned { endless: true }));
        assert_eq!(found("login from <HOST>"), Some(Forgery::Adrift));
        assert_eq!(found("^reject <sip:[^@]+@<HOST>>;tag=\\w+$"), Some(Forgery::Header));
        assert_eq!(found("^for (user|device) [^@]+@<HOST>\\S*$"), Some(Forgery::Header));
    }
}
