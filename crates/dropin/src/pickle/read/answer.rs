//! A server's answer: `(0, value)`, or `(1, exception)`. An exception is told by naming its class and what it was raised with. Here the name stays a text:
//! nothing is looked up by it, called or built.

use fail2ban::Value;
use fail2ban::beautifier::Fault;

use super::{Id, Machine, Node, Tree};
use crate::pickle::PickleError::{self, *};

/// Reads an answer of fail2ban's server, or of ours.
pub fn read_answer(bytes: &[u8]) -> Result<Result<Value, Fault>, PickleError> {
    let mut machine = Machine::new(bytes, true)?;
    let root = machine.run()?;
    let mut tree = Tree { table: &machine.table, values: 0, bytes: 0 };
    let Some(Node::Tuple(parts)) = machine.table.get(root as usize) else {
        // What could not be read is answered by a text alone.
        return tree.value(root, 0).map(|value| Err(Fault { class: String::new(), args: vec![value] }));
    };
    let &[code, said] = parts.as_slice() else { return Err(WrongKind) };
    let code = tree.value(code, 1)?;
    match machine.table.get(said as usize) {
        Some(Node::Raised(class, arguments)) => match tree.value(*arguments, 1)? {
            Value::Tuple(args) => Ok(Err(Fault { class: class.clone(), args })),
            _ => Err(WrongKind),
        },
        _ if code == Value::Int(0) => tree.value(said, 1).map(Ok),
        _ => Err(WrongKind),
    }
}

impl Machine<'_> {
    /// The instructions by which an exception is told, and the addresses that Debian's server writes as `str(text)`.
    pub(super) fn told(&mut self, code: u8) -> Result<bool, PickleError> {
        match code {
            b'c' => {
                self.line()?;
                let name = self.line()?.to_owned();
                self.push(Node::Class(name))?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (name, _) = (self.text_of(name)?, self.text_of(module)?);
                self.push(Node::Class(name))?;
            }
            b'R' => {
                let (arguments, class) = (self.pop()?, self.pop()?);
                let Some(Node::Class(name)) = self.table.get(class as usize) else { return Err(WrongKind) };
                let name = name.clone();
                match self.table.get(arguments as usize) {
                    Some(Node::Tuple(items)) if name == "str" && items.len() == 1 => {
                        let text = Value::Text(self.text_of(items[0])?);
                        self.push(Node::Leaf(text))?;
                    }
                    Some(Node::Tuple(_)) => self.push(Node::Raised(name, arguments))?,
                    _ => return Err(WrongKind),
                }
            }
            // What else an exception carries is not told to anybody.
            b'b' => drop(self.pop()?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn text_of(&self, id: Id) -> Result<String, PickleError> {
        match self.table.get(id as usize) {
            Some(Node::Leaf(Value::Text(text))) => Ok(text.clone()),
            _ => Err(WrongKind),
        }
    }
}
