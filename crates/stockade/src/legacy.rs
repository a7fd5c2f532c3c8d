//! What fail2ban held when Stockade came in its place: its bans go on, with the time already served, and its counts of earlier bans.

use std::sync::Arc;

use decision::{Decided, Outcome, Remembered};
use event::{Ban, Decision, Moment, Proof, Scope, Subject};
use fleet::Voice;
use mirror::{Legacy, LegacyBan};

use crate::clock;
use crate::engine::Engine;
use crate::foreign::ForeignJail;

impl Engine {
    /// Takes over what fail2ban held, with the time already served.
    pub(crate) fn take_over(&mut self, legacy: &Legacy) {
        let now = clock::now();
        let mut taken = 0;
        for left in &legacy.bans {
            let Some((told, ban)) = self.taken(left, now) else { continue };
            let memory = Remembered {
                subject: ban.subject,
                times: left.ban_count.saturating_sub(1),
                jails: vec![told.name.clone()],
                last_at: ban.since,
                last_until: ban.until,
            };
            if let Outcome::Decided(decided) = self.decider.adopt(&ban, &self.plan.whitelist, now) {
                taken += u32::from(matches!(decided.decision, Decision::Ban(_)));
                let decided = Decided { memory: Some(memory), ..decided };
                self.carry_out(decided, None, Voice::Own);
            }
        }
        if taken > 0 {
            tracing::info!("{taken} bans were taken over from fail2ban's database");
        }
    }

    fn taken(&self, left: &LegacyBan, now: Moment) -> Option<(Arc<ForeignJail>, Ban)> {
        let told = self.told_jails().into_iter().find(|jail| jail.model.name == left.jail)?;
        let subject: Subject = left.ip.parse().ok()?;
        let ban = Ban {
            subject: if subject.is_ipv4() { subject } else { Subject::counted(subject.address()) },
            jail: told.name.clone(),
            scope: Scope::Jail,
            since: left.since,
            until: left.until(told.terms(), now)?,
            failures: left.failures.max(1),
            proof: Proof::Proven,
            reason: format!("{} failures, taken over from fail2ban", left.failures),
        };
        Some((told, ban))
    }
}
