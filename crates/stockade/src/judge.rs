//! The engine's main job: what the readers found is counted, a full window becomes a decision, and a decision is noted for the
//! store and the kernel.

use std::time::Duration;

use control::time::rfc3339_until;
use counter::Observation;
use decision::{BanTime, Decided, Outcome};
use dropin::Ignorer;
use enforcement::{Change, Element};
use event::{Ban, Decision, Failure, Moment, Offence, Origin, Proof, Scope, Success, Unban};
use fleet::{Told, Voice};

use crate::engine::Engine;
use crate::message::{Finding, Findings};
use crate::plan::ban_time;
use crate::{clock, host, others, record};

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
                Finding::Failure(failure) => {
                    let at = observed(failure.at);
                    if let Some(failure) = self.ask_first(failure, at) {
                        self.observe(failure, Voice::Own, at, now);
                    }
                }
                Finding::Ignored(failure, by) => self.note_ignored(&failure, by),
                Finding::Success(success) => self.succeed(&success),
            }
        }
        self.batch.positions.extend(findings.positions);
    }

    /// Counts one failure, of this node or heard from another, as observed at that time.
    pub(crate) fn observe(&mut self, failure: Failure, voice: Voice, observed: Moment, now: Moment) {
        self.ledger.failed(&failure.jail, failure.count, failure.at);
        if let Some(ban) = self.banning(&failure) {
            self.note_still(&failure, &ban);
            let is_late = now.since(ban.since) > GRACE && failure.at > ban.since.after(GRACE);
            if is_late && !self.plan.closes_nothing(&ban.jail) {
                self.ledger.still_fails(failure.subject, &ban.jail, failure.at);
            }
            return;
        }
        let failure = self.weighed(failure);
        let observation = self.counter.observe(&failure, &self.plan.whitelist, observed);
        match observation {
            Observation::Counted { .. } => self.keep(failure, voice),
            Observation::Offence(offence) => {
                self.keep(failure, voice);
                self.judge(&offence, now);
            }
            Observation::Whitelisted { origin, .. } => {
                let by = if host::is_own(origin) { Ignorer::Own } else { Ignorer::Address };
                self.note_ignored(&failure, by);
                self.look_at_gateway(&failure);
            }
            Observation::TooOld | Observation::UnknownJail => {}
        }
    }

    /// In jails of fail2ban's configuration whose bans grow, a failure of somebody known to the jail counts for more. Most have never been
    /// banned: memory says so, and the record is not asked.
    fn weighed(&self, failure: Failure) -> Failure {
        let told = self
            .plan
            .jails
            .iter()
            .find(|jail| jail.name == failure.jail)
            .and_then(|jail| jail.finder.foreign());
        let Some(told) = told.filter(|told| told.grows()) else { return failure };
        let known = self.decider.remembered(&failure.subject);
        if known.is_none_or(|known| failure.at <= known.last_at || known.is_forgiven()) {
            return failure;
        }
        let weight = told.weight(self.noted_bans(&failure.subject, told, failure.at));
        Failure { count: failure.count.max(weight), ..failure }
    }

    /// A failure that counted: for the record, and for the other nodes.
    fn keep(&mut self, failure: Failure, voice: Voice) {
        if voice == Voice::Own && failure.proof == Proof::Proven && self.plan.settings.redis.is_some() {
            self.news.push(Told::Failed(vec![failure.clone()]));
        }
        self.note_found(&failure);
        self.batch.failures.push(failure);
    }

    /// Failures from a container's own gateway: the bridge hides everybody behind it.
    fn look_at_gateway(&mut self, failure: &Failure) {
        let Some(address) = failure.address else { return };
        let is_gateway = |gateway: &String| gateway.parse() == Ok(address);
        if self.surroundings.gateways.iter().any(is_gateway) {
            self.ledger.hidden(&failure.jail, address, failure.at);
        }
    }

    /// The ban that should have kept this failure from happening. A short one on claimed evidence does not keep proven
    /// failures from counting.
    pub(crate) fn banning(&self, failure: &Failure) -> Option<Ban> {
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
        let length = self.length_told(offence, now);
        match self.decider.judge_at_length(offence, length, &self.plan.whitelist, now) {
            Outcome::Decided(decided) => self.carry_out(decided, before.as_ref(), Voice::Own),
            Outcome::AlreadyBanned { .. } | Outcome::Replayed | Outcome::Over { .. } => {}
        }
    }

    /// Jails of fail2ban's configuration have a rule of their own for repeats.
    fn length_told(&self, offence: &Offence, now: Moment) -> Option<BanTime> {
        let jail = self.plan.jails.iter().find(|jail| jail.name == offence.jail)?;
        let told = jail.finder.foreign()?;
        Some(ban_time(told.length(self.earlier_bans(&offence.subject, told, now))))
    }

    /// Notes a decision for the store, the kernel and whoever else is told. `before` is the subject's earlier ban in the same jail.
    pub(crate) fn carry_out(&mut self, decided: Decided, before: Option<&Ban>, voice: Voice) {
        self.note_decision(&decided.decision, before);
        match &decided.decision {
            Decision::Ban(ban) => {
                let until = rfc3339_until(ban.until).unwrap_or_else(|| "for ever".to_owned());
                tracing::info!(jail = %ban.jail, %until, "ban {}: {}", ban.subject, ban.reason);
                self.ledger.banned(&ban.jail);
                self.board.banned(ban, self.plan.closed_by(ban));
            }
            Decision::Unban(unban) => {
                tracing::info!(jail = %unban.jail, "unban {} by {}", unban.subject, unban.actor);
                self.counter.forget(&unban.subject);
                self.board.lifted(unban.subject, &unban.jail);
            }
            Decision::Refused(refusal) => {
                tracing::warn!(jail = %refusal.jail, "{} is not banned: {}", refusal.subject, refusal.reason);
                self.ledger.refused(refusal);
            }
        }
        self.enforce(&decided.decision, before, voice);
        self.batch.memory.extend(decided.memory.map(record::memory_change));
        self.batch.decisions.push(decided.decision);
    }

    /// Notes it for the kernel, and for whoever else keeps somebody out.
    fn enforce(&mut self, decision: &Decision, before: Option<&Ban>, voice: Voice) {
        let (Decision::Ban(Ban { jail, .. }) | Decision::Unban(Unban { jail, .. })) = decision else {
            return;
        };
        if self.plan.closes_nothing(jail) {
            return;
        }
        self.news.extend(others::told(decision, voice, |ban| self.held(ban)));
        match decision {
            Decision::Ban(ban) => {
                let narrower = before.filter(|before| before.scope != ban.scope).map(remove);
                self.changes.extend(narrower.into_iter().chain([Change::Add(element(ban))]));
            }
            Decision::Unban(unban) => {
                let remove = |scope| Change::Remove { jail: jail.clone(), scope, subject: unban.subject };
                self.changes.extend([Scope::Jail, Scope::AllPorts].map(remove));
            }
            Decision::Refused(_) => {}
        }
    }
}

/// A ban as the kernel holds it.
fn element(ban: &Ban) -> Element {
    Element { jail: ban.jail.clone(), scope: ban.scope, subject: ban.subject, until: ban.until }
}

fn remove(ban: &Ban) -> Change {
    Change::Remove { jail: ban.jail.clone(), scope: ban.scope, subject: ban.subject }
}
