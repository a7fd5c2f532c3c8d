//! Bytes to a value. What is read stands in one table and refers to itself by number, as Python's objects do, since a list may be filled
//! after it was noted for later use; only at the end does it become a tree, and there what is referred to twice counts twice.

mod text;
mod answer;

use event::limit::{FAIL2BAN_COMMAND_BYTES, FAIL2BAN_COMMAND_DEPTH, FAIL2BAN_COMMAND_VALUES};
use fail2ban::Value;

use super::PickleError::{self, *};

/// Reads one pickled plain value.
pub fn read(bytes: &[u8]) -> Result<Value, PickleError> {
    let mut machine = Machine::new(bytes, false)?;
    let root = machine.run()?;
    Tree { table: &machine.table, values: 0, bytes: 0 }.value(root, 0)
}

pub use answer::read_answer;

/// The number of a value in the table.
type Id = u32;

enum Node {
    Leaf(Value),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    /// Keys and values in turn.
    Dict(Vec<Id>),
    Set(Vec<Id>),
    /// In an answer: the name of a class, which is a text and nothing else.
    Class(String),
    /// In an answer: an exception by its class's name and its arguments.
    Raised(String, Id),
}

struct Machine<'a> {
    rest: &'a [u8],
    table: Vec<Node>,
    stack: Vec<Id>,
    /// Lengths that the stack had at each open mark.
    marks: Vec<usize>,
    memo: Vec<(u32, Id)>,
    /// Whether it is an answer, in which exceptions are told.
    is_answer: bool,
}

impl<'a> Machine<'a> {
    fn new(bytes: &'a [u8], is_answer: bool) -> Result<Self, PickleError> {
        if bytes.len() > FAIL2BAN_COMMAND_BYTES {
            return Err(TooMuch("many bytes"));
        }
        let (table, stack, marks, memo) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Ok(Self { rest: bytes, table, stack, marks, memo, is_answer })
    }

    fn run(&mut self) -> Result<Id, PickleError> {
        loop {
            let code = self.byte()?;
            if code == b'.' {
                return if self.rest.is_empty() { self.pop() } else { Err(Trailing) };
            }
            if self.is_answer && self.told(code)? {
                continue;
            }
            if !(self.constant(code)?
                || self.text(code)?
                || self.container(code)?
                || self.remembered(code)?)
            {
                return Err(refusal(code));
            }
        }
    }

    /// Marks, protocol, and values without parts.
    fn constant(&mut self, code: u8) -> Result<bool, PickleError> {
        let value = match code {
            0x80 => {
                let protocol = self.byte()?;
                return if protocol <= 5 { Ok(true) } else { Err(Protocol(protocol)) };
            }
            0x95 => return self.take(8).map(|_| true),
            b'(' => {
                if self.marks.len() > FAIL2BAN_COMMAND_VALUES {
                    return Err(TooMuch("many values"));
                }
                self.marks.push(self.stack.len());
                return Ok(true);
            }
            b'0' => return self.pop().map(|_| true),
            b'1' => return self.marked().map(|_| true),
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'J' => Value::Int(i64::from(i32::from_le_bytes(self.array()?))),
            b'K' => Value::Int(i64::from(self.byte()?)),
            b'M' => Value::Int(i64::from(u16::from_le_bytes(self.array()?))),
            0x8a => {
                let length = usize::from(self.byte()?);
                Value::Int(long(self.take(length)?)?)
            }
            0x8b => {
                let length = self.length4()?;
                Value::Int(long(self.take(length)?)?)
            }
            b'G' => Value::Float(f64::from_be_bytes(self.array()?)),
            b'F' => Value::Float(self.line()?.parse().map_err(|_| BadNumber)?),
            b'I' => match self.line()? {
                "00" => Value::Bool(false),
                "01" => Value::Bool(true),
                digits => Value::Int(digits.parse().map_err(|_| BadNumber)?),
            },
            b'L' => {
                let line = self.line()?;
                Value::Int(line.strip_suffix('L').unwrap_or(line).parse().map_err(|_| BadNumber)?)
            }
            _ => return Ok(false),
        };
        self.push(Node::Leaf(value))?;
        Ok(true)
    }

    fn text(&mut self, code: u8) -> Result<bool, PickleError> {
        let length = match code {
            b'V' | b'S' => {
                let line = self.line_bytes()?;
                let text = if code == b'V' { text::unescaped(line) } else { text::unquoted(line) };
                self.push(Node::Leaf(Value::Text(text?)))?;
                return Ok(true);
            }
            0x8c | b'C' | b'U' => usize::from(self.byte()?),
            b'X' | b'B' | b'T' => self.length4()?,
            0x8d | 0x8e => usize::try_from(u64::from_le_bytes(self.array()?)).map_err(|_| Cut)?,
            _ => return Ok(false),
        };
        let bytes = self.take(length)?.to_vec();
        let value = match code {
            b'C' | b'B' | 0x8e => Value::Bytes(bytes),
            b'U' | b'T' => Value::Text(text::ascii(bytes)?),
            _ => Value::Text(String::from_utf8(bytes).map_err(|_| BadText)?),
        };
        self.push(Node::Leaf(value))?;
        Ok(true)
    }

    fn container(&mut self, code: u8) -> Result<bool, PickleError> {
        let node = match code {
            b']' => Node::List(Vec::new()),
            b')' => Node::Tuple(Vec::new()),
            b'}' => Node::Dict(Vec::new()),
            0x8f => Node::Set(Vec::new()),
            b'l' => Node::List(self.marked()?),
            b't' => Node::Tuple(self.marked()?),
            b'd' => Node::Dict(self.pairs()?),
            0x85..=0x87 => {
                let count = usize::from(code - 0x84);
                let floor = self.marks.last().copied().unwrap_or(0);
                let start =
                    self.stack.len().checked_sub(count).filter(|start| *start >= floor).ok_or(Missing)?;
                Node::Tuple(self.stack.split_off(start))
            }
            b'a' => {
                let item = self.pop()?;
                return self.fill(code, &[item]);
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                return self.fill(code, &[key, value]);
            }
            b'e' | 0x90 => {
                let items = self.marked()?;
                return self.fill(code, &items);
            }
            b'u' => {
                let items = self.pairs()?;
                return self.fill(code, &items);
            }
            _ => return Ok(false),
        };
        self.push(node)?;
        Ok(true)
    }

    fn remembered(&mut self, code: u8) -> Result<bool, PickleError> {
        let key = match code {
            b'p' | b'g' => self.line()?.parse().map_err(|_| BadNumber)?,
            b'q' | b'h' => u32::from(self.byte()?),
            b'r' | b'j' => u32::from_le_bytes(self.array()?),
            0x94 => u32::try_from(self.memo.len()).map_err(|_| TooMuch("many values"))?,
            _ => return Ok(false),
        };
        if matches!(code, b'g' | b'h' | b'j') {
            // Numbers are given in order, so the place is nearly always the number itself.
            let direct = self.memo.get(key as usize).filter(|(known, _)| *known == key);
            let found = direct.or_else(|| {
                self.memo.binary_search_by_key(&key, |(known, _)| *known).ok().map(|at| &self.memo[at])
            });
            let id = found.ok_or(Missing)?.1;
            self.shove(id)?;
        } else {
            let top = *self.stack.last().ok_or(Missing)?;
            match self.memo.last() {
                // Python numbers what it notes upwards; anything else is not its hand.
                Some((last, _)) if key <= *last => return Err(Missing),
                _ => self.memo.push((key, top)),
            }
        }
        Ok(true)
    }

    /// Adds to the list, dict or set on top of the stack.
    fn fill(&mut self, code: u8, items: &[Id]) -> Result<bool, PickleError> {
        let top = *self.stack.last().ok_or(Missing)?;
        let node = self.table.get_mut(top as usize).ok_or(Missing)?;
        match (code, node) {
            (b'a' | b'e', Node::List(held)) | (b's' | b'u', Node::Dict(held)) | (0x90, Node::Set(held)) => {
                held.extend_from_slice(items);
                Ok(true)
            }
            _ => Err(WrongKind),
        }
    }

    fn push(&mut self, node: Node) -> Result<(), PickleError> {
        if self.table.len() >= FAIL2BAN_COMMAND_VALUES {
            return Err(TooMuch("many values"));
        }
        let id = Id::try_from(self.table.len()).map_err(|_| TooMuch("many values"))?;
        self.table.push(node);
        self.shove(id)
    }

    fn shove(&mut self, id: Id) -> Result<(), PickleError> {
        if self.stack.len() >= FAIL2BAN_COMMAND_VALUES {
            return Err(TooMuch("many values"));
        }
        self.stack.push(id);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id, PickleError> {
        if self.marks.last().is_some_and(|mark| *mark >= self.stack.len()) {
            return Err(Missing);
        }
        self.stack.pop().ok_or(Missing)
    }

    fn marked(&mut self) -> Result<Vec<Id>, PickleError> {
        let mark = self.marks.pop().ok_or(Missing)?;
        if mark > self.stack.len() {
            return Err(Missing);
        }
        Ok(self.stack.split_off(mark))
    }

    fn pairs(&mut self) -> Result<Vec<Id>, PickleError> {
        let items = self.marked()?;
        if items.len().is_multiple_of(2) { Ok(items) } else { Err(Missing) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], PickleError> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(Cut)?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        self.take(N)?.try_into().map_err(|_| Cut)
    }

    fn byte(&mut self) -> Result<u8, PickleError> {
        self.array().map(|[byte]| byte)
    }

    fn length4(&mut self) -> Result<usize, PickleError> {
        usize::try_from(u32::from_le_bytes(self.array()?)).map_err(|_| Cut)
    }

    fn line_bytes(&mut self) -> Result<&'a [u8], PickleError> {
        let end = self.rest.iter().position(|byte| *byte == b'\n').ok_or(Cut)?;
        let line = self.take(end)?;
        self.take(1)?;
        Ok(line)
    }

    fn line(&mut self) -> Result<&'a str, PickleError> {
        std::str::from_utf8(self.line_bytes()?).map_err(|_| BadText)
    }
}

/// A whole number of any length up to 64 bits, the lowest byte first, negative ones in two's complement.
fn long(bytes: &[u8]) -> Result<i64, PickleError> {
    if bytes.len() > 8 {
        return Err(BadNumber);
    }
    let fill = if bytes.last().is_some_and(|last| *last >= 0x80) { 0xff } else { 0 };
    let mut all = [fill; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    Ok(i64::from_le_bytes(all))
}

/// What an instruction that is not for plain values is called.
fn refusal(code: u8) -> PickleError {
    Refused(match code {
        b'c' => "GLOBAL",
        0x93 => "STACK_GLOBAL",
        b'R' => "REDUCE",
        b'b' => "BUILD",
        b'i' => "INST",
        b'o' => "OBJ",
        0x81 => "NEWOBJ",
        0x92 => "NEWOBJ_EX",
        b'P' => "PERSID",
        b'Q' => "BINPERSID",
        0x82..=0x84 => "EXT",
        b'2' => "DUP",
        0x91 => "FROZENSET",
        0x96 => "BYTEARRAY8",
        0x97 => "NEXT_BUFFER",
        0x98 => "READONLY_BUFFER",
        _ => return Unknown(code),
    })
}

struct Tree<'t> {
    table: &'t [Node],
    values: usize,
    bytes: usize,
}

impl Tree<'_> {
    fn value(&mut self, id: Id, depth: usize) -> Result<Value, PickleError> {
        if depth > FAIL2BAN_COMMAND_DEPTH {
            return Err(TooMuch("deep lists"));
        }
        self.values += 1;
        if self.values > FAIL2BAN_COMMAND_VALUES {
            return Err(TooMuch("many values"));
        }
        match self.table.get(id as usize).ok_or(Missing)? {
            Node::Leaf(leaf) => self.leaf(leaf),
            Node::List(items) => Ok(Value::List(self.all(items, depth)?)),
            Node::Tuple(items) => Ok(Value::Tuple(self.all(items, depth)?)),
            Node::Class(_) | Node::Raised(..) => Err(Refused("GLOBAL")),
            Node::Set(items) => {
                let items = self.all(items, depth)?;
                if items.iter().all(hashable) { Ok(Value::Set(items)) } else { Err(Unhashable) }
            }
            Node::Dict(items) => {
                let mut pairs = Vec::with_capacity(items.len() / 2);
                for pair in items.chunks_exact(2) {
                    let key = self.value(pair[0], depth + 1)?;
                    if !hashable(&key) {
                        return Err(Unhashable);
                    }
                    pairs.push((key, self.value(pair[1], depth + 1)?));
                }
                Ok(Value::Dict(pairs))
            }
        }
    }

    fn all(&mut self, items: &[Id], depth: usize) -> Result<Vec<Value>, PickleError> {
        items.iter().map(|item| self.value(*item, depth + 1)).collect()
    }

    fn leaf(&mut self, leaf: &Value) -> Result<Value, PickleError> {
        self.bytes += match leaf {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        if self.bytes > FAIL2BAN_COMMAND_BYTES { Err(TooMuch("many bytes")) } else { Ok(leaf.clone()) }
    }
}

fn hashable(value: &Value) -> bool {
    match value {
        Value::List(_) | Value::Dict(_) | Value::Set(_) => false,
        // Its depth was bounded when it was read.
        Value::Tuple(items) => items.iter().all(hashable),
        _ => true,
    }
}
