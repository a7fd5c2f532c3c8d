//! Jails with an `ignorecommand`: their failures are held back until it has said whether they count. The engine does not wait for it; what it
//! says comes back as a visit. A failure that is held back when the program ends is given up, as fail2ban gives it up.

use std::sync::Arc;

use action::{Held, Said};
use dropin::Ignorer;
use event::{Failure, Moment};
use fleet::Voice;

use crate::clock;
use crate::engine::Engine;

/// Takes a failure whose jail's command is to be asked, and gives it back if there is no room.
pub type Asker = Arc<dyn Fn(Held) -> Option<Held> + Send + Sync>;

impl Engine {
    /// The failure, unless it is held back.
    pub(crate) fn ask_first(&self, failure: Failure, observed: Moment) -> Option<Failure> {
        let told = self.told_jail(&failure.jail).filter(|told| told.ignore_command().is_some());
        let Some((asker, told)) = self.asker.as_ref().zip(told) else { return Some(failure) };
        // Of whom is banned, or never is, nothing has to be asked: a flood costs no commands.
        if self.banning(&failure).is_some() || self.plan.whitelist.protects(&failure.subject).is_some() {
            return Some(failure);
        }
        asker(Held { jail: told.model.name.clone(), failure, observed }).map(|held| held.failure)
    }

    /// A command has said whether these count.
    pub(crate) fn hear_said(&mut self, answered: Vec<Held>, said: Said) {
        let now = clock::now();
        for Held { failure, observed, .. } in answered {
            match said {
                Said::Counts => self.observe(failure, Voice::Own, observed, now),
                Said::Ignored => self.note_ignored(&failure, Ignorer::Command),
                Said::StillIgnored => {}
            }
        }
    }
}
