//! Actions that come to a jail that had none which run here: nobody kept its bans for them, so the engine is asked.

use std::sync::mpsc::SyncSender;

use dropin::{Happening, Model};
use event::{Ban, Proof, Scope};
use fail2ban::Remark;
use mirror::Standing;

use super::Keepers;
use crate::foreign::name_of;
use crate::message::{Message, visit};

impl Keepers {
    /// The jails are these now, while they run; says what of their actions cannot be run.
    pub fn renew(&self, model: &Model, engine: &SyncSender<Message>) -> Vec<Remark> {
        let running = || model.jails().iter().filter(|jail| self.actions.run_for(&jail.name));
        let before: Vec<&str> = running().map(|jail| jail.name.as_str()).collect();
        let remarks = self.set_jails(model);
        let come: Vec<&str> =
            running().map(|jail| jail.name.as_str()).filter(|jail| !before.contains(jail)).collect();
        if !come.is_empty()
            && let Some(standing) = visit(engine, |engine| engine.standing())
        {
            // A program that ends has no bans to tell of.
            let standing = standing.recv().unwrap_or_default();
            let told = standing.iter().filter(|one| come.contains(&one.jail.as_str()));
            told.map(restored).for_each(|one| self.actions.tell(&one));
        }
        remarks
    }
}

/// As such a ban is told at a start.
fn restored(standing: &Standing) -> Happening {
    let ban = Ban {
        subject: standing.subject,
        jail: name_of(&standing.jail),
        scope: Scope::Jail,
        since: standing.since,
        until: standing.until,
        failures: standing.failures,
        proof: Proof::Proven,
        reason: String::new(),
    };
    let (jail, earlier) = (standing.jail.clone(), standing.earlier);
    Happening::Banned { jail, ban, earlier, lines: Vec::new(), prolonged: false, restored: true }
}
