//! What a form sent: names and values in the order in which they stood on the page. It judges nothing; a page reads its draft
//! out of it, so that what was entered can be shown again.

use std::str::FromStr;

use event::Subject;
use serde::Deserialize;

use crate::text::Text;

/// The fields of a form. A name may come several times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// From the pairs as they came.
    #[cfg(test)]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of that name, without the blanks around it; empty if there is none.
    pub fn get(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default().trim()
    }

    /// The value of that name as it was entered: for texts of several lines.
    pub fn whole(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of that name, in order.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a box of that name is ticked.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }
}

/// Something in a form that is not right: which field, and the sentence about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// The field's name.
    pub field: String,
    /// The sentence's id; a text that has none stands in `values` under `text`.
    pub id: &'static str,
    /// What is in the sentence.
    pub values: Vec<(&'static str, String)>,
}

impl Slip {
    /// About a field.
    pub fn new(field: impl Into<String>, id: &'static str) -> Self {
        Self { field: field.into(), id, values: Vec::new() }
    }

    /// With a value for its sentence.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, value.to_string()));
        self
    }

    /// The sentence.
    pub fn said(&self, text: &Text) -> String {
        let values: Vec<_> = self.values.iter().map(|(name, value)| (*name, value.into())).collect();
        text.say_with(self.id, &values)
    }
}

/// The subnets of a text, parted by blanks, commas, semicolons and line ends; every wrong entry is a slip with its place, line and
/// column counted from 1. The same subnet twice counts once.
pub fn subjects(field: &str, text: &str) -> (Vec<Subject>, Vec<Slip>) {
    let (mut subjects, mut slips) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        for (column, entry) in entries(line) {
            match Subject::from_str(entry) {
                Ok(subject) if subjects.contains(&subject) => {}
                Ok(subject) => subjects.push(subject),
                Err(_) => slips.push(
                    Slip::new(field, "slip-subnet")
                        .with("entry", entry)
                        .with("line", number + 1)
                        .with("column", column),
                ),
            }
        }
    }
    (subjects, slips)
}

/// The entries of a line, each with its column.
fn entries(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let parts = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let mut at = 0;
    line.split(parts).filter_map(move |entry| {
        let column = line[..at].chars().count() + 1;
        let behind = &line[at + entry.len()..];
        at += entry.len() + behind.chars().next().map_or(0, char::len_utf8);
        (!entry.is_empty()).then_some((column, entry))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_come_several_times_and_order_stays() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields =
            Fields::new(vec![pair("row", "3"), pair("row", "1"), pair("name", " Office "), pair("row", "2")]);
        assert_eq!(fields.all("row").collect::<Vec<_>>(), ["3", "1", "2"]);
        assert_eq!(fields.get("name"), "Office");
        assert_eq!(fields.get("nothing"), "");
        assert!(fields.has("name") && !fields.has("nothing"));
    }

    #[test]
    fn spaces_commas_and_line_ends_all_separate() {
        let (subjects, slips) =
            subjects("whitelist", "192.0.2.1, 10.20.0.0/16;2001:db8::/48\r\n\n198.51.100.7\t192.0.2.1");
        assert!(slips.is_empty(), "{slips:?}");
        let shown: Vec<String> = subjects.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["192.0.2.1", "10.20.0.0/16", "2001:db8::/48", "198.51.100.7"]);
    }

    #[test]
    fn each_wrong_entry_has_its_place() {
        let (subjects, slips) = subjects("whitelist", "192.0.2.1 office\n, 10.0.0.0/33 пять 192.0.2.2");
        assert_eq!(subjects.len(), 2);
        let places: Vec<_> = slips
            .iter()
            .map(|slip| slip.values.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>())
            .collect();
        assert_eq!(places, [["office", "1", "11"], ["10.0.0.0/33", "2", "3"], ["пять", "2", "15"]]);
    }
}
