//! What a pattern of Python's `re` says, as a tree: read by `python`, written for an engine by `render`.
//!
//! Flags are resolved while reading, so a node means the same wherever it stands. Nothing is matched here.

/// One part of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Matches nothing at all, everywhere.
    Empty,
    /// One character.
    Char(char),
    /// Any character, a newline only with the flag `s`.
    Any {
        /// Whether a newline too.
        newline: bool,
    },
    /// One character of a set.
    Class {
        /// Whether it is one that is not in the set.
        negated: bool,
        /// The set.
        items: Vec<Item>,
    },
    /// A place between characters.
    At(Place),
    /// One after the other.
    Concat(Vec<Node>),
    /// The first that leads to a match.
    Alternation(Vec<Node>),
    /// Again and again.
    Repeat {
        /// What is repeated.
        node: Box<Node>,
        /// At least so often.
        min: u32,
        /// At most so often.
        max: Option<u32>,
        /// Which number is tried first.
        greed: Greed,
    },
    /// A group that is captured, by its number.
    Group(usize, Box<Node>),
    /// Case matters or not in what is inside.
    Case {
        /// Whether it does not matter.
        ignored: bool,
        /// What is inside.
        node: Box<Node>,
    },
    /// Once matched, never matched in another way.
    Atomic(Box<Node>),
    /// What stands ahead or behind, without taking it.
    Look {
        /// Whether behind.
        behind: bool,
        /// Whether it must not stand there.
        negative: bool,
        /// What.
        node: Box<Node>,
    },
    /// The text that a group took.
    Backreference(usize),
    /// One or the other, as a group took part or not.
    Conditional {
        /// The group.
        group: usize,
        /// If it took part.
        yes: Box<Node>,
        /// If not.
        no: Box<Node>,
    },
}

/// A part of a set of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// From one to the other, both included.
    Range(char, char),
    /// `\d`, `\s`, `\w` and their opposites.
    Kind {
        /// Which.
        kind: Kind,
        /// Whether the opposite.
        negated: bool,
        /// Whether of ASCII alone.
        ascii: bool,
    },
}

/// Kinds of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `\d`
    Digit,
    /// `\s`
    Space,
    /// `\w`
    Word,
}

/// Places between characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `\A`, and `^` without the flag `m`.
    Start,
    /// `^` with the flag `m`.
    LineStart,
    /// `$` without the flag `m`: the end, or before a newline that is the last character.
    End,
    /// `$` with the flag `m`.
    LineEnd,
    /// `\Z`: the very end.
    Finish,
    /// `\b`
    WordBoundary,
    /// `\B`
    NoWordBoundary,
}

/// Which number of repetitions is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greed {
    /// Many.
    Greedy,
    /// Few.
    Lazy,
    /// Many, and no fewer afterwards.
    Possessive,
}

impl Node {
    /// Whether `wanted` holds for this node or one inside it.
    pub fn any(&self, wanted: &dyn Fn(&Node) -> bool) -> bool {
        wanted(self)
            || match self {
                Node::Concat(nodes) | Node::Alternation(nodes) => nodes.iter().any(|node| node.any(wanted)),
                Node::Repeat { node, .. }
                | Node::Group(_, node)
                | Node::Case { node, .. }
                | Node::Atomic(node)
                | Node::Look { node, .. } => node.any(wanted),
                Node::Conditional { yes, no, .. } => yes.any(wanted) || no.any(wanted),
                _ => false,
            }
    }
}
