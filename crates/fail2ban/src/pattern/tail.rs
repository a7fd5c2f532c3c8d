//! A pattern that ends with all the rest of the line, `.+$`: that it goes on to the end need not be searched for. It refuses every other
//! ending.

use super::syntax::{Greed, Node, Place};

/// What goes on to the end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The group that does, besides the whole match.
    pub group: Option<usize>,
}

/// The pattern with one character instead of the rest of the line, or none where there need not be any; for text in which a newline can
/// only be the last character.
pub fn without_tail(root: &Node) -> Option<(Node, Tail)> {
    match root {
        Node::Case { ignored, node } => {
            let (node, tail) = without_tail(node)?;
            Some((Node::Case { ignored: *ignored, node: Box::new(node) }, tail))
        }
        Node::Concat(nodes) => {
            let (last, before) = nodes.split_last()?;
            let (before, last, tail) = match last {
                Node::At(Place::End | Place::LineEnd) => {
                    let (rest, before) = before.split_last()?;
                    let (node, group) = match rest {
                        Node::Group(group, node) => (first(node)?, Some(*group)),
                        node => (first(node)?, None),
                    };
                    let node = match group {
                        Some(group) => Node::Group(group, Box::new(node)),
                        None => node,
                    };
                    (before, node, Tail { group })
                }
                Node::Concat(_) => {
                    let (node, tail) = without_tail(last)?;
                    (before, node, tail)
                }
                _ => return None,
            };
            Some((Node::Concat(before.iter().cloned().chain([last]).collect()), tail))
        }
        _ => None,
    }
}

/// What the rest of the line begins with, `.` of `.+` and nothing of `.*`.
fn first(rest: &Node) -> Option<Node> {
    match rest {
        Node::Concat(nodes) if nodes.len() == 1 => first(&nodes[0]),
        Node::Repeat { node, min, max: None, greed: Greed::Greedy | Greed::Lazy }
            if **node == (Node::Any { newline: false }) =>
        {
            match min {
                0 => Some(Node::Empty),
                1 => Some(Node::Any { newline: false }),
                _ => None,
            }
        }
        _ => None,
    }
}
