//! Texts as the older protocols spell them: with escapes on a line of their own, or as Python 2's strings, which libraries of other languages
//! still write for theirs. Python 3 takes those for texts if they are ASCII, and so do we; anything else is no text.

use super::super::PickleError::{self, *};

/// A text of protocol 0: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
pub fn unescaped(line: &[u8]) -> Result<String, PickleError> {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((&byte, tail)) = rest.split_first() {
        let digits = match tail.first() {
            Some(b'u') if byte == b'\\' => 4,
            Some(b'U') if byte == b'\\' => 8,
            _ => {
                text.push(char::from(byte));
                rest = tail;
                continue;
            }
        };
        let hex = tail.get(1..=digits).and_then(|hex| std::str::from_utf8(hex).ok()).ok_or(BadText)?;
        let code = u32::from_str_radix(hex, 16).map_err(|_| BadText)?;
        text.push(char::from_u32(code).ok_or(BadText)?);
        rest = &tail[1 + digits..];
    }
    Ok(text)
}

/// A string of Python 2 on a line: quoted, with the escapes of its source code.
pub fn unquoted(line: &[u8]) -> Result<String, PickleError> {
    let inner = match line {
        [b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"'] => inner,
        _ => return Err(BadText),
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((&byte, tail)) = rest.split_first() {
        let (found, read) = if byte == b'\\' { escape(tail)? } else { (byte, 0) };
        bytes.push(found);
        // What is no escape is a backslash that stands for itself.
        rest = &tail[read..];
    }
    ascii(bytes)
}

/// A string of Python 2.
pub fn ascii(bytes: Vec<u8>) -> Result<String, PickleError> {
    String::from_utf8(bytes).ok().filter(|text| text.is_ascii()).ok_or(BadText)
}

/// What stands behind a backslash, and how many bytes tell it.
fn escape(tail: &[u8]) -> Result<(u8, usize), PickleError> {
    let number = |digits: &[u8], radix| {
        let digits = std::str::from_utf8(digits).map_err(|_| BadText)?;
        u8::from_str_radix(digits, radix).map_err(|_| BadText)
    };
    let plain = match *tail.first().ok_or(BadText)? {
        quoted @ (b'\\' | b'\'' | b'"') => quoted,
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'x' => return Ok((number(tail.get(1..3).ok_or(BadText)?, 16)?, 3)),
        b'0'..=b'7' => {
            let length = tail.iter().take(3).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
            return Ok((number(&tail[..length], 8)?, length));
        }
        _ => return Ok((b'\\', 0)),
    };
    Ok((plain, 1))
}
