//! What happens to fail2ban's jails, for its log, its database and its actions: noted while a turn is taken, told when it is recorded.
//! Without jails of fail2ban's configuration there is nobody to tell, and nothing is noted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use dropin::{Happening, Ignorer};
use event::limit::FAIL2BAN_STILL_FAILING;
use event::{Ban, Decision, Failure, JailName, Moment, Position, Subject};
use mirror::{Offset, Standing};

use crate::clock;
use crate::engine::Engine;
use crate::foreign::{ForeignJail, paths};

/// Told of what happens, in order; must not wait.
pub type Audience = Arc<dyn Fn(Vec<Happening>) + Send + Sync>;

/// What the turn has to tell, and to whom.
pub struct Chronicle {
    audience: Option<Audience>,
    noted: Vec<Happening>,
    /// Who fails on in a jail that has banned them: how often since it was noted last, and since when.
    still: HashMap<(JailName, Subject), (u32, Moment)>,
    /// Up to where each log is read, as far as that is recorded.
    read: BTreeMap<String, u64>,
    /// `dbpurgeage` in seconds: for how long a ban that is over makes the next one longer.
    pub(crate) remembers_for: i64,
}

/// fail2ban's own `dbpurgeage`.
const REMEMBERS_FOR: i64 = 24 * 60 * 60;

impl Chronicle {
    /// For this audience; none if nobody listens.
    pub fn new(audience: Option<Audience>) -> Self {
        Self {
            audience,
            noted: Vec::new(),
            still: HashMap::new(),
            read: BTreeMap::new(),
            remembers_for: REMEMBERS_FOR,
        }
    }

    /// At the end of a turn that is recorded.
    pub fn tell(&mut self) {
        if let Some(audience) = self.audience.as_ref().filter(|_| !self.noted.is_empty()) {
            audience(std::mem::take(&mut self.noted));
        }
    }

    /// Nothing of what was noted happened now.
    pub fn forget(&mut self) {
        self.noted.clear();
    }

    /// Up to where logs are read, once that is recorded.
    pub fn note_read(&mut self, positions: &[(String, Position)]) {
        if self.audience.is_none() {
            return;
        }
        for (path, position) in positions {
            if let Position::File { offset, .. } = position {
                self.read.insert(path.clone(), *offset);
            }
        }
    }

    fn note(&mut self, happening: Happening) {
        if self.audience.is_some() {
            self.noted.push(happening);
        }
    }

    /// Another failure of somebody who is banned. Whether they would be banned for it.
    fn fails_on(&mut self, failure: &Failure, max_retry: u32, find_time: Duration) -> bool {
        let who = (failure.jail.clone(), failure.subject);
        if self.still.len() >= FAIL2BAN_STILL_FAILING && !self.still.contains_key(&who) {
            self.still.clear();
        }
        let (count, since) = self.still.entry(who).or_insert((0, failure.at));
        if failure.at.since(*since) > find_time {
            (*count, *since) = (0, failure.at);
        }
        *count = count.saturating_add(failure.count);
        let is_reached = *count >= max_retry;
        if is_reached {
            *count = 0;
        }
        is_reached
    }
}

impl Engine {
    /// A failure counted.
    pub(crate) fn note_found(&mut self, failure: &Failure) {
        if let Some(told) = self.told_jail(&failure.jail) {
            let jail = told.model.name.clone();
            self.chronicle.note(Happening::Found { jail, failure: failure.clone() });
        }
    }

    /// A failure did not count, since its jail has banned the subject. fail2ban finds it all the same, and asks itself how that can be.
    pub(crate) fn note_still(&mut self, failure: &Failure, ban: &Ban) {
        let Some(told) = self.told_jail(&failure.jail).filter(|_| ban.jail == failure.jail) else { return };
        let (jail, limits) = (told.model.name.clone(), told.limits());
        self.chronicle.note(Happening::Found { jail: jail.clone(), failure: failure.clone() });
        if self.chronicle.fails_on(failure, limits.max_retry, limits.find_time) {
            let (subject, since, at) = (ban.subject, ban.since, failure.at);
            self.chronicle.note(Happening::AlreadyBanned { jail, subject, since, at });
        }
    }

    /// A failure did not count.
    pub(crate) fn note_ignored(&mut self, failure: &Failure, by: Ignorer) {
        if let Some(told) = self.told_jail(&failure.jail) {
            let (jail, subject, address) = (told.model.name.clone(), failure.subject, failure.address);
            self.chronicle.note(Happening::Ignored { jail, subject, address, by });
        }
    }

    /// Somebody was banned or let in. `before` is the subject's earlier ban in the same jail.
    pub(crate) fn note_decision(&mut self, decision: &Decision, before: Option<&Ban>) {
        match decision {
            Decision::Ban(ban) => {
                let Some(told) = self.told_jail(&ban.jail) else { return };
                let (jail, most) = (told.model.name.clone(), told.model.max_matches);
                let lines = self.lines_of(ban, usize::try_from(most).unwrap_or(0));
                self.chronicle.note(Happening::Banned {
                    jail,
                    ban: ban.clone(),
                    earlier: self.earlier_bans(&ban.subject, &told, ban.since),
                    lines,
                    prolonged: before.is_some(),
                    restored: false,
                });
            }
            Decision::Unban(unban) => self.note_end(&unban.subject, &unban.jail, unban.at, false),
            Decision::Refused(_) => {}
        }
    }

    /// A ban has ended.
    pub(crate) fn note_end(&mut self, subject: &Subject, jail: &JailName, at: Moment, expired: bool) {
        self.chronicle.still.remove(&(jail.clone(), *subject));
        if let Some(told) = self.told_jail(jail) {
            let jail = told.model.name.clone();
            self.chronicle.note(Happening::Unbanned { jail, subject: *subject, at, expired });
        }
    }

    /// The jails that run are these now; those of `before` ran until now. At the start, what is restored is told with them.
    pub(crate) fn note_jails(&mut self, before: &[Arc<ForeignJail>]) {
        let now: Vec<Arc<ForeignJail>> = self.told_jails();
        let runs =
            |jails: &[Arc<ForeignJail>], one: &ForeignJail| jails.iter().any(|jail| jail.name == one.name);
        for gone in before.iter().filter(|jail| !runs(&now, jail)) {
            // Its bans are lifted behind this, as those of a jail that is off; for fail2ban that is no unban.
            for ban in self.decider.bans().filter(|ban| ban.jail == gone.name) {
                let (jail, at) = (gone.model.name.clone(), clock::now());
                self.chronicle.note(Happening::Unbanned { jail, subject: ban.subject, at, expired: true });
            }
            self.chronicle.note(Happening::Stopped { jail: gone.model.name.clone() });
        }
        for come in now.iter().filter(|jail| !runs(before, jail)) {
            let jail = come.model.name.clone();
            self.chronicle.note(Happening::Started { jail: jail.clone() });
            let bans: Vec<Ban> = self.decider.bans().filter(|ban| ban.jail == come.name).collect();
            self.ledger.begins(&come.name, bans.len());
            for ban in bans {
                let earlier = self.earlier_bans(&ban.subject, come, ban.since);
                let (jail, lines) = (jail.clone(), Vec::new());
                let restored =
                    Happening::Banned { jail, ban, earlier, lines, prolonged: false, restored: true };
                self.chronicle.note(restored);
            }
        }
    }

    /// Ends it: up to where fail2ban's jails have read their logs since the start, so that fail2ban, if it is to run again, counts no line
    /// a second time. A log that is shorter now, or cannot be read, is not among them.
    pub(crate) fn into_offsets(self) -> Vec<Offset> {
        let mut offsets = Vec::new();
        for jail in self.told_jails() {
            for path in jail.logs().iter().flat_map(|log| paths(log)) {
                let read = self.chronicle.read.get(&path);
                offsets.extend(read.and_then(|read| Offset::of(&jail.model.name, &path, *read)));
            }
        }
        offsets
    }

    /// For so many seconds a ban that is over makes the next one longer, where that is told. To be told before bans are restored: they are
    /// noted with their counts.
    pub(crate) fn remember_for(&mut self, seconds: Option<i64>) {
        self.chronicle.remembers_for = seconds.unwrap_or(REMEMBERS_FOR);
    }

    /// fail2ban's jails that run.
    pub(crate) fn told_jails(&self) -> Vec<Arc<ForeignJail>> {
        self.plan.jails.iter().filter_map(|jail| jail.finder.foreign()).cloned().collect()
    }

    /// A jail that runs, if fail2ban's configuration tells it and somebody listens.
    pub(crate) fn told_jail(&self, name: &JailName) -> Option<Arc<ForeignJail>> {
        self.chronicle.audience.as_ref()?;
        self.plan.jails.iter().find(|jail| jail.name == *name)?.finder.foreign().cloned()
    }

    /// Every ban of fail2ban's jails that holds.
    pub(crate) fn standing(&self) -> Vec<Standing> {
        let jails = self.told_jails();
        let standing = self.decider.bans().filter_map(|ban| {
            let jail = jails.iter().find(|jail| jail.name == ban.jail)?;
            Some(Standing {
                jail: jail.model.name.clone(),
                subject: ban.subject,
                since: ban.since,
                until: ban.until,
                earlier: self.earlier_bans(&ban.subject, jail, ban.since),
                failures: ban.failures,
            })
        });
        standing.collect()
    }

    /// The latest lines that led to a ban, the oldest first: those of this turn are not recorded yet. What lies further back than the failures
    /// that the ban is for led to an earlier one.
    fn lines_of(&self, ban: &Ban, most: usize) -> Vec<String> {
        let is_meant = |failure: &Failure| failure.subject == ban.subject && failure.jail == ban.jail;
        let fresh = self.batch.failures.iter().rev().filter(|failure| is_meant(failure)).cloned();
        let recorded = std::iter::once_with(|| self.store.evidence(&ban.subject, most).unwrap_or_default());
        let mut latest = fresh.chain(recorded.flatten()).filter(|failure| is_meant(failure));
        let (mut lines, mut counted) = (Vec::new(), 0_u32);
        while lines.len() < most && counted < ban.failures {
            let Some(failure) = latest.next() else { break };
            counted = counted.saturating_add(failure.count);
            lines.push(failure.line.to_string());
        }
        lines.reverse();
        lines
    }
}
