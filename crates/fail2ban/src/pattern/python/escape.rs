//! What stands behind a backslash.

use super::Parser;
use crate::pattern::Wrong;
use crate::pattern::syntax::{Item, Kind, Node, Place};

impl Parser<'_> {
    /// Outside of a class, behind the backslash.
    pub(super) fn escape(&mut self) -> Result<Node, Wrong> {
        let next = self.take().ok_or(Wrong::BadEscape)?;
        match next {
            'A' => Ok(Node::At(Place::Start)),
            'Z' => Ok(Node::At(Place::Finish)),
            'b' => Ok(Node::At(Place::WordBoundary)),
            'B' => Ok(Node::At(Place::NoWordBoundary)),
            '1'..='9' => self.number(next),
            _ => match self.kind(next) {
                Some(item) => Ok(Node::Class { negated: false, items: vec![item] }),
                None => self.character(next).map(Node::Char),
            },
        }
    }

    /// `\d` and its like.
    pub(super) fn kind(&self, letter: char) -> Option<Item> {
        let kind = match letter.to_ascii_lowercase() {
            'd' => Kind::Digit,
            's' => Kind::Space,
            'w' => Kind::Word,
            _ => return None,
        };
        Some(Item::Kind { kind, negated: letter.is_ascii_uppercase(), ascii: self.flags.ascii })
    }

    /// A single character, inside and outside of classes.
    pub(super) fn character(&mut self, letter: char) -> Result<char, Wrong> {
        match letter {
            'a' => Ok('\x07'),
            'f' => Ok('\x0c'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            't' => Ok('\t'),
            'v' => Ok('\x0b'),
            'x' => self.hex(2),
            'u' => self.hex(4),
            'U' => self.hex(8),
            '0' => {
                let mut value = 0;
                for _ in 0..2 {
                    match self.peek().and_then(|c| c.to_digit(8)) {
                        Some(digit) => value = value * 8 + digit,
                        None => break,
                    }
                    self.at += 1;
                }
                char::from_u32(value).ok_or(Wrong::BadEscape)
            }
            letter if letter.is_ascii_alphanumeric() => Err(Wrong::BadEscape),
            letter => Ok(letter),
        }
    }

    fn hex(&mut self, digits: usize) -> Result<char, Wrong> {
        let mut value = 0u32;
        for _ in 0..digits {
            let digit = self.take().and_then(|c| c.to_digit(16)).ok_or(Wrong::BadEscape)?;
            value = value.wrapping_mul(16).wrapping_add(digit);
        }
        char::from_u32(value).ok_or(Wrong::BadEscape)
    }

    /// A group's number, or three octal digits.
    fn number(&mut self, first: char) -> Result<Node, Wrong> {
        let digit = |at: usize, radix| self.chars.get(at).and_then(|c| c.to_digit(radix));
        let value = first.to_digit(10).unwrap_or(0);
        if let (Some(high), Some(middle), Some(low)) =
            (first.to_digit(8).filter(|high| *high < 4), digit(self.at, 8), digit(self.at + 1, 8))
        {
            self.at += 2;
            let octal = char::from_u32(high * 64 + middle * 8 + low);
            return octal.map(Node::Char).ok_or(Wrong::BadEscape);
        }
        let value = match digit(self.at, 10) {
            Some(second) => {
                self.at += 1;
                value * 10 + second
            }
            None => value,
        };
        self.backreference(value as usize)
    }

    /// The text of a group that is there and closed.
    pub(super) fn backreference(&self, group: usize) -> Result<Node, Wrong> {
        if group >= self.names.len() || self.open.contains(&group) {
            return Err(Wrong::NoSuchGroup);
        }
        Ok(Node::Backreference(group))
    }
}
