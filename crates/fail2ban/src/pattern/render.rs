//! Writes a tree in the syntax of an engine: exactly for the automaton or for the backtracking engine, or loosely, so that
//! the automaton takes at least every line that the backtracking engine would.

use std::fmt::Write;

use crate::pattern::syntax::{Greed, Item, Kind, Node, Place};

/// What the text is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The automaton, exactly.
    Linear,
    /// The backtracking engine, exactly.
    Backtracking,
    /// The automaton: without groups, and without whatever would narrow a match down and needs backtracking.
    Loose,
}

/// Whether the automaton cannot do this exactly. `one_line`: a newline can only be the last character of what is searched.
pub fn needs_backtracking(root: &Node, one_line: bool) -> bool {
    root.any(&|node| match node {
        Node::Atomic(_) | Node::Look { .. } | Node::Backreference(_) | Node::Conditional { .. } => true,
        Node::Repeat { greed, .. } => *greed == Greed::Possessive,
        Node::At(Place::End) => !one_line,
        _ => false,
    })
}

/// Writes the whole pattern.
pub fn render(root: &Node, target: Target, one_line: bool) -> String {
    let mut writer = Writer { out: String::new(), target, one_line, ascii: false };
    writer.node(root);
    writer.out
}

/// Writes the whole pattern for the automaton, for text that is ASCII throughout: the same there, and many times smaller. To be read
/// without Unicode.
pub fn render_ascii(root: &Node, target: Target, one_line: bool) -> String {
    let mut writer = Writer { out: String::new(), target, one_line, ascii: true };
    writer.node(root);
    writer.out
}

struct Writer {
    out: String,
    target: Target,
    one_line: bool,
    /// Whether other characters than those of ASCII may be left out.
    ascii: bool,
}

/// Matches nothing, and any byte.
const NO_BYTE: &str = r"[^\x00-\xff]";
const ANY_BYTE: &str = r"[\x00-\xff]";

impl Writer {
    fn put(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn wrapped(&mut self, open: &str, node: &Node) {
        self.put(open);
        self.node(node);
        self.out.push(')');
    }

    fn node(&mut self, node: &Node) {
        let loose = self.target == Target::Loose;
        match node {
            Node::Empty => self.put("(?:)"),
            Node::Char(c) => self.character(*c),
            Node::Any { newline: true } => self.put("(?s:.)"),
            Node::Any { newline: false } => self.put(r"[^\n]"),
            Node::Class { negated, items } => self.class(*negated, items),
            Node::At(place) => self.place(*place),
            Node::Concat(nodes) => {
                self.put("(?:");
                nodes.iter().for_each(|node| self.node(node));
                self.put(")");
            }
            Node::Alternation(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.put(if index == 0 { "(?:" } else { "|" });
                    self.node(node);
                }
                self.put(")");
            }
            Node::Repeat { node, min, max, greed } => self.repeat(node, *min, *max, *greed),
            Node::Group(_, node) => self.wrapped(if loose { "(?:" } else { "(" }, node),
            Node::Case { ignored, node } => self.wrapped(if *ignored { "(?i:" } else { "(?-i:" }, node),
            Node::Atomic(node) => self.wrapped(if loose { "(?:" } else { "(?>" }, node),
            Node::Look { .. } if loose => self.put("(?:)"),
            Node::Look { behind, negative, node } => {
                let open = match (behind, negative) {
                    (false, false) => "(?=",
                    (false, true) => "(?!",
                    (true, false) => "(?<=",
                    (true, true) => "(?<!",
                };
                self.wrapped(open, node);
            }
            Node::Backreference(_) if loose => self.put("(?s:.*)"),
            Node::Backreference(group) => {
                let _ = write!(self.out, r"(?:\{group})");
            }
            // The engine that backtracks takes this for a demand that the group took part.
            Node::Conditional { yes, no, .. } if is_empty(yes) && is_empty(no) => self.put("(?:)"),
            Node::Conditional { group, yes, no } => {
                if loose {
                    self.put("(?:");
                } else {
                    let _ = write!(self.out, "(?({group})");
                }
                self.wrapped("(?:", yes);
                self.wrapped("|(?:", no);
                self.put(")");
            }
        }
    }

    fn character(&mut self, c: char) {
        if self.ascii && !c.is_ascii() {
            self.put(NO_BYTE);
        } else if c.is_alphanumeric() || c == ' ' || c == '_' {
            self.out.push(c);
        } else {
            let _ = write!(self.out, r"\x{{{:x}}}", u32::from(c));
        }
    }

    fn class(&mut self, negated: bool, items: &[Item]) {
        let beyond = |item: &Item| matches!(item, Item::Range(low, _) if !low.is_ascii());
        if self.ascii && items.iter().all(beyond) {
            return self.put(if negated { ANY_BYTE } else { NO_BYTE });
        }
        self.put(if negated { "[^" } else { "[" });
        for item in items {
            match *item {
                Item::Range(low, _) if self.ascii && !low.is_ascii() => {}
                Item::Range(low, high) => {
                    let high = if self.ascii { high.min('\x7f') } else { high };
                    self.character_in_class(low);
                    if low != high {
                        self.put("-");
                        self.character_in_class(high);
                    }
                }
                Item::Kind { kind, negated, ascii } => {
                    let members = members(kind, ascii, self.ascii);
                    self.put(if negated { "[^" } else { "" });
                    self.put(members);
                    self.put(if negated { "]" } else { "" });
                }
            }
        }
        self.put("]");
    }

    fn character_in_class(&mut self, c: char) {
        let _ = write!(self.out, r"\x{{{:x}}}", u32::from(c));
    }

    fn place(&mut self, place: Place) {
        let exact = self.target == Target::Backtracking;
        self.put(match place {
            Place::Start => r"\A",
            Place::LineStart => "(?m:^)",
            // Where the only newline is the last character, the end of a line and Python's end are the same places.
            Place::End if self.one_line || !exact => "(?m:$)",
            Place::End => r"(?=\n?\z)",
            Place::LineEnd => "(?m:$)",
            Place::Finish => r"\z",
            Place::WordBoundary => r"\b",
            Place::NoWordBoundary => r"\B",
        });
    }

    fn repeat(&mut self, node: &Node, min: u32, max: Option<u32>, greed: Greed) {
        // A possessive repetition is one that is tried once.
        let atomic = greed == Greed::Possessive && self.target == Target::Backtracking;
        self.put(if atomic { "(?>" } else { "" });
        self.wrapped("(?:", node);
        let _ = match (min, max) {
            (0, None) => write!(self.out, "*"),
            (1, None) => write!(self.out, "+"),
            (0, Some(1)) => write!(self.out, "?"),
            (min, None) => write!(self.out, "{{{min},}}"),
            (min, Some(max)) => write!(self.out, "{{{min},{max}}}"),
        };
        self.put(if greed == Greed::Lazy { "?" } else { "" });
        self.put(if atomic { ")" } else { "" });
    }
}

fn is_empty(node: &Node) -> bool {
    match node {
        Node::Empty => true,
        Node::Concat(nodes) => nodes.iter().all(is_empty),
        _ => false,
    }
}

/// What Python takes for a digit, white space or part of a word; `only_ascii`: as far as it is ASCII.
fn members(kind: Kind, ascii: bool, only_ascii: bool) -> &'static str {
    match (kind, ascii, only_ascii) {
        (Kind::Digit, false, false) => r"\p{Nd}",
        (Kind::Digit, ..) => "0-9",
        (Kind::Space, false, false) => r"\s\x{1c}-\x{1f}",
        (Kind::Space, false, true) => r"\x{9}-\x{d}\x{1c}-\x{20}",
        (Kind::Space, true, _) => r"\x{9}-\x{d}\x{20}",
        (Kind::Word, false, false) => r"\p{L}\p{N}_",
        (Kind::Word, ..) => "0-9A-Za-z_",
    }
}
