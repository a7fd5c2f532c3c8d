//! Bans that another node of the fleet decided. They are believed as far as ours are: the whitelist stands above them, what an
//! operator has forgiven here since stays forgiven, and they teach nothing about repeats: that is the other node's memory.

use event::{Ban, Decision, Moment, Refusal, Whitelist};

use crate::{Decided, Decider, Outcome, reason};

impl Decider {
    /// Takes over a ban of another node. Hearing of the same one twice changes nothing.
    pub fn adopt(&mut self, ban: &Ban, whitelist: &Whitelist, now: Moment) -> Outcome {
        let Ban { subject, jail, since, until, .. } = ban;
        if let Some(reason) = self.objection(ban, whitelist) {
            let refusal = Refusal { subject: *subject, jail: jail.clone(), at: now, reason };
            return Outcome::Decided(Decided { decision: Decision::Refused(refusal), memory: None });
        }
        if self.memory.recall(subject).is_some_and(|past| past.times == 0 && *since <= past.last_at) {
            return Outcome::Replayed;
        }
        if *until <= now {
            return Outcome::Over { until: *until };
        }
        let live = self.bans.get(subject, jail);
        if let Some(live) = &live
            && live.until >= *until
            && live.scope >= ban.scope
            && live.proof >= ban.proof
        {
            return Outcome::AlreadyBanned { subject: *subject, jail: jail.clone(), until: live.until };
        }
        let longer = match live {
            Some(live) => {
                Ban { until: live.until.max(*until), scope: live.scope.max(ban.scope), ..ban.clone() }
            }
            None => ban.clone(),
        };
        self.bans.insert(&longer);
        Outcome::Decided(Decided { decision: Decision::Ban(longer), memory: None })
    }

    fn objection(&self, ban: &Ban, whitelist: &Whitelist) -> Option<String> {
        let subject = &ban.subject;
        if let Some((entry, origin)) = whitelist.protects(subject) {
            return Some(reason::whitelisted(subject, entry, origin));
        }
        if subject.prefix_bits() == 0 {
            return Some(reason::everybody(subject));
        }
        let is_new = self.bans.get(subject, &ban.jail).is_none();
        (is_new && self.bans.len() >= self.bounds.bans).then(|| reason::full(self.bounds.bans))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use event::{JailName, Proof, Scope};

    use super::*;
    use crate::{Bounds, Command, Escalation, Settings};

    const NOW: Moment = Moment::from_seconds(1_000_000);

    fn decider() -> Decider {
        let day = Duration::from_secs(86_400);
        let escalation = Escalation { factor: 2, max: day, quiet: day, all_ports_after: 3 };
        let by_hand = crate::BanTime::For(day);
        let settings = Settings { escalation, claimed_ban_time: day, friend_time: day, by_hand };
        Decider::new(settings, Bounds::default())
    }

    fn ban(subject: &str, since: Moment, seconds: u64) -> Ban {
        Ban {
            subject: subject.parse().unwrap(),
            jail: JailName::new("sshd"),
            scope: Scope::Jail,
            since,
            until: since.after(Duration::from_secs(seconds)),
            failures: 5,
            proof: Proof::Proven,
            reason: "5 failures (told by pbx-2)".to_owned(),
        }
    }

    fn is_banned(outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Decided(Decided { decision: Decision::Ban(_), .. }))
    }

    #[test]
    fn a_ban_is_taken_over_once_and_prolonged() {
        let (mut decider, nobody) = (decider(), Whitelist::default());
        assert!(is_banned(&decider.adopt(&ban("192.0.2.1", NOW, 60), &nobody, NOW)));
        let again = decider.adopt(&ban("192.0.2.1", NOW, 60), &nobody, NOW);
        assert!(matches!(again, Outcome::AlreadyBanned { .. }), "{again:?}");
        assert!(is_banned(&decider.adopt(&ban("192.0.2.1", NOW, 90), &nobody, NOW)));
        assert_eq!(decider.live(), 1);
    }

    #[test]
    fn the_whitelist_and_an_operators_word_stand_above() {
        let mut decider = decider();
        let list = Whitelist::new([("192.0.2.0/24".parse().unwrap(), "office".to_owned())]);
        assert!(!is_banned(&decider.adopt(&ban("192.0.2.1", NOW, 60), &list, NOW)));
        let nobody = Whitelist::default();
        assert!(is_banned(&decider.adopt(&ban("198.51.100.1", NOW, 600), &nobody, NOW)));
        let later = NOW.after(Duration::from_secs(10));
        let subject = "198.51.100.1".parse().unwrap();
        let unban = Command::Unban { subject, jail: None, actor: "root".to_owned() };
        assert_eq!(decider.obey(&unban, &nobody, later).decided.len(), 1);
        let late = decider.adopt(&ban("198.51.100.1", NOW, 600), &nobody, later);
        assert_eq!(late, Outcome::Replayed, "it was decided before it was forgiven");
        let anew = ban("198.51.100.1", later.after(Duration::from_secs(1)), 600);
        assert!(is_banned(&decider.adopt(&anew, &nobody, later)));
        assert!(!is_banned(&decider.adopt(&ban("0.0.0.0/0", later, 60), &nobody, later)));
        let over = decider.adopt(&ban("203.0.113.1", NOW, 5), &nobody, later);
        assert!(matches!(over, Outcome::Over { .. }), "{over:?}");
    }
}
