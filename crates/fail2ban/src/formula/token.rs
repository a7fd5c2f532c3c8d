//! An expression's text taken apart: numbers, names with their dots, signs. It refuses to know what any of them means.

use super::Why;
use super::number::Number;

/// A piece of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A number.
    Number(Number),
    /// A name, also with dots: `ban.Time`.
    Name(String),
    /// A sign.
    Sign(&'static str),
    /// Behind the last one.
    End,
    /// What cannot be read; nothing behind it is. It is complained about when it is its turn, since a name before it may say more.
    Wrong(Why),
}

impl Token {
    /// As it is shown.
    pub fn shown(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Name(name) => name.clone(),
            Self::Sign(sign) => (*sign).to_owned(),
            Self::End | Self::Wrong(_) => "the end".to_owned(),
        }
    }
}

/// Longer ones first, so that `<<` is not read as `<` twice.
const SIGNS: [&str; 21] = [
    "**", "//", "<<", ">>", "<=", ">=", "==", "!=", "+", "-", "*", "/", "%", "<", ">", "(", ")", ",", "&",
    "|", "^",
];

/// The pieces in order, each with the character at which it begins, counted from 1. The last is `End` or `Wrong`.
pub fn tokens(text: &str) -> Vec<(usize, Token)> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text[..text.len() - rest.len()].chars().count() + 1;
        let Some(first) = rest.chars().next() else {
            found.push((at, Token::End));
            return found;
        };
        let (token, behind) = one(rest, first);
        let wrong = matches!(token, Token::Wrong(_));
        found.push((at, token));
        if wrong {
            return found;
        }
        rest = behind;
    }
}

/// The first token, and what stands behind it.
fn one(text: &str, first: char) -> (Token, &str) {
    let name_end = text.find(|c| !is_of_name(c)).unwrap_or(text.len());
    let wrong = |found: &str, expected| Token::Wrong(Why::Unexpected { found: found.to_owned(), expected });
    let digit_behind = text.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    if first.is_ascii_digit() || (first == '.' && digit_behind) {
        return number(text).unwrap_or_else(|| (wrong(&text[..name_end], "a number"), text));
    }
    if first.is_alphabetic() || first == '_' {
        let (name, behind) = text.split_at(name_end);
        return (Token::Name(name.to_owned()), behind);
    }
    match SIGNS.iter().find(|sign| text.starts_with(**sign)) {
        Some(sign) => (Token::Sign(sign), &text[sign.len()..]),
        None => (wrong(&first.to_string(), "a number, a name or a sign"), text),
    }
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.')
}

/// A number as Python writes it, without those that are not decimal.
fn number(text: &str) -> Option<(Token, &str)> {
    let mut end = 0;
    let bytes = text.as_bytes();
    let mut whole = true;
    while let Some(&byte) = bytes.get(end) {
        let exponent = matches!(byte, b'e' | b'E');
        match byte {
            b'0'..=b'9' | b'_' => {}
            b'.' if whole => whole = false,
            _ if exponent => {
                whole = false;
                let signed = matches!(bytes.get(end + 1), Some(b'+' | b'-'));
                end += usize::from(signed);
            }
            _ => break,
        }
        end += 1;
    }
    let (digits, behind) = text.split_at(end);
    // Underscores stand between digits only, and a letter behind a number makes it another thing.
    let well = !digits.ends_with('_') && !digits.contains("__") && !behind.starts_with(is_of_name);
    let plain = digits.replace('_', "");
    let zeros = plain.len() > 1 && plain.starts_with('0') && plain.bytes().any(|digit| digit != b'0');
    let number = match whole {
        true if zeros => return None,
        true => plain.parse().map(Number::Int).or_else(|_| plain.parse().map(Number::Float)).ok()?,
        false => Number::Float(plain.parse().ok()?),
    };
    well.then_some((Token::Number(number), behind))
}
