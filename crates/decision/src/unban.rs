//! Bans that end before their time: by an operator's word, or because the whitelist has grown.

use event::{Decision, JailName, Moment, Subject, Unban, Whitelist};

use crate::{Answer, Decided, Decider, Remembered};

impl Decider {
    /// Lifts the bans of those who are on the whitelist now: after a reload.
    pub fn lift_protected(&mut self, whitelist: &Whitelist, now: Moment) -> Vec<Decided> {
        let protected = |subject: &Subject| whitelist.protects(subject).map(|(_, origin)| origin.to_owned());
        let bans = self.bans.outlines();
        let found: Vec<_> = bans
            .filter_map(|ban| protected(&ban.subject).map(|origin| (ban.subject, ban.jail, origin)))
            .collect();
        let lift = |(subject, jail, origin): &(Subject, JailName, String)| {
            self.lift(subject, jail, &format!("the whitelist ({origin})"), now)
        };
        found.iter().filter_map(lift).collect()
    }

    pub(crate) fn unban(
        &mut self,
        subject: &Subject,
        jail: Option<&JailName>,
        actor: &str,
        now: Moment,
    ) -> Answer {
        let mut decided = Vec::new();
        for meant in meant_by(subject) {
            let bans: Vec<_> = self.bans.of_exactly(&meant).collect();
            let wanted = bans.iter().filter(|ban| jail.is_none_or(|jail| ban.jail == *jail));
            decided.extend(wanted.filter_map(|ban| self.lift(&meant, &ban.jail, actor, now)));
        }
        let notes = self.notes(subject, jail, decided.is_empty());
        Answer { decided, notes }
    }

    /// Lifts one ban and forgives its subject.
    pub(crate) fn lift(
        &mut self,
        subject: &Subject,
        jail: &JailName,
        actor: &str,
        now: Moment,
    ) -> Option<Decided> {
        let ban = self.bans.remove(subject, jail)?;
        let row = Remembered::forgiven(*subject, now);
        self.memory.remember(&row);
        let unban = Unban { subject: ban.subject, jail: ban.jail, at: now, actor: actor.to_owned() };
        Some(Decided { decision: Decision::Unban(unban), memory: Some(row) })
    }

    /// What still stands against `subject`, and that there was nothing to lift.
    fn notes(&self, subject: &Subject, jail: Option<&JailName>, nothing: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if nothing {
            notes.push(match jail {
                Some(jail) => format!("{subject} is not banned in jail '{jail}'"),
                None => format!("{subject} is not banned"),
            });
        }
        for ban in self.bans.around(subject) {
            let (wider, jail) = (ban.subject, ban.jail);
            notes.push(if meant_by(subject).any(|meant| meant == wider) {
                format!("{wider} is still banned in jail '{jail}'")
            } else {
                format!("{subject} is covered by {wider} (jail '{jail}'); unban that")
            });
        }
        let inside = self.bans.inside(subject).count();
        if inside > 0 {
            notes.push(format!("{inside} bans inside {subject} stand; unban them one by one"));
        }
        notes
    }
}

/// The subject itself and, for a single IPv6 address, the /64 that it is counted by.
fn meant_by(subject: &Subject) -> impl Iterator<Item = Subject> {
    let single = !subject.is_ipv4() && subject.prefix_bits() == 128;
    let counted = single.then(|| Subject::counted(subject.address()));
    [*subject].into_iter().chain(counted)
}
