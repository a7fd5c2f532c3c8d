//! Who is counted and banned: one IPv4 address, one IPv6 network, or a subnet of either family.
//!
//! The form is canonical: `::ffff:192.0.2.1` is `192.0.2.1`, and the bits behind the prefix are zero. Two subjects
//! are the same if and only if they compare equal. Names are never resolved here or anywhere behind here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address or a subnet in canonical form: 17 bytes, so that a table of a million stays small.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// IPv4 stands here as IPv4-mapped IPv6, so that both families order and compare in one way.
    octets: [u8; 16],
    /// Bits of `octets` that count, 96 and up for IPv4.
    prefix: u8,
}

const MAPPED: u8 = 96;

impl Subject {
    /// The subject that a failure from `address` counts against: IPv4 as it is, IPv6 by its /64, because whoever
    /// holds one address of a /64 holds all of them.
    pub fn counted(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(_) => Self::network(address, 32),
            IpAddr::V6(_) => Self::network(address, 64),
        }
    }

    /// Exactly this address (/32 or /128).
    pub fn exactly(address: IpAddr) -> Self {
        Self::network(address, 128)
    }

    /// The network of `address` with `prefix_bits` in the address's own family; bits past the family's width are cut.
    pub fn network(address: IpAddr, prefix_bits: u8) -> Self {
        let (octets, prefix) = match address.to_canonical() {
            IpAddr::V4(v4) => (v4.to_ipv6_mapped().octets(), MAPPED + prefix_bits.min(32)),
            IpAddr::V6(v6) => (v6.octets(), prefix_bits.min(128)),
        };
        let bits = u128::from_be_bytes(octets) & mask(prefix);
        Self { octets: bits.to_be_bytes(), prefix }
    }

    /// The first address of the subject, in its own family.
    pub fn address(&self) -> IpAddr {
        let v6 = Ipv6Addr::from(self.octets);
        if self.is_ipv4() { IpAddr::V4(v4_of(self.octets)) } else { IpAddr::V6(v6) }
    }

    /// Prefix length in the subject's own family: up to 32 for IPv4, up to 128 for IPv6.
    pub fn prefix_bits(&self) -> u8 {
        if self.is_ipv4() { self.prefix - MAPPED } else { self.prefix }
    }

    /// Whether this is IPv4.
    pub fn is_ipv4(&self) -> bool {
        self.prefix >= MAPPED && self.octets[..12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
    }

    /// Whether the subject is what a single client is counted by: an IPv4 address or an IPv6 /64.
    pub fn is_single_client(&self) -> bool {
        if self.is_ipv4() { self.prefix == 128 } else { self.prefix == 64 }
    }

    /// Whether every address of `other` lies in this subject. The families stay apart: `::/0` is all of IPv6, no IPv4.
    pub fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix
            && self.is_ipv4() == other.is_ipv4()
            && (u128::from_be_bytes(other.octets) & mask(self.prefix)) == u128::from_be_bytes(self.octets)
    }

    /// Whether the two have an address in common.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The sixteen octets (IPv4 as IPv4-mapped) and the prefix within them, for storage in a compact form.
    pub fn to_raw(&self) -> ([u8; 16], u8) {
        (self.octets, self.prefix)
    }

    /// Back from `to_raw`. `None` if this cannot have come from there: a prefix past 128, or a bit set behind it.
    pub fn from_raw(octets: [u8; 16], prefix: u8) -> Option<Self> {
        let canonical = prefix <= 128 && u128::from_be_bytes(octets) & !mask(prefix) == 0;
        canonical.then_some(Self { octets, prefix })
    }
}

fn mask(prefix: u8) -> u128 {
    if prefix == 0 { 0 } else { u128::MAX << (128 - u32::from(prefix)) }
}

fn v4_of(octets: [u8; 16]) -> Ipv4Addr {
    Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15])
}

impl fmt::Display for Subject {
    /// `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/64`: the prefix is left out where the subject is one address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.address())?;
        if self.prefix == 128 { Ok(()) } else { write!(f, "/{}", self.prefix_bits()) }
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an address or a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotASubject {
    /// The text as given.
    pub text: String,
}

impl fmt::Display for NotASubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is not an address or a subnet; write e.g. '192.0.2.1', '192.0.2.0/24' or '2001:db8::/48'",
            self.text
        )
    }
}

impl std::error::Error for NotASubject {}

impl FromStr for Subject {
    type Err = NotASubject;

    /// Reads an address (`192.0.2.1`, `2001:db8::1`, meaning exactly that one) or a subnet (`192.0.2.0/24`).
    /// Host bits behind the prefix are cleared: `192.0.2.7/24` is `192.0.2.0/24`.
    fn from_str(text: &str) -> Result<Self, NotASubject> {
        let wrong = || NotASubject { text: text.to_owned() };
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let Some(prefix) = prefix else { return Ok(Self::exactly(address)) };
        if prefix.is_empty() || !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let bits: u8 = prefix.parse().map_err(|_| wrong())?;
        match address {
            // `::ffff:192.0.2.0/120` is written in IPv6 bits but means IPv4.
            IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() && (MAPPED..=128).contains(&bits) => {
                Ok(Self::network(address, bits - MAPPED))
            }
            IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Err(wrong()),
            IpAddr::V4(_) if bits > 32 => Err(wrong()),
            IpAddr::V6(_) if bits > 128 => Err(wrong()),
            _ => Ok(Self::network(address, bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        text.parse().unwrap()
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        assert_eq!(subject("::ffff:192.0.2.1"), subject("192.0.2.1"));
        assert_eq!(subject("::ffff:192.0.2.0/120"), subject("192.0.2.0/24"));
        assert_eq!(Subject::counted("::ffff:192.0.2.1".parse().unwrap()).to_string(), "192.0.2.1");
    }

    #[test]
    fn ipv6_counts_at_64() {
        assert_eq!(Subject::counted("2001:db8:1:2:3::4".parse().unwrap()).to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn host_bits_are_cleared() {
        assert_eq!(subject("192.0.2.7/24"), subject("192.0.2.0/24"));
        assert_eq!(subject("0.0.0.0/0").to_string(), "0.0.0.0/0");
    }

    #[test]
    fn families_do_not_cover_each_other() {
        assert!(!subject("0.0.0.0/0").covers(&subject("2001:db8::1")));
        assert!(subject("::/0").covers(&subject("2001:db8::1")));
        assert!(!subject("::/0").covers(&subject("192.0.2.1")));
        assert!(!subject("::/64").overlaps(&subject("192.0.2.1")));
        assert!(subject("192.0.2.0/24").covers(&subject("192.0.2.9")));
        assert!(!subject("192.0.2.9").covers(&subject("192.0.2.0/24")));
    }

    #[test]
    fn raw_form_comes_back_and_nothing_else_does() {
        for text in ["192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "::/0", "2001:db8::/64", "2001:db8::1"] {
            let (octets, prefix) = subject(text).to_raw();
            assert_eq!(Subject::from_raw(octets, prefix), Some(subject(text)));
        }
        assert_eq!(Subject::from_raw([0; 16], 129), None);
        assert_eq!(Subject::from_raw([1; 16], 64), None);
    }

    #[test]
    fn what_is_not_an_address_is_refused() {
        for text in
            ["", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/+8", "host.example", "::1/129", "1.2.3.04"]
        {
            assert!(text.parse::<Subject>().is_err(), "{text}");
        }
    }
}
