//! Whether a pattern can match anything at all, as far as places go: a `^` behind something that takes a character, something that must
//! match behind a `$`. Where that cannot be told, it is taken for possible.

use std::collections::HashMap;

use super::chars::Chars;
use crate::pattern::syntax::{Node, Place};

/// Where in a line one may stand: six cases, a bit each. What stands behind an end may still be the newline that ends the line.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stands(u8);

/// At the start of the text; `LATER` not.
const FIRST: u8 = 0b00_0111;
const OPEN: [u8; 2] = [0b00_0001, 0b00_1000];
const ENDING: [u8; 2] = [0b00_0010, 0b01_0000];
const ENDED: [u8; 2] = [0b00_0100, 0b10_0000];

/// What a pattern dies of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// A `^` that something stands before.
    Start,
    /// A `$` that something stands behind.
    End,
}

/// Why `root` can match nothing. None: it can, or nobody knows.
pub fn death(root: &Node) -> Option<Death> {
    let mut walk = Walk { death: None, known: HashMap::new() };
    let left = walk.through(root, Stands(OPEN[0] | OPEN[1]), false);
    if left.0 == 0 { walk.death } else { None }
}

struct Walk {
    /// What was met last that let nothing through.
    death: Option<Death>,
    /// What came of a repetition, by the node and by where one stood: else repetitions in one another would take for ever.
    known: HashMap<(usize, u8), u8>,
}

impl Walk {
    fn through(&mut self, node: &Node, at: Stands, ignored: bool) -> Stands {
        if at.0 == 0 {
            return at;
        }
        match node {
            Node::Char(_) | Node::Any { .. } | Node::Class { .. } => {
                self.taken(at, Chars::of(node, ignored).is_none_or(|set| set.has('\n')))
            }
            Node::At(place) => self.place(*place, at),
            Node::Concat(nodes) => nodes.iter().fold(at, |at, node| self.through(node, at, ignored)),
            Node::Alternation(nodes) => {
                Stands(nodes.iter().fold(0, |all, node| all | self.through(node, at, ignored).0))
            }
            Node::Repeat { node, min, max, .. } => {
                let key = (std::ptr::from_ref::<Node>(node) as usize, at.0);
                if let Some(left) = self.known.get(&key) {
                    return Stands(*left);
                }
                let left = self.repeated(node, *min, *max, at, ignored);
                self.known.insert(key, left.0);
                left
            }
            Node::Group(_, node) | Node::Atomic(node) => self.through(node, at, ignored),
            Node::Case { ignored, node } => self.through(node, at, *ignored),
            Node::Look { behind: false, negative: false, node } => {
                if self.through(node, at, ignored).0 == 0 {
                    Stands(0)
                } else {
                    at
                }
            }
            Node::Conditional { yes, no, .. } => {
                Stands(self.through(yes, at, ignored).0 | self.through(no, at, ignored).0)
            }
            Node::Backreference(_) => Stands(at.0 | self.taken(at, true).0),
            Node::Empty | Node::Look { .. } => at,
        }
    }

    fn taken(&mut self, at: Stands, may_be_newline: bool) -> Stands {
        let mut left = 0;
        if at.0 & (OPEN[0] | OPEN[1]) != 0 {
            left |= OPEN[1];
        }
        if at.0 & (ENDING[0] | ENDING[1]) != 0 && may_be_newline {
            left |= ENDED[1];
        }
        if left == 0 {
            self.death = Some(Death::End);
        }
        Stands(left)
    }

    fn place(&mut self, place: Place, at: Stands) -> Stands {
        match place {
            Place::Start => {
                let left = at.0 & FIRST;
                if left == 0 {
                    self.death = Some(Death::Start);
                }
                Stands(left)
            }
            Place::End | Place::Finish => {
                let end = if place == Place::End { ENDING } else { ENDED };
                let kept = at.0 & (end[0] | end[1] | ENDED[0] | ENDED[1]);
                let first = if at.0 & OPEN[0] != 0 { end[0] } else { 0 };
                let later = if at.0 & OPEN[1] != 0 { end[1] } else { 0 };
                let last = if place == Place::Finish { (at.0 & (ENDING[0] | ENDING[1])) << 1 } else { 0 };
                Stands(kept | first | later | last)
            }
            _ => at,
        }
    }

    /// There are only six places to stand at, so nothing new comes after six turns.
    fn repeated(&mut self, node: &Node, min: u32, max: Option<u32>, at: Stands, ignored: bool) -> Stands {
        let mut now = at;
        for _ in 0..min.min(6) {
            now = self.through(node, now, ignored);
        }
        let further = max.map_or(6, |max| max.saturating_sub(min).min(6));
        let before = self.death;
        let mut all = now.0;
        for _ in 0..further {
            now = self.through(node, now, ignored);
            if all | now.0 == all {
                break;
            }
            all |= now.0;
        }
        // A turn that need not be taken kills nothing.
        if all != 0 {
            self.death = before;
        }
        Stands(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::python::parse;

    #[test]
    fn impossible_places_are_found() {
        let cases = [
            ("a ^b", Some(Death::Start)),
            ("^^a", None),
            ("(x|) ?^b", None),
            ("(x|y)^b", Some(Death::Start)),
            ("(?:a|^b)c", None),
            ("\\s*^b", None),
            ("\\s+^b", Some(Death::Start)),
            ("a$b", Some(Death::End)),
            ("a$\\n", None),
            ("a$\\s*$", None),
            ("a$.", Some(Death::End)),
            ("a(?:$| b)", None),
            ("a(?:$)? b", None),
            ("(?m)a\\n^b$\\nc", None),
            ("a\\Z", None),
            ("a\\Zb", Some(Death::End)),
            ("a(?=$)b", None),
        ];
        for (pattern, wanted) in cases {
            assert_eq!(death(&parse(pattern, false).unwrap().root), wanted, "{pattern}");
        }
    }
}
