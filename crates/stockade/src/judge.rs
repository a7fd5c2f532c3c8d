//! The engine's main job: what the readers found is counted, a full window becomes a decision, and a decision is noted for the
//! store and the kernel.

use std::time::Duration;

use control::time::rfc3339_until;
use counter::Observation;
use decision::{Decided, Outcome};
use enforcement::{Change, Element};
use event::{Ban, Decision, Failure, Moment, Offence, Origin, Scope, Success};

use crate::engine::Engine;
use crate::message::{Finding, Findings};
use crate::{clock, record};

/// A failure this long after its ban was read by the service before the kernel acted; a later one means the ban fails.
const GRACE: Duration = Duration::from_secs(10);

impl Engine {
    /// Counts what a reader found.
    pub(crate) fn take(&mut self, findings: Findings) {
        let now = clock::now();
        // Old lines are judged by their own time: what happened while we were away is an offence all the same.
        let observed = |at: Moment| if findings.origin == Origin::CatchUp { at } else { now };
        for found in findings.found {
            match found {
                Finding::Failure(failure) => self.observe(failure, observed, now),
                Finding::Success(success) => self.succeed(&success),
            }
        }
        self.batch.positions.extend(findings.positions);
    }

    fn observe(&mut self, failure: Failure, observed: impl Fn(Moment) -> Moment, now: Moment) {
        self.ledger.failed(&failure.jail, failure.count, failure.at);
        if let Some(ban) = self.banning(&failure) {
            if now.since(ban.since) > GRACE && failure.at > ban.since.after(GRACE) {
                self.ledger.still_fails(failure.subject, &ban.jail, failure.at);
            }
            return;
        }
        let observation = self.counter.observe(&failure, &self.plan.whitelist, observed(failure.at));
        match observation {
            Observation::Counted { .. } => self.batch.failures.push(failure),
            Observation::Offence(offence) => {
                self.batch.failures.push(failure);
                self.judge(&offence, now);
            }
            Observation::Whitelisted { .. } | Observation::TooOld | Observation::UnknownJail => {}
        }
    }

    /// The ban that should have kept this failure from happening. A short one on claimed evidence does not keep proven
    /// failures from counting.
    fn banning(&self, failure: &Failure) -> Option<Ban> {
        let concerned = |ban: &Ban| ban.scope == Scope::AllPorts || ban.jail == failure.jail;
        let bans = self.decider.bans_of(&failure.subject);
        bans.into_iter().find(|ban| concerned(ban) && ban.proof >= failure.proof)
    }

    fn succeed(&mut self, success: &Success) {
        self.decider.remember_success(success);
        if self.counter.succeeded(success) > 0 {
            self.batch.cleared.push(success.clone());
        }
    }

    fn judge(&mut self, offence: &Offence, now: Moment) {
        let before = self.decider.bans_of(&offence.subject).into_iter().find(|ban| ban.jail == offence.jail);
        match self.decider.judge(offence, &self.plan.whitelist, now) {
            Outcome::Decided(decided) => self.carry_out(decided, before.as_ref()),
            Outcome::AlreadyBanned { .. } | Outcome::Replayed | Outcome::Over { .. } => {}
        }
    }

    /// Notes a decision for the store and the kernel. `before` is the subject's earlier ban in the same jail.
    pub(crate) fn carry_out(&mut self, decided: Decided, before: Option<&Ban>) {
        match &decided.decision {
            Decision::Ban(ban) => {
                let until = rfc3339_until(ban.until).unwrap_or_else(|| "for ever".to_owned());
                tracing::info!(jail = %ban.jail, %until, "ban {}: {}", ban.subject, ban.reason);
                self.ledger.banned(&ban.jail);
                self.board.banned(ban, self.plan.closes(&ban.jail, ban.scope));
                if let Some(before) = before.filter(|before| before.scope != ban.scope) {
                    self.changes.push(remove(before));
                }
                self.changes.push(Change::Add(element(ban)));
            }
            Decision::Unban(unban) => {
                tracing::info!(jail = %unban.jail, "unban {} by {}", unban.subject, unban.actor);
                self.counter.forget(&unban.subject);
                self.board.lifted(unban.subject, &unban.jail);
                for scope in [Scope::Jail, Scope::AllPorts] {
                    let (jail, subject) = (unban.jail.clone(), unban.subject);
                    self.changes.push(Change::Remove { jail, scope, subject });
                }
            }
            Decision::Refused(refusal) => {
                tracing::warn!(jail = %refusal.jail, "{} is not banned: {}", refusal.subject, refusal.reason);
                self.ledger.refused(refusal);
            }
        }
        self.batch.memory.extend(decided.memory.map(record::memory_change));
        self.batch.decisions.push(decided.decision);
    }
}

/// A ban as the kernel holds it.
fn element(ban: &Ban) -> Element {
    Element { jail: ban.jail.clone(), scope: ban.scope, subject: ban.subject, until: ban.until }
}

fn remove(ban: &Ban) -> Change {
    Change::Remove { jail: ban.jail.clone(), scope: ban.scope, subject: ban.subject }
}
