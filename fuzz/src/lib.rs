//! What several targets need: the shipped filters as one set, and what must hold of everything that they find.
//!
//! Holds no target: each stands in `fuzz_targets/` and says in its first line what it is given and what must hold.

use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use event::limit::{ACCOUNT_BYTES, EVIDENCE_BYTES};
use event::{JailName, Moment, Origin, Subject};
use filter::{Catalog, FilterSet, Found, Host, Kind, Zone};
use jiff::tz::TimeZone;

/// Every shipped filter, each in a jail of its name, with all kinds of rules.
pub static SHIPPED: LazyLock<FilterSet> = LazyLock::new(|| {
    let catalog = Catalog::shipped();
    let jails = catalog.names().map(|name| {
        let filter = catalog.filter(name).expect("a shipped filter compiles");
        (JailName::new(name), Arc::clone(&filter))
    });
    FilterSet::new(jails.collect(), &[Kind::Ignore, Kind::Failure, Kind::Success])
});

/// When the lines are read: 2026-11-22T12:00:00Z, as in the samples.
pub const NOW: Moment = Moment::from_seconds(1_795_348_800);

/// UTC, and a zone whose clock is turned twice a year: hours that do not exist and hours that come twice.
pub static ZONES: LazyLock<[Zone; 2]> = LazyLock::new(|| {
    let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a POSIX zone");
    [TimeZone::UTC, berlin].map(|zone| Zone { zone, now: NOW })
});

/// What a line gave, in values that can be compared.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    jail: usize,
    rule: usize,
    host: Option<Host>,
    user: Option<Vec<u8>>,
    count: u32,
    line: Vec<u8>,
    written: Option<Moment>,
}

impl Verdict {
    /// Of `found`.
    pub fn of(found: &Found<'_>) -> Self {
        Self {
            jail: found.jail,
            rule: found.rule_index,
            host: found.host,
            user: found.user.map(<[u8]>::to_vec),
            count: found.count,
            line: found.line.to_vec(),
            written: found.written(&ZONES[0]),
        }
    }
}

/// What must hold of everything that is found in `line`: it says nothing that does not stand there.
pub fn check_found(found: &Found<'_>, line: &[u8]) {
    assert!(is_part(found.line, line), "the line found is not the line given");
    assert!(found.user.is_none_or(|user| is_part(user, line)), "the user does not stand in the line");
    assert!(found.count >= 1);
    assert!(found.host.is_some() || found.rule.kind == Kind::Ignore, "a failure without an address");
    if let Some(host) = found.host {
        assert!(names(line, host), "{host:?} does not stand in {:?}", String::from_utf8_lossy(line));
    }
    for zone in ZONES.iter() {
        let live = found.judged(Origin::Live, NOW, zone).expect("a live line counts by its arrival");
        assert_eq!(live.at, NOW);
        if let Some(old) = found.judged(Origin::CatchUp, NOW, zone) {
            assert!(old.at <= NOW, "counted in the future");
        }
    }
    let jail = JailName::new("fuzz");
    // What is not UTF-8 is replaced, and the replacement has three bytes.
    if let Some(failure) = found.failure(&jail, NOW) {
        assert!(failure.line.len() <= 3 * EVIDENCE_BYTES);
        assert!(failure.account.is_none_or(|account| account.len() <= 3 * ACCOUNT_BYTES));
    }
    found.success(&jail, NOW);
}

/// Whether `part` lies within `whole`, in memory and not only by its bytes.
fn is_part(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

/// Whether some text in `line` is that address or that subnet. Looks at all of them: slow, and only done for a match.
fn names(line: &[u8], host: Host) -> bool {
    let reads = |text: &str| match host {
        Host::Address(address) => text.parse::<IpAddr>().is_ok_and(|read| read.to_canonical() == address),
        Host::Subnet(subnet) => text.parse::<Subject>().is_ok_and(|read| read == subnet),
    };
    let belongs = |byte: &u8| byte.is_ascii_hexdigit() || b":./".contains(byte);
    line.split(|byte| !belongs(byte)).any(|run| {
        let run = std::str::from_utf8(run).expect("it is ASCII");
        (0..run.len()).any(|start| {
            let longest = run.len().min(start + 54);
            (start + 2..=longest).rev().any(|end| reads(&run[start..end]))
        })
    })
}
