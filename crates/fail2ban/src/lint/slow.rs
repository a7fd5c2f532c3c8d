//! How many ways a backtracking engine, Python's, may have to try on a line that a pattern nearly matches. It refuses to run anything: what
//! is here is read from the tree.

use super::chars::{Chars, can_be_empty};
use crate::pattern::syntax::{Greed, Node, Place};

/// How a pattern is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slowness {
    /// Repetitions in one another: each further character doubles the ways.
    Exponential,
    /// So many runs in a row that may share a text in every way: the ways grow with this power of its length.
    Power(usize),
    /// Single characters as alternatives in a group, repeated: Python keeps a way back for each character.
    CharByChar,
}

/// From how many runs in a row on it is told: two are in half of all patterns, and a line of a thousand characters bears them.
const RUNS: usize = 3;

/// Parts of a sequence, and alternatives, that are compared with one another. Of more, nothing is said.
const PARTS: usize = 200;

/// How the pattern is slow, the worst.
pub fn slowness(root: &Node) -> Option<Slowness> {
    let mut worst = None;
    exponential(root, false, &mut worst);
    if worst == Some(Slowness::Exponential) {
        return worst;
    }
    let mut runs = Runs::default();
    runs.through(root, false);
    if runs.most >= RUNS { Some(Slowness::Power(runs.most)) } else { worst }
}

/// Looks for repetitions of what can be divided into turns in more than one way.
fn exponential(node: &Node, ignored: bool, worst: &mut Option<Slowness>) {
    match node {
        Node::Concat(nodes) | Node::Alternation(nodes) => {
            nodes.iter().for_each(|node| exponential(node, ignored, worst));
        }
        Node::Repeat { node, max, greed, .. } => {
            if max.is_none() && *greed != Greed::Possessive {
                if is_ambiguous(node, ignored) {
                    *worst = Some(Slowness::Exponential);
                } else if worst.is_none() && is_char_by_char(node) {
                    *worst = Some(Slowness::CharByChar);
                }
            }
            exponential(node, ignored, worst);
        }
        Node::Group(_, node) | Node::Look { node, .. } => exponential(node, ignored, worst),
        Node::Case { ignored, node } => exponential(node, *ignored, worst),
        Node::Conditional { yes, no, .. } => {
            exponential(yes, ignored, worst);
            exponential(no, ignored, worst);
        }
        // What was taken there is never taken in another way.
        _ => {}
    }
}

fn is_char_by_char(node: &Node) -> bool {
    match node {
        Node::Group(_, inner) => {
            matches!(&**inner, Node::Alternation(nodes) if nodes.iter().all(|node| Chars::of(node, false).is_some()))
        }
        _ => false,
    }
}

/// Whether several turns of `node` and fewer of them can take the same text.
fn is_ambiguous(node: &Node, ignored: bool) -> bool {
    match node {
        Node::Group(_, node) => is_ambiguous(node, ignored),
        Node::Case { ignored, node } => is_ambiguous(node, *ignored),
        Node::Repeat { node, max: None, .. } => Chars::within(node, ignored) != Chars::NONE,
        Node::Concat(nodes) if nodes.len() <= PARTS => (0..nodes.len()).any(|at| {
            let Some(set) = run(&nodes[at], ignored) else { return false };
            let mut others =
                nodes.iter().enumerate().filter(|(index, node)| *index != at && !can_be_empty(node));
            // Only what could stand in the run itself leaves it open where one turn ends.
            others.all(|(_, node)| single(node, ignored).is_some_and(|other| other.meets(set)))
        }),
        Node::Alternation(nodes) if nodes.len() <= PARTS => {
            let alone = |node: &Node| single(node, ignored);
            let twice = nodes.iter().enumerate().any(|(index, node)| {
                nodes[..index].iter().any(|before| {
                    before == node || matches!((alone(before), alone(node)), (Some(a), Some(b)) if a.meets(b))
                })
            });
            twice || nodes.iter().any(|node| is_ambiguous(node, ignored))
        }
        _ => false,
    }
}

/// The characters of something that takes one of them, or any number of them and at least one.
fn single(node: &Node, ignored: bool) -> Option<Chars> {
    match node {
        Node::Group(_, node) => single(node, ignored),
        Node::Repeat { node, min: 1.., .. } => single(node, ignored),
        node => Chars::of(node, ignored),
    }
}

/// The characters of a repetition without end of single characters.
fn run(node: &Node, ignored: bool) -> Option<Chars> {
    match node {
        Node::Group(_, node) => run(node, ignored),
        Node::Repeat { node, max: None, greed, .. } if *greed != Greed::Possessive => match &**node {
            Node::Group(_, inner) => all_single(inner, ignored),
            inner => all_single(inner, ignored),
        },
        _ => None,
    }
}

fn all_single(node: &Node, ignored: bool) -> Option<Chars> {
    match node {
        Node::Alternation(nodes) => {
            nodes.iter().try_fold(Chars::NONE, |all, node| Some(all.or(Chars::of(node, ignored)?)))
        }
        node => Chars::of(node, ignored),
    }
}

/// Runs that may hand characters to one another.
#[derive(Default, Clone)]
struct Runs {
    open: Vec<Chars>,
    most: usize,
}

impl Runs {
    fn through(&mut self, node: &Node, ignored: bool) {
        if let Some(set) = run(node, ignored) {
            self.open.retain(|before| before.meets(set));
            return self.push(set);
        }
        match node {
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.through(node, ignored)),
            Node::Group(_, node) => self.through(node, ignored),
            Node::Case { ignored, node } => self.through(node, *ignored),
            Node::Atomic(_) => self.fixed(Chars::within(node, ignored)),
            Node::Repeat { node, min, max, .. } => {
                // A repetition of more than single characters counts as a run of what it holds.
                if max.is_none() {
                    let set = Chars::within(node, ignored);
                    self.open.retain(|before| before.meets(set));
                    self.push(set);
                } else if *min > 0 {
                    self.through(node, ignored);
                }
            }
            Node::Alternation(nodes) => {
                let ways = nodes.iter().map(|node| {
                    let mut way = self.clone();
                    way.through(node, ignored);
                    way
                });
                if let Some(worst) = ways.max_by_key(|way| (way.open.len(), way.most)) {
                    *self = worst;
                }
            }
            // A run that takes everything up to the end never has to give anything back.
            Node::At(Place::End | Place::Finish | Place::LineEnd)
                if !self.open.last().is_some_and(|set| set.is_anything()) =>
            {
                self.most = self.most.max(self.open.len());
            }
            Node::Char(_) | Node::Any { .. } | Node::Class { .. } => {
                self.fixed(Chars::of(node, ignored).unwrap_or(Chars::ALL));
            }
            _ => {}
        }
    }

    fn push(&mut self, set: Chars) {
        if self.open.len() < PARTS {
            self.open.push(set);
        }
    }

    /// Something that must match: runs that cannot hold it cannot reach past it.
    fn fixed(&mut self, set: Chars) {
        self.most = self.most.max(self.open.len());
        self.open.retain(|run| run.meets(set));
    }
}

#[cfg(test)]
mod tests {
    use super::super::chars::flat;
    use super::*;
    use crate::pattern::python::parse;

    #[test]
    fn what_is_slow_is_found_and_no_more() {
        let cases = [
            ("^(a+)+$", Some(Slowness::Exponential)),
            ("^(?:\\w+\\s?)*$", Some(Slowness::Exponential)),
            ("^(?:\\w|\\d)*x", Some(Slowness::Exponential)),
            ("^(?:a|a)*x", Some(Slowness::Exponential)),
            ("^(?:.*,)*x", Some(Slowness::Exponential)),
            ("^(?:\\S+ )*x", None),
            ("^(?:,\\w+=\"[^\"]*\")*x", None),
            ("^(?>\\w+)*x", None),
            ("^(\\S|\\s)*x", Some(Slowness::CharByChar)),
            ("^(\\S|\\s)*x(\\S|\\s)*y(\\S|\\s)*z", Some(Slowness::Power(3))),
            ("^.*a.*b.*c", Some(Slowness::Power(3))),
            ("^.*a.*b.*$", None),
            ("^[^ ]* [^ ]* [^ ]* x", None),
            ("^\\d+\\.\\d+\\.\\d+x", None),
        ];
        for (pattern, wanted) in cases {
            assert_eq!(slowness(&flat(parse(pattern, false).unwrap().root)), wanted, "{pattern}");
        }
    }
}
