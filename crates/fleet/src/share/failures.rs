//! Counted failures on their way to other nodes and from them. An attack makes thousands a second, so they are summed by subject, jail,
//! account and way of being reported, and written a few times a second, many in one entry. Claimed ones are neither written nor believed.
//!
//! A failure must not be counted twice: entries carry the node's id, a word that is new at each start, and a number that grows. Whoever writes an
//! entry again, because it did not hear the answer, is refused by Redis (`script.rs`); whoever reads one again knows the number.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::Arc;

use event::{Failure, JailName, Moment, Proof, Subject, limit};
use serde::{Deserialize, Serialize};

use crate::share::record::{Wild, jail, plain, subject};
use crate::share::stamp::{Offset, Stamp};

/// Failures summed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailureRecord {
    pub(crate) subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    pub(crate) jail: String,
    pub(crate) at: i64,
    pub(crate) count: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<String>,
    #[serde(default)]
    pub(crate) echo: u8,
    #[serde(default)]
    pub(crate) pattern: String,
    /// Never written. Somebody else's record may say that the evidence is only claimed.
    #[serde(default, skip_serializing)]
    pub(crate) proof: Option<String>,
}

type SumKey = (Subject, JailName, Option<Box<str>>, u8);

/// What waits to be written, summed.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    sums: HashMap<SumKey, Failure>,
    /// Failures that found no room.
    pub(crate) left_out: u64,
}

impl Sums {
    /// Adds one.
    pub(crate) fn add(&mut self, failure: &Failure) {
        if failure.proof != Proof::Proven {
            return;
        }
        let key = (failure.subject, failure.jail.clone(), failure.account.clone(), failure.echo);
        let is_full = self.sums.len() >= limit::FLEET_QUEUE_FAILURES;
        match self.sums.entry(key) {
            Entry::Occupied(mut sum) => {
                let sum = sum.get_mut();
                sum.count = sum.count.saturating_add(failure.count).min(limit::MAX_RETRY);
                sum.at = sum.at.max(failure.at);
            }
            Entry::Vacant(_) if is_full => self.left_out += u64::from(failure.count),
            Entry::Vacant(sum) => {
                sum.insert(Failure { line: "".into(), ..failure.clone() });
            }
        }
    }

    /// Those for the next entry.
    pub(crate) fn take(&mut self) -> Vec<Failure> {
        let keys: Vec<_> = self.sums.keys().take(limit::FLEET_ENTRY_FAILURES).cloned().collect();
        keys.iter().filter_map(|key| self.sums.remove(key)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }
}

impl FailureRecord {
    /// Of a sum.
    pub(crate) fn of(failure: &Failure, offset: Offset) -> Self {
        Self {
            subject: failure.subject.to_string(),
            address: failure.address.map(|address| address.to_string()),
            jail: failure.jail.to_string(),
            at: offset.stamp(failure.at).0,
            count: failure.count,
            account: failure.account.as_deref().map(|account| plain(account, limit::ACCOUNT_BYTES)),
            echo: failure.echo,
            pattern: plain(&failure.pattern, limit::FLEET_NODE_BYTES),
            proof: None,
        }
    }

    /// Reads those of an entry that was written by `written`. Each is a failure of this node's, one that is over is left out.
    pub(crate) fn read(
        text: &[u8],
        node: &str,
        written: Stamp,
        now: Stamp,
        offset: Offset,
    ) -> Result<Vec<Result<Failure, Wild>>, Wild> {
        if text.len() > limit::FLEET_FAILURES_BYTES {
            return Err(Wild::TooLong);
        }
        let records: Vec<Self> = serde_json::from_slice(text).map_err(|_| Wild::Shape)?;
        let oldest = now.minus(limit::FLEET_FAILURE_AGE);
        let recent = |record: &Self| Stamp(record.at) > oldest;
        let records = records.into_iter().take(limit::FLEET_ENTRY_FAILURES).filter(recent);
        Ok(records.map(|record| record.judged(node, written, offset)).collect())
    }

    fn judged(self, node: &str, written: Stamp, offset: Offset) -> Result<Failure, Wild> {
        if self.proof.is_some_and(|proof| proof != Proof::Proven.to_string()) {
            return Err(Wild::Claimed);
        }
        let who = subject(&self.subject)?;
        let address: Option<IpAddr> =
            self.address.map(|address| address.parse().map_err(|_| Wild::Shape)).transpose()?;
        if address.is_some_and(|address| !who.covers(&Subject::exactly(address)))
            || self.echo > event::failure::ECHOES
        {
            return Err(Wild::Shape);
        }
        let pattern = plain(&self.pattern, limit::FLEET_NODE_BYTES);
        let line = plain(&format!("seen on node {node} (pattern {pattern})"), limit::EVIDENCE_BYTES);
        Ok(Failure {
            jail: jail(&self.jail)?,
            subject: who,
            address,
            at: offset.moment(Stamp(self.at).min(written)),
            account: self.account.map(|account| plain(&account, limit::ACCOUNT_BYTES).into()),
            count: self.count.clamp(1, limit::MAX_RETRY),
            proof: Proof::Proven,
            echo: self.echo,
            pattern: pattern.into(),
            line: line.into(),
        })
    }
}

/// Up to which number entries of each node were counted.
#[derive(Debug, Default)]
pub(crate) struct Counted(HashMap<Arc<str>, (Box<str>, u64, Moment)>);

impl Counted {
    /// Whether the entry is new. Within one start of a node, numbers grow.
    pub(crate) fn is_new(&mut self, node: &str, boot: &str, number: u64, now: Moment) -> bool {
        if let Some((known, last, at)) = self.0.get_mut(node) {
            let is_new = **known != *boot || number > *last;
            if is_new {
                (*known, *last, *at) = (boot.into(), number, now);
            }
            return is_new;
        }
        if self.0.len() >= limit::FLEET_NODES
            && let Some(oldest) =
                self.0.iter().min_by_key(|(_, (_, _, at))| *at).map(|(node, _)| node.clone())
        {
            self.0.remove(&oldest);
        }
        self.0.insert(node.into(), (boot.into(), number, now));
        true
    }
}
