//! How single values lie in a column. What comes back is checked: a value that we never write means that the file is
//! damaged, and is told as such.

use std::net::IpAddr;

use event::{Proof, Scope, Subject};
use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{Row, ToSql};

use crate::{Deed, Ending};

/// A subject as it lies on disk, as short as it can be, for there are millions: the octets that count, then the prefix in
/// `Subject::to_raw`'s terms. Four octets are IPv4, eight are an IPv6 network of 64 bits or fewer, sixteen any other.
pub(crate) struct Key {
    bytes: [u8; 17],
    length: usize,
}

impl Key {
    pub(crate) fn of(subject: &Subject) -> Self {
        let (octets, prefix) = subject.to_raw();
        let counted = match prefix {
            _ if subject.is_ipv4() => &octets[12..],
            0..=64 => &octets[..8],
            _ => &octets[..],
        };
        let mut bytes = [0; 17];
        bytes[..counted.len()].copy_from_slice(counted);
        bytes[counted.len()] = prefix;
        Self { bytes, length: counted.len() + 1 }
    }

    fn read(bytes: &[u8]) -> Option<Subject> {
        let (prefix, counted) = bytes.split_last()?;
        let mut octets = [0; 16];
        match counted.len() {
            4 => {
                octets[10..12].fill(0xff);
                octets[12..].copy_from_slice(counted);
            }
            8 => octets[..8].copy_from_slice(counted),
            16 => octets.copy_from_slice(counted),
            _ => return None,
        }
        Subject::from_raw(octets, *prefix)
    }
}

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.bytes[..self.length])))
    }
}

pub(crate) fn subject(row: &Row<'_>, column: usize) -> rusqlite::Result<Subject> {
    blob(row, column)?.and_then(Key::read).ok_or_else(|| damaged(column, "a subject"))
}

/// Four bytes, sixteen bytes, or nothing.
pub(crate) fn address_bytes(address: Option<IpAddr>) -> Option<Vec<u8>> {
    address.map(|address| match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    })
}

pub(crate) fn address(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<IpAddr>> {
    let Some(bytes) = blob(row, column)? else { return Ok(None) };
    if let Ok(octets) = <[u8; 4]>::try_from(bytes) {
        return Ok(Some(IpAddr::from(octets)));
    }
    <[u8; 16]>::try_from(bytes)
        .map(|octets| Some(IpAddr::from(octets)))
        .map_err(|_| damaged(column, "an address"))
}

pub(crate) fn scope_number(scope: Scope) -> i64 {
    match scope {
        Scope::Jail => 0,
        Scope::AllPorts => 1,
    }
}

pub(crate) fn scope(row: &Row<'_>, column: usize) -> rusqlite::Result<Scope> {
    match row.get(column)? {
        0 => Ok(Scope::Jail),
        1 => Ok(Scope::AllPorts),
        _ => Err(damaged(column, "a scope")),
    }
}

pub(crate) fn proof_number(proof: Proof) -> i64 {
    match proof {
        Proof::Claimed => 0,
        Proof::Proven => 1,
    }
}

pub(crate) fn proof(row: &Row<'_>, column: usize) -> rusqlite::Result<Proof> {
    match row.get(column)? {
        0 => Ok(Proof::Claimed),
        1 => Ok(Proof::Proven),
        _ => Err(damaged(column, "a proof")),
    }
}

pub(crate) fn ending_number(ending: Ending) -> i64 {
    match ending {
        Ending::Expired => 0,
        Ending::Unbanned => 1,
    }
}

pub(crate) fn ending(row: &Row<'_>, column: usize) -> rusqlite::Result<Ending> {
    match row.get(column)? {
        0 => Ok(Ending::Expired),
        1 => Ok(Ending::Unbanned),
        _ => Err(damaged(column, "an ending")),
    }
}

pub(crate) fn deed_number(deed: Deed) -> i64 {
    match deed {
        Deed::Ban => 0,
        Deed::Unban => 1,
        Deed::Refused => 2,
    }
}

pub(crate) fn deed(row: &Row<'_>, column: usize) -> rusqlite::Result<Deed> {
    match row.get(column)? {
        0 => Ok(Deed::Ban),
        1 => Ok(Deed::Unban),
        2 => Ok(Deed::Refused),
        _ => Err(damaged(column, "a deed")),
    }
}

/// The error for a value that we never write.
pub(crate) fn damaged(column: usize, expected: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, format!("not {expected}").into())
}

fn blob<'row>(row: &'row Row<'_>, column: usize) -> rusqlite::Result<Option<&'row [u8]>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => Ok(Some(bytes)),
        _ => Err(damaged(column, "bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_short_and_come_back() {
        for (text, length) in [
            ("192.0.2.1", 5),
            ("192.0.2.0/24", 5),
            ("0.0.0.0/0", 5),
            ("2001:db8:1:2::/64", 9),
            ("::/0", 9),
            ("2001:db8::/65", 17),
            ("2001:db8::1", 17),
            ("::1", 17),
            ("::fffe:0:0/96", 17),
        ] {
            let subject: Subject = text.parse().unwrap();
            let key = Key::of(&subject);
            assert_eq!((key.length, Key::read(&key.bytes[..key.length])), (length, Some(subject)), "{text}");
        }
        for bytes in [&[][..], &[1], &[1, 2, 3, 4, 129], &[1, 2, 3, 4, 104], &[1; 9], &[0; 6], &[0; 18]] {
            assert_eq!(Key::read(bytes), None, "{bytes:?}");
        }
    }
}
