//! Whom a failure is about. Names are told as they stand: nothing is looked up.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::groups::{Groups, Value};

/// Whom a failure is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// One address; an IPv4 address in IPv6 form is an IPv4 address.
    Address(IpAddr),
    /// A subnet and the length of its prefix.
    Subnet(IpAddr, u8),
    /// The name of a host.
    Name(String),
    /// Anything else that a `<F-ID>` took, and what has the form of an address and is none.
    Identity(Value),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Subnet(address, length) => write!(f, "{address}/{length}"),
            Self::Name(text) => f.write_str(text),
            Self::Identity(Value::Text(text)) => f.write_str(text),
            Self::Identity(Value::Tuple(parts)) => {
                let parts: Vec<_> = parts.iter().map(|part| part.as_deref().unwrap_or_default()).collect();
                f.write_str(&parts.join(" "))
            }
        }
    }
}

/// Whom the groups are about, and the address if an identity of its own stands beside it. `None`: they do not say yet.
pub(super) fn who(groups: &Groups) -> Option<(Who, Option<Who>)> {
    let value = |name| groups.get(name).and_then(Option::as_ref);
    let text = |name| value(name).and_then(Value::text);
    let prefix = text("cidr").and_then(|digits| digits.parse::<u32>().ok());
    let fid = value("fid");
    let (written, read) = match (text("ip4"), text("ip6"), text("dns"), fid) {
        (Some(written), ..) => (written, v4(written, prefix)),
        (None, Some(written), ..) => (written, v6(written, prefix)),
        (None, None, Some(written), _) => (written, Who::Name(written.to_owned())),
        (None, None, None, Some(identity)) => return Some((identity_of(identity), None)),
        (None, None, None, None) => return None,
    };
    match fid {
        Some(fid) if fid.text() != Some(written) => Some((identity_of(fid), Some(read))),
        _ => Some((read, None)),
    }
}

fn v4(written: &str, prefix: Option<u32>) -> Who {
    match written.parse::<Ipv4Addr>() {
        Ok(address) => network(IpAddr::V4(address), prefix),
        Err(_) => Who::Identity(Value::Text(written.into())),
    }
}

fn v6(written: &str, prefix: Option<u32>) -> Who {
    match written.parse::<Ipv6Addr>() {
        Ok(address) if prefix.is_none() => Who::Address(IpAddr::V6(address).to_canonical()),
        Ok(address) => network(IpAddr::V6(address), prefix),
        Err(_) => Who::Identity(Value::Text(written.into())),
    }
}

fn network(address: IpAddr, prefix: Option<u32>) -> Who {
    let masked = match (address, prefix) {
        (IpAddr::V4(v4), Some(length)) if length < 32 => {
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & !(u32::MAX >> length)))
        }
        (IpAddr::V6(v6), Some(length)) if length < 128 => {
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !(u128::MAX >> length)))
        }
        _ => return Who::Address(address),
    };
    // Below 128, as the arms above say.
    Who::Subnet(masked, prefix.unwrap_or_default() as u8)
}

/// An identity that has the form of an address is one.
fn identity_of(identity: &Value) -> Who {
    let text = identity.text().unwrap_or_default();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let (address, prefix) = match bare.split_once('/') {
        Some((address, length)) => (address, length.parse().ok()),
        None => (bare, None),
    };
    match address.parse::<IpAddr>() {
        Ok(read) if prefix.is_some() => network(read, prefix),
        Ok(read) if address == bare => Who::Address(read.to_canonical()),
        _ => Who::Identity(identity.clone()),
    }
}
