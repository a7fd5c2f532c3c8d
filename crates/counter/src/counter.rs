//! Counts failures and says when a subject reaches a jail's limit. Decides nothing: a ban is the next stage's matter.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use event::{Failure, JailName, Moment, Offence, Proof, Subject, Success, Whitelist, limit};

use crate::table::{Key, Table};
use crate::window::{Mark, Reached, Tag, Window};
use crate::{Limits, LimitsError, Observation, Standing};

/// A failure further in the future than this is counted as of now: a clock is wrong, and a window must not wait for it.
const SKEW: Duration = Duration::from_secs(60);

/// Slots that each failure sweeps on its way: one new window a failure is the fastest that the table can fill, so
/// looking at two keeps ahead of it.
const SWEPT_EACH_TIME: usize = 2;

/// How much a counter may remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Windows: subjects, counted once for each jail in which they failed.
    pub subjects: usize,
    /// Failures in all windows.
    pub failures: usize,
}

impl Default for Bound {
    fn default() -> Self {
        Self { subjects: limit::COUNTED_SUBJECTS, failures: limit::COUNTED_FAILURES }
    }
}

/// The windows of all jails.
#[derive(Debug)]
pub struct Counter {
    bound: Bound,
    jails: Vec<Option<Jail>>,
    numbers: HashMap<JailName, u16>,
    table: Table,
    accounts: RandomState,
    evicted: u64,
}

#[derive(Debug)]
struct Jail {
    name: JailName,
    limits: Limits,
    find_millis: i64,
}

impl Jail {
    fn horizon(&self, now: Moment) -> Moment {
        Moment::from_millis(now.millis().saturating_sub(self.find_millis))
    }

    fn standing(&self, window: &Window, now: Moment) -> Option<Standing> {
        let horizon = self.horizon(now);
        let (failures, proven) = window.weigh(horizon);
        let oldest = window.marks().iter().find(|mark| mark.at >= horizon)?.at;
        let newest = window.marks().last()?.at;
        let Limits { max_retry, find_time } = self.limits;
        Some(Standing { jail: self.name.clone(), failures, proven, oldest, newest, max_retry, find_time })
    }
}

impl Counter {
    /// A counter without jails that remembers at most `bound`.
    pub fn new(bound: Bound) -> Self {
        Self {
            bound: Bound { subjects: bound.subjects.clamp(1, u32::MAX as usize - 1), ..bound },
            jails: Vec::new(),
            numbers: HashMap::new(),
            table: Table::new(),
            accounts: RandomState::new(),
            evicted: 0,
        }
    }

    /// Counts `failure`. One attempt may be reported in several ways; those are counted each for itself. An offence arises as soon as `max_retry` failures, this one among them, lie within
    /// `find_time` of each other, in whatever order they came; exactly `find_time` apart is within.
    ///
    /// A proven offence clears the subject's window in that jail. A claimed one clears the claimed failures only, so
    /// that forged datagrams cannot wipe out what is proven; the proven ones stay and count towards a proven offence,
    /// not a second time towards a claimed one.
    ///
    /// To rebuild the windows at start, observe the recorded failures again and pass the answers over.
    pub fn observe<'w>(
        &mut self,
        failure: &Failure,
        whitelist: &'w Whitelist,
        now: Moment,
    ) -> Observation<'w> {
        let Some(&number) = self.numbers.get(&failure.jail) else { return Observation::UnknownJail };
        if let Some((entry, origin)) = whitelist.protects(&failure.subject) {
            return Observation::Whitelisted { entry, origin };
        }
        let Some(jail) = &self.jails[usize::from(number)] else { return Observation::UnknownJail };
        let (limits, find_millis, horizon) = (jail.limits, jail.find_millis, jail.horizon(now));
        if failure.at < horizon {
            return Observation::TooOld;
        }
        self.sweep(now, SWEPT_EACH_TIME);
        let mark = self.mark(failure, limits.max_retry, now);
        let key = Key { subject: failure.subject, jail: number };
        self.make_room(&key);
        let (reached, (all, proven)) = self.table.touch(key, |window| {
            window.forget_before(horizon);
            window.insert(mark);
            let reached = window.reached(mark, limits.max_retry, find_millis);
            let weight = window.weigh(horizon);
            settle(window, reached);
            (reached, weight)
        });
        match reached {
            None => Observation::Counted { failures: all.max(proven), max_retry: limits.max_retry },
            Some(Reached { failures, proof, at }) => Observation::Offence(Offence {
                jail: failure.jail.clone(),
                subject: failure.subject,
                at,
                failures,
                proof,
                max_retry: limits.max_retry,
                find_time: limits.find_time,
            }),
        }
    }

    /// A proven success clears the failures up to then of its own account, of its subject, in its jail: nobody else's,
    /// so that whoever owns one account cannot wipe out attempts at others. Says how many failures went.
    pub fn succeeded(&mut self, success: &Success) -> u32 {
        let (Proof::Proven, Some(account)) = (success.proof, &success.account) else { return 0 };
        let Some(&jail) = self.numbers.get(&success.jail) else { return 0 };
        let account = self.account(account);
        let cleared = |mark: &Mark| mark.account == account && mark.at <= success.at;
        let clear = |window: &mut Window| {
            let gone =
                window.marks().iter().filter(|mark| cleared(mark)).map(|mark| u32::from(mark.count)).sum();
            window.retain(|mark| !cleared(mark));
            gone
        };
        self.table.change(&Key { subject: success.subject, jail }, clear).unwrap_or(0)
    }

    /// Sets the limits of a jail, a new or a known one. Known counts are kept and judged by the new limits as soon as
    /// the next failure comes; what a shorter `find_time` has let go does not come back.
    pub fn set_limits(&mut self, name: &JailName, limits: Limits) -> Result<(), LimitsError> {
        limits.check(name)?;
        let jail = Some(Jail { name: name.clone(), limits, find_millis: limits.find_millis() });
        if let Some(&number) = self.numbers.get(name) {
            self.jails[usize::from(number)] = jail;
            return Ok(());
        }
        let number = self.jails.iter().position(Option::is_none).unwrap_or(self.jails.len());
        if number >= limit::JAILS {
            return Err(LimitsError::TooManyJails { jail: name.clone() });
        }
        if number == self.jails.len() {
            self.jails.push(None);
        }
        self.jails[number] = jail;
        self.numbers.insert(name.clone(), number as u16);
        Ok(())
    }

    /// Forgets a jail with all its counts; says whether it was known. Looks at the whole table: for a reload, not for
    /// every day.
    pub fn remove_jail(&mut self, name: &JailName) -> bool {
        let Some(number) = self.numbers.remove(name) else { return false };
        self.jails[usize::from(number)] = None;
        self.table.sweep(self.table.slots(), |key, _| key.jail == number);
        true
    }

    /// The jails with their limits.
    pub fn jails(&self) -> impl Iterator<Item = (&JailName, Limits)> {
        self.jails.iter().flatten().map(|jail| (&jail.name, jail.limits))
    }

    /// How `subject` stands in a jail; `None` if nothing in the window counts against it.
    pub fn standing(&self, jail: &JailName, subject: &Subject, now: Moment) -> Option<Standing> {
        self.standing_in(*self.numbers.get(jail)?, subject, now)
    }

    /// How `subject` stands in every jail where something counts against it.
    pub fn standings(&self, subject: &Subject, now: Moment) -> Vec<Standing> {
        (0..self.jails.len()).filter_map(|number| self.standing_in(number as u16, subject, now)).collect()
    }

    /// Forgets all failures of `subject`, in every jail: for an unban. Says in how many jails there were any.
    pub fn forget(&mut self, subject: &Subject) -> usize {
        let numbers = 0..self.jails.len() as u16;
        let keys = numbers.map(|jail| Key { subject: *subject, jail });
        keys.filter_map(|key| self.table.change(&key, |window| *window = Window::empty())).count()
    }

    /// Drops windows in which everything is older than `find_time`, looking at `slots` of them. Counting does this on
    /// its way; a quiet counter wants it from a timer.
    pub fn sweep(&mut self, now: Moment, slots: usize) {
        let jails = &self.jails;
        self.table.sweep(slots, |key, latest| {
            jails[usize::from(key.jail)].as_ref().is_none_or(|jail| latest < jail.horizon(now))
        });
    }

    /// How many windows there are: subjects, counted once for each jail.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// How many windows each jail has. Looks at the whole table: for a person who asks.
    pub fn windows_by_jail(&self) -> HashMap<JailName, u64> {
        let mut counts = vec![0; self.jails.len()];
        self.table.keys().for_each(|key| counts[usize::from(key.jail)] += 1);
        let jails = self.jails.iter().zip(counts);
        jails.filter_map(|(jail, count)| Some((jail.as_ref()?.name.clone(), count))).collect()
    }

    /// Whether nobody has failed.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many windows were forgotten for want of room since the start.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    fn standing_in(&self, number: u16, subject: &Subject, now: Moment) -> Option<Standing> {
        let jail = self.jails[usize::from(number)].as_ref()?;
        jail.standing(self.table.get(&Key { subject: *subject, jail: number })?, now)
    }

    fn mark(&self, failure: &Failure, max_retry: u32, now: Moment) -> Mark {
        let at = if failure.at > now.after(SKEW) { now } else { failure.at };
        let account = failure.account.as_deref().map_or(0, |account| self.account(account));
        let count = failure.count.clamp(1, max_retry) as u16;
        Mark { at, account, count, proof: failure.proof, tag: Tag::of(failure.echo) }
    }

    /// The hash is keyed, so nobody can choose a name that clears the failures of another one.
    fn account(&self, account: &str) -> u32 {
        (self.accounts.hash_one(account) as u32).max(1)
    }

    /// Makes sure that one more failure fits, at the expense of whoever failed longest ago.
    fn make_room(&mut self, key: &Key) {
        let full_of_failures = self.table.marks() >= self.bound.failures;
        let full_of_subjects = self.table.len() >= self.bound.subjects && self.table.get(key).is_none();
        if full_of_failures || full_of_subjects {
            self.table.evict();
            self.evicted += 1;
        }
    }
}

/// Leaves in the window what still counts. Without an offence, a window holds more than `limit::MAX_RETRY` failures only
/// if clocks disagree; the oldest, which no stretch with the newest can contain, goes.
fn settle(window: &mut Window, reached: Option<Reached>) {
    match reached {
        Some(Reached { proof: Proof::Proven, .. }) => *window = Window::empty(),
        Some(Reached { proof: Proof::Claimed, .. }) => window.spend(),
        None if window.marks().len() > limit::MAX_RETRY as usize => window.forget_oldest(),
        None => {}
    }
}
