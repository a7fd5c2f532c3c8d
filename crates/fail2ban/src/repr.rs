//! Values written as Python writes them: `repr` and `str`. Texts of fail2ban's client and server are made of both, so they are the same to
//! the byte. It refuses to read any of it back.

use std::fmt::Write;
use std::sync::OnceLock;

use crate::value::Value;

/// As Python's `repr`.
pub fn repr(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

/// As Python's `str`: a text is itself, everything else as `repr`.
pub fn str(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        other => repr(other),
    }
}

/// A text as Python's `repr`.
pub fn text(text: &str) -> String {
    let mut out = String::new();
    write_text(text, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::None => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) => out.push_str(&float(*number)),
        Value::Text(text) => write_text(text, out),
        Value::Bytes(bytes) => write_bytes(bytes, out),
        Value::List(values) => sequence("[", values, "]", out),
        Value::Tuple(values) if values.len() == 1 => sequence("(", values, ",)", out),
        Value::Tuple(values) => sequence("(", values, ")", out),
        Value::Set(values) if values.is_empty() => out.push_str("set()"),
        Value::Set(values) => sequence("{", values, "}", out),
        Value::Dict(pairs) => {
            out.push('{');
            for (index, (key, value)) in pairs.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write(key, out);
                out.push_str(": ");
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn sequence(open: &str, values: &[Value], close: &str, out: &mut String) {
    out.push_str(open);
    for (index, value) in values.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        write(value, out);
    }
    out.push_str(close);
}

/// The shortest digits that give the number again, with an exponent from 1e16 up and below 1e-4.
pub fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let digits = format!("{number:e}");
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format!("{number:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// Single quotes, unless the text has such and no double ones.
fn quote(single: bool, double: bool) -> char {
    if single && !double { '"' } else { '\'' }
}

fn write_text(text: &str, out: &mut String) {
    let quote = quote(text.contains('\''), text.contains('"'));
    out.push(quote);
    for c in text.chars() {
        let code = u32::from(c);
        // Writing to a text cannot fail.
        let _ = match c {
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            '\\' => out.write_str("\\\\"),
            c if c == quote => write!(out, "\\{c}"),
            c if is_printable(c) => out.write_char(c),
            _ if code < 0x100 => write!(out, "\\x{code:02x}"),
            _ if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08x}"),
        };
    }
    out.push(quote);
}

fn write_bytes(bytes: &[u8], out: &mut String) {
    let quote = quote(bytes.contains(&b'\''), bytes.contains(&b'"'));
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        let c = char::from(byte);
        let _ = match byte {
            b'\n' => out.write_str("\\n"),
            b'\r' => out.write_str("\\r"),
            b'\t' => out.write_str("\\t"),
            b'\\' => out.write_str("\\\\"),
            _ if c == quote => write!(out, "\\{c}"),
            b' '..=b'~' => out.write_char(c),
            _ => write!(out, "\\x{byte:02x}"),
        };
    }
    out.push(quote);
}

/// Python leaves alone what is neither of the categories "other" nor "separator", and the space.
fn is_printable(c: char) -> bool {
    static HIDDEN: OnceLock<Vec<(char, char)>> = OnceLock::new();
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    let hidden = HIDDEN.get_or_init(|| {
        let parsed = regex_syntax::parse(r"[\p{C}\p{Z}]");
        match parsed.as_ref().map(regex_syntax::hir::Hir::kind) {
            Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
                class.iter().map(|range| (range.start(), range.end())).collect()
            }
            _ => Vec::new(),
        }
    });
    let behind = hidden.partition_point(|&(_, end)| end < c);
    hidden.get(behind).is_none_or(|&(start, _)| start > c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_python_writes_them() {
        let cases = [
            (Value::text("it's"), r#""it's""#),
            (Value::text("a'b\"c"), r#"'a\'b"c'"#),
            (
                Value::text("\n\t\\\u{0}\u{7f}é\u{a0}\u{200b}\u{1f600}\u{e0001}"),
                r"'\n\t\\\x00\x7fé\xa0\u200b😀\U000e0001'",
            ),
            (Value::Bytes(b"a'\xff".to_vec()), r#"b"a'\xff""#),
            (Value::Tuple(vec![Value::Int(1)]), "(1,)"),
            (Value::Tuple(vec![]), "()"),
            (Value::Set(vec![]), "set()"),
            (Value::List(vec![Value::None, Value::Bool(true)]), "[None, True]"),
            (Value::Dict(vec![(Value::text("a"), Value::Int(-1))]), "{'a': -1}"),
            (Value::Float(1.0), "1.0"),
            (Value::Float(1e16), "1e+16"),
            (Value::Float(123_456_789_012_345.6), "123456789012345.6"),
            (Value::Float(-1.5e-7), "-1.5e-07"),
            (Value::Float(0.0001), "0.0001"),
            (Value::Float(f64::INFINITY), "inf"),
        ];
        for (value, wanted) in cases {
            assert_eq!(repr(&value), wanted);
        }
    }
}
