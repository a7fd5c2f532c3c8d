//! A pattern with conditionals and look-ahead, made one that the automaton can search: conditionals are written out, and what a look-ahead
//! forbids is looked for afterwards in what was matched. It refuses patterns where that is not the very same search.
//!
//! Writing a conditional out keeps the order in which matches are tried: `(a)?b(?(1)c|d)` is `(a)bc|bd`. Leaving look-ahead out only adds
//! matches. So if the first match of the simpler pattern is one of the pattern itself, it is its first.

use super::syntax::{Greed, Node};

/// Branches that conditionals may be written out to.
const BRANCHES: usize = 8;

/// The simpler pattern.
#[derive(Clone, Debug)]
pub struct Relaxed {
    /// Its tree.
    pub root: Node,
    /// For each of its groups in the order of the text, the group of the pattern that it is; 0 for one that a check needs.
    pub origin: Vec<usize>,
    /// What a match must not have, or it says nothing.
    pub checks: Vec<Check>,
}

/// What must not stand in the text of a group of the simpler pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The group, by its number in the simpler pattern.
    pub group: usize,
    /// The text.
    pub forbidden: String,
    /// Whether it must not begin anywhere in what the group took, or only not where the group begins.
    pub anywhere: bool,
}

impl Relaxed {
    /// The simpler pattern for `root`, for text of ASCII. None: there is no such.
    pub fn new(root: &Node) -> Option<Self> {
        let Node::Case { ignored, node } = root else { return None };
        let ignored = *ignored;
        let nodes = written_out(&sequence(node), &mut Vec::new(), &mut 1)?;
        let mut writer = Writer { origin: Vec::new(), checks: Vec::new() };
        let nodes = writer.sequence(nodes, !ignored, true)?;
        let root = Node::Case { ignored, node: Box::new(Node::Concat(nodes)) };
        Some(Self { root, origin: writer.origin, checks: writer.checks })
    }
}

impl Check {
    /// Whether a match is one of the pattern itself as far as this goes; `place` is where the group stands.
    pub fn holds(&self, text: &str, place: Option<(usize, usize)>) -> bool {
        let Some((start, end)) = place else { return true };
        if !self.anywhere {
            return !text[start..].starts_with(&self.forbidden);
        }
        let end = (end + self.forbidden.len() - 1).min(text.len());
        !text.get(start..end).is_some_and(|taken| taken.contains(&self.forbidden))
    }
}

/// The parts of a sequence, those of sequences in it among them.
fn sequence(node: &Node) -> Vec<Node> {
    match node {
        Node::Concat(nodes) => nodes.iter().flat_map(sequence).collect(),
        node => vec![node.clone()],
    }
}

/// The sequence without conditionals; `known` says of groups whether they took part.
fn written_out(nodes: &[Node], known: &mut Vec<(usize, bool)>, branches: &mut usize) -> Option<Vec<Node>> {
    let mut out = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let tail = &nodes[index + 1..];
        let Some(group) = asked_for(tail).into_iter().find(|group| has_group(node, *group)) else {
            out.push(node.clone());
            continue;
        };
        let ways = ways(node)?;
        *branches += ways.len() - 1;
        if *branches > BRANCHES {
            return None;
        }
        let mut written = Vec::new();
        for way in ways {
            let took_part = has_group(&way, group);
            if took_part && !always(&way, group) {
                return None;
            }
            known.push((group, took_part));
            let parts = sequence(&way).into_iter().chain(tail.iter().cloned());
            let parts: Vec<Node> = parts.map(|node| decided(node, known)).collect::<Option<_>>()?;
            written.push(Node::Concat(written_out(&parts, known, branches)?));
            known.pop();
        }
        out.push(Node::Alternation(written));
        return Some(out);
    }
    Some(out)
}

/// The node with the conditionals decided that are known.
fn decided(node: Node, known: &[(usize, bool)]) -> Option<Node> {
    let all =
        |nodes: Vec<Node>| nodes.into_iter().map(|node| decided(node, known)).collect::<Option<Vec<_>>>();
    let one = |node: Box<Node>| Some(Box::new(decided(*node, known)?));
    Some(match node {
        Node::Conditional { group, yes, no } => match known.iter().find(|(known, _)| *known == group) {
            Some((_, true)) => decided(*yes, known)?,
            Some((_, false)) => decided(*no, known)?,
            None => Node::Conditional { group, yes: one(yes)?, no: one(no)? },
        },
        Node::Concat(nodes) => Node::Concat(all(nodes)?),
        Node::Alternation(nodes) => Node::Alternation(all(nodes)?),
        Node::Repeat { node, min, max, greed } => Node::Repeat { node: one(node)?, min, max, greed },
        Node::Group(group, node) => Node::Group(group, one(node)?),
        Node::Case { ignored, node } => Node::Case { ignored, node: one(node)? },
        Node::Look { behind, negative, node } => Node::Look { behind, negative, node: one(node)? },
        Node::Atomic(_) | Node::Backreference(_) => return None,
        plain => plain,
    })
}

/// The ways in which a node can match, in the order in which they are tried.
fn ways(node: &Node) -> Option<Vec<Node>> {
    match node {
        Node::Repeat { node, min: 0, max: Some(1), greed: Greed::Greedy } => {
            Some(vec![(**node).clone(), Node::Empty])
        }
        Node::Alternation(nodes) => Some(nodes.clone()),
        Node::Group(group, inner) => {
            let ways = ways(inner)?;
            Some(ways.into_iter().map(|way| Node::Group(*group, Box::new(way))).collect())
        }
        Node::Concat(nodes) if nodes.len() == 1 => ways(&nodes[0]),
        _ => None,
    }
}

/// The groups that conditionals ask for.
fn asked_for(nodes: &[Node]) -> Vec<usize> {
    let found = std::cell::RefCell::new(Vec::new());
    for node in nodes {
        node.any(&|node| {
            if let Node::Conditional { group, .. } = node {
                found.borrow_mut().push(*group);
            }
            false
        });
    }
    found.into_inner()
}

fn has_group(node: &Node, group: usize) -> bool {
    node.any(&|node| matches!(node, Node::Group(number, _) if *number == group))
}

/// Whether the group takes part whenever the node matches.
fn always(node: &Node, group: usize) -> bool {
    match node {
        Node::Group(number, _) if *number == group => true,
        Node::Group(_, node) | Node::Case { node, .. } => always(node, group),
        Node::Concat(nodes) => nodes.iter().any(|node| always(node, group)),
        _ => false,
    }
}

/// Leaves look-ahead out, notes what to check for it, and counts groups.
struct Writer {
    origin: Vec<usize>,
    checks: Vec<Check>,
}

impl Writer {
    /// `exact`: case matters here. `once`: no repetition is around, so that a group tells all that it took.
    fn sequence(&mut self, nodes: Vec<Node>, exact: bool, once: bool) -> Option<Vec<Node>> {
        nodes.into_iter().map(|node| self.node(node, exact, once)).collect()
    }

    fn node(&mut self, node: Node, exact: bool, once: bool) -> Option<Node> {
        Some(match node {
            Node::Concat(nodes) => Node::Concat(self.sequence(nodes, exact, once)?),
            Node::Alternation(nodes) => Node::Alternation(self.sequence(nodes, exact, once)?),
            Node::Group(group, node) => {
                self.origin.push(group);
                Node::Group(group, Box::new(self.node(*node, exact, once)?))
            }
            Node::Case { ignored, node } => {
                Node::Case { ignored, node: Box::new(self.node(*node, !ignored, once)?) }
            }
            Node::Repeat { greed: Greed::Possessive, .. } => return None,
            Node::Repeat { node, min, max, greed } => {
                let forbidden = if exact && once { repeated_look(&node) } else { None };
                let Some((forbidden, node)) = forbidden else {
                    let once = once && max == Some(1);
                    return Some(Node::Repeat {
                        node: Box::new(self.node(*node, exact, once)?),
                        min,
                        max,
                        greed,
                    });
                };
                let group = self.check(forbidden, true);
                let node = Box::new(self.node(node, exact, false)?);
                Node::Group(group, Box::new(Node::Repeat { node, min, max, greed }))
            }
            Node::Look { behind: false, negative: true, node } if exact && once => {
                let forbidden = literal(&sequence(&node))?;
                Node::Group(self.check(forbidden, false), Box::new(Node::Empty))
            }
            Node::Look { .. } | Node::Atomic(_) | Node::Backreference(_) | Node::Conditional { .. } => {
                return None;
            }
            plain => plain,
        })
    }

    fn check(&mut self, forbidden: String, anywhere: bool) -> usize {
        self.origin.push(0);
        let group = self.origin.len();
        self.checks.push(Check { group, forbidden, anywhere });
        group
    }
}

/// Of what is repeated, `,(?!x=)\w+`: what no turn begins with, `,x=`, and the rest without look-ahead.
fn repeated_look(node: &Node) -> Option<(String, Node)> {
    let mut nodes = sequence(node);
    let at =
        nodes.iter().position(|node| matches!(node, Node::Look { behind: false, negative: true, .. }))?;
    let Node::Look { node: look, .. } = nodes.remove(at) else { return None };
    let forbidden = literal(&nodes[..at])? + &literal(&sequence(&look)).filter(|text| !text.is_empty())?;
    Some((forbidden, Node::Concat(nodes)))
}

/// The text that is the only one that these match.
fn literal(nodes: &[Node]) -> Option<String> {
    nodes.iter().map(|node| if let Node::Char(c) = node { Some(*c) } else { None }).collect()
}
