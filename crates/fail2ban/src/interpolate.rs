//! `%(name)s`, `%(known/name)s`, `%(section/name)s` and `%%` in the values of a `Conf`. It refuses to follow names that lead in a circle,
//! or that grow a value past its bound.

use event::limit;

use crate::complaint::{Complaint, Wrong};
use crate::conf::Conf;
use crate::ini::{Section, Value};
use crate::ordered::Ordered;

/// Values that count before those of the files.
pub type Given = Ordered<Value>;

impl Conf {
    /// The value of an option: of those given, of the section, or of the defaults, in this order; everything put in. None: there is
    /// no such option or no such section.
    pub fn get(&self, section: &str, option: &str, given: &Given) -> Result<Option<Value>, Complaint> {
        let option = option.to_lowercase();
        let Some(own) = self.section(section) else { return Ok(None) };
        let lookup = Lookup { conf: self, own, section, given, option: &option };
        let Some(raw) = lookup.plain(&option) else { return Ok(None) };
        let mut text = String::new();
        let mut steps = limit::FAIL2BAN_STEPS;
        let place = &raw.place;
        lookup
            .put_in(&raw.text, 1, &mut steps, &mut text)
            .map_err(|wrong| Complaint { place: place.clone(), wrong })?;
        Ok(Some(Value { text, place: place.clone() }))
    }

    /// As `get`, but a name such as `lt_file/__prefix_line` is looked for in that section first, and `known/name` among what later files
    /// overwrote.
    pub fn get_qualified(
        &self,
        section: &str,
        option: &str,
        given: &Given,
    ) -> Result<Option<Value>, Complaint> {
        let nothing = Given::default();
        if let Some((wanted, name)) = option.split_once('/').filter(|(wanted, _)| is_section_name(wanted)) {
            let found = match wanted.to_lowercase().as_str() {
                "known" => match self.known(section, name) {
                    Some(value) => Some(value),
                    None => self.get(section, name, &nothing)?,
                },
                "default" => self.defaults.get(&name.to_lowercase()).cloned(),
                _ => self.get(wanted, name, &nothing)?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        self.get(section, option, given)
    }

    /// What a later file overwrote, everything put in that can be.
    fn known(&self, section: &str, name: &str) -> Option<Value> {
        let raw = self.known.get(section)?.get(&name.to_lowercase())?;
        let own = self.section(section)?;
        let lookup = Lookup { conf: self, own, section, given: &Given::default(), option: name };
        let mut text = String::new();
        lookup.put_in(&raw.text, 1, &mut limit::FAIL2BAN_STEPS.clone(), &mut text).ok()?;
        Some(Value { text, place: raw.place.clone() })
    }

    fn section(&self, name: &str) -> Option<&Section> {
        if name == crate::ini::DEFAULT { Some(&self.defaults) } else { self.sections.get(name) }
    }
}

fn is_section_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Where the names of one value are looked up.
struct Lookup<'a> {
    conf: &'a Conf,
    own: &'a Section,
    section: &'a str,
    given: &'a Given,
    option: &'a str,
}

impl<'a> Lookup<'a> {
    fn plain(&self, name: &str) -> Option<&'a Value> {
        let own = || self.own.get(name).or_else(|| self.conf.defaults.get(name));
        self.given.get(name).or_else(own)
    }

    /// `known/name` and `section/name`, unless an option is called just so.
    fn find(&self, name: &str) -> Option<String> {
        let lower = name.to_lowercase();
        if lower == "__name__" {
            return Some(self.section.to_owned());
        }
        if let Some(value) = self.plain(&lower) {
            return Some(value.text.clone());
        }
        let (section, option) = name.split_once('/')?;
        let option = option.to_lowercase();
        let there = match section.to_lowercase().as_str() {
            "default" => None,
            "known" => self.conf.known.get(self.section),
            // A section that is not there has no options, not even the default ones.
            _ => Some(self.conf.sections.get(section)?),
        };
        let found =
            there.and_then(|section| section.get(&option)).or_else(|| self.conf.defaults.get(&option));
        found.map(|value| value.text.clone())
    }

    fn put_in(&self, raw: &str, depth: usize, steps: &mut usize, into: &mut String) -> Result<(), Wrong> {
        let option = || self.option.to_owned();
        let bad = |text: &str| Wrong::BadPercent { option: option(), text: text.to_owned() };
        let mut rest = raw;
        while let Some(at) = rest.find('%') {
            into.push_str(&rest[..at]);
            let tail = &rest[at + 1..];
            if let Some(behind) = tail.strip_prefix('%') {
                into.push('%');
                rest = behind;
                continue;
            }
            let closed = tail.strip_prefix('(').and_then(|inner| inner.split_once(')'));
            let (name, behind) =
                closed.filter(|(name, _)| !name.is_empty()).ok_or_else(|| bad(&rest[at..]))?;
            rest = behind.strip_prefix('s').ok_or_else(|| bad(&rest[at..]))?;
            *steps = steps.checked_sub(1).ok_or_else(|| Wrong::ValueTooLong(option()))?;
            let value = self
                .find(name)
                .ok_or_else(|| Wrong::NoSuchName { option: option(), name: name.to_owned() })?;
            if depth >= limit::FAIL2BAN_INTERPOLATION_DEPTH && value.contains('%') {
                return Err(Wrong::Circular { option: option(), name: name.to_owned() });
            }
            if into.len() + value.len() > limit::FAIL2BAN_VALUE_BYTES {
                return Err(Wrong::ValueTooLong(option()));
            }
            self.put_in(&value, depth + 1, steps, into)?;
        }
        into.push_str(rest);
        Ok(())
    }
}
