//! Where a page of bans ended: the last row's place in the order, so that the next page is right even if that row is gone. A
//! cursor is no secret and grants nothing; whatever fits its pattern is a place.

use control::desk::{Listing, SortBy};
use event::{Ban, JailName, Moment, Proof, Scope, Subject};

/// How it is written, for the document: the value sorted by, the subject, the jail.
pub(crate) const PATTERN: &str = r"^[0-9]{1,18}\.[0-9a-f]{34}\.[a-z][a-z0-9_-]{0,27}$";

/// The place of `ban` in `listing`.
pub(crate) fn write(listing: &Listing, ban: &Ban) -> String {
    let value = match listing.sort {
        SortBy::Since => ban.since.millis(),
        SortBy::Until => ban.until.millis(),
        SortBy::Failures => i64::from(ban.failures),
        SortBy::Address | SortBy::Service => 0,
    };
    let (octets, prefix) = ban.subject.to_raw();
    let subject: String = octets.iter().chain([&prefix]).map(|byte| format!("{byte:02x}")).collect();
    format!("{}.{subject}.{}", value.clamp(0, FAR), ban.jail)
}

/// A ban that stands at that place, so that others can be compared with it. `None` if this is no cursor.
pub(crate) fn read(text: &str) -> Option<Ban> {
    let (value, rest) = text.split_once('.')?;
    let (subject, jail) = rest.split_once('.')?;
    let is_plain = value.len() <= 18 && value.bytes().all(|byte| byte.is_ascii_digit());
    let is_subject = subject.len() == 34 && subject.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_plain || !is_subject || !JailName::valid(jail) {
        return None;
    }
    let value: i64 = value.parse().ok()?;
    let octets = u128::from_str_radix(subject.get(..32)?, 16).ok()?.to_be_bytes();
    let prefix = u8::from_str_radix(subject.get(32..)?, 16).ok()?.min(128);
    let moment = if value == FAR { Moment::NEVER } else { Moment::from_millis(value) };
    Some(Ban {
        subject: canonical(octets, prefix),
        jail: JailName::new(jail),
        scope: Scope::Jail,
        since: moment,
        until: moment,
        failures: u32::try_from(value).unwrap_or(u32::MAX),
        proof: Proof::Proven,
        reason: String::new(),
    })
}

/// What "never" is cut to: 18 digits, and later than any other end.
const FAR: i64 = 999_999_999_999_999_999;

/// Bits behind the prefix are cleared: a place that somebody made up is a place all the same.
fn canonical(octets: [u8; 16], prefix: u8) -> Subject {
    let mask = if prefix == 0 { 0 } else { u128::MAX << (128 - u32::from(prefix)) };
    let bits = (u128::from_be_bytes(octets) & mask).to_be_bytes();
    Subject::from_raw(bits, prefix).expect("the bits behind the prefix are zero")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_the_place_of_its_ban() {
        let ban = Ban {
            subject: "192.0.2.0/24".parse().unwrap(),
            jail: JailName::new("sshd"),
            scope: Scope::Jail,
            since: Moment::from_millis(1_795_348_800_123),
            until: Moment::NEVER,
            failures: 7,
            proof: Proof::Proven,
            reason: "why".to_owned(),
        };
        let roster = control::desk::Roster::default();
        for sort in [SortBy::Since, SortBy::Until, SortBy::Address, SortBy::Failures, SortBy::Service] {
            let listing = Listing { sort, ..Listing::default() };
            let place = read(&write(&listing, &ban)).unwrap();
            assert_eq!(roster.order(&listing, &place, &ban), std::cmp::Ordering::Equal, "{sort:?}");
        }
    }

    #[test]
    fn whatever_is_no_cursor_is_refused_and_never_panics() {
        let subject = "f".repeat(34);
        assert!(read(&format!("1.{subject}.sshd")).is_some());
        let umlaut = format!("1.{}ä.sshd", "f".repeat(32));
        for text in ["", ".", "..", "1", &format!("-1.{subject}.sshd"), &format!("1.{subject}."), &umlaut] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(read(&format!("1.+{}.sshd", "f".repeat(33))).is_none());
    }
}
