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
