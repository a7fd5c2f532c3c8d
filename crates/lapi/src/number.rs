//! The number and the name of a decision. Both are made of whom it is about, so that they are the same after a restart and a
//! bouncer that keeps decisions by number finds the one that ended.

use event::Subject;

/// A number from 1 to 2^31 - 1: what every bouncer's language takes for a positive integer.
pub fn number(subject: &Subject) -> u32 {
    let hash = hash(subject, 0);
    let folded = (hash ^ (hash >> 31) ^ (hash >> 62)) as u32 & 0x7fff_ffff;
    folded.max(1)
}

/// The number behind, for a decision whose own is taken.
pub fn next(number: u32) -> u32 {
    if number >= 0x7fff_ffff { 1 } else { number + 1 }
}

/// A UUID of version 8, which is one that its maker defines.
pub fn uuid(subject: &Subject) -> String {
    let (high, low) = (hash(subject, 1), hash(subject, 2));
    format!(
        "{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// FNV-1a, written out because these numbers must not change with a library. Nobody gains by making two of them equal: a number
/// that is taken is not given again.
fn hash(subject: &Subject, salt: u8) -> u64 {
    let (octets, prefix) = subject.to_raw();
    let bytes = [&salt].into_iter().chain(&octets).chain([&prefix]);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_do_not_change_from_version_to_version() {
        let subject: Subject = "192.0.2.1".parse().unwrap();
        assert_eq!(number(&subject), number(&"::ffff:192.0.2.1".parse().unwrap()));
        assert_eq!(
            (number(&subject), uuid(&subject).as_str()),
            (2_044_965_339, "94d0a024-a4c4-8079-aa2b-7029af54c1e2")
        );
        assert_eq!(next(0x7fff_ffff), 1);
    }
}
