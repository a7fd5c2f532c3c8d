//! What fail2ban's server makes of an address, a network or a name: the text by which it knows it. It refuses to resolve a name, and takes
//! one for itself alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fail2ban::Value;

use super::words::whole;
use crate::edition::Edition;
use crate::wrong::Wrong;

/// An address, a network or something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// The first address of the network, and the length of its prefix.
    Network(IpAddr, u8),
    /// Anything else.
    Raw(String),
}

impl Id {
    /// Reads a text; `[…]` around an address is dropped, an IPv4 address in an IPv6 one is taken out, a network's hosts are zeroed.
    pub fn read(text: &str) -> Result<Self, Wrong> {
        let bare = without_brackets(text);
        let Some((address, mask)) = bare.split_once('/') else {
            return Ok(match bare.parse() {
                Ok(address) => Self::single(address),
                Err(_) => Self::Raw(bare.to_owned()),
            });
        };
        let length = prefix(mask)?;
        match address.parse::<IpAddr>() {
            Ok(address) if length < 0 => Ok(Self::single(address)),
            Ok(address) => Ok(Self::network(address, length)),
            Err(_) => Ok(Self::Raw(address.to_owned())),
        }
    }

    /// The same as an edition reads it: since 1.1.0, what has no address before the slash or no length behind it stays as it is written.
    pub fn of(text: &str, edition: Edition) -> Result<Self, Wrong> {
        let bare = without_brackets(text);
        match bare.split_once('/') {
            Some((address, mask)) if edition >= Edition::V1_1_0 && !is_network(address, mask) => {
                Ok(Self::Raw(bare.to_owned()))
            }
            _ => Self::read(text),
        }
    }

    /// Reads an entry of `ignoreip`, which may also be a file, as since fail2ban 1.1.1.
    pub fn ignored(text: &str, edition: Edition) -> Result<Self, Wrong> {
        if text.starts_with("file:") { Ok(Self::Raw(text.to_owned())) } else { Self::of(text, edition) }
    }

    fn single(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::Network(address, 32),
            IpAddr::V6(six) => match six.to_ipv4_mapped() {
                Some(four) => Self::Network(IpAddr::V4(four), 32),
                None => Self::Network(address, 128),
            },
        }
    }

    fn network(address: IpAddr, length: i64) -> Self {
        match address {
            IpAddr::V4(four) => {
                let length = length.clamp(0, 32) as u32;
                let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
                Self::Network(Ipv4Addr::from_bits(four.to_bits() & mask).into(), length as u8)
            }
            IpAddr::V6(six) => {
                let length = length.clamp(0, 128) as u32;
                let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
                Self::Network(Ipv6Addr::from_bits(six.to_bits() & mask).into(), length as u8)
            }
        }
    }

    /// Whether it is one address.
    pub fn is_single(&self) -> bool {
        matches!(self, Self::Network(IpAddr::V4(_), 32) | Self::Network(IpAddr::V6(_), 128))
    }

    /// Whether the other one is it or lies in it.
    pub fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Network(base, length), Self::Network(address, _))
                if base.is_ipv4() == address.is_ipv4() =>
            {
                Self::network(*address, i64::from(*length)) == *self
            }
            _ => self == other,
        }
    }

    /// Whether it is what is banned where this address is to be: the /64 of an IPv6 address, since whoever has one has all of it.
    pub fn stands_for(&self, address: &Self) -> bool {
        matches!(self, Self::Network(IpAddr::V6(_), 64)) && address.is_single() && self.contains(address)
    }

    /// The text by which it is known.
    pub fn text(&self) -> String {
        match self {
            Self::Raw(text) => text.clone(),
            Self::Network(IpAddr::V4(address), 1..=31) | Self::Network(IpAddr::V4(address), 33..) => {
                format!("{address}/{}", self.length())
            }
            Self::Network(IpAddr::V4(address), _) => address.to_string(),
            Self::Network(IpAddr::V6(address), 1..=127) => format!("{}/{}", six(*address), self.length()),
            Self::Network(IpAddr::V6(address), _) => six(*address),
        }
    }

    fn length(&self) -> u8 {
        match self {
            Self::Network(_, length) => *length,
            Self::Raw(_) => 0,
        }
    }
}

/// As the C library spells it: the last four bytes of `::/96` as an IPv4 address.
fn six(address: Ipv6Addr) -> String {
    let segments = address.segments();
    if segments[..6].iter().all(|part| *part == 0) && segments[6] != 0 {
        return format!("::{}", Ipv4Addr::from_bits(address.to_bits() as u32));
    }
    address.to_string()
}

fn without_brackets(text: &str) -> &str {
    let inner =
        text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).filter(|inner| !inner.is_empty());
    inner.unwrap_or(text)
}

/// Whether both parts of a network look it.
fn is_network(address: &str, mask: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_four = |text: &str| {
        text.split('.').count() == 4 && text.split('.').all(|part| part.len() <= 3 && is_number(part))
    };
    let is_six = |text: &str| !text.contains(['.', '%']) && text.parse::<Ipv6Addr>().is_ok();
    (is_four(address) || is_six(address)) && (is_number(mask) || is_four(mask) || is_six(mask))
}

/// The length of a prefix, written as a number or as a mask.
fn prefix(mask: &str) -> Result<i64, Wrong> {
    if !mask.contains(['.', ':']) {
        return whole(&Value::text(mask));
    }
    let invalid = |shown: &str| Wrong::value(format!("invalid mask '{shown}', no plen representation"));
    match Id::read(mask)? {
        Id::Network(IpAddr::V4(four), _) => {
            let bits = four.to_bits();
            if bits.leading_ones() + bits.trailing_zeros() < 32 {
                return Err(invalid(&four.to_string()));
            }
            Ok(i64::from(bits.leading_ones()))
        }
        Id::Network(IpAddr::V6(address), _) => {
            let bits = address.to_bits();
            if bits.leading_ones() + bits.trailing_zeros() < 128 {
                return Err(invalid(&six(address)));
            }
            Ok(i64::from(bits.leading_ones()))
        }
        Id::Raw(_) => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_known_by_one_text() {
        let cases = [
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.77/24", "192.0.2.0/24"),
            ("192.0.2.77/255.255.255.0", "192.0.2.0/24"),
            ("192.0.2.77/32", "192.0.2.77"),
            ("2001:db8:1:2:3::/64", "2001:db8:1:2::/64"),
            ("0.0.0.0/0", "0.0.0.0"),
            ("example.com", "example.com"),
            ("::1", "::1"),
            ("::c000:201", "::192.0.2.1"),
        ];
        for (text, wanted) in cases {
            assert_eq!(Id::read(text).unwrap().text(), wanted, "{text}");
        }
        assert!(Id::read("192.0.2.0/x").is_err());
        assert!(Id::read("192.0.2.0/255.0.255.0").is_err());
        let since = |text: &str| Id::of(text, Edition::V1_1_0).unwrap().text();
        for raw in ["192.0.2.0/x", "/24", "192.0.2.1/24/8", "::ffff:192.0.2.0/120"] {
            assert_eq!(since(raw), raw);
        }
        assert_eq!(since("[192.0.2.77/255.255.255.0]"), "192.0.2.0/24");
        let network = Id::read("192.0.2.0/24").unwrap();
        assert!(network.contains(&Id::read("192.0.2.9").unwrap()));
        assert!(!network.contains(&Id::read("192.0.3.9").unwrap()));
        assert!(!network.contains(&Id::read("x").unwrap()));
        assert!(!network.stands_for(&Id::read("192.0.2.9").unwrap()));
        let wide = Id::read("2001:db8::/64").unwrap();
        assert!(wide.stands_for(&Id::read("2001:db8::9").unwrap()));
        assert!(!wide.stands_for(&Id::read("2001:db8:0:1::9").unwrap()));
    }
}
