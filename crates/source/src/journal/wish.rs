//! Which entries of which journal somebody wants, in `journalctl`'s words. It starts nothing and reads nothing.

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::Fields;
use crate::SourceError;

/// Which entries of which journal are wanted, and in which form.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalWish {
    /// Where they are.
    pub place: JournalPlace,
    /// Alternatives, each of one or several `FIELD=value`: of one field any value will do, of several fields each must be met.
    /// Without any, all entries are wanted.
    pub matches: Vec<Vec<String>>,
    /// Whether entries are wanted as lines too: host, program, process, message.
    pub lines: bool,
}

/// Where a journal is: the options of `journalctl` that lead there. None lead to the system's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct JournalPlace {
    /// Such as `--directory=/var/log/journal/remote`.
    pub options: Vec<String>,
}

impl JournalPlace {
    /// Its name among the sources, by which its position is kept too. No file's is like it, since those begin with a slash.
    pub fn name(&self) -> String {
        let parts = [Self::NAME].into_iter().chain(self.options.iter().map(String::as_str));
        parts.collect::<Vec<_>>().join(" ")
    }

    /// Whether `name` is a journal's.
    pub fn is_named(name: &str) -> bool {
        name.split(' ').next() == Some(Self::NAME)
    }

    const NAME: &str = "journal";
}

impl JournalWish {
    /// Entries of the system's journal that match any one `FIELD=value`.
    pub fn any(matches: &[String]) -> Self {
        Self { matches: matches.iter().map(|one| vec![one.clone()]).collect(), ..Self::default() }
    }

    /// Each alternative as it would be typed.
    pub fn shown(&self) -> Vec<String> {
        self.matches.iter().map(|words| words.join(" ")).collect()
    }
}

/// Whether a text is a match that `journalctl` takes: `FIELD=value`.
pub fn is_journal_match(text: &str) -> bool {
    text.split_once('=').is_some_and(|(field, _)| is_field(field))
}

/// A journal field is capitals, digits and `_`; so a match can never be taken for an option. Those with two `_` in front are
/// made up by the reader, and nothing can be looked up by them.
fn is_field(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with("__")
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What one stream wants of a journal.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) number: usize,
    alternatives: Vec<Alternative>,
    pub(super) lines: bool,
}

/// Sorted, so that the same wish is the same list.
type Alternative = BTreeSet<(String, String)>;

impl Stream {
    pub(super) fn parse(number: usize, wish: &JournalWish) -> Result<Self, SourceError> {
        let parse = |text: &String| {
            let parts = text.split_once('=').filter(|(field, _)| is_field(field));
            let parts = parts.map(|(field, value)| (field.to_owned(), value.to_owned()));
            parts.ok_or_else(|| SourceError::NotAMatch { text: text.clone() })
        };
        let alternatives = wish.matches.iter().filter(|words| !words.is_empty());
        let alternatives = alternatives.map(|words| words.iter().map(parse).collect::<Result<_, _>>());
        Ok(Self { number, alternatives: alternatives.collect::<Result<_, _>>()?, lines: wish.lines })
    }

    pub(super) fn wants(&self, fields: &Fields) -> bool {
        let is_met = |field: &str, all: &Alternative| {
            all.iter().any(|(other, value)| other == field && fields.has(field, value.as_bytes()))
        };
        self.alternatives.is_empty()
            || self.alternatives.iter().any(|all| all.iter().all(|(field, _)| is_met(field, all)))
    }
}

/// What all streams of one journal want together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// None: every entry.
    alternatives: Option<BTreeSet<Alternative>>,
    /// What is looked at to tell who wants an entry.
    fields: BTreeSet<String>,
    lines: bool,
}

impl Wanted {
    pub(super) fn of(streams: &[Stream]) -> Self {
        let all = streams.iter().any(|stream| stream.alternatives.is_empty());
        let alternatives = || streams.iter().flat_map(|stream| &stream.alternatives);
        Self {
            alternatives: (!all).then(|| alternatives().cloned().collect()),
            fields: alternatives().flatten().map(|(field, _)| field.clone()).collect(),
            lines: streams.iter().any(|stream| stream.lines),
        }
    }

    /// The other fields are most of an entry, and we would only throw them away.
    pub(super) fn output_fields(&self) -> OsString {
        let mut fields = BTreeSet::from(["MESSAGE"]);
        fields.extend(self.fields.iter().map(String::as_str));
        if self.lines {
            fields.extend(Fields::OF_LINES);
        }
        format!("--output-fields={}", fields.into_iter().collect::<Vec<_>>().join(",")).into()
    }

    /// The matches as `journalctl` takes them.
    pub(super) fn matches(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        for alternative in self.alternatives.iter().flatten() {
            if !words.is_empty() {
                words.push("+".into());
            }
            words.extend(alternative.iter().map(|(field, value)| format!("{field}={value}").into()));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(matches: &[&[&str]]) -> Stream {
        let words = |words: &&[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let wish = JournalWish { matches: matches.iter().map(words).collect(), ..JournalWish::default() };
        Stream::parse(0, &wish).unwrap()
    }

    #[test]
    fn alternatives_and_parts() {
        let wants = |matches: &[&[&str]], entry: &str| {
            stream(matches).wants(&Fields::parse(entry.as_bytes()).unwrap())
        };
        let two: &[&[&str]] = &[&["A=1", "B=2", "A=3"], &["C=4"]];
        for (entry, wanted) in [
            (r#"{"A":"1","B":"2"}"#, true),
            (r#"{"A":"3","B":"2"}"#, true),
            (r#"{"A":"3","B":"1"}"#, false),
            (r#"{"B":"2"}"#, false),
            (r#"{"C":["1","4"]}"#, true),
            (r#"{}"#, false),
        ] {
            assert_eq!(wants(two, entry), wanted, "{entry}");
        }
        assert!(wants(&[], "{}") && wants(&[&[]], "{}"));
    }

    #[test]
    fn what_journalctl_is_told() {
        let told = |streams: &[Stream]| {
            let wanted = Wanted::of(streams);
            let words = wanted.matches().into_iter().map(|word| word.into_string().unwrap());
            let words = words.collect::<Vec<_>>().join(" ");
            (words, wanted.output_fields().into_string().unwrap())
        };
        let (one, other) = (stream(&[&["B=2", "A=1"], &["C=4"]]), stream(&[&["C=4"]]));
        let fields = "--output-fields=A,B,C,MESSAGE".to_owned();
        assert_eq!(told(&[one.clone(), other]), ("A=1 B=2 + C=4".to_owned(), fields.clone()));
        assert_eq!(told(&[one, stream(&[])]), (String::new(), fields));
    }

    #[test]
    fn what_is_a_match() {
        for (text, is) in [
            ("_COMM=x", true),
            ("A=", true),
            ("a=x", false),
            ("x", false),
            ("=x", false),
            ("__CURSOR=x", false),
            ("--help", false),
            ("+", false),
        ] {
            assert_eq!(is_journal_match(text), is, "{text}");
        }
    }
}
