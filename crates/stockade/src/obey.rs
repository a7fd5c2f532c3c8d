//! What the engine does when somebody orders it: bans and unbans by hand, who is signed in, the end. Each order is noted in the
//! journal of actions.

use std::time::Duration;

use config::FOREVER;
use control::desk::{BanOrder, Deed, Lifted};
use control::time::rfc3339_until;
use control::{Actor, Fault};
use decision::{Answer, BanTime, Command, Decided, Remembered};
use event::{Ban, Decision, JailName, Moment, Subject};
use fleet::Voice;
use store::Action;

use crate::clock;
use crate::engine::Engine;
use crate::message::End;
use crate::record::memory_change;

/// The secret's name in the store.
pub(crate) const PASSWORD: &str = "admin_password";

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Obeyed {
    /// Bans made or lifted.
    pub(crate) done: u64,
    /// What was done and what was not, for people.
    pub(crate) text: String,
}

impl Engine {
    /// Bans by hand.
    pub(crate) fn ban(&mut self, order: &BanOrder, actor: &Actor) -> Obeyed {
        let subject = as_counted(&order.subject);
        if let Some(own) = actor.address.filter(|own| subject.covers(&Subject::exactly(*own))) {
            let text = format!("{subject} is not banned: you ask from {own} and would lock yourself out");
            return Obeyed { done: 0, text };
        }
        let length = order.seconds.map(|seconds| match seconds {
            u64::MAX => BanTime::ForEver,
            seconds => BanTime::For(Duration::from_secs(seconds)),
        });
        let mut by = spoken(actor);
        if !order.note.is_empty() {
            by.push_str(&format!(": {}", order.note));
        }
        let command =
            Command::Ban { subject, jail: order.jail.clone(), length, actor: by, force: order.force };
        let obeyed = self.command(&command);
        if obeyed.done > 0 {
            self.journal(actor, Deed::Ban, &subject.to_string(), &order.note);
        }
        obeyed
    }

    /// Bans by hand in a jail of fail2ban's configuration, as fail2ban does it: whom the jail has banned before, it bans for longer. Whoever is
    /// banned is so for as long as the jail bans at first from now on, at least. Whether they were not banned yet.
    pub(crate) fn ban_as_told(&mut self, jail: &JailName, subject: &Subject, actor: &Actor) -> bool {
        let Some(told) = self.told_jail(jail) else { return false };
        let now = clock::now();
        let subject = as_counted(subject);
        let live = self
            .decider
            .bans_of(&subject)
            .into_iter()
            .find(|ban| ban.subject == subject && ban.jail == *jail);
        let length = match &live {
            None => told.length(self.earlier_bans(&subject, &told, now)),
            Some(_) => told.length(0),
        };
        let until = if length == FOREVER { Moment::NEVER } else { now.after(length) };
        if live.as_ref().is_some_and(|ban| ban.until >= until) {
            return false;
        }
        let seconds = if length == FOREVER { u64::MAX } else { length.as_secs_f64().round() as u64 };
        let jail = Some(jail.clone());
        let order = BanOrder { subject, jail, seconds: Some(seconds), force: true, note: String::new() };
        let is_done = self.ban(&order, actor).done > 0;
        if is_done && told.grows() {
            self.remember_by_hand(&subject, &told.name, now, until);
        }
        is_done && live.is_none()
    }

    /// Bans by hand make the next ones longer too, and failures count for more.
    fn remember_by_hand(&mut self, subject: &Subject, jail: &JailName, at: Moment, until: Moment) {
        let known = self.decider.remembered(subject);
        let (times, mut jails) = known.map_or_else(Default::default, |known| (known.times, known.jails));
        jails.retain(|known| known != jail);
        jails.push(jail.clone());
        let memory = Remembered { subject: *subject, times, jails, last_at: at, last_until: until };
        self.decider.restore([], [memory.clone()]);
        self.batch.memory.push(memory_change(memory));
    }

    /// Lifts the bans named.
    pub(crate) fn unban(&mut self, which: &[Lifted], actor: &Actor) -> Obeyed {
        self.unban_by(which, actor, &spoken(actor))
    }

    /// Lifts the bans whose rows another program deleted from fail2ban's database.
    pub(crate) fn unban_deleted(&mut self, which: &[Lifted]) {
        let actor = Actor { name: "fail2ban's database".to_owned(), address: None };
        self.unban_by(which, &actor, "a deletion from fail2ban's database");
    }

    fn unban_by(&mut self, which: &[Lifted], actor: &Actor, by: &str) -> Obeyed {
        let mut all = Obeyed { done: 0, text: String::new() };
        for Lifted { subject, jail } in which {
            let let_off = self.let_off(&as_counted(subject), jail.as_ref());
            if !let_off.is_empty() {
                let text = format!("how often it was banned is forgotten in {}", let_off.join(", "));
                self.journal(actor, Deed::Unban, &subject.to_string(), &text);
            }
            let command = Command::Unban { subject: *subject, jail: jail.clone(), actor: by.to_owned() };
            let one = self.command(&command);
            if one.done > 0 {
                self.journal(actor, Deed::Unban, &subject.to_string(), &one.text);
            }
            all.done += one.done;
            if !all.text.is_empty() {
                all.text.push('\n');
            }
            all.text.push_str(&one.text);
        }
        all
    }

    /// In fail2ban's jails, an unban of somebody whose ban is over makes the next one as short as the first. In which jails.
    fn let_off(&mut self, subject: &Subject, jail: Option<&JailName>) -> Vec<String> {
        let bans = self.decider.bans_of(subject);
        let is_banned = |name: &JailName| bans.iter().any(|ban| ban.subject == *subject && ban.jail == *name);
        let mut past: Vec<JailName> = self.past_jails(subject);
        past.retain(|name| jail.is_none_or(|jail| jail == name) && !is_banned(name));
        let told = self.told_jails().into_iter().map(|told| told.name.clone());
        let meant: Vec<_> = told.filter(|name| past.contains(name)).map(|name| (*subject, name)).collect();
        let names = meant.iter().map(|(_, name)| name.to_string()).collect();
        self.batch.let_off.extend(meant);
        names
    }

    /// Lifts every ban.
    pub(crate) fn unban_all(&mut self, actor: &Actor) -> Obeyed {
        let obeyed = self.command(&Command::UnbanAll { actor: spoken(actor) });
        if obeyed.done > 0 {
            self.journal(actor, Deed::UnbanAll, "", &format!("{} bans lifted", obeyed.done));
        }
        obeyed
    }

    /// Sets the hash of the administrator's password.
    pub(crate) fn set_password(&mut self, hash: &str, actor: &Actor) -> Result<(), Fault> {
        self.store.set_secret(PASSWORD, Some(hash)).map_err(|cause| Fault::Broken(cause.to_string()))?;
        self.journal(actor, Deed::Password, "admin", "");
        Ok(())
    }

    /// Removes everything from the kernel, and stops at the end of the turn.
    pub(crate) fn down(&mut self, actor: &Actor) -> Result<String, Fault> {
        self.enforcer().remove_all().map_err(Fault::Broken)?;
        self.leave_the_kernel_alone();
        self.stop = Some(End::Asked(format!("down, asked by {}", actor.name)));
        Ok("everything is removed from the kernel and stockade stops; no ban is in force".to_owned())
    }

    /// Notes an action for the journal.
    pub(crate) fn journal(&mut self, actor: &Actor, deed: Deed, subject: &str, detail: &str) {
        self.batch.actions.push(action(actor, deed, subject, detail));
    }

    fn command(&mut self, command: &Command) -> Obeyed {
        let before = self.before(command);
        let Answer { decided, notes } = self.decider.obey(command, &self.plan.whitelist, clock::now());
        self.tell_lifts(command, &decided);
        let mut lines = Vec::new();
        let mut done = 0;
        for decided in decided {
            lines.push(match &decided.decision {
                Decision::Ban(ban) => {
                    done += 1;
                    format!("{} is banned in {} until {}", ban.subject, ban.jail, until(ban))
                }
                Decision::Unban(unban) => {
                    done += 1;
                    format!("{} is let in again (it was banned in {})", unban.subject, unban.jail)
                }
                Decision::Refused(refusal) => {
                    format!("{} is not banned: {}", refusal.subject, refusal.reason)
                }
            });
            self.carry_out(decided, before.as_ref(), Voice::Own);
        }
        lines.extend(notes);
        if lines.is_empty() {
            lines.push("nobody is banned".to_owned());
        }
        Obeyed { done, text: lines.join("\n") }
    }

    /// The ban that a new one is to replace.
    fn before(&self, command: &Command) -> Option<Ban> {
        let Command::Ban { subject, jail, .. } = command else { return None };
        let manual = JailName::new(JailName::MANUAL);
        let jail = jail.as_ref().unwrap_or(&manual);
        self.decider.bans_of(subject).into_iter().find(|ban| ban.subject == *subject && ban.jail == *jail)
    }

    /// Other nodes hear of every unban, also of one that lifts nothing here.
    fn tell_lifts(&mut self, command: &Command, decided: &[Decided]) {
        let lifted = decided.iter().filter_map(|one| match &one.decision {
            Decision::Unban(unban) => Some(unban.subject),
            _ => None,
        });
        let lifted: Vec<Subject> = lifted.collect();
        match command {
            Command::Ban { .. } => {}
            Command::Unban { subject, jail, actor } => {
                self.tell_lift(*subject, jail.as_ref(), &lifted, actor);
            }
            Command::UnbanAll { actor } => {
                lifted.iter().for_each(|subject| self.tell_lift(*subject, None, &[], actor));
            }
        }
    }
}

/// Whoever holds one address of a /64 holds all of them, by hand as well as by count.
pub(crate) fn as_counted(subject: &Subject) -> Subject {
    let is_one = !subject.is_ipv4() && subject.prefix_bits() == 128;
    if is_one { Subject::counted(subject.address()) } else { *subject }
}

/// An action as the journal keeps it.
pub(crate) fn action(actor: &Actor, deed: Deed, subject: &str, detail: &str) -> Action {
    Action {
        at: clock::now(),
        deed: deed.as_str().to_owned(),
        actor: actor.name.clone(),
        origin: actor.address.map_or_else(|| "this host".to_owned(), |address| address.to_string()),
        subject: subject.to_owned(),
        detail: detail.to_owned(),
    }
}

/// Who ordered it, as a ban's reason says it.
fn spoken(actor: &Actor) -> String {
    match actor.address {
        Some(address) => format!("{} from {address}", actor.name),
        None => format!("{} on the command line", actor.name),
    }
}

fn until(ban: &Ban) -> String {
    rfc3339_until(ban.until).unwrap_or_else(|| "it is lifted by hand".to_owned())
}
