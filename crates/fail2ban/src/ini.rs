//! One file of fail2ban's INI dialect, as Python's `configparser` reads it: sections, `key = value` or `key: value`, continuation lines
//! by indentation, comments (`#`, `;`, and ` ;` behind a value). It refuses to follow includes and to interpolate: `conf` does.

use std::path::Path;
use std::sync::Arc;

use crate::complaint::{Complaint, Place, Wrong};
use crate::ordered::Ordered;

/// The section whose options all others have.
pub const DEFAULT: &str = "DEFAULT";

/// The value of an option, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The text; lines of it are separated by `\n`.
    pub text: String,
    /// Where it begins.
    pub place: Place,
}

/// The options of a section, in order.
pub type Section = Ordered<Value>;

/// The sections of a file, `DEFAULT` among them.
pub type Sections = Ordered<Section>;

/// Reads a file's text. Lines that cannot be understood are complained about and left out.
pub fn parse(text: &str, path: &Path) -> (Sections, Vec<Complaint>) {
    let mut reader = Reader {
        file: Arc::from(path),
        sections: Sections::default(),
        complaints: Vec::new(),
        section: None,
        option: None,
        indent: 0,
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    for (index, line) in text.lines().enumerate() {
        reader.line(line, u32::try_from(index + 1).unwrap_or(u32::MAX));
    }
    let mut sections = Sections::default();
    for (name, section) in reader.sections.iter() {
        let mut trimmed = Section::default();
        for (option, value) in section.iter() {
            trimmed
                .insert(option, Value { text: value.text.trim_end().to_owned(), place: value.place.clone() });
        }
        sections.insert(name, trimmed);
    }
    (sections, reader.complaints)
}

struct Reader {
    file: Arc<Path>,
    sections: Sections,
    complaints: Vec<Complaint>,
    section: Option<String>,
    option: Option<String>,
    indent: usize,
}

impl Reader {
    fn line(&mut self, line: &str, number: u32) {
        let place = Place { file: self.file.clone(), line: number };
        let (value, commented) = without_comment(line);
        if value.is_empty() {
            // An empty line belongs to the value above it, unless a comment made it empty.
            if !commented {
                self.carry_on("");
            }
            return;
        }
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        if indent > self.indent && self.carry_on(value) {
            return;
        }
        self.indent = indent;
        if let Some(name) = header(value) {
            self.open(name, place);
        } else if self.section.is_none() {
            self.complain(place, Wrong::NoSection(value.to_owned()));
        } else {
            self.option(value, place);
        }
    }

    fn current(&mut self) -> Option<&mut Section> {
        self.sections.get_mut(self.section.as_deref()?)
    }

    /// Adds a line to the value above; false if there is none.
    fn carry_on(&mut self, text: &str) -> bool {
        let Some(option) = self.option.clone() else { return false };
        let Some(value) = self.current().and_then(|section| section.get_mut(&option)) else { return false };
        value.text.push('\n');
        value.text.push_str(text);
        true
    }

    fn open(&mut self, name: &str, place: Place) {
        if !self.sections.has(name) {
            self.sections.insert(name, Section::default());
        } else if name != DEFAULT {
            self.complain(place, Wrong::SectionTwice(name.to_owned()));
        }
        self.section = Some(name.to_owned());
        self.option = None;
    }

    fn option(&mut self, line: &str, place: Place) {
        let Some((name, text)) = line.split_once(['=', ':']) else {
            return self.complain(place, Wrong::NotAnOption(line.to_owned()));
        };
        let name = name.trim_end().to_lowercase();
        if name.is_empty() {
            self.option = None;
            return self.complain(place, Wrong::NotAnOption(line.to_owned()));
        }
        let value = Value { text: text.trim().to_owned(), place: place.clone() };
        let Some(section) = self.current() else { return };
        let before = section.get(&name).map(|value| value.place.line);
        section.insert(&name, value);
        if let Some(before) = before {
            self.complain(place, Wrong::OptionTwice { option: name.clone(), before });
        }
        self.option = Some(name);
    }

    fn complain(&mut self, place: Place, wrong: Wrong) {
        self.complaints.push(Complaint { place, wrong });
    }
}

/// The line without its comment and the white space around it, and whether there was a comment.
fn without_comment(line: &str) -> (&str, bool) {
    let trimmed = line.trim();
    if trimmed.starts_with(['#', ';']) {
        return ("", true);
    }
    let behind_space = |&(at, _): &(usize, &str)| line[..at].ends_with(char::is_whitespace) || at == 0;
    match line.match_indices(';').find(behind_space) {
        Some((at, _)) => (line[..at].trim(), true),
        None => (trimmed, false),
    }
}

/// `[name]`, up to the last bracket of the line, as Python takes it.
fn header(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('[')?;
    let (name, _) = inner.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Sections, Vec<String>) {
        let (sections, complaints) = parse(text, Path::new("x.conf"));
        (sections, complaints.iter().map(ToString::to_string).collect())
    }

    fn value(text: &str, section: &str, option: &str) -> Option<String> {
        read(text).0.get(section)?.get(option).map(|value| value.text.clone())
    }

    #[test]
    fn values_span_lines_and_comments_are_cut() {
        let text = "[A]\nKey = one ; said behind\n  two;not\n# three\n\n  four\nother: five=six\n";
        assert_eq!(value(text, "A", "key").unwrap(), "one\ntwo;not\n\nfour");
        assert_eq!(value(text, "A", "other").unwrap(), "five=six");
    }

    #[test]
    fn an_indented_section_needs_an_option_above_it_to_be_a_continuation() {
        assert_eq!(value("[A]\n [B]\n x = 1\n", "B", "x").unwrap(), "1");
        assert_eq!(value("[A]\nx =\n [B]\n y = 1\n", "A", "x").unwrap(), "\n[B]\ny = 1");
    }

    #[test]
    fn what_cannot_be_understood_is_said_with_its_line() {
        let (sections, complaints) = read("a = 1\n[A]\nnonsense\n= 2\nb = 1\nb = 2\n[A]\nc = 3\n");
        assert_eq!(complaints.len(), 5, "{complaints:?}");
        assert!(complaints[0].starts_with("x.conf:1: "), "{complaints:?}");
        assert!(complaints[3].starts_with("x.conf:6: "), "{complaints:?}");
        assert_eq!(sections.get("A").unwrap().get("b").unwrap().text, "2");
        assert_eq!(sections.get("A").unwrap().get("c").unwrap().text, "3");
    }
}
