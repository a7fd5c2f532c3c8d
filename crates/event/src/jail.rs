//! A jail's name and the ports that it guards.

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;
use std::sync::Arc;

/// The name of a jail: shared, because it travels with every failure. Lower-case letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JailName(Arc<str>);

impl JailName {
    /// The name that bans by hand carry when no jail was named.
    pub const MANUAL: &'static str = "manual";

    /// The name that bans of other nodes carry here, where their jail is not on here.
    pub const FLEET: &'static str = "fleet";

    /// A name as given; `valid` says whether it may be used.
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `name` can name a jail: it becomes part of kernel set names, so it is short and plain.
    pub fn valid(name: &str) -> bool {
        (1..=crate::limit::JAIL_NAME_BYTES).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
            && name.as_bytes()[0].is_ascii_lowercase()
    }
}

impl fmt::Display for JailName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A transport protocol that has ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// A port or a range of ports of one protocol: `tcp/22`, `udp/10000-20000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// The protocol.
    pub protocol: Protocol,
    /// The first port.
    pub first: u16,
    /// The last port, equal to `first` for a single one.
    pub last: u16,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = match self.protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        write!(f, "{protocol}/{}", self.first)?;
        if self.first == self.last { Ok(()) } else { write!(f, "-{}", self.last) }
    }
}

/// Why a text is not a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAPort {
    /// The text as given.
    pub text: String,
}

impl fmt::Display for NotAPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is not a port; write e.g. 'tcp/22' or 'udp/10000-20000'", self.text)
    }
}

impl std::error::Error for NotAPort {}

impl FromStr for Port {
    type Err = NotAPort;

    fn from_str(text: &str) -> Result<Self, NotAPort> {
        let wrong = || NotAPort { text: text.to_owned() };
        let (protocol, ports) = text.split_once('/').ok_or_else(wrong)?;
        let protocol = match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return Err(wrong()),
        };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let number = |text: &str| text.parse::<NonZeroU16>().map(NonZeroU16::get).map_err(|_| wrong());
        let (first, last) = (number(first)?, number(last)?);
        if first > last { Err(wrong()) } else { Ok(Self { protocol, first, last }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_read_as_they_print() {
        for text in ["tcp/22", "udp/10000-20000"] {
            assert_eq!(text.parse::<Port>().unwrap().to_string(), text);
        }
        for text in ["22", "tcp/0", "tcp/2-1", "sctp/1", "tcp/65536", "tcp/"] {
            assert!(text.parse::<Port>().is_err(), "{text}");
        }
    }

    #[test]
    fn jail_names_are_plain() {
        assert!(JailName::valid("nginx-http-auth"));
        for name in ["", "9lives", "With-Capitals", "a b", "a/b", "nine-and-twenty-letters-are-too-many-x"] {
            assert!(!JailName::valid(name), "{name}");
        }
    }
}
