//! Texts that many rows share, by number: a million bans have a handful of jails and few reasons.

use std::collections::HashMap;
use std::sync::Arc;

use event::JailName;

/// Jails by number. Only operators make jails, so none is ever dropped.
#[derive(Debug, Default)]
pub(crate) struct Jails {
    names: Vec<JailName>,
    numbers: HashMap<JailName, u16>,
}

impl Jails {
    /// No jail's number.
    pub(crate) const NONE: u16 = u16::MAX;

    /// The number of `name`, a new one if need be. Past the last number, jails share it: 65,535 names were given to one
    /// process by then.
    pub(crate) fn number(&mut self, name: &JailName) -> u16 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u16::try_from(self.names.len()).unwrap_or(Self::NONE).min(Self::NONE - 1);
        if usize::from(number) == self.names.len() {
            self.names.push(name.clone());
        }
        self.numbers.insert(name.clone(), number);
        number
    }

    /// The number of `name` if it has one.
    pub(crate) fn known(&self, name: &JailName) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// The name of `number`.
    pub(crate) fn name(&self, number: u16) -> JailName {
        self.names[usize::from(number)].clone()
    }
}

/// Reasons by number, each counted, so that one that nobody uses any more is dropped.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    texts: Vec<(Arc<str>, u32)>,
    numbers: HashMap<Arc<str>, u32>,
    free: Vec<u32>,
}

impl Reasons {
    /// The number of `text`, used once more.
    pub(crate) fn take(&mut self, text: &str) -> u32 {
        if let Some(&number) = self.numbers.get(text) {
            self.texts[number as usize].1 += 1;
            return number;
        }
        let text: Arc<str> = text.into();
        let number = self.free.pop().unwrap_or(self.texts.len() as u32);
        if number as usize == self.texts.len() {
            self.texts.push((text.clone(), 1));
        } else {
            self.texts[number as usize] = (text.clone(), 1);
        }
        self.numbers.insert(text, number);
        number
    }

    /// The text of `number`.
    pub(crate) fn text(&self, number: u32) -> &str {
        &self.texts[number as usize].0
    }

    /// `number` is used once less.
    pub(crate) fn drop(&mut self, number: u32) {
        let (text, uses) = &mut self.texts[number as usize];
        *uses -= 1;
        if *uses == 0 {
            self.numbers.remove(text);
            *text = "".into();
            self.free.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_lives_as_long_as_it_is_used() {
        let mut reasons = Reasons::default();
        let (one, other) = (reasons.take("one"), reasons.take("other"));
        assert_eq!(reasons.take("one"), one);
        reasons.drop(one);
        assert_eq!((reasons.text(one), reasons.text(other)), ("one", "other"));
        reasons.drop(one);
        assert_eq!(reasons.take("third"), one);
        assert_eq!(reasons.texts.len(), 2);
    }
}
