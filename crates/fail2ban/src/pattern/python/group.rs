//! What stands in parentheses: groups, flags, look-around, conditionals, comments.

use super::{Flags, Parser};
use crate::pattern::Wrong;
use crate::pattern::syntax::Node;

impl Parser<'_> {
    /// Behind the opening parenthesis.
    pub(super) fn group(&mut self) -> Result<Node, Wrong> {
        if !self.skip('?') {
            return self.capture(None);
        }
        if self.skip_all("P<") {
            let name = self.name('>')?;
            return self.capture(Some(name));
        }
        if self.skip_all("P=") {
            let name = self.name(')')?;
            let group = self.named(&name)?;
            return self.backreference(group);
        }
        if self.skip('#') {
            return match self.chars[self.at..].iter().position(|c| *c == ')') {
                Some(length) => {
                    self.at += length + 1;
                    Ok(Node::Concat(Vec::new()))
                }
                None => Err(Wrong::Unclosed),
            };
        }
        if self.skip('(') {
            return self.conditional();
        }
        for (sign, behind, negative) in
            [("=", false, false), ("!", false, true), ("<=", true, false), ("<!", true, true)]
        {
            if self.skip_all(sign) {
                return Ok(Node::Look { behind, negative, node: Box::new(self.inner()?) });
            }
        }
        if self.skip('>') {
            return Ok(Node::Atomic(Box::new(self.inner()?)));
        }
        if self.skip(':') {
            // Kept apart from its neighbours: what repeats it repeats all of it.
            return Ok(Node::Concat(vec![self.inner()?]));
        }
        self.flags()
    }

    /// Up to and with the closing parenthesis; flags set inside end there.
    fn inner(&mut self) -> Result<Node, Wrong> {
        let flags = self.flags;
        let node = self.alternation()?;
        self.flags = flags;
        if self.skip(')') { Ok(node) } else { Err(Wrong::Unclosed) }
    }

    fn capture(&mut self, name: Option<String>) -> Result<Node, Wrong> {
        if name.is_some() && self.names.contains(&name) {
            return Err(Wrong::NameTwice);
        }
        let number = self.names.len();
        self.names.push(name);
        self.open.push(number);
        let node = self.inner()?;
        self.open.pop();
        Ok(Node::Group(number, Box::new(node)))
    }

    fn name(&mut self, end: char) -> Result<String, Wrong> {
        let length = self.chars[self.at..].iter().position(|c| *c == end).ok_or(Wrong::Unclosed)?;
        let name: String = self.chars[self.at..self.at + length].iter().collect();
        let starts = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !starts || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return Err(Wrong::BadName);
        }
        self.at += length + 1;
        Ok(name)
    }

    fn named(&self, name: &str) -> Result<usize, Wrong> {
        self.names.iter().position(|known| known.as_deref() == Some(name)).ok_or(Wrong::NoSuchGroup)
    }

    fn conditional(&mut self) -> Result<Node, Wrong> {
        let length = self.chars[self.at..].iter().position(|c| *c == ')').ok_or(Wrong::Unclosed)?;
        let id: String = self.chars[self.at..self.at + length].iter().collect();
        let group = match id.parse::<usize>() {
            Ok(number) if number > 0 && number < self.names.len() => number,
            Ok(_) => return Err(Wrong::NoSuchGroup),
            Err(_) => self.named(&id)?,
        };
        self.at += length + 1;
        let flags = self.flags;
        let yes = Box::new(self.sequence()?);
        let no = Box::new(if self.skip('|') { self.sequence()? } else { Node::Concat(Vec::new()) });
        self.flags = flags;
        match self.take() {
            Some(')') => Ok(Node::Conditional { group, yes, no }),
            Some(_) => Err(Wrong::ThirdBranch),
            None => Err(Wrong::Unclosed),
        }
    }

    /// `(?i)`, `(?i:…)`, `(?-i:…)`.
    fn flags(&mut self) -> Result<Node, Wrong> {
        let mut flags = self.flags;
        let mut on = true;
        loop {
            match self.take().ok_or(Wrong::Unclosed)? {
                '-' if on => on = false,
                ')' if on => {
                    // Flags stand for the whole pattern, so all of it is read with them (see `parse`).
                    self.global = union(self.global, flags);
                    return Ok(Node::Concat(Vec::new()));
                }
                ':' => {
                    let outer = std::mem::replace(&mut self.flags, flags);
                    let node = self.inner();
                    self.flags = outer;
                    return Ok(Node::Case { ignored: flags.ignore_case, node: Box::new(node?) });
                }
                letter => set(&mut flags, letter, on)?,
            }
        }
    }
}

fn set(flags: &mut Flags, letter: char, on: bool) -> Result<(), Wrong> {
    match letter {
        'i' => flags.ignore_case = on,
        'm' => flags.multiline = on,
        's' => flags.dot_all = on,
        'x' => flags.verbose = on,
        'a' => flags.ascii = on,
        'u' => flags.ascii = false,
        _ => return Err(Wrong::BadFlag),
    }
    Ok(())
}

fn union(one: Flags, other: Flags) -> Flags {
    Flags {
        ignore_case: one.ignore_case || other.ignore_case,
        multiline: one.multiline || other.multiline,
        dot_all: one.dot_all || other.dot_all,
        verbose: one.verbose || other.verbose,
        ascii: one.ascii || other.ascii,
    }
}
