//! What other settings would have done: the recorded failures are counted and decided anew, once with the settings in force
//! and once with the others. Pure but for the failures, which are handed in; nothing is banned.
//!
//! Only what was recorded is known: of somebody who was banned at the fifth failure there is no sixth, so that laxer settings
//! look a little laxer here than they are.

use std::collections::BTreeSet;

use control::desk::Rehearsal;
use counter::{Bound, Counter, Limits, Observation};
use decision::{Bounds, Decider, Outcome};
use event::{Decision, Failure, Moment, Scope, Subject};

use crate::plan::{Plan, ban_time};

/// Subjects of each kind that are named.
const NAMED: usize = 50;
/// Bans that are over are forgotten after so many failures.
const EXPIRE_EVERY: u64 = 256;

/// Two runs over the same failures.
pub struct Stage {
    before: Run,
    after: Run,
    failures: u64,
    since: Moment,
    first: Option<Moment>,
}

impl Stage {
    /// The settings in force and the others; failures come from `since` on.
    pub fn new(before: &Plan, after: &Plan, since: Moment) -> Self {
        Self { before: Run::new(before), after: Run::new(after), failures: 0, since, first: None }
    }

    /// From when failures are wanted.
    pub fn since(&self) -> Moment {
        self.since
    }

    /// One recorded failure; they come in the order of their times.
    pub fn play(&mut self, failure: &Failure) {
        self.failures += 1;
        self.first.get_or_insert(failure.at);
        for run in [&mut self.before, &mut self.after] {
            run.play(failure);
            if self.failures.is_multiple_of(EXPIRE_EVERY) {
                run.decider.expire(failure.at);
            }
        }
    }

    /// What came of it.
    pub fn outcome(self) -> Rehearsal {
        let (before, after) = (self.before.banned, self.after.banned);
        let added: Vec<Subject> = after.difference(&before).copied().collect();
        let removed: Vec<Subject> = before.difference(&after).copied().collect();
        let first = |all: &[Subject]| all.iter().take(NAMED).copied().collect();
        Rehearsal {
            // What was recorded may not reach back as far as was asked.
            since: self.first.unwrap_or(self.since),
            failures: self.failures,
            before: before.len() as u64,
            after: after.len() as u64,
            added: first(&added),
            removed: first(&removed),
            added_count: added.len() as u64,
            removed_count: removed.len() as u64,
        }
    }
}

/// The engine's path from a failure to a ban, without store and kernel.
struct Run {
    counter: Counter,
    decider: Decider,
    whitelist: event::Whitelist,
    banned: BTreeSet<Subject>,
}

impl Run {
    fn new(plan: &Plan) -> Self {
        let mut counter = Counter::new(Bound::default());
        let mut decider = Decider::new(plan.decision_settings(), Bounds::default());
        // Switched off, nobody is banned.
        for jail in plan.jails.iter().filter(|_| plan.settings.enabled) {
            let limits = Limits { max_retry: jail.limits.max_retry, find_time: jail.limits.find_time };
            if counter.set_limits(&jail.name, limits).is_ok() {
                decider.set_jail(&jail.name, ban_time(jail.limits.ban_time));
            }
        }
        Self { counter, decider, whitelist: plan.whitelist.clone(), banned: BTreeSet::new() }
    }

    fn play(&mut self, failure: &Failure) {
        let bans = self.decider.bans_of(&failure.subject);
        let holds = |ban: &event::Ban| {
            (ban.scope == Scope::AllPorts || ban.jail == failure.jail)
                && ban.proof >= failure.proof
                && ban.until > failure.at
        };
        if bans.iter().any(holds) {
            return;
        }
        let Observation::Offence(offence) = self.counter.observe(failure, &self.whitelist, failure.at) else {
            return;
        };
        if let Outcome::Decided(decided) = self.decider.judge(&offence, &self.whitelist, failure.at)
            && let Decision::Ban(ban) = decided.decision
        {
            self.banned.insert(ban.subject);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Settings;
    use event::{JailName, Proof};

    fn plan(text: &str) -> Plan {
        let (settings, complaints) = config::check("test", text, |_| true);
        assert_eq!(complaints, []);
        Plan::of(settings.unwrap_or_else(Settings::default), None).unwrap()
    }

    fn failure(address: &str, seconds: i64) -> Failure {
        let address = address.parse().unwrap();
        Failure {
            at: Moment::from_seconds(seconds),
            subject: Subject::counted(address),
            address: Some(address),
            jail: JailName::new("sshd"),
            pattern: "wrong-password".into(),
            count: 1,
            proof: Proof::Proven,
            echo: 0,
            account: None,
            line: "".into(),
        }
    }

    #[test]
    fn who_would_be_banned_more_or_less_is_told() {
        let plan = |max_retry: u32, whitelist: &str| {
            // Not the host's own addresses, whatever they are.
            plan(&format!(
                "[defaults]\nmax_retry = {max_retry}\n[whitelist]\nown_addresses = false\naddresses = {whitelist}\n\
                 [jails.sshd]\nenabled = true\nlogs = ['/nowhere']\n"
            ))
        };
        let (before, after) = (plan(3, "[]"), plan(2, "['198.51.100.3']"));
        let mut stage = Stage::new(&before, &after, Moment::from_seconds(0));
        for (address, times) in
            [("198.51.100.1", 1), ("198.51.100.2", 2), ("198.51.100.3", 3), ("198.51.100.4", 3)]
        {
            (0..times).for_each(|second| stage.play(&failure(address, 1_700_000_000 + second)));
        }
        let told = stage.outcome();
        assert_eq!((told.failures, told.before, told.after), (9, 2, 2), "{told:?}");
        assert_eq!(told.added, ["198.51.100.2".parse().unwrap()]);
        assert_eq!(told.removed, ["198.51.100.3".parse().unwrap()]);
    }
}
