//! `name[a=b, c="d,e"][f='g']`, as jails spell filters and actions, and lists of such. It refuses to know the names.

use crate::complaint::Wrong;

/// A name and its options in order; of one given twice the last counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spelled {
    /// What stands before the bracket.
    pub name: String,
    /// What stands in it.
    pub options: Vec<(String, String)>,
}

impl Spelled {
    /// Takes a text apart, or says from where on it is wrong.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let wrong = |at: &str| Wrong::BadSpelling { text: text.to_owned(), at: at.to_owned() };
        let trimmed = text.trim();
        let (name, inner) = match trimmed.split_once('[') {
            None => (trimmed, ""),
            Some((name, rest)) => (name, rest.strip_suffix(']').ok_or_else(|| wrong(trimmed))?),
        };
        if name.trim().is_empty() {
            return Err(wrong(trimmed));
        }
        let mut options: Vec<(String, String)> = Vec::new();
        let mut rest = inner.trim_start();
        while !rest.is_empty() && rest != "," {
            let (option, value, behind) = one(rest).ok_or_else(|| wrong(rest))?;
            match options.iter_mut().find(|(held, _)| held == option) {
                Some(held) => held.1 = value.trim().to_owned(),
                None => options.push((option.to_owned(), value.trim().to_owned())),
            }
            rest = separated(behind).ok_or_else(|| wrong(behind))?.trim_start();
        }
        Ok(Self { name: name.trim().to_owned(), options })
    }
}

/// An option's name, its value, and what stands behind.
fn one(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(|c| !is_option_name(c)).filter(|&end| end > 0)?;
    let behind = text[end..].strip_prefix('=')?;
    let (value, rest) = value(behind)?;
    Some((&text[..end], value, rest))
}

/// A quoted value, or a bare one up to a comma or a bracket.
fn value(text: &str) -> Option<(&str, &str)> {
    for quote in ['"', '\''] {
        if let Some((value, rest)) = text.strip_prefix(quote).and_then(|inner| inner.split_once(quote)) {
            return Some((value, rest));
        }
    }
    Some(text.split_at(text.find([',', ']']).unwrap_or(text.len())))
}

/// What stands behind a separator: a comma, `][`, or the end.
fn separated(text: &str) -> Option<&str> {
    if text.is_empty() || text == "\n" {
        return Some("");
    }
    text.strip_prefix(',').or_else(|| text.strip_prefix(']')?.trim_start().strip_prefix('['))
}

fn is_option_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The entries of a list such as `action`, separated by white space outside brackets and quotes.
pub fn split(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = bracketed(rest).unwrap_or_else(|| rest.find(char::is_whitespace).unwrap_or(rest.len()));
        found.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    found
}

/// Where `name [a=b, …]` ends, if that is how the text begins and white space follows.
fn bracketed(text: &str) -> Option<usize> {
    let end = text.find(|c: char| c == '[' || c.is_whitespace()).unwrap_or(text.len());
    if end == 0 {
        return None;
    }
    let Some(mut rest) = text[end..].trim_start().strip_prefix('[') else { return Some(end) };
    loop {
        rest = rest.trim_start();
        if let Some(behind) = rest.strip_prefix(']') {
            rest = behind;
        } else {
            let (_, _, behind) = one(rest)?;
            rest = behind.trim_start();
            if let Some(next) = rest.strip_prefix(',') {
                rest = next;
                continue;
            }
            rest = rest.strip_prefix(']')?;
        }
        match rest.trim_start().strip_prefix('[') {
            Some(next) => rest = next,
            None => break,
        }
    }
    rest.chars().next().is_none_or(char::is_whitespace).then_some(text.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Vec<(String, String)> {
        Spelled::parse(text).unwrap().options
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn options_are_quoted_bare_or_in_several_brackets() {
        assert_eq!(options("sshd"), []);
        assert_eq!(options("sshd[]"), []);
        assert_eq!(
            options("a[b=c, d=\"e,f]\", g='h\"'][i=j]"),
            pairs(&[("b", "c"), ("d", "e,f]"), ("g", "h\""), ("i", "j")])
        );
        assert_eq!(options("a[b= c , d-e.f=]"), pairs(&[("b", "c"), ("d-e.f", "")]));
        assert_eq!(options("a[b=1, b=2,]"), pairs(&[("b", "2")]));
        assert_eq!(Spelled::parse(" a-b [x=y]\n").unwrap().name, "a-b");
    }

    #[test]
    fn wrong_spellings_are_refused() {
        for text in ["", "[a=b]", "a[b=c", "a[b]", "a[b=\"c\"d]", "a[b=[c]]", "a[=b]", "a[b=c] d"] {
            assert!(Spelled::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lists_are_split_outside_brackets() {
        assert_eq!(split("a\nb[x=\"1\n2\", y=3]\n c [z=4]\nd"), ["a", "b[x=\"1\n2\", y=3]", "c [z=4]", "d"]);
        assert_eq!(split("a[x=1][y=2] b"), ["a[x=1][y=2]", "b"]);
        assert_eq!(split("a[broken b"), ["a[broken", "b"]);
        assert_eq!(split("  "), Vec::<&str>::new());
    }
}
