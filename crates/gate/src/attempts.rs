//! Attempts to sign in, by address: how many failed of late, how many are being looked at. It slows down those whom no
//! ban reaches (the whitelist, a proxy that is not trusted); everybody else is banned by Stockade's own jail before.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use event::{Moment, Subject, limit};

/// Bounded by `limit::SIGN_IN_ADDRESSES`.
#[derive(Default)]
pub struct Attempts {
    table: HashMap<Subject, Record>,
}

struct Record {
    /// Failures, with attempts that are being looked at: else many at once would count as none.
    failures: usize,
    since: Moment,
    running: usize,
}

impl Attempts {
    /// Notes the beginning of an attempt, or says after how many seconds to come back.
    pub fn begin(&mut self, address: IpAddr, now: Moment) -> Result<(), u64> {
        let span = Duration::from_secs(limit::SIGN_IN_SECONDS);
        let subject = Subject::counted(address);
        if !self.table.contains_key(&subject) && self.table.len() >= limit::SIGN_IN_ADDRESSES {
            let oldest =
                self.table.iter().min_by_key(|(_, record)| record.since).map(|(subject, _)| *subject);
            oldest.map(|subject| self.table.remove(&subject));
        }
        let record = self.table.entry(subject).or_insert(Record { failures: 0, since: now, running: 0 });
        if now.since(record.since) >= span {
            (record.failures, record.since) = (record.running, now);
        }
        if record.failures >= limit::SIGN_IN_FAILURES {
            return Err(span.saturating_sub(now.since(record.since)).as_secs().max(1));
        }
        if record.running >= limit::PASSWORDS_AT_ONCE {
            return Err(1);
        }
        record.failures += 1;
        record.running += 1;
        Ok(())
    }

    /// Notes the end of an attempt.
    pub fn end(&mut self, address: IpAddr, outcome: Outcome) {
        let subject = Subject::counted(address);
        let Some(record) = self.table.get_mut(&subject) else { return };
        record.running = record.running.saturating_sub(1);
        match outcome {
            Outcome::Failed => {}
            Outcome::Unjudged => record.failures = record.failures.saturating_sub(1),
            Outcome::Right => record.failures = record.running,
        }
        if record.failures == 0 && record.running == 0 {
            self.table.remove(&subject);
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The password was right.
    Right,
    /// It was wrong.
    Failed,
    /// Nobody looked.
    Unjudged,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn at(seconds: u64) -> Moment {
        Moment::from_seconds(i64::try_from(seconds).unwrap())
    }

    #[test]
    fn after_many_failures_an_address_waits_for_the_end_of_the_span() {
        let mut attempts = Attempts::default();
        for _ in 0..limit::SIGN_IN_FAILURES {
            attempts.begin(HERE, at(100)).unwrap();
            attempts.end(HERE, Outcome::Failed);
        }
        assert_eq!(attempts.begin(HERE, at(160)), Err(limit::SIGN_IN_SECONDS - 60));
        assert_eq!(attempts.begin("192.0.2.2".parse().unwrap(), at(160)), Ok(()));
        assert_eq!(attempts.begin(HERE, at(100 + limit::SIGN_IN_SECONDS)), Ok(()));
        attempts.end(HERE, Outcome::Right);
        assert!(!attempts.table.contains_key(&Subject::counted(HERE)));
    }

    #[test]
    fn many_at_once_are_too_many_and_what_nobody_judged_does_not_count() {
        let mut attempts = Attempts::default();
        for _ in 0..limit::SIGN_IN_FAILURES {
            for _ in 0..limit::PASSWORDS_AT_ONCE {
                attempts.begin(HERE, at(0)).unwrap();
            }
            assert_eq!(attempts.begin(HERE, at(0)), Err(1));
            for _ in 0..limit::PASSWORDS_AT_ONCE {
                attempts.end(HERE, Outcome::Unjudged);
            }
        }
        assert!(attempts.table.is_empty());
    }

    #[test]
    fn the_table_is_bounded() {
        let mut attempts = Attempts::default();
        for n in 0..=limit::SIGN_IN_ADDRESSES {
            let address = IpAddr::V4(std::net::Ipv4Addr::from_bits(u32::try_from(n).unwrap()));
            attempts.begin(address, at(n as u64)).unwrap();
        }
        assert_eq!(attempts.table.len(), limit::SIGN_IN_ADDRESSES);
    }
}
