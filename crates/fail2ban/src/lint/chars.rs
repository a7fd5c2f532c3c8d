//! Sets of characters, as far as it matters which patterns can meet on the same text: every character of ASCII, and all others as one.
//! Where a set cannot be told, it is taken too large.

use crate::pattern::syntax::{Item, Kind, Node};

/// A set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chars {
    ascii: u128,
    beyond: bool,
}

const DIGITS: u128 = range('0', '9');
const SPACES: u128 = range('\t', '\r') | range('\x1c', ' ');
const WORD: u128 = DIGITS | range('a', 'z') | range('A', 'Z') | range('_', '_');

const fn range(first: char, last: char) -> u128 {
    (u128::MAX >> (127 - (last as u32 - first as u32))) << first as u32
}

impl Chars {
    /// Every character.
    pub const ALL: Self = Self { ascii: u128::MAX, beyond: true };
    /// None.
    pub const NONE: Self = Self { ascii: 0, beyond: false };

    /// What one character may be, if `node` is one character. `ignored`: its case does not matter.
    pub fn of(node: &Node, ignored: bool) -> Option<Self> {
        let set = match node {
            Node::Char(c) => Self::one(*c),
            Node::Any { newline: true } => Self::ALL,
            Node::Any { newline: false } => Self::ALL.without('\n'),
            Node::Class { negated, items } => {
                let set = items.iter().map(Self::item).fold(Self::NONE, Self::or);
                if *negated { Self { ascii: !set.ascii, beyond: true } } else { set }
            }
            _ => return None,
        };
        Some(if ignored { set.in_both_cases() } else { set })
    }

    fn one(c: char) -> Self {
        if c.is_ascii() {
            Self { ascii: range(c, c), beyond: false }
        } else {
            Self { ascii: 0, beyond: true }
        }
    }

    fn item(item: &Item) -> Self {
        match *item {
            Item::Range(low, high) if low.is_ascii() => {
                Self { ascii: range(low, high.min('\x7f')), beyond: !high.is_ascii() }
            }
            Item::Range(..) => Self { ascii: 0, beyond: true },
            Item::Kind { kind, negated, .. } => {
                let ascii = match kind {
                    Kind::Digit => DIGITS,
                    Kind::Space => SPACES,
                    Kind::Word => WORD,
                };
                Self { ascii: if negated { !ascii } else { ascii }, beyond: true }
            }
        }
    }

    fn without(self, c: char) -> Self {
        Self { ascii: self.ascii & !range(c, c), ..self }
    }

    fn in_both_cases(self) -> Self {
        let (large, small) = (range('A', 'Z'), range('a', 'z'));
        Self { ascii: self.ascii | (self.ascii & large) << 32 | (self.ascii & small) >> 32, ..self }
    }

    /// Both together.
    pub fn or(self, other: Self) -> Self {
        Self { ascii: self.ascii | other.ascii, beyond: self.beyond || other.beyond }
    }

    /// Whether some character is in both.
    pub fn meets(self, other: Self) -> bool {
        self.ascii & other.ascii != 0
    }

    /// Whether the character is in it.
    pub fn has(self, c: char) -> bool {
        self.meets(Self::one(c))
    }

    /// Whether a text of these can hold words, spaces and an address: all that a forged line needs.
    pub fn can_forge(self) -> bool {
        [' ', '.', '1', 'a'].iter().all(|c| self.has(*c))
    }

    /// Whether everything is in it but a newline.
    pub fn is_anything(self) -> bool {
        self.ascii | range('\n', '\n') == u128::MAX
    }

    /// All characters that a match of `node` may hold.
    pub fn within(node: &Node, ignored: bool) -> Self {
        if let Some(set) = Self::of(node, ignored) {
            return set;
        }
        match node {
            Node::Concat(nodes) | Node::Alternation(nodes) => {
                nodes.iter().map(|node| Self::within(node, ignored)).fold(Self::NONE, Self::or)
            }
            Node::Repeat { node, .. } | Node::Group(_, node) | Node::Atomic(node) => {
                Self::within(node, ignored)
            }
            Node::Case { ignored, node } => Self::within(node, *ignored),
            Node::Conditional { yes, no, .. } => Self::within(yes, ignored).or(Self::within(no, ignored)),
            Node::Backreference(_) => Self::ALL,
            _ => Self::NONE,
        }
    }
}

/// Whether `node` can match without taking anything.
pub fn can_be_empty(node: &Node) -> bool {
    match node {
        Node::Char(_) | Node::Any { .. } | Node::Class { .. } => false,
        Node::Empty | Node::At(_) | Node::Look { .. } | Node::Backreference(_) => true,
        Node::Concat(nodes) => nodes.iter().all(can_be_empty),
        Node::Alternation(nodes) => nodes.iter().any(can_be_empty),
        Node::Repeat { node, min, .. } => *min == 0 || can_be_empty(node),
        Node::Group(_, node) | Node::Case { node, .. } | Node::Atomic(node) => can_be_empty(node),
        Node::Conditional { yes, no, .. } => can_be_empty(yes) || can_be_empty(no),
    }
}

/// The same with sequences in sequences made one: `(?:…)` leaves such.
pub fn flat(node: Node) -> Node {
    let boxed = |node: Box<Node>| Box::new(flat(*node));
    match node {
        Node::Concat(nodes) => {
            let mut all = Vec::with_capacity(nodes.len());
            for node in nodes {
                match flat(node) {
                    Node::Concat(inner) => all.extend(inner),
                    other => all.push(other),
                }
            }
            if all.len() == 1 { all.remove(0) } else { Node::Concat(all) }
        }
        Node::Alternation(nodes) => Node::Alternation(nodes.into_iter().map(flat).collect()),
        Node::Repeat { node, min, max, greed } => Node::Repeat { node: boxed(node), min, max, greed },
        Node::Group(number, node) => Node::Group(number, boxed(node)),
        Node::Case { ignored, node } => Node::Case { ignored, node: boxed(node) },
        Node::Atomic(node) => Node::Atomic(boxed(node)),
        Node::Look { behind, negative, node } => Node::Look { behind, negative, node: boxed(node) },
        Node::Conditional { group, yes, no } => Node::Conditional { group, yes: boxed(yes), no: boxed(no) },
        other => other,
    }
}

/// The parts of a sequence; of anything else, itself. Groups are looked into.
pub fn parts(node: &Node) -> &[Node] {
    match node {
        Node::Concat(nodes) => nodes,
        Node::Group(_, node) | Node::Case { node, .. } | Node::Atomic(node) => parts(node),
        other => std::slice::from_ref(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::python::parse;

    fn within(pattern: &str) -> Chars {
        Chars::within(&parse(pattern, false).unwrap().root, false)
    }

    #[test]
    fn sets_are_those_of_the_characters() {
        assert!(within(r"(\S|\s)*").is_anything() && within(".*").is_anything());
        assert!(!within(r"\S+").has(' ') && within(r"\S+").has('~'));
        assert!(within("[^']*").can_forge() && !within(r"[\w.]+").can_forge());
        assert!(within("(?i)a").has('A') && within("(?i)A").has('a') && !within("a").has('A'));
        assert!(!within("a").meets(within("b")));
    }
}
