//! Sets of characters: `[a-z\d]`.

use super::Parser;
use crate::pattern::Wrong;
use crate::pattern::syntax::{Item, Node};

impl Parser<'_> {
    /// Behind the opening bracket.
    pub(super) fn class(&mut self) -> Result<Node, Wrong> {
        let negated = self.skip('^');
        let mut items = Vec::new();
        loop {
            let next = self.take().ok_or(Wrong::OpenClass)?;
            // A bracket that would close an empty set is one of its characters.
            if next == ']' && !items.is_empty() {
                return Ok(Node::Class { negated, items });
            }
            let item = self.member(next)?;
            let to_end = self.chars.get(self.at + 1) == Some(&']');
            if self.peek() != Some('-') || to_end {
                items.push(item);
                continue;
            }
            self.at += 1;
            let last = self.take().ok_or(Wrong::OpenClass)?;
            match (item, self.member(last)?) {
                (Item::Range(low, _), Item::Range(_, high)) if low <= high => {
                    items.push(Item::Range(low, high));
                }
                _ => return Err(Wrong::BadRange),
            }
        }
    }

    fn member(&mut self, next: char) -> Result<Item, Wrong> {
        if next != '\\' {
            return Ok(Item::Range(next, next));
        }
        let letter = self.take().ok_or(Wrong::OpenClass)?;
        if let Some(kind) = self.kind(letter) {
            return Ok(kind);
        }
        let one = match letter {
            'b' => '\x08',
            '1'..='7' => {
                self.at -= 1;
                self.octal()?
            }
            _ => self.character(letter)?,
        };
        Ok(Item::Range(one, one))
    }

    fn octal(&mut self) -> Result<char, Wrong> {
        let mut value = 0;
        for _ in 0..3 {
            match self.peek().and_then(|c| c.to_digit(8)) {
                Some(digit) => value = value * 8 + digit,
                None => break,
            }
            self.at += 1;
        }
        char::from_u32(value).filter(|c| *c <= '\u{ff}').ok_or(Wrong::BadEscape)
    }
}
