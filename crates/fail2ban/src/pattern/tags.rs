//! fail2ban's tags in patterns: `<HOST>`, `<ADDR>`, `<F-USER>…</F-USER>` and the rest become groups of Python's syntax.
//!
//! Text in, text out: nothing is parsed or compiled here, and a tag that is none stays as it is written.

use std::collections::BTreeSet;
use std::fmt::Write;

/// Whether `<HOST>` also takes host names: fail2ban's `usedns` is something else than `no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// `<HOST>` takes addresses and names.
    Read,
    /// `<HOST>` takes addresses alone.
    Skip,
}

// Digits of addresses are the ten of ASCII: what other digits spell can never be an address that is banned.
const IP4: &str = r"(?:::f{4,6}:)?(?P<ip4>(?:[0-9]{1,3}\.){3}[0-9]{1,3})";
// fail2ban looks behind for the colon before the last one; each turn of the repetition ends in one, so that always holds.
const IP6: &str = r"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|:))";
const DNS: &str = r"(?P<dns>[\w\-.^_]*\w)";
const CIDR: &str = r"(?P<cidr>[0-9]+)";

/// How the parts of an address are spelled.
struct Parts {
    ip4: &'static str,
    ip6: &'static str,
    cidr: &'static str,
}

const OURS: Parts = Parts { ip4: IP4, ip6: IP6, cidr: CIDR };

/// Which fail2ban's spelling of groups is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spelling {
    /// That of 1.0.
    #[default]
    V1_0,
    /// That of 1.1.
    V1_1,
}

/// As fail2ban spells them; shown, never searched with.
const SHOWN: Parts = Parts {
    ip4: r"(?:::f{4,6}:)?(?P<ip4>(?:\d{1,3}\.){3}\d{1,3})",
    ip6: r"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|::){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))",
    cidr: r"(?P<cidr>\d+)",
};

/// The same since 1.1.
const SHOWN_SINCE: Parts =
    Parts { ip6: r"(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|:){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))", ..SHOWN };

/// Puts groups for the tags of `pattern`.
pub fn resolve(pattern: &str, names: Names) -> String {
    resolve_with(pattern, names, &OURS)
}

/// The pattern as fail2ban shows it: its tags replaced by fail2ban's own groups, flags where it puts them.
pub fn shown(pattern: &str, names: Names, spelling: Spelling) -> String {
    let parts = match spelling {
        Spelling::V1_0 => &SHOWN,
        Spelling::V1_1 => &SHOWN_SINCE,
    };
    localise_flags(&resolve_with(pattern, names, parts))
}

fn resolve_with(pattern: &str, names: Names, parts: &Parts) -> String {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut open = BTreeSet::new();
    let mut skipped = 0;
    let mut rest = pattern;
    while let Some(start) = rest.find('<') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        match tag(rest) {
            Some(tag) => {
                put(tag, names, parts, &mut open, &mut skipped, &mut out);
                rest = &rest[tag.len() + 2..];
            }
            None => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// What stands between the angles of a tag at the start of `text`.
fn tag(text: &str) -> Option<&str> {
    let inner = &text[1..text.find('>')?];
    let name = inner.strip_prefix('/').unwrap_or(inner);
    let name = name.strip_suffix('/').unwrap_or(name);
    let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    (!name.is_empty() && name.chars().all(plain)).then_some(inner)
}

fn put<'t>(
    tag: &'t str,
    names: Names,
    parts: &Parts,
    open: &mut BTreeSet<&'t str>,
    skipped: &mut usize,
    out: &mut String,
) {
    let Parts { ip4, ip6, cidr } = parts;
    // Writing to a `String` cannot fail.
    let _ = match tag {
        "HOST" if names == Names::Read => write!(out, r"(?:\[?(?:{ip4}|{ip6})\]?|{DNS})"),
        "HOST" | "ADDR" | "F-ADDR/" => write!(out, r"\[?(?:{ip4}|{ip6})\]?"),
        "SUBNET" | "F-SUBNET/" => write!(out, r"\[?(?:{ip4}|{ip6})(?:/{cidr})?\]?"),
        "IP4" | "F-IP4/" => write!(out, "{ip4}"),
        "IP6" | "F-IP6/" => write!(out, "{ip6}"),
        "DNS" | "F-DNS/" => write!(out, "{DNS}"),
        "CIDR" | "F-CIDR/" => write!(out, "{cidr}"),
        "F-ID/" => write!(out, r"(?P<fid>\S+)"),
        "F-PORT/" => write!(out, r"(?P<fport>\w+)"),
        "SKIPLINES" => {
            *skipped += 1;
            write!(out, r"\n(?P<skiplines{}>(?:(?:.*\n)*?))", *skipped - 1)
        }
        _ => match (own(tag), tag.strip_prefix('/').and_then(own)) {
            (Some(name), _) => {
                open.insert(name);
                write!(out, "(?P<{}>", group(name))
            }
            (None, Some(name)) if open.contains(name) => write!(out, ")"),
            _ => write!(out, "<{tag}>"),
        },
    };
}

/// The name of an `F-NAME` tag.
fn own(tag: &str) -> Option<&str> {
    let name = tag.strip_prefix("F-")?;
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '-';
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

/// The group that a tag's name stands for.
pub fn group(tag: &str) -> String {
    match tag.to_lowercase().as_str() {
        "id" => "fid".to_owned(),
        "port" => "fport".to_owned(),
        name => name.to_owned(),
    }
}

/// Flags that open a group, `((?i)…)` or `(?:(?i)…)`, hold for that group alone, `(?i:…)`: fail2ban rewrites them so.
pub fn localise_flags(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(start) = rest.find('(') {
        let (head, tail) = rest.split_at(start);
        out.push_str(head);
        match (out.ends_with('\\'), opening_flags(tail)) {
            (false, Some((flags, length))) => {
                out.push_str(flags);
                out.push(':');
                rest = &tail[length..];
            }
            _ => {
                out.push('(');
                rest = &tail[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// `(?i` and the length of the whole opening, if `text` begins with one.
fn opening_flags(text: &str) -> Option<(&str, usize)> {
    let inner = text.strip_prefix("(?:").or_else(|| text.strip_prefix('('))?;
    let letters = inner.strip_prefix("(?")?;
    let count = letters.bytes().take_while(u8::is_ascii_lowercase).count();
    let closed = count > 0 && letters[count..].starts_with(')');
    closed.then(|| (&inner[..2 + count], text.len() - letters.len() + count + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_tags_become_groups() {
        let text = "^<F-MLFID>x</F-MLFID> <F-ID>\\S+</F-ID> <F-ALT_USER>a</F-ALT_USER>";
        assert_eq!(resolve(text, Names::Read), "^(?P<mlfid>x) (?P<fid>\\S+) (?P<alt_user>a)");
        assert_eq!(resolve("<F-PORT/><F-ID/>", Names::Read), r"(?P<fport>\w+)(?P<fid>\S+)");
    }

    #[test]
    fn what_is_no_tag_stays() {
        for text in ["a </F-USER> b", "<no tag>", "<<x", "(?P<name>x)", "<F-lower>", "<", "<>", "</>"] {
            assert_eq!(resolve(text, Names::Read), text);
        }
    }

    #[test]
    fn names_are_taken_only_where_they_are_used() {
        assert!(resolve("<HOST>", Names::Read).contains("<dns>"));
        assert!(!resolve("<HOST>", Names::Skip).contains("<dns>"));
        assert_eq!(resolve("<HOST>", Names::Skip), resolve("<ADDR>", Names::Read));
    }

    #[test]
    fn each_skip_has_a_group_of_its_own() {
        let text = resolve("a<SKIPLINES>b<SKIPLINES>c", Names::Read);
        assert!(text.contains("skiplines0") && text.contains("skiplines1"));
    }

    #[test]
    fn flags_hold_for_the_group_that_they_open() {
        assert_eq!(localise_flags("a((?i)b|c)d"), "a(?i:b|c)d");
        assert_eq!(localise_flags("a(?:(?i)b)d"), "a(?i:b)d");
        assert_eq!(localise_flags("(?i)a(b)"), "(?i)a(b)");
        assert_eq!(localise_flags(r"a\((?i)b"), r"a\((?i)b");
    }
}
