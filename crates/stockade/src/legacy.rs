//! What fail2ban held when Stockade came in its place, for the first time or again: its bans go on, with the time already served, and those that are over count for bans
//! that grow, as often as it counted them.

use std::sync::Arc;

use decision::{Outcome, Remembered};
use event::limit::EARLIER_BANS;
use event::{Ban, Decision, Moment, Proof, Scope, Subject};
use fleet::Voice;
use mirror::{Legacy, LegacyBan};
use store::{Ending, PastBan};

use crate::clock;
use crate::engine::Engine;
use crate::foreign::ForeignJail;
use crate::record::memory_change;

impl Engine {
    /// Takes over what fail2ban held, with the time already served.
    pub(crate) fn take_over(&mut self, legacy: &Legacy) {
        let now = clock::now();
        let mut taken = 0;
        for left in legacy.past.iter().chain(&legacy.bans) {
            let Some((told, ban)) = self.told_ban(left) else { continue };
            let until = left.until(told.terms(), now);
            let earlier = if until.is_some() { left.ban_count.saturating_sub(1) } else { left.ban_count };
            // It knows how often, and of the last time only when.
            let since = if until.is_some() { Moment::from_millis(ban.since.millis() - 1) } else { ban.since };
            self.note_earlier(&told, &Ban { since, ..ban.clone() }, earlier);
            let ban = Ban { until: until.unwrap_or(ban.until), ..ban };
            if until.is_some()
                && let Outcome::Decided(decided) = self.decider.adopt(&ban, &self.plan.whitelist, now)
            {
                taken += u32::from(matches!(decided.decision, Decision::Ban(_)));
                self.carry_out(decided, None, Voice::Own);
            }
            self.remember_legacy(&ban, left.ban_count);
        }
        if taken > 0 {
            tracing::info!("{taken} bans were taken over from fail2ban's database");
        }
    }

    /// It was banned so often, this time counted; what of it stands in our own history counts there.
    fn note_earlier(&mut self, told: &ForeignJail, ban: &Ban, times: u32) {
        let known = if told.grows() { self.noted_bans(&ban.subject, told, ban.since) } else { 0 };
        if times < known {
            // Somebody let it off where fail2ban ran: it began anew.
            let since = Moment::from_millis(ban.since.millis() - 1);
            self.note_past(&Ban { since, ..ban.clone() }, 1, Ending::Unbanned);
            self.note_past(ban, times, Ending::Expired);
        } else {
            self.note_past(ban, times - known, Ending::Expired);
        }
    }

    /// The same ban so often, in the history.
    fn note_past(&mut self, ban: &Ban, times: u32, ending: Ending) {
        let times = usize::try_from(times).unwrap_or(usize::MAX).min(EARLIER_BANS);
        let past = PastBan { ban: ban.clone(), ended: ban.until.min(clock::now()), ending };
        self.batch.past.extend(std::iter::repeat_n(past, times));
    }

    /// Failures of those whom fail2ban knew count for more.
    fn remember_legacy(&mut self, ban: &Ban, times: u32) {
        let known = self.decider.remembered(&ban.subject);
        let mut memory = known.unwrap_or(Remembered {
            subject: ban.subject,
            times,
            jails: Vec::new(),
            last_at: ban.since,
            last_until: ban.until,
        });
        memory.jails.retain(|jail| *jail != ban.jail);
        memory.jails.push(ban.jail.clone());
        memory.times = memory.times.max(times);
        memory.last_at = memory.last_at.max(ban.since);
        memory.last_until = memory.last_until.max(ban.until);
        self.decider.restore([], [memory.clone()]);
        self.batch.memory.push(memory_change(memory));
    }

    /// A ban of a jail that runs, for as long as it was made.
    fn told_ban(&self, left: &LegacyBan) -> Option<(Arc<ForeignJail>, Ban)> {
        let told = self.told_jails().into_iter().find(|jail| jail.model.name == left.jail)?;
        let subject: Subject = left.ip.parse().ok()?;
        let seconds = if left.ban_time == -2 { told.model.ban_time } else { left.ban_time };
        let until = Moment::from_seconds(left.since.seconds().saturating_add(seconds));
        let ban = Ban {
            subject: if subject.is_ipv4() { subject } else { Subject::counted(subject.address()) },
            jail: told.name.clone(),
            scope: Scope::Jail,
            since: left.since,
            until: if seconds < 0 { Moment::NEVER } else { until },
            failures: left.failures.max(1),
            proof: Proof::Proven,
            reason: format!("{} failures, taken over from fail2ban", left.failures),
        };
        Some((told, ban))
    }
}
