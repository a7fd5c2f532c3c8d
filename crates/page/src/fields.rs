//! What a form sent: names and values in the order in which they stood on the page. It judges nothing; a page reads its draft
//! out of it, so that what was entered can be shown again.

use config::{Mistake, WrongEntry, parse_addresses};
use event::{Subject, limit};
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
    pub fn with(mut self, name: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        self.values.push((name, value.to_string()));
        self
    }

    /// The sentence.
    pub fn said(&self, text: &Text) -> String {
        let values: Vec<_> = self.values.iter().map(|(name, value)| (*name, value.into())).collect();
        text.say_with(self.id, &values)
    }
}

/// The addresses and subnets of a text; every wrong entry is a slip with its place. Everybody (`0.0.0.0/0`) is wrong.
pub fn subjects(field: &str, text: &str) -> (Vec<Subject>, Vec<Slip>) {
    match parse_addresses(text) {
        Ok(subjects) => (subjects, Vec::new()),
        Err(wrong) => {
            let slip =
                |wrong: &WrongEntry| slip(field, &wrong.entry, wrong.line, wrong.column, &wrong.mistake);
            (Vec::new(), wrong.iter().map(slip).collect())
        }
    }
}

/// The same for rows of the firewall, where everybody is a subnet like others.
pub fn subnets(field: &str, text: &str) -> (Vec<Subject>, Vec<Slip>) {
    let (mut subnets, mut slips) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate() {
        for (column, entry) in entries(line).take(limit::FIREWALL_NETWORKS + 1) {
            if slips.len() == limit::WRONG_ENTRIES || subnets.len() > limit::FIREWALL_NETWORKS {
                return (subnets, slips);
            }
            match entry.parse::<Subject>() {
                Ok(subnet) if subnets.contains(&subnet) => {}
                Ok(subnet) => subnets.push(subnet),
                Err(_) => {
                    let wrong = parse_addresses(entry).err().unwrap_or_default();
                    let one =
                        |wrong: &WrongEntry| slip(field, &wrong.entry, number + 1, column, &wrong.mistake);
                    slips.extend(wrong.iter().map(one));
                }
            }
        }
    }
    (subnets, slips)
}

fn slip(field: &str, entry: &str, line: usize, column: usize, mistake: &Mistake) -> Slip {
    let of = |id| Slip::new(field, id).with("entry", entry).with("line", &line).with("column", &column);
    match mistake {
        Mistake::Wildcard(meant) | Mistake::Mask(meant) => of("slip-wildcard").with("meant", meant),
        Mistake::Range(meant) => of("slip-range").with("meant", meant),
        Mistake::Prefix(longest) => of("slip-prefix").with("longest", longest),
        Mistake::Decorated(meant) => of("slip-decorated").with("meant", meant),
        Mistake::Everyone => of("slip-everybody"),
        Mistake::HostName => of("slip-host-name"),
        Mistake::TooMany => of("slip-too-many").with("most", &limit::TYPED_ADDRESSES),
        Mistake::Unknown => of("slip-subnet"),
    }
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
        let text = "192.0.2.1, 10.20.0.0/16;2001:db8::/48\n\n198.51.100.7\t192.0.2.1";
        for (subjects, slips) in [subjects("whitelist", text), subnets("subnet", text)] {
            assert!(slips.is_empty(), "{slips:?}");
            let shown: Vec<String> = subjects.iter().map(ToString::to_string).collect();
            assert_eq!(shown, ["192.0.2.1", "10.20.0.0/16", "2001:db8::/48", "198.51.100.7"]);
        }
    }

    #[test]
    fn each_wrong_entry_has_its_place() {
        let text = "192.0.2.1 office\n, 10.0.0.0/33 пять 192.0.2.2 10.1.*";
        let expected = [
            ("slip-host-name", "office", "1", "11"),
            ("slip-prefix", "10.0.0.0/33", "2", "3"),
            ("slip-host-name", "пять", "2", "15"),
            ("slip-wildcard", "10.1.*", "2", "30"),
        ];
        for (_, slips) in [subjects("whitelist", text), subnets("subnet", text)] {
            let value = |slip: &Slip, at: usize| slip.values[at].1.clone();
            let told: Vec<_> =
                slips.iter().map(|slip| (slip.id, value(slip, 0), value(slip, 1), value(slip, 2))).collect();
            let told: Vec<_> =
                told.iter().map(|(id, a, b, c)| (*id, a.as_str(), b.as_str(), c.as_str())).collect();
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn everybody_is_a_subnet_but_nobody_to_list() {
        assert_eq!(subjects("whitelist", "::/0").1[0].id, "slip-everybody");
        assert_eq!(subnets("subnet", "0.0.0.0/0 ::/0").0.len(), 2);
    }

    #[test]
    fn endless_texts_end() {
        let text = "x ".repeat(100_000);
        assert!(subnets("subnet", &text).1.len() <= limit::WRONG_ENTRIES);
        assert!(subjects("whitelist", &text).1.len() <= limit::WRONG_ENTRIES);
    }
}
