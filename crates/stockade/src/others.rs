//! What others decide, and what others are told: the fleet's bans, unbans and failures come in here, blocklists too, and here is what
//! Redis, Asterisk and nginx should hold.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use acl::Denied;
use blocklist::Delivery;
use decision::{Command, Outcome};
use event::limit::FLEET_LIFTS;
use event::{Ban, Decision, JailName, Moment, Position, Proof, Scope, Subject};
use fleet::{Heard, Held, Lifted, Told, Voice, Wanted};

use crate::clock;
use crate::engine::Engine;
use crate::listed::Listed;
use crate::renew::is_of_this_node;

/// The key of the stream's position in the store.
pub const FLEET: &str = "fleet";

impl Engine {
    /// Takes over what other nodes decided. The position is recorded together with it.
    pub(crate) fn hear_others(&mut self, heard: Vec<Heard>, position: String) {
        for one in heard {
            match one {
                Heard::Banned { ban, node } => self.hear_ban(ban, &node),
                Heard::Lifted { lifted, node } => self.hear_lift(&lifted, &node),
                Heard::Failed { failure, .. } => {
                    let at = failure.at;
                    self.observe(failure, Voice::Other, at, clock::now());
                }
            }
        }
        self.batch.positions.push((FLEET.to_owned(), Position::Cursor { cursor: position }));
    }

    fn hear_ban(&mut self, ban: Ban, node: &str) {
        let (jail, scope) = self.as_here(&ban.jail, ban.scope);
        let reason = if ban.reason.contains("(told by ") {
            ban.reason
        } else {
            format!("{} (told by {node})", ban.reason)
        };
        let ban = Ban { jail, scope, reason, ..ban };
        let before = self.decider.bans_of(&ban.subject).into_iter().find(|one| is_same(one, &ban));
        match self.decider.adopt(&ban, &self.plan.whitelist, clock::now()) {
            Outcome::Decided(decided) => self.carry_out(decided, before.as_ref(), Voice::Other),
            Outcome::AlreadyBanned { .. } | Outcome::Replayed | Outcome::Over { .. } => {}
        }
    }

    /// A jail that is not on here guards no ports here: its bans close all, under one name.
    fn as_here(&self, jail: &JailName, scope: Scope) -> (JailName, Scope) {
        if jail.as_str() == JailName::MANUAL || self.plan.jails.iter().any(|known| known.name == *jail) {
            (jail.clone(), scope)
        } else {
            (JailName::new(JailName::FLEET), Scope::AllPorts)
        }
    }

    /// Bans that were decided before the lift are lifted; later ones stand.
    fn hear_lift(&mut self, lifted: &Lifted, node: &str) {
        let jail = lifted.jail.as_ref().map(|jail| self.as_here(jail, Scope::Jail).0);
        let bans = self.decider.bans_of(&lifted.subject);
        let meant = bans.into_iter().filter(|ban| {
            ban.subject == lifted.subject
                && ban.since <= lifted.at
                && jail.as_ref().is_none_or(|jail| ban.jail == *jail)
        });
        // It was forgiven when it was lifted, not when we hear of it: it may have been banned again since.
        let at = lifted.at.min(clock::now());
        for Ban { subject, jail, .. } in meant.collect::<Vec<_>>() {
            let actor = format!("{} on {node}", lifted.by);
            let command = Command::Unban { subject, jail: Some(jail), actor };
            for decided in self.decider.obey(&command, &self.plan.whitelist, at).decided {
                self.carry_out(decided, None, Voice::Other);
            }
        }
    }

    /// What others are told of an unban that somebody ordered here: also when there was nothing to lift here, since there may be
    /// elsewhere.
    pub(crate) fn tell_lift(
        &mut self,
        ordered: Subject,
        jail: Option<&JailName>,
        decided: &[Subject],
        by: &str,
    ) {
        let at = clock::now();
        let subjects: BTreeSet<Subject> = decided.iter().copied().chain([ordered]).collect();
        for subject in subjects {
            let lifted = Lifted { subject, jail: jail.cloned(), at, by: by.to_owned() };
            self.news.push(Told::Lifted(lifted, Voice::Own));
        }
    }

    /// Everything that should stand in Redis.
    pub(crate) fn wanted_in_redis(&self) -> Wanted {
        if !self.plan.settings.enabled {
            return Wanted::default();
        }
        let told_only = self.plan.closing_nothing();
        let closing = self.decider.bans().filter(|ban| !told_only.contains(&ban.jail));
        let bans = closing.map(|ban| self.held(ban)).collect();
        let whitelist = self.plan.settings.whitelist_entries().map(|(subject, _)| subject).collect();
        Wanted { bans, lifted: self.lately_lifted(), whitelist }
    }

    /// What people here have lifted, from the record.
    fn lately_lifted(&self) -> Vec<Lifted> {
        let unbans = self.store.unbans(FLEET_LIFTS).unwrap_or_else(|cause| {
            tracing::error!("other nodes are not told again what was lifted here: {cause}");
            Vec::new()
        });
        unbans
            .into_iter()
            .filter(|entry| !is_of_this_node(&entry.text))
            .map(|entry| Lifted {
                subject: entry.subject,
                jail: Some(entry.jail),
                at: entry.at,
                by: entry.text,
            })
            .collect()
    }

    pub(crate) fn held(&self, ban: Ban) -> Held {
        Held { categories: self.plan.closes(&ban.jail, ban.scope), ban }
    }

    /// Whom Asterisk and nginx refuse, each once.
    pub(crate) fn denied(&self) -> Vec<Denied> {
        let mut denied: Vec<Denied> = Vec::new();
        for ban in self.decider.outlines().filter(|_| self.plan.settings.enabled) {
            let categories = self.plan.closes(&ban.jail, ban.scope);
            match denied.last_mut().filter(|last| last.subject == ban.subject) {
                Some(last) => {
                    last.categories = last.categories.and(categories);
                    last.until = last.until.max(ban.until);
                }
                None if categories.is_empty() => {}
                None => denied.push(Denied { subject: ban.subject, categories, until: ban.until }),
            }
        }
        denied
    }

    /// A blocklist is this now.
    pub(crate) fn take_list(&mut self, delivery: Delivery) {
        let Delivery { name, entries } = delivery;
        if self.plan.settings.blocklists.iter().all(|known| known.name != name) {
            // It was taken out of the settings while it was on its way.
            return;
        }
        let list = Arc::new(Listed::new(entries));
        let before = self.lists.insert(name.clone(), Arc::clone(&list)).unwrap_or_default();
        tracing::info!(blocklist = %name, "{} entries, {} before", list.len(), before.len());
        self.changes.extend(list.changes(&name, &before));
        self.show_lists();
    }

    /// At start: the last good lists, before the kernel is compared with them.
    pub(crate) fn remember_lists(&mut self, directory: &Path) {
        for list in &self.plan.settings.blocklists {
            if let Some(entries) = blocklist::last_known(list, directory) {
                self.lists.insert(list.name.clone(), Arc::new(Listed::new(entries)));
            }
        }
        self.show_lists();
    }

    /// Takes out what the settings do not name any more.
    pub(crate) fn drop_lists(&mut self) {
        let wanted: BTreeSet<&JailName> =
            self.plan.settings.blocklists.iter().map(|list| &list.name).collect();
        let gone: Vec<JailName> = self.lists.keys().filter(|name| !wanted.contains(name)).cloned().collect();
        for name in gone {
            if let Some(list) = self.lists.remove(&name) {
                self.changes.extend(Listed::default().changes(&name, &list));
            }
        }
        self.show_lists();
    }

    fn show_lists(&self) {
        self.board.listed(self.lists.values().cloned().collect());
    }

    /// The blocklist that names an address of `subject`, for `why`.
    pub(crate) fn listed_by(&self, subject: &Subject, now: Moment) -> Option<(&JailName, Subject)> {
        let found = |list: &Listed| list.names(subject.address(), now).map(|entry| entry.subject);
        self.lists.iter().find_map(|(name, list)| Some((name, found(list)?)))
    }
}

fn is_same(one: &Ban, other: &Ban) -> bool {
    (one.subject, &one.jail) == (other.subject, &other.jail)
}

/// What others are told of a decision.
pub fn told(decision: &Decision, voice: Voice, held: impl FnOnce(Ban) -> Held) -> Option<Told> {
    match decision {
        Decision::Ban(ban) => {
            // A forged datagram may ban somebody here for a while, and nowhere else.
            let voice = if ban.proof == Proof::Claimed { Voice::Other } else { voice };
            Some(Told::Banned(held(ban.clone()), voice))
        }
        Decision::Unban(unban) => {
            let event::Unban { subject, jail, at, actor } = unban.clone();
            let lifted = Lifted { subject, jail: Some(jail), at, by: actor };
            // Whether other nodes are told depends on who ordered it: see `tell_lift`.
            Some(Told::Lifted(lifted, Voice::Other))
        }
        Decision::Refused(_) => None,
    }
}
