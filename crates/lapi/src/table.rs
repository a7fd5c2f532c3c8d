//! What is decided about whom, at one moment, in a form so small that hundreds of thousands are no burden: no text, 28 bytes each.

use std::sync::Arc;

use event::{JailName, Moment, Subject};

/// One decision: the longest of a subject's bans. A bouncer holds one entry for each address; were it told of every jail's ban, the
/// end of one would take the address out although another still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// About whom.
    pub subject: Subject,
    /// For which jail: its place among the table's names.
    pub jail: u16,
    /// Its number.
    pub number: u32,
    /// Until when, in seconds since the epoch, as bouncers are told. 0 is a decision that is not there.
    pub end: u32,
}

/// All of them, in the order of their subjects. Shared by every answer that is being written.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The decisions.
    pub decisions: Vec<Decision>,
    /// Names of jails. Places never change.
    pub jails: Arc<Vec<JailName>>,
}

impl Decision {
    /// The same, as not there.
    pub fn absent(self) -> Self {
        Self { end: 0, ..self }
    }
}

impl Table {
    /// The decision about exactly this subject.
    pub fn find(&self, subject: &Subject) -> Option<&Decision> {
        let at = self.decisions.binary_search_by_key(subject, |decision| decision.subject).ok()?;
        self.decisions.get(at)
    }

    /// The decisions that hit all of `subject`: its own and those of subnets around it, the widest first.
    pub fn around(&self, subject: &Subject) -> Vec<Decision> {
        let (address, bits) = (subject.address(), subject.prefix_bits());
        (0..=bits).filter_map(|bits| self.find(&Subject::network(address, bits)).copied()).collect()
    }

    /// The first so many behind a subject.
    pub fn behind(&self, subject: &Subject, count: usize) -> &[Decision] {
        let first = self.decisions.partition_point(|decision| decision.subject <= *subject);
        &self.decisions[first..self.decisions.len().min(first + count)]
    }
}

/// A moment in whole seconds, rounded up: a bouncer lets in no sooner than we do.
pub fn seconds(moment: Moment) -> u32 {
    let up = moment.millis().saturating_add(999).div_euclid(1000);
    u32::try_from(up.max(0)).unwrap_or(u32::MAX)
}
