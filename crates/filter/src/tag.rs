//! The tags that stand for something in a pattern: `<HOST>`, `<USER>`, `<TIME>` and a filter's own parts.
//!
//! A tag becomes regular-expression text. What it captures is only text: `found` decides whether it is an address.

use std::collections::BTreeMap;

use event::limit::PATTERN_BYTES;

use crate::definition::FilterErrorKind;
use crate::timestamp::Form;

/// Four groups of digits; whether each is an octet is decided when the address is read.
const IPV4: &str = r"(?:\d{1,3}\.){3}\d{1,3}";
/// Something with a colon in it; whether it is an address is decided when it is read.
const IPV6: &str = r"[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,44}";
/// A link-local address may carry its interface.
const ZONE: &str = r"(?:%[0-9A-Za-z_.-]{1,15})?";

/// Parts may name parts, but not for ever.
const DEPTH_MAX: u32 = 8;

/// Replaces every tag in `pattern` by what it stands for.
pub fn expand(
    pattern: &str,
    parts: &BTreeMap<String, String>,
    forms: &[Form],
) -> Result<String, FilterErrorKind> {
    let mut text = pattern.to_owned();
    for _ in 0..DEPTH_MAX {
        let (next, replaced) = expand_once(&text, parts, forms)?;
        if !replaced {
            return Ok(next);
        }
        text = next;
    }
    Err(FilterErrorKind::Pattern(format!("[parts] are nested more than {DEPTH_MAX} deep")))
}

fn expand_once(
    text: &str,
    parts: &BTreeMap<String, String>,
    forms: &[Form],
) -> Result<(String, bool), FilterErrorKind> {
    if text.len() > PATTERN_BYTES {
        return Err(FilterErrorKind::TooLong);
    }
    let mut out = String::with_capacity(text.len() * 2);
    let mut rest = text;
    let mut replaced = false;
    while let Some(open) = rest.find('<') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        match tag_at(from, before) {
            Some(tag) => {
                out.push_str(&meaning(tag, parts, forms)?);
                if out.len() > PATTERN_BYTES {
                    return Err(FilterErrorKind::TooLong);
                }
                replaced = true;
                rest = &from[tag.len() + 2..];
            }
            None => {
                out.push('<');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    Ok((out, replaced))
}

/// The name of the tag that `from` (which begins with `<`) opens, unless the `<` is part of `(?<name>` or `(?P<name>`,
/// is escaped, or is not followed by a name and `>`.
fn tag_at<'t>(from: &'t str, before: &str) -> Option<&'t str> {
    if before.ends_with("(?P") || before.ends_with("(?") || before.ends_with('\\') {
        return None;
    }
    // Never past the next `<`, so that a text full of them is read once.
    let belongs = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name = &from[1..1 + from[1..].find(|c| !belongs(c))?];
    let plain = !name.is_empty() && from[1 + name.len()..].starts_with('>');
    let one_case =
        name.bytes().all(|b| !b.is_ascii_lowercase()) || name.bytes().all(|b| !b.is_ascii_uppercase());
    (plain && one_case).then_some(name)
}

fn meaning(tag: &str, parts: &BTreeMap<String, String>, forms: &[Form]) -> Result<String, FilterErrorKind> {
    Ok(match tag {
        "HOST" => format!(r"\[?(?P<host>{IPV4}|{IPV6}){ZONE}\]?"),
        "ADDR" => format!("(?P<host>{IPV4}|{IPV6}){ZONE}"),
        "SUBNET" => format!(r"(?P<host>(?:{IPV4}|{IPV6})(?:/\d{{1,3}})?)"),
        "USER" => "(?P<user>.*)".to_owned(),
        "TRANSPORT" => "(?P<transport>UDP|TCP|TLS|WSS|WS|udp|tcp|tls|wss|ws)".to_owned(),
        "TIME" if forms.is_empty() => return Err(FilterErrorKind::NoTimestamps),
        "TIME" => {
            let forms: Vec<_> = forms.iter().map(|form| form.regex()).collect();
            format!("(?P<time>{})", forms.join("|"))
        }
        part => match parts.get(part) {
            Some(text) => format!("(?:{text})"),
            None => return Err(FilterErrorKind::UnknownTag(part.to_owned())),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_tags_are_replaced_groups_and_other_angles_are_left() {
        let parts = BTreeMap::from([("peer".to_owned(), "from <ADDR>".to_owned())]);
        let text = expand("^(?P<user>x) <sip:a@b> <peer>$", &parts, &[]).unwrap();
        assert!(text.starts_with("^(?P<user>x) <sip:a@b> (?:from (?P<host>"), "{text}");
        assert!(matches!(expand("<nobody>", &parts, &[]), Err(FilterErrorKind::UnknownTag(_))));
    }

    #[test]
    fn parts_that_name_themselves_end() {
        let parts = BTreeMap::from([("a".to_owned(), "<a><a>".to_owned())]);
        assert!(expand("<a>", &parts, &[]).is_err());
    }

    #[test]
    fn parts_that_multiply_are_refused_before_they_fill_the_memory() {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let next = |index: usize| names.get(index + 1).map_or("x".to_owned(), |name| format!("<{name}>"));
        let parts = names.iter().enumerate().map(|(index, name)| (name.to_string(), next(index).repeat(100)));
        assert!(matches!(expand("<a>", &parts.collect(), &[]), Err(FilterErrorKind::TooLong)));
        assert!(matches!(expand(&"x".repeat(100_000), &BTreeMap::new(), &[]), Err(FilterErrorKind::TooLong)));
    }

    #[test]
    fn angles_that_open_no_tag_are_read_once() {
        let parts = BTreeMap::from([("a-1".to_owned(), "x".to_owned())]);
        assert_eq!(expand("<a<a-1>< a-1><><a-1", &parts, &[]).unwrap(), "<a(?:x)< a-1><><a-1");
        // Looking for the `>` behind each of them would read the text as often.
        let many = "<".repeat(PATTERN_BYTES);
        assert_eq!(expand(&many, &parts, &[]).unwrap(), many);
        assert!(matches!(expand(&"<".repeat(10_000_000), &parts, &[]), Err(FilterErrorKind::TooLong)));
    }
}
