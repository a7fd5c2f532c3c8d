//! Reads the syntax of Python's `re` into a tree.
//!
//! What Python refuses is refused here too, with one exception: flags such as `(?i)` behind the start hold for the whole
//! pattern, as they did before Python 3.11, because patterns in use were written for that.

mod class;
mod escape;
mod group;

use crate::pattern::syntax::{Greed, Node, Place};
use crate::pattern::{PatternError, Wrong};
use event::limit::{FAIL2BAN_PATTERN_BYTES, FAIL2BAN_PATTERN_DEPTH};

/// A pattern that was read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The whole.
    pub root: Node,
    /// The groups' names by number; group 0 is the whole match.
    pub names: Vec<Option<String>>,
}

/// Reads `pattern`. With `multiline`, `^` and `$` stand at every line's start and end.
pub fn parse(pattern: &str, multiline: bool) -> Result<Parsed, PatternError> {
    let wrong = |at, wrong| PatternError { pattern: pattern.to_owned(), at, wrong };
    if pattern.len() > FAIL2BAN_PATTERN_BYTES {
        return Err(wrong(0, Wrong::TooLong));
    }
    let chars: Vec<char> = pattern.chars().collect();
    let mut flags = Flags { multiline, ..Flags::default() };
    loop {
        let mut parser = Parser::new(&chars, flags);
        match parser.whole() {
            // Flags that hold for all were met: what was read before them is read again with them.
            _ if parser.global != flags => flags = parser.global,
            Ok(node) => {
                let root = Node::Case { ignored: flags.ignore_case, node: Box::new(node) };
                return Ok(Parsed { root, names: parser.names });
            }
            Err(cause) => return Err(wrong(parser.at.min(chars.len()), cause)),
        }
    }
}

/// Flags that hold at a place in the pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    ignore_case: bool,
    multiline: bool,
    dot_all: bool,
    verbose: bool,
    ascii: bool,
}

struct Parser<'p> {
    chars: &'p [char],
    at: usize,
    flags: Flags,
    /// Flags of the whole pattern, as far as they are known.
    global: Flags,
    names: Vec<Option<String>>,
    /// Groups that are still open: they cannot be referred to.
    open: Vec<usize>,
    depth: usize,
}

impl<'p> Parser<'p> {
    fn new(chars: &'p [char], flags: Flags) -> Self {
        Self { chars, at: 0, flags, global: flags, names: vec![None], open: Vec::new(), depth: 0 }
    }

    fn whole(&mut self) -> Result<Node, Wrong> {
        let node = self.alternation()?;
        // Whatever ended it before the end is a parenthesis that nothing opened.
        if self.at < self.chars.len() { Err(Wrong::Unopened) } else { Ok(node) }
    }

    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn take(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn skip(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        self.at += usize::from(there);
        there
    }

    fn skip_all(&mut self, wanted: &str) -> bool {
        let there = wanted.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
        if there {
            self.at += wanted.chars().count();
        }
        there
    }

    fn alternation(&mut self) -> Result<Node, Wrong> {
        self.depth += 1;
        if self.depth > FAIL2BAN_PATTERN_DEPTH {
            return Err(Wrong::TooDeep);
        }
        let mut branches = vec![self.sequence()?];
        while self.skip('|') {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Alternation(branches) })
    }

    fn sequence(&mut self) -> Result<Node, Wrong> {
        let mut nodes: Vec<Node> = Vec::new();
        while let Some(next) = self.peek() {
            match next {
                '|' | ')' => break,
                c if self.flags.verbose && c.is_ascii_whitespace() => self.at += 1,
                '#' if self.flags.verbose => while self.take().is_some_and(|c| c != '\n') {},
                '*' | '+' | '?' => self.repeat(&mut nodes)?,
                '{' if self.bounds().is_some() => self.repeat(&mut nodes)?,
                _ => {
                    let node = self.atom()?;
                    nodes.push(node);
                }
            }
        }
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Concat(nodes) })
    }

    /// `{2}`, `{2,}`, `{,3}`, `{2,3}`, and where it ends; anything else in braces is text.
    fn bounds(&self) -> Option<(u32, Option<u32>, usize)> {
        let end = self.at + self.chars[self.at..].iter().position(|c| *c == '}')?;
        let inner: String = self.chars[self.at + 1..end].iter().collect();
        let number = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
            true => Some(text.parse::<u32>().unwrap_or(u32::MAX)),
            false => None,
        };
        let (min, max) = match inner.split_once(',') {
            None if inner.is_empty() => return None,
            None => (number(&inner)?, Some(number(&inner)?)),
            Some((min, max)) => {
                let least = if min.is_empty() { 0 } else { number(min)? };
                (least, if max.is_empty() { None } else { Some(number(max)?) })
            }
        };
        Some((min, max, end + 1))
    }

    fn repeat(&mut self, nodes: &mut Vec<Node>) -> Result<(), Wrong> {
        let (min, max, end) = match self.peek() {
            Some('*') => (0, None, self.at + 1),
            Some('+') => (1, None, self.at + 1),
            Some('?') => (0, Some(1), self.at + 1),
            _ => self.bounds().ok_or(Wrong::NothingToRepeat)?,
        };
        let node = match nodes.pop() {
            None | Some(Node::At(_) | Node::Empty) => return Err(Wrong::NothingToRepeat),
            Some(Node::Repeat { .. }) => return Err(Wrong::RepeatOfRepeat),
            Some(node) => Box::new(node),
        };
        if max.is_some_and(|max| max < min) {
            return Err(Wrong::BadBounds);
        }
        self.at = end;
        let greed = if self.skip('?') {
            Greed::Lazy
        } else if self.skip('+') {
            Greed::Possessive
        } else {
            Greed::Greedy
        };
        nodes.push(Node::Repeat { node, min, max, greed });
        Ok(())
    }

    fn atom(&mut self) -> Result<Node, Wrong> {
        match self.take() {
            Some('\\') => self.escape(),
            Some('[') => self.class(),
            Some('(') => self.group(),
            Some('.') => Ok(Node::Any { newline: self.flags.dot_all }),
            Some('^') if self.flags.multiline => Ok(Node::At(Place::LineStart)),
            Some('^') => Ok(Node::At(Place::Start)),
            Some('$') if self.flags.multiline => Ok(Node::At(Place::LineEnd)),
            Some('$') => Ok(Node::At(Place::End)),
            Some(c) => Ok(Node::Char(c)),
            None => Ok(Node::Empty),
        }
    }
}

#[cfg(test)]
mod tests;
