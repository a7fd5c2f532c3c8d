//! Addresses as people type or paste them into one field: blanks, commas, semicolons and line ends all separate. Every wrong
//! entry is told with its place and what was probably meant. No name is ever resolved.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use event::{Subject, limit};

/// An entry that is neither an address nor a subnet, or must not be listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongEntry {
    /// The entry, shortened if it is endless.
    pub entry: String,
    /// Its line, from 1.
    pub line: usize,
    /// The column of its first character, from 1.
    pub column: usize,
    /// What is wrong with it.
    pub mistake: Mistake,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// `192.168.1.*`: the subnet that was meant.
    Wildcard(Subject),
    /// `10.0.0.1-10.0.0.9`: the narrowest subnet that has all of them.
    Range(Subject),
    /// `192.168.0.0/255.255.255.0`: the subnet that was meant.
    Mask(Subject),
    /// `192.0.2.1/33`: the longest prefix there is.
    Prefix(u8),
    /// `192.0.2.1:5060`, `[2001:db8::1]`: the address in it.
    Decorated(Subject),
    /// `0.0.0.0/0`, `::/0`.
    Everyone,
    /// `pbx.example.com`.
    HostName,
    /// One more than `limit::TYPED_ADDRESSES`.
    TooMany,
    /// Nothing that is known.
    Unknown,
}

impl WrongEntry {
    /// What was expected, ready to stand behind the entry.
    pub fn expected(&self) -> String {
        self.mistake.to_string()
    }
}

impl fmt::Display for WrongEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: '{}' {}", self.line, self.column, self.entry, self.mistake)
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard(subnet) | Self::Mask(subnet) => write!(f, "is not a subnet; write '{subnet}'"),
            Self::Range(subnet) => {
                write!(f, "is a range; write subnets, e.g. '{subnet}', which has all of it")
            }
            Self::Prefix(longest) => {
                write!(f, "has a prefix that is none; write a number from 1 to {longest}")
            }
            Self::Decorated(address) => write!(f, "is more than an address; write '{address}'"),
            Self::Everyone => f.write_str("would let everyone in; write narrower subnets"),
            Self::HostName => f.write_str("is a name, and names are never resolved; write its address"),
            Self::TooMany => {
                write!(f, "is one too many; write {} at most, or wider subnets", limit::TYPED_ADDRESSES)
            }
            Self::Unknown => f.write_str(
                "is not an address or a subnet; write e.g. '192.0.2.1', '192.0.2.0/24' or '2001:db8::/48'",
            ),
        }
    }
}

/// The addresses and subnets of a text, each once and in its order; or its wrong entries, the first
/// `limit::WRONG_ENTRIES` of them.
pub fn parse_addresses(text: &str) -> Result<Vec<Subject>, Vec<WrongEntry>> {
    let mut seen = BTreeSet::new();
    let mut list = Vec::new();
    let mut wrong = Vec::new();
    for entry in entries(text) {
        let mistake = match entry.text.parse::<Subject>() {
            Ok(subject) if subject.prefix_bits() == 0 => Mistake::Everyone,
            Ok(subject) if !seen.insert(subject) => continue,
            Ok(_) if list.len() == limit::TYPED_ADDRESSES => Mistake::TooMany,
            Ok(subject) => {
                list.push(subject);
                continue;
            }
            Err(_) => mistake(entry.text),
        };
        let last = mistake == Mistake::TooMany || wrong.len() + 1 == limit::WRONG_ENTRIES;
        let Entry { text, line, column } = entry;
        wrong.push(WrongEntry { entry: shortened(text), line, column, mistake });
        if last {
            break;
        }
    }
    if wrong.is_empty() { Ok(list) } else { Err(wrong) }
}

struct Entry<'text> {
    text: &'text str,
    line: usize,
    column: usize,
}

fn entries(text: &str) -> impl Iterator<Item = Entry<'_>> {
    text.split('\n').enumerate().flat_map(|(above, line)| {
        let mut column = 1;
        line.split(|c: char| c.is_whitespace() || c == ',' || c == ';').filter_map(move |part| {
            let here = column;
            column += part.chars().count() + 1;
            (!part.is_empty()).then_some(Entry { text: part, line: above + 1, column: here })
        })
    })
}

fn mistake(entry: &str) -> Mistake {
    let known = wildcard(entry)
        .map(Mistake::Wildcard)
        .or_else(|| range(entry).map(Mistake::Range))
        .or_else(|| prefix(entry))
        .or_else(|| decorated(entry).map(Mistake::Decorated));
    known.unwrap_or(if is_host_name(entry) { Mistake::HostName } else { Mistake::Unknown })
}

/// `192.168.1.*`, `192.168.*.*`, `192.168.*`.
fn wildcard(entry: &str) -> Option<Subject> {
    let mut octets = [0; 4];
    let mut parts = entry.split('.').peekable();
    let mut known = 0;
    while let Some(part) = parts.next_if(|part| *part != "*") {
        *octets.get_mut(known)? = part.parse().ok()?;
        known += 1;
    }
    let stars = parts.count();
    let right = (1..4).contains(&known) && stars > 0 && known + stars <= 4;
    right.then(|| Subject::network(IpAddr::V4(octets.into()), known as u8 * 8))
}

/// `10.0.0.1-10.0.0.9`, `10.0.0.1-9`.
fn range(entry: &str) -> Option<Subject> {
    let (first, last) = entry.split_once(['-', '–'])?;
    let first: IpAddr = first.parse().ok()?;
    let last: IpAddr = match (last.parse(), first) {
        (Ok(last), _) => last,
        (Err(_), IpAddr::V4(first)) => {
            let [a, b, c, _] = first.octets();
            Ipv4Addr::new(a, b, c, last.parse().ok()?).into()
        }
        _ => return None,
    };
    let longest = if first.is_ipv4() { 32 } else { 128 };
    let around = |bits: &u8| Subject::network(first, *bits).covers(&Subject::exactly(last));
    (1..=longest).rev().find(around).map(|bits| Subject::network(first, bits))
}

/// A wrong prefix behind a right address.
fn prefix(entry: &str) -> Option<Mistake> {
    let (address, behind) = entry.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    if let Ok(mask) = behind.parse::<Ipv4Addr>()
        && address.is_ipv4()
    {
        let bits = u32::from(mask);
        // Masks of access lists are written inverted.
        let ones = if bits.leading_ones() > 0 { bits } else { !bits };
        let whole = ones.leading_ones() + ones.trailing_zeros() == 32;
        return (whole && ones != 0)
            .then(|| Mistake::Mask(Subject::network(address, ones.count_ones() as u8)));
    }
    Some(Mistake::Prefix(if address.is_ipv4() { 32 } else { 128 }))
}

/// With a port, brackets, a zone or quotes around an address or a subnet.
fn decorated(entry: &str) -> Option<Subject> {
    let bare = entry.trim_matches(['"', '\'', '(', ')', '<', '>']);
    let bare = match bare.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => bare.split('%').next().unwrap_or(bare),
    };
    let right = |text: &str| text.parse::<Subject>().ok().filter(|subject| subject.prefix_bits() > 0);
    right(bare).or_else(|| right(bare.rsplit_once(':')?.0).filter(Subject::is_ipv4))
}

fn is_host_name(entry: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_' || c == '.';
    entry.contains(char::is_alphabetic) && entry.chars().all(allowed)
}

fn shortened(entry: &str) -> String {
    const LONGEST: usize = 60;
    let mut short: String = entry.chars().take(LONGEST).collect();
    if short.len() < entry.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        parse_addresses(text).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_separates_and_doubles_are_one() {
        let list = parse_addresses(
            " 192.0.2.1,192.0.2.2;\t2001:db8::1\r\n\n192.0.2.7/24 ,, ::ffff:192.0.2.1\u{a0}192.0.2.2",
        )
        .unwrap();
        let list: Vec<_> = list.iter().map(ToString::to_string).collect();
        assert_eq!(list, ["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.0/24"]);
        assert_eq!(parse_addresses(" \n,; "), Ok(Vec::new()));
    }

    #[test]
    fn every_wrong_entry_has_its_place() {
        assert_eq!(
            told("192.0.2.1, офис\n\n  192.0.2.1/33 192.0.2.2"),
            [
                "line 1, column 12: 'офис' is a name, and names are never resolved; write its address",
                "line 3, column 3: '192.0.2.1/33' has a prefix that is none; write a number from 1 to 32",
            ]
        );
    }

    #[test]
    fn usual_mistakes_are_known() {
        let subnet = |text: &str| text.parse::<Subject>().unwrap();
        for (entry, expected) in [
            ("192.168.1.*", Mistake::Wildcard(subnet("192.168.1.0/24"))),
            ("10.*", Mistake::Wildcard(subnet("10.0.0.0/8"))),
            ("*.*.*.*", Mistake::Unknown),
            ("1.*.2.3.4", Mistake::Unknown),
            ("10.0.0.1-10.0.0.9", Mistake::Range(subnet("10.0.0.0/28"))),
            ("10.0.0.1-9", Mistake::Range(subnet("10.0.0.0/28"))),
            ("192.0.2.0/255.255.255.0", Mistake::Mask(subnet("192.0.2.0/24"))),
            ("192.0.2.0/0.0.0.255", Mistake::Mask(subnet("192.0.2.0/24"))),
            ("192.0.2.0/255.0.255.0", Mistake::Unknown),
            ("192.0.2.0/255.255.255.255", Mistake::Mask(subnet("192.0.2.0"))),
            ("192.0.2.0/0.0.0.0", Mistake::Mask(subnet("192.0.2.0"))),
            ("2001:db8::/129", Mistake::Prefix(128)),
            ("192.0.2.0/", Mistake::Prefix(32)),
            ("192.0.2.1:5060", Mistake::Decorated(subnet("192.0.2.1"))),
            ("[2001:db8::1]:5060", Mistake::Decorated(subnet("2001:db8::1"))),
            ("fe80::1%eth0", Mistake::Decorated(subnet("fe80::1"))),
            ("\"192.0.2.0/24\"", Mistake::Decorated(subnet("192.0.2.0/24"))),
            ("::/0", Mistake::Everyone),
            ("0.0.0.0/0", Mistake::Everyone),
            ("pbx.example.com", Mistake::HostName),
            ("192.0.2", Mistake::Unknown),
            ("-", Mistake::Unknown),
            ("<script>", Mistake::Unknown),
        ] {
            assert_eq!(parse_addresses(entry).unwrap_err()[0].mistake, expected, "{entry}");
        }
    }

    #[test]
    fn all_is_bounded() {
        let many: String =
            (0..=limit::TYPED_ADDRESSES as u32).map(|at| format!("{} ", Ipv4Addr::from(at + 1))).collect();
        let wrong = parse_addresses(&many).unwrap_err();
        assert_eq!((wrong.len(), &wrong[0].mistake), (1, &Mistake::TooMany));
        assert_eq!(parse_addresses(&"x ".repeat(100_000)).unwrap_err().len(), limit::WRONG_ENTRIES);
        assert_eq!(told(&"x".repeat(10_000))[0].chars().filter(|c| *c == 'x').count(), 60);
    }
}
