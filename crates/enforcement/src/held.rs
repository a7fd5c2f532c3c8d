//! What the kernel's sets hold, read without knowing who is wanted: the last truth when the store is lost.

use event::{Moment, Scope, Subject};

use crate::elements::{self, Shown};
use crate::error::EnforcementError;
use crate::inventory::{self, steadily};
use crate::layout::Element;
use crate::lifetime::until;
use crate::plan::{Kind, counter_owner, set_meaning, subject_of};
use crate::socket::Netlink;

/// A subnet in the kernel: who, the counter it leads to, milliseconds left.
pub(crate) type HeldNet = (Subject, String, Option<u64>);

/// Every ban in the table, none if there is no table. What another program put there that cannot be a ban of ours is left out.
pub(crate) fn read(netlink: &mut Netlink, now: Moment) -> Result<Vec<Element>, EnforcementError> {
    let mut found = Vec::new();
    for set in inventory::set_names(netlink)? {
        let Some((jail, kind)) = set_meaning(&set) else { continue };
        let mut push = |subject: Subject, counter: &str, millis_left: Option<u64>| {
            let owner = match &jail {
                Some(jail) => Some((jail.clone(), Scope::Jail)),
                None => counter_owner(counter),
            };
            found.extend(owner.map(|(jail, scope)| Element {
                jail,
                scope,
                subject,
                until: until(millis_left, now),
            }));
        };
        if kind.is_interval() {
            for (subject, counter, millis_left) in read_nets(netlink, &set, kind)?.0 {
                push(subject, &counter, millis_left);
            }
        } else {
            let mut clients: Vec<(u64, String, Option<u64>)> = Vec::new();
            steadily(|| {
                clients.clear();
                elements::read(netlink, &set, |shown| {
                    clients.extend(
                        key(kind, &shown).map(|key| (key, shown.counter.to_owned(), shown.millis_left)),
                    );
                })
            })?;
            for (key, counter, millis_left) in clients {
                push(subject_of(kind, key), &counter, millis_left);
            }
        }
    }
    Ok(found)
}

/// The key of a single client, if the bytes are one.
pub(crate) fn key(kind: Kind, shown: &Shown<'_>) -> Option<u64> {
    if kind.is_ipv4() {
        shown.key.try_into().ok().map(|key| u64::from(u32::from_be_bytes(key)))
    } else {
        let (net, host) = shown.key.split_at_checked(8)?;
        (host == [0; 8]).then(|| net.try_into().ok().map(u64::from_be_bytes))?
    }
}

/// The subnets of a set, and whether it holds nothing else.
pub(crate) fn read_nets(
    netlink: &mut Netlink,
    set: &str,
    kind: Kind,
) -> Result<(Vec<HeldNet>, bool), EnforcementError> {
    let mut ends: Vec<End> = Vec::new();
    steadily(|| {
        ends.clear();
        elements::read(netlink, set, |shown| ends.extend(End::new(kind, &shown)))
    })?;
    Ok(subnets(kind, ends))
}

/// One end of an interval. Sorts so that an end comes before the beginning of its neighbour.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct End {
    /// An IPv4 address is shifted to the top, so that both families count alike.
    at: u128,
    begins: bool,
    counter: String,
    millis_left: Option<u64>,
}

impl End {
    fn new(kind: Kind, shown: &Shown<'_>) -> Option<Self> {
        let at = if kind.is_ipv4() {
            u128::from(u32::from_be_bytes(shown.key.try_into().ok()?)) << 96
        } else {
            u128::from_be_bytes(shown.key.try_into().ok()?)
        };
        let (counter, millis_left) = (shown.counter.to_owned(), shown.millis_left);
        Some(Self { at, begins: !shown.ends_interval(), counter, millis_left })
    }
}

fn subnets(kind: Kind, mut ends: Vec<End>) -> (Vec<HeldNet>, bool) {
    ends.sort_unstable();
    let (mut found, mut whole) = (Vec::new(), true);
    let mut rest = ends.into_iter().peekable();
    while let Some(end) = rest.next() {
        if !end.begins {
            // nft writes an end at zero when the first interval begins later; it means nothing.
            whole &= end.at == 0;
            continue;
        }
        let behind = match rest.peek() {
            None => Some(0),
            Some(next) if !next.begins => Some(next.at),
            Some(_) => None,
        };
        match behind.and_then(|behind| subnet(kind, end.at, behind)) {
            Some(subject) => {
                found.push((subject, end.counter, end.millis_left));
                rest.next_if(|next| !next.begins);
            }
            None => {
                whole = false;
                rest.next_if(|next| !next.begins);
            }
        }
    }
    (found, whole)
}

/// The subnet from `first` to before `behind` (0: to the end of the family), if it is one.
fn subnet(kind: Kind, first: u128, behind: u128) -> Option<Subject> {
    let size = behind.wrapping_sub(first);
    if size != 0 && (!size.is_power_of_two() || !first.is_multiple_of(size)) {
        return None;
    }
    let bits = if size == 0 { 0 } else { 128 - size.trailing_zeros() };
    let bits = u8::try_from(bits).ok()?;
    if kind.is_ipv4() {
        let address = std::net::Ipv4Addr::from_bits((first >> 96) as u32);
        (bits <= 32).then(|| Subject::network(address.into(), bits))
    } else {
        Some(Subject::network(std::net::Ipv6Addr::from_bits(first).into(), bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::range;

    fn ends(subjects: &[&str]) -> (Kind, Vec<End>) {
        let mut all = Vec::new();
        let mut kind = Kind::Net4;
        for subject in subjects {
            let subject: Subject = subject.parse().unwrap();
            kind = Kind::of(&subject);
            let (first, end) = range(&subject);
            let mut push = |key: &[u8], begins| {
                let mut bytes = [0; 16];
                bytes[..key.len()].copy_from_slice(key);
                let at = u128::from_be_bytes(bytes);
                all.push(End { at, begins, counter: String::new(), millis_left: None });
            };
            push(&first, true);
            if let Some(end) = end {
                push(&end, false);
            }
        }
        (kind, all)
    }

    #[test]
    fn subnets_read_back_from_their_ends() {
        for list in [
            &["10.0.0.0/9", "10.128.0.0/9", "192.0.2.0/24"][..],
            &["0.0.0.0/0"],
            &["240.0.0.0/4"],
            &["2001:db8::/48", "2001:db8:1::/48", "2001:db8:2::1", "ff00::/8"],
            &["::/0"],
        ] {
            let (kind, ends) = ends(list);
            let (found, whole) = subnets(kind, ends);
            assert!(whole, "{list:?}");
            assert_eq!(found.iter().map(|(subject, ..)| subject.to_string()).collect::<Vec<_>>(), list);
        }
    }

    #[test]
    fn what_is_no_subnet_is_told() {
        let (kind, mut list) = ends(&["10.0.0.0/9"]);
        list[1].at += 1 << 96;
        assert_eq!(subnets(kind, list), (vec![], false));
    }
}
