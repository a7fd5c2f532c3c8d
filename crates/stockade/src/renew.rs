//! How the engine takes up new settings and new addresses of the host, while everything goes on.

use decision::{Command, Outline};
use event::{JailName, Subject};
use fleet::{Told, Voice};

use crate::clock;
use crate::engine::Engine;
use crate::plan::{Plan, ban_time};

/// Begins the name of who lifts what the settings do not allow any more.
const BY_SETTINGS: &str = "the settings (";
/// Begins the name of who lifts what the whitelist protects: see `Decider::lift_protected`.
const BY_WHITELIST: &str = "the whitelist (";

/// Whether a ban was lifted for reasons of this node alone, which are no other node's: its settings and its whitelist.
pub fn is_of_this_node(actor: &str) -> bool {
    actor.starts_with(BY_SETTINGS) || actor.starts_with(BY_WHITELIST)
}

impl Engine {
    pub(crate) fn reload(&mut self, plan: Plan, cause: &str) {
        tracing::info!("new settings ({cause})");
        plan.notes.iter().for_each(|note| tracing::info!("{note}"));
        let told = self.told_jails();
        let gone: Vec<_> = self.plan.jails.iter().map(|jail| jail.name.clone()).collect();
        let closed = self.plan.closed();
        self.plan = plan;
        self.plan.whitelist = self.plan.whitelist_with(&self.signed_in);
        for name in gone.iter().filter(|name| self.plan.jails.iter().all(|jail| jail.name != **name)) {
            self.counter.remove_jail(name);
            self.decider.remove_jail(name);
        }
        self.note_jails(&told);
        self.health.reload_error = None;
        self.board.tell(control::Event::Settings);
        self.take_limits();
        self.files.watch(self.plan.files());
        self.journal.watch(self.plan.journal());
        self.lift_outdated();
        if self.plan.closed() != closed {
            self.show_barred();
        }
        self.drop_lists();
        self.outlets.renew(&self.plan);
        self.tell_whitelist();
    }

    /// Who is kept from the web, by the bans that stand and what their jails close.
    pub(crate) fn show_barred(&self) {
        self.board.forget_bans();
        for ban in self.decider.bans() {
            self.board.note(&ban, self.plan.closed_by(&ban));
        }
    }

    fn tell_whitelist(&mut self) {
        let named = self.plan.settings.whitelist_entries().map(|(subject, _)| subject);
        self.news.push(Told::Whitelist(named.collect()));
    }

    /// Whoever is signed in to the page is not banned meanwhile.
    pub(crate) fn protect(&mut self, signed_in: Vec<(Subject, String)>) {
        self.signed_in = signed_in;
        self.refresh_whitelist();
    }

    /// Tells counter and decision what the plan says.
    pub(crate) fn take_limits(&mut self) {
        self.decider.set_settings(self.plan.decision_settings());
        for jail in &self.plan.jails {
            let limits =
                counter::Limits { max_retry: jail.limits.max_retry, find_time: jail.limits.find_time };
            if let Err(wrong) = self.counter.set_limits(&jail.name, limits) {
                tracing::error!("{wrong}");
            }
            self.decider.set_jail(&jail.name, ban_time(jail.limits.ban_time));
        }
    }

    /// Interfaces come and go; their addresses are protected while they are there.
    pub(crate) fn refresh_whitelist(&mut self) {
        let whitelist = self.plan.whitelist_with(&self.signed_in);
        if whitelist != self.plan.whitelist {
            tracing::info!("the whitelist has changed: addresses of this host, or of whoever is signed in");
            self.plan.whitelist = whitelist;
            self.lift_outdated();
        }
    }

    /// Whoever is on the whitelist now is let in, and so is whoever was banned by a jail that is off now: without its
    /// ports there is nothing that the kernel could close, and a ban that does not hold may not be shown.
    pub(crate) fn lift_outdated(&mut self) {
        let now = clock::now();
        let mut lifted = self.decider.lift_protected(&self.plan.whitelist, now);
        let is_on = |jail: &JailName| {
            jail.as_str() == JailName::MANUAL
                || (jail.as_str() == JailName::FLEET && self.plan.has_fleet())
                || self.plan.jails.iter().any(|known| known.name == *jail)
        };
        let orphans: Vec<Outline> = self.decider.outlines().filter(|ban| !is_on(&ban.jail)).collect();
        for Outline { subject, jail, .. } in orphans {
            let actor = format!("{BY_SETTINGS}jail {jail} is off)");
            let unban = Command::Unban { subject, jail: Some(jail), actor };
            lifted.extend(self.decider.obey(&unban, &self.plan.whitelist, now).decided);
        }
        for decided in lifted {
            self.carry_out(decided, None, Voice::Other);
        }
        self.reconcile = Some(false);
    }
}
