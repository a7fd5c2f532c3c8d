//! Sentences in the visitor's language. A sentence that is missing shows its id; a test sees to it that none is.

use std::borrow::Cow;

use fluent_bundle::{FluentArgs, FluentValue};

use crate::language::Language;

/// A visitor's language, handed to every template. `text.say("blocked-title")`, or with values:
/// `text.with("count", 3).with("address", address).say("blocked-lifted")`.
#[derive(Clone, Copy)]
pub struct Text {
    language: &'static Language,
}

impl Text {
    /// In this language.
    pub fn new(language: &'static Language) -> Self {
        Self { language }
    }

    /// In the language of this tag, or the first.
    #[cfg(test)]
    pub fn of_tag(tag: &str) -> Self {
        Self::new(Language::of_tag(tag).unwrap_or(&Language::all()[0]))
    }

    /// `en`.
    pub fn tag(&self) -> &'static str {
        self.language.tag
    }

    /// A sentence without values.
    pub fn say(&self, id: &str) -> String {
        self.say_with(id, &[])
    }

    /// A sentence with values.
    pub fn say_with(&self, id: &str, values: &[(&str, Value)]) -> String {
        self.find(id, values).unwrap_or_else(|| id.to_owned())
    }

    /// A sentence that may not be in the catalogue: its id comes from elsewhere.
    pub fn find(&self, id: &str, values: &[(&str, Value)]) -> Option<String> {
        let bundle = &self.language.bundle;
        let pattern = bundle.get_message(id)?.value()?;
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            arguments.set(Cow::Owned((*name).to_owned()), value.0.clone());
        }
        Some(bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned())
    }

    /// A sentence whose values follow, one by one.
    pub fn with(&self, name: &'static str, value: impl Into<Value>) -> Sentence {
        Sentence { text: *self, values: vec![(name, value.into())] }
    }

    /// A number, its thousands apart.
    pub fn number<T: Into<Value>>(&self, number: T) -> String {
        self.say_with("number", &[("n", number.into())])
    }

    /// So many bytes, in the unit that leaves few digits.
    pub fn bytes(&self, bytes: &u64) -> String {
        let (id, size) = match *bytes {
            0..1_000 => ("bytes", 1),
            1_000..1_000_000 => ("kilobytes", 1_000),
            1_000_000..1_000_000_000 => ("megabytes", 1_000_000),
            _ => ("gigabytes", 1_000_000_000),
        };
        self.say_with(id, &[("n", Value::from(bytes / size))])
    }

    /// A span of time in words, its two largest units: "1 h 5 min", "7 days".
    pub fn span(&self, seconds: u64) -> String {
        const UNITS: [(&str, u64); 4] =
            [("span-days", 86_400), ("span-hours", 3_600), ("span-minutes", 60), ("span-seconds", 1)];
        let first = UNITS.iter().position(|(_, size)| seconds >= *size).unwrap_or(UNITS.len() - 1);
        let (id, size) = UNITS[first];
        let mut shown = self.say_with(id, &[("n", Value::from(seconds / size))]);
        if let Some((id, smaller)) = UNITS.get(first + 1)
            && seconds % size >= *smaller
        {
            shown.push('\u{a0}');
            shown.push_str(&self.say_with(id, &[("n", Value::from(seconds % size / smaller))]));
        }
        shown
    }
}

/// A sentence in the making.
pub struct Sentence {
    text: Text,
    values: Vec<(&'static str, Value)>,
}

impl Sentence {
    /// One more value.
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.values.push((name, value.into()));
        self
    }

    /// The sentence.
    pub fn say(self, id: &str) -> String {
        self.text.say_with(id, &self.values)
    }
}

/// What a sentence holds: a number, after which plural forms are chosen, or a text.
#[derive(Clone)]
pub struct Value(FluentValue<'static>);

macro_rules! number {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Value {
            fn from(number: $kind) -> Self {
                Self(FluentValue::from(number))
            }
        }
        impl From<&$kind> for Value {
            fn from(number: &$kind) -> Self {
                Self(FluentValue::from(*number))
            }
        }
        // What a template's loop hands over.
        impl From<&&$kind> for Value {
            fn from(number: &&$kind) -> Self {
                Self(FluentValue::from(**number))
            }
        }
    )*};
}
number!(i32, u32, i64, u64, usize, f64);

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(FluentValue::from(text.to_owned()))
    }
}

impl From<&&str> for Value {
    fn from(text: &&str) -> Self {
        Self::from(*text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(FluentValue::from(text))
    }
}

impl From<&&String> for Value {
    fn from(text: &&String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        let text = Text::of_tag("en");
        let shown = |seconds| text.span(seconds).replace('\u{a0}', " ");
        assert_eq!(shown(0), "0 s");
        assert_eq!(shown(41 * 60), "41 min");
        assert_eq!(shown(3_900), "1 h 5 min");
        assert_eq!(shown(86_400), "1 day");
        assert_eq!(shown(7 * 86_400 + 59), "7 days");
    }

    #[test]
    fn russian_has_its_plural_forms() {
        let text = Text::of_tag("ru");
        let shown = |days: u64| text.span(days * 86_400).replace('\u{a0}', " ");
        assert_eq!([shown(1), shown(3), shown(7), shown(21)], ["1 день", "3 дня", "7 дней", "21 день"]);
    }

    #[test]
    fn a_missing_sentence_shows_its_id() {
        assert_eq!(Text::of_tag("en").say("no-such-sentence"), "no-such-sentence");
        assert_eq!(Text::of_tag("xx").tag(), "en");
    }

    #[test]
    fn numbers_are_grouped_as_the_language_does() {
        assert_eq!(Text::of_tag("en").number(1_204_u64), "1,204");
        assert_eq!(Text::of_tag("ru").number(418_220_u64), "418\u{a0}220");
    }
}
