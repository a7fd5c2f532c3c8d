//! `<name>` and `<a<b>c>` in the options of a filter or an action, replaced by the options of these names. A tag that names no
//! option stays: it is one of the regular expressions' (`<HOST>`) or of the ban's (`<ip>`), which this module refuses to know.

use std::collections::{HashMap, HashSet};

use event::limit;

use crate::complaint::{Complaint, Wrong};
use crate::ini::Value;
use crate::ordered::Ordered;

/// Puts the options into one another until nothing is left to put in. `ignored` stay as they are, as options and as tags; `further` knows
/// options that are not among them.
pub fn substitute(
    options: &Ordered<Value>,
    ignored: &HashSet<String>,
    further: &mut dyn FnMut(&str) -> Result<Option<String>, Complaint>,
) -> Result<Ordered<Value>, Complaint> {
    let mut work =
        Work { options: options.clone(), ignored, further, counts: HashMap::new(), done: HashSet::new() };
    let names: Vec<String> = options.iter().map(|(name, _)| name.to_owned()).collect();
    while work.pass(&names)? {}
    Ok(work.options)
}

struct Work<'a> {
    options: Ordered<Value>,
    ignored: &'a HashSet<String>,
    further: &'a mut dyn FnMut(&str) -> Result<Option<String>, Complaint>,
    /// How often each option had each tag put in.
    counts: HashMap<String, HashMap<String, usize>>,
    done: HashSet<String>,
}

impl Work<'_> {
    /// One pass over all options; whether another is needed because a replacement brought new tags.
    fn pass(&mut self, names: &[String]) -> Result<bool, Complaint> {
        let mut again = false;
        for name in names {
            if self.ignored.contains(name) || self.done.contains(name) {
                continue;
            }
            let Some(before) = self.options.get(name).cloned() else { continue };
            let after = self.put_in(name, &before)?;
            if !after.contains('<') {
                self.done.insert(name.clone());
            }
            if after != before.text {
                again |= tag(&after, 0).is_some();
                self.options.insert(name, Value { text: after, place: before.place });
            }
        }
        Ok(again)
    }

    fn put_in(&mut self, name: &str, value: &Value) -> Result<String, Complaint> {
        let complain = |wrong| Complaint { place: value.place.clone(), wrong };
        let mut text = value.text.clone();
        let mut steps = limit::FAIL2BAN_STEPS;
        let mut from = 0;
        while let Some((start, end)) = tag(&text, from) {
            steps = steps.checked_sub(1).ok_or_else(|| complain(Wrong::ValueTooLong(name.to_owned())))?;
            let wanted = text[start + 1..end - 1].to_owned();
            if self.ignored.contains(&wanted) {
                from = end;
                continue;
            }
            let counts = self.counts.entry(name.to_owned()).or_default();
            if wanted == name || counts.get(&wanted).is_some_and(|&n| n > limit::FAIL2BAN_TAG_REPLACEMENTS) {
                return Err(complain(Wrong::Circular { option: name.to_owned(), name: wanted }));
            }
            let found = match self.options.get(&wanted) {
                Some(value) => Some(value.text.clone()),
                None => (self.further)(&wanted)?,
            };
            let Some(found) = found else {
                from = end;
                continue;
            };
            *counts.entry(wanted.clone()).or_default() += 1;
            let written = format!("<{wanted}>");
            if text.len() + text.matches(&written).count() * found.len() > limit::FAIL2BAN_VALUE_BYTES {
                return Err(complain(Wrong::ValueTooLong(name.to_owned())));
            }
            text = text.replace(&written, &found);
            // What was put in may be a tag itself, or part of one.
            from = text.floor_char_boundary(start);
        }
        Ok(text)
    }
}

/// The first `<name>` at or behind `from`: no space and no angle bracket in the name.
fn tag(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut start = None;
    for (at, c) in text[from..].char_indices().map(|(at, c)| (at + from, c)) {
        match c {
            '<' => start = Some(at),
            ' ' => start = None,
            '>' => {
                if let Some(start) = start.filter(|&start| at > start + 1) {
                    return Some((start, at + 1));
                }
                start = None;
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complaint::Place;

    fn all(options: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let mut given = Ordered::default();
        for (name, text) in options {
            given.insert(name, Value { text: (*text).to_owned(), place: Place::file("x") });
        }
        let done = substitute(&given, &HashSet::new(), &mut |_| Ok(None))
            .map_err(|complaint| complaint.to_string())?;
        Ok(done.iter().map(|(_, value)| value.text.clone()).collect())
    }

    #[test]
    fn tags_are_put_in_and_composed() {
        let given = [("a", "3"), ("b", "<a>_<HOST>_<lt_<kind>>"), ("kind", "x"), ("lt_x", "<a>y")];
        assert_eq!(all(&given).unwrap(), ["3", "3_<HOST>_3y", "x", "3y"]);
        assert_eq!(all(&[("a", "< b> <b <a<"), ("b", "1")]).unwrap()[0], "< b> <b <a<");
    }

    #[test]
    fn circles_and_floods_end() {
        assert!(all(&[("a", "<b>"), ("b", "<a>")]).unwrap_err().contains("refers to itself"));
        assert!(all(&[("a", "<a>")]).is_err());
        let long = "<b>".repeat(1000);
        let deep = "<c>".repeat(1000);
        assert!(
            all(&[("a", &long), ("b", &deep), ("c", &"x".repeat(1000))]).unwrap_err().contains("grows past")
        );
    }
}
