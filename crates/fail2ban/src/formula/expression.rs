//! An expression in the arithmetic part of Python's language, parsed to a tree. Whatever else Python could do is refused by name.

use event::limit;

use super::number::Number;
use super::token::{Token, tokens};
use super::{Names, Refused, Why};

/// An expression, parsed.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    root: Node,
}

/// A part of it, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Number(Number),
    Time,
    Count,
    Factor,
    Minus(Box<Node>),
    Plus(Box<Node>),
    Not(Box<Node>),
    Two(&'static str, Box<Node>, Box<Node>),
    Both(Box<Node>, Box<Node>),
    Either(Box<Node>, Box<Node>),
    Compared(Box<Node>, Vec<(&'static str, Node)>),
    Choice { when: Box<Node>, then: Box<Node>, otherwise: Box<Node> },
    Call(&'static str, Vec<Node>),
}

/// Functions by name, with how few and how many arguments.
const FUNCTIONS: [(&str, usize, usize); 22] = [
    ("min", 2, 64),
    ("max", 2, 64),
    ("int", 1, 1),
    ("float", 1, 1),
    ("abs", 1, 1),
    ("round", 1, 2),
    ("pow", 2, 2),
    ("math.exp", 1, 1),
    ("math.exp2", 1, 1),
    ("math.expm1", 1, 1),
    ("math.log", 1, 2),
    ("math.log2", 1, 1),
    ("math.log10", 1, 1),
    ("math.log1p", 1, 1),
    ("math.sqrt", 1, 1),
    ("math.cbrt", 1, 1),
    ("math.pow", 2, 2),
    ("math.floor", 1, 1),
    ("math.ceil", 1, 1),
    ("math.trunc", 1, 1),
    ("math.fabs", 1, 1),
    ("bool", 1, 1),
];

impl Expression {
    /// Parses a text.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let refused = |(at, why)| Refused { option: "expression", text: text.to_owned(), at, why };
        if text.len() > limit::FAIL2BAN_FORMULA_BYTES {
            let text = text.chars().take(80).collect();
            return Err(Refused { option: "expression", text, at: 0, why: Why::TooLong });
        }
        let mut parser = Parser { tokens: tokens(text), next: 0, depth: 0 };
        let root = parser.choice().and_then(|root| parser.ended().map(|()| root)).map_err(refused)?;
        Ok(Self { text: text.to_owned(), root })
    }

    /// Its value.
    pub fn evaluate(&self, names: &Names) -> Result<Number, Refused> {
        let refused = |(at, why)| Refused { option: "expression", text: self.text.clone(), at, why };
        self.root.value(Some(names)).map_err(refused)
    }

    /// Its value, if it names nothing.
    pub(super) fn constant(&self) -> Result<Number, Refused> {
        let refused = |(at, why)| Refused { option: "expression", text: self.text.clone(), at, why };
        self.root.value(None).map_err(refused)
    }
}

/// From which character on what is wrong.
pub(super) type Wrong = (usize, Why);

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &(usize, Token) {
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn at(&self) -> usize {
        self.peek().0
    }

    /// The sign that stands here, if it is one of these.
    fn sign(&mut self, wanted: &[&'static str]) -> Option<&'static str> {
        match self.peek().1 {
            Token::Sign(sign) if wanted.contains(&sign) => {
                self.next += 1;
                Some(sign)
            }
            _ => None,
        }
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(&self.peek().1, Token::Name(name) if name == wanted);
        self.next += usize::from(found);
        found
    }

    fn unexpected<T>(&self, expected: &'static str) -> Result<T, Wrong> {
        match self.peek() {
            (at, Token::Wrong(why)) => Err((*at, why.clone())),
            (at, token) => Err((*at, Why::Unexpected { found: token.shown(), expected })),
        }
    }

    fn ended(&self) -> Result<(), Wrong> {
        if self.peek().1 == Token::End { Ok(()) } else { self.unexpected("an operator or the end") }
    }

    /// Everything that can nest in itself goes through here.
    fn deeper(&mut self, part: fn(&mut Self) -> Result<Node, Wrong>) -> Result<Node, Wrong> {
        if self.depth >= limit::FAIL2BAN_FORMULA_DEPTH {
            return Err((self.at(), Why::TooDeep));
        }
        self.depth += 1;
        let node = part(self);
        self.depth -= 1;
        node
    }

    /// `a if b else c`.
    fn choice(&mut self) -> Result<Node, Wrong> {
        let at = self.at();
        let then = self.either()?;
        if !self.word("if") {
            return Ok(then);
        }
        let when = Box::new(self.either()?);
        if !self.word("else") {
            return self.unexpected("'else'");
        }
        let otherwise = Box::new(self.deeper(Self::choice)?);
        Ok(Node { at, kind: Kind::Choice { when, then: Box::new(then), otherwise } })
    }

    fn either(&mut self) -> Result<Node, Wrong> {
        let mut left = self.both()?;
        while self.word("or") {
            let right = self.both()?;
            left = Node { at: left.at, kind: Kind::Either(Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Node, Wrong> {
        let mut left = self.not()?;
        while self.word("and") {
            let right = self.not()?;
            left = Node { at: left.at, kind: Kind::Both(Box::new(left), Box::new(right)) };
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Node, Wrong> {
        let at = self.at();
        if self.word("not") {
            return Ok(Node { at, kind: Kind::Not(Box::new(self.deeper(Self::not)?)) });
        }
        let first = self.level(0)?;
        let mut further = Vec::new();
        while let Some(sign) = self.sign(&["<=", ">=", "==", "!=", "<", ">"]) {
            further.push((sign, self.level(0)?));
        }
        if further.is_empty() {
            return Ok(first);
        }
        Ok(Node { at, kind: Kind::Compared(Box::new(first), further) })
    }

    /// Operators of two sides by how tightly they bind, the loosest first.
    fn level(&mut self, level: usize) -> Result<Node, Wrong> {
        const LEVELS: [&[&str]; 6] =
            [&["|"], &["^"], &["&"], &["<<", ">>"], &["+", "-"], &["*", "/", "//", "%"]];
        let Some(signs) = LEVELS.get(level) else { return self.signed() };
        let mut left = self.level(level + 1)?;
        loop {
            let at = self.at();
            let Some(sign) = self.sign(signs) else { return Ok(left) };
            let right = self.level(level + 1)?;
            left = Node { at, kind: Kind::Two(sign, Box::new(left), Box::new(right)) };
        }
    }

    fn signed(&mut self) -> Result<Node, Wrong> {
        let at = self.at();
        match self.sign(&["-", "+"]) {
            Some("-") => Ok(Node { at, kind: Kind::Minus(Box::new(self.deeper(Self::signed)?)) }),
            Some(_) => Ok(Node { at, kind: Kind::Plus(Box::new(self.deeper(Self::signed)?)) }),
            None => self.power(),
        }
    }

    fn power(&mut self) -> Result<Node, Wrong> {
        let base = self.atom()?;
        let at = self.at();
        if self.sign(&["**"]).is_none() {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        Ok(Node { at, kind: Kind::Two("**", Box::new(base), Box::new(exponent)) })
    }

    fn atom(&mut self) -> Result<Node, Wrong> {
        let (at, token) = self.peek().clone();
        self.next += 1;
        let kind = match token {
            Token::Number(number) => Kind::Number(number),
            Token::Sign("(") => {
                let inner = self.deeper(Self::choice)?;
                self.closed()?;
                return Ok(inner);
            }
            Token::Name(name) => return self.named(at, name),
            _ => {
                self.next -= 1;
                return self.unexpected("a number or a name");
            }
        };
        Ok(Node { at, kind })
    }

    fn closed(&mut self) -> Result<(), Wrong> {
        if self.sign(&[")"]).is_some() { Ok(()) } else { self.unexpected("')'") }
    }

    fn named(&mut self, at: usize, name: String) -> Result<Node, Wrong> {
        let kind = match name.as_str() {
            "ban.Time" => Kind::Time,
            "ban.Count" => Kind::Count,
            "banFactor" => Kind::Factor,
            "True" => Kind::Number(Number::Bool(true)),
            "False" => Kind::Number(Number::Bool(false)),
            "math.e" => Kind::Number(Number::Float(std::f64::consts::E)),
            "math.pi" => Kind::Number(Number::Float(std::f64::consts::PI)),
            "math.inf" => Kind::Number(Number::Float(f64::INFINITY)),
            _ => return self.call(at, name),
        };
        Ok(Node { at, kind })
    }

    fn call(&mut self, at: usize, name: String) -> Result<Node, Wrong> {
        let known = FUNCTIONS.iter().find(|(function, _, _)| *function == name);
        let Some(&(function, few, many)) = known else { return Err((at, Why::Unknown(name))) };
        if self.sign(&["("]).is_none() {
            return self.unexpected("'('");
        }
        let mut arguments = Vec::new();
        while self.peek().1 != Token::Sign(")") {
            arguments.push(self.deeper(Self::choice)?);
            if self.sign(&[","]).is_none() {
                break;
            }
        }
        self.closed()?;
        if !(few..=many).contains(&arguments.len()) {
            return Err((at, Why::Arguments(name)));
        }
        Ok(Node { at, kind: Kind::Call(function, arguments) })
    }
}
