//! What bouncers that ask for the same are told: the decisions now, and what changed before, so that each bouncer's difference
//! follows from the place up to which it was told. It holds the decisions once, however many bouncers there are.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use control::desk::Roster;
use event::limit::{LAPI_CHANGES, LAPI_LONGEST_SECONDS};
use event::{Ban, JailName, Moment};

use crate::number;
use crate::query::Wanted;
use crate::table::{Decision, Table, seconds};
use crate::words::Words;

/// For a bouncer that was told less than this much time, a change of the end is urgent.
const HALF: u32 = LAPI_LONGEST_SECONDS / 2;

/// The decisions of one selection.
pub struct View {
    wanted: Wanted,
    words: Words,
    /// Tells views apart that were forgotten and made anew.
    pub era: u64,
    /// When it was last asked for, for forgetting.
    pub used: u64,
    /// As of now.
    pub table: Arc<Table>,
    /// What stood there before each change, oldest first.
    changes: VecDeque<Decision>,
    /// The number of the first of them.
    first_change: u64,
    /// The numbers that are taken.
    numbers: HashSet<u32>,
    generation: Option<u64>,
    /// From when on something changes by time alone.
    stale_from: u32,
}

/// What a bouncer has to be told.
pub struct Difference {
    /// What is not there any more, as it was told.
    pub deleted: Vec<Decision>,
    /// What is there since.
    pub new: Vec<Decision>,
}

impl View {
    /// Of nothing yet.
    pub fn new(wanted: Wanted, words: Words, era: u64) -> Self {
        Self {
            wanted,
            words,
            era,
            used: 0,
            table: Arc::default(),
            changes: VecDeque::new(),
            first_change: 0,
            numbers: HashSet::new(),
            generation: None,
            stale_from: 0,
        }
    }

    /// Whether it is that selection.
    pub fn is(&self, wanted: &Wanted, words: &Words) -> bool {
        self.wanted == *wanted && self.words == *words
    }

    /// The place behind the last change.
    pub fn place(&self) -> u64 {
        self.first_change + self.changes.len() as u64
    }

    /// What changed since `place`; `None` if that is not known any more.
    pub fn since(&self, place: u64) -> Option<Difference> {
        let skipped = usize::try_from(place.checked_sub(self.first_change)?).ok()?;
        let mut before: Vec<Decision> =
            self.changes.range(skipped.min(self.changes.len())..).copied().collect();
        // The first change of each subject says what the bouncer holds.
        before.sort_by_key(|decision| decision.subject);
        before.dedup_by_key(|decision| decision.subject);
        let mut difference = Difference { deleted: Vec::new(), new: Vec::new() };
        for old in before {
            let now = self.table.find(&old.subject);
            if now.map_or(0, |now| now.end) == old.end {
                continue;
            }
            if old.end != 0 {
                difference.deleted.push(old);
            }
            difference.new.extend(now.copied());
        }
        Some(difference)
    }

    /// Forgets changes that every bouncer was told of; `told` is the place of the one that is furthest behind.
    pub fn forget_before(&mut self, told: u64) {
        let over = self.changes.len().saturating_sub(LAPI_CHANGES);
        let told = usize::try_from(told.saturating_sub(self.first_change)).unwrap_or(usize::MAX);
        let count = told.min(self.changes.len()).max(over);
        self.changes.drain(..count);
        self.first_change += count as u64;
        if self.changes.capacity() > 4 * self.changes.len() + 1024 {
            self.changes.shrink_to_fit();
        }
    }

    /// Takes up what changed in the roster, or by time.
    pub fn refresh(&mut self, roster: &Roster, now: Moment) {
        let now = seconds(now);
        if self.generation == Some(roster.generation) && now < self.stale_from {
            return;
        }
        self.generation = Some(roster.generation);
        self.stale_from = u32::MAX;
        let old = Arc::clone(&self.table);
        let changed = self.place();
        let mut jails = Jails::new(&old, self.words.clone(), self.wanted.clone());
        let mut table = Vec::with_capacity(old.decisions.len().max(roster.bans.len()));
        let mut rest = old.decisions.as_slice();
        let is_any_wanted = self.wanted.origin(&self.words.origin);
        for bans in roster.bans.chunk_by(|one, next| one.subject == next.subject) {
            let subject = bans[0].subject;
            if !is_any_wanted || !self.wanted.subject(&subject) {
                continue;
            }
            // A bouncer closes what it is told of: a jail that closes nothing here has nothing to tell it.
            let closing = bans.iter().filter(|ban| !roster.told_only.contains(&ban.jail));
            let Some((jail, until)) = jails.longest(closing, now) else { continue };
            let passed = rest.partition_point(|decision| decision.subject < subject);
            rest[..passed].iter().for_each(|gone| self.removed(gone));
            rest = &rest[passed..];
            let known = rest.first().filter(|decision| decision.subject == subject).copied();
            table.push(self.taken_up(known, Decision { subject, jail, number: 0, end: until }, now));
            rest = &rest[usize::from(known.is_some())..];
        }
        rest.iter().for_each(|gone| self.removed(gone));
        if self.place() != changed {
            table.shrink_to_fit();
            self.table = Arc::new(Table { decisions: table, jails: jails.names });
        }
    }

    /// A subject that is in the roster; `wanted.end` is when its ban ends.
    fn taken_up(&mut self, known: Option<Decision>, wanted: Decision, now: u32) -> Decision {
        let until = wanted.end;
        let told = known.map(|known| known.end);
        let end = end(until, told, now);
        let turn = if end == until { end } else { end - HALF };
        self.stale_from = self.stale_from.min(turn);
        match known {
            Some(known) if known.end == end => known,
            Some(known) => {
                self.changes.push_back(known);
                Decision { number: known.number, end, ..wanted }
            }
            None => {
                let mut number = number::number(&wanted.subject);
                while !self.numbers.insert(number) {
                    number = number::next(number);
                }
                let decision = Decision { number, end, ..wanted };
                self.changes.push_back(decision.absent());
                decision
            }
        }
    }

    fn removed(&mut self, gone: &Decision) {
        self.numbers.remove(&gone.number);
        self.changes.push_back(*gone);
    }
}

/// Until when a decision is told that lasts until `until`, if it was told until `told` before. A bouncer never looks at a decision
/// again that it has; so one that lasts longer now has to be told as deleted and new, and that takes the address out for a
/// moment. It is done at once where the end is near, and put off while there is time.
fn end(until: u32, told: Option<u32>, now: u32) -> u32 {
    match told {
        Some(told) if told == until => told,
        Some(told) if told < until && told > now.saturating_add(HALF) => told,
        _ => until.min(now.saturating_add(LAPI_LONGEST_SECONDS)),
    }
}

/// The jails of a roster: whether their bans are wanted, and their places among the names.
struct Jails {
    names: Arc<Vec<JailName>>,
    is_wanted: Vec<bool>,
    words: Words,
    wanted: Wanted,
}

impl Jails {
    fn new(table: &Table, words: Words, wanted: Wanted) -> Self {
        let names = Arc::clone(&table.jails);
        let is_wanted = names.iter().map(|jail| wanted.scenario(&words.scenario(jail))).collect();
        Self { names, is_wanted, words, wanted }
    }

    /// The wanted ban that ends last, if it is not over.
    fn longest<'b>(&mut self, bans: impl Iterator<Item = &'b Ban>, now: u32) -> Option<(u16, u32)> {
        let candidates = bans.filter_map(|ban| {
            let jail = self.place(&ban.jail);
            self.is_wanted[usize::from(jail)].then(|| (jail, seconds(ban.until)))
        });
        candidates.max_by_key(|(_, until)| *until).filter(|(_, until)| *until > now)
    }

    fn place(&mut self, jail: &JailName) -> u16 {
        if let Some(place) = self.names.iter().position(|known| known == jail) {
            return place as u16;
        }
        let Ok(place) = u16::try_from(self.names.len()) else { return 0 };
        Arc::make_mut(&mut self.names).push(jail.clone());
        self.is_wanted.push(self.wanted.scenario(&self.words.scenario(jail)));
        place
    }
}
