//! How values are written in TOML. Nothing that stands in fail2ban's files can end a string or a comment here.

use std::fmt::Write;

/// A text in double quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => _ = write!(out, "\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A pattern, as it is if that can be.
pub fn literal(text: &str) -> String {
    if text.contains("'''") || text.ends_with('\'') || text.chars().any(char::is_control) {
        quoted(text)
    } else if text.contains('\'') {
        format!("'''{text}'''")
    } else {
        format!("'{text}'")
    }
}

/// A list of texts.
pub fn list<T: AsRef<str>>(texts: &[T]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// A line that is no more than a comment, whatever its text.
pub fn comment(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("# {plain}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_string_or_a_comment() {
        assert_eq!(quoted("a\"b\\c\nd"), r#""a\"b\\c\u000Ad""#);
        assert_eq!(literal(r"\d'"), r#""\\d'""#);
        assert_eq!(literal(r"'\d"), r"''''\d'''");
        assert_eq!(comment("a\n[http]"), "# a [http]\n");
    }
}
