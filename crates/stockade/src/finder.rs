//! What finds a jail's failures: a filter of ours, or patterns in fail2ban's words; and those of all jails of one source, ready to
//! judge what is read.

use std::sync::Arc;

use dropin::Ignorer;
use event::{Block, Entry, Failure, JailName, Moment, Origin};
use filter::{Filter, FilterSet, Scratch, Zone};
use jiff::tz::TimeZone;

use crate::collector::Heard;
use crate::foreign::{ForeignJail, ForeignJudge};
use crate::plan::KINDS;

/// A jail's own.
#[derive(Clone, Debug)]
pub enum Finder {
    /// A filter of ours.
    Own(Arc<Filter>),
    /// A jail as fail2ban's configuration tells it.
    Foreign(Arc<ForeignJail>),
}

impl Finder {
    /// The filter's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Own(filter) => &filter.name,
            Self::Foreign(jail) => &jail.model.name,
        }
    }

    /// The kind of service.
    pub fn service(&self) -> &str {
        match self {
            Self::Own(filter) => &filter.service,
            Self::Foreign(jail) => jail.service,
        }
    }

    /// How often a match took more than its budget.
    pub fn overruns(&self) -> u64 {
        match self {
            Self::Own(filter) => filter.overruns(),
            Self::Foreign(jail) => jail.given_up(),
        }
    }

    /// As fail2ban's configuration tells it, if it does.
    pub fn foreign(&self) -> Option<&Arc<ForeignJail>> {
        match self {
            Self::Own(_) => None,
            Self::Foreign(jail) => Some(jail),
        }
    }
}

/// The finders of all jails that listen to one source.
#[derive(Debug)]
pub struct Finders {
    own: FilterSet,
    foreign: Vec<ForeignJudge>,
}

impl Finders {
    /// Makes them ready, which takes a while.
    pub fn new(jails: &[(JailName, Finder)], zone: &TimeZone) -> Self {
        let own = jails.iter().filter_map(|(name, finder)| match finder {
            Finder::Own(filter) => Some((name.clone(), Arc::clone(filter))),
            Finder::Foreign(_) => None,
        });
        let foreign = jails.iter().filter_map(|(_, finder)| finder.foreign());
        Self {
            own: FilterSet::new(own.collect(), &KINDS),
            foreign: foreign.map(|jail| ForeignJudge::new(jail, zone)).collect(),
        }
    }

    /// Judges a block of whole lines.
    pub fn judge_block(
        &mut self,
        block: &Block<'_>,
        scratch: &mut Scratch,
        zone: &Zone,
        keep: &mut dyn FnMut(Heard<'_>),
    ) {
        let own = &self.own;
        own.judge_block(block.text, scratch, &mut |found| {
            if let Some(judged) = found.judged(block.origin, block.arrival, zone) {
                keep(Heard::Own { jail: &own.jails()[found.jail].0, found: &found, judged });
            }
        });
        for judge in &mut self.foreign {
            judge.judge_block(block, &mut |failure| keep(Heard::Foreign(failure)));
        }
    }

    /// Judges a message of the journal, whose time is known.
    pub fn judge_entry(
        &mut self,
        entry: &Entry<'_>,
        at: Moment,
        scratch: &mut Scratch,
        keep: &mut dyn FnMut(Heard<'_>),
    ) {
        let skew_millis = entry.arrival.millis().saturating_sub(entry.written.millis());
        let skew_millis = (entry.origin == Origin::Live).then_some(skew_millis);
        let own = &self.own;
        own.judge_message(entry.message, scratch, &mut |found| {
            let judged = filter::Judged { at, skew_millis };
            keep(Heard::Own { jail: &own.jails()[found.jail].0, found: &found, judged });
        });
        for judge in &mut self.foreign {
            if let Some(failure) = judge.judge_entry(entry) {
                keep(Heard::Foreign(failure));
            }
        }
    }
}

/// A failure that fail2ban's patterns found, and how far its line's time is behind.
#[derive(Debug)]
pub struct ForeignFailure {
    /// The failure.
    pub failure: Failure,
    /// What says that it does not count, if something does.
    pub ignored: Option<Ignorer>,
    /// As in `filter::Judged`.
    pub skew_millis: Option<i64>,
}
