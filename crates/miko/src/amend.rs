//! Changes of the settings from a client that knows no tags: the settings are read, the change is made of what stands there, and
//! it is only written if nobody else changed them meanwhile; else all of it once more, a bounded number of times.

use config::{Edit, Settings};
use control::desk::Change;
use control::{Actor, Desk, Fault};
use event::limit;
use gate::Gate;

use crate::refusal::Refusal;

/// Changes the settings by the edits that `edits` makes of them; gives the settings as they are then. No edits, no change.
pub async fn amend(
    gate: &Gate,
    actor: Actor,
    edits: impl Fn(&Settings) -> Result<Vec<Edit>, Refusal> + Send + 'static,
) -> Result<Settings, Refusal> {
    gate.ask(move |desk| Ok(attempts(desk, &actor, &edits))).await?
}

fn attempts(
    desk: &dyn Desk,
    actor: &Actor,
    edits: &dyn Fn(&Settings) -> Result<Vec<Edit>, Refusal>,
) -> Result<Settings, Refusal> {
    let mut last = Fault::Changed(String::new());
    for _ in 0..limit::AMEND_ATTEMPTS {
        let written = desk.settings()?;
        let edits = edits(&written.settings)?;
        if edits.is_empty() {
            return Ok(written.settings);
        }
        let change = Change { edits, expected_tag: Some(written.tag), on_trial: false };
        match desk.change(&change, actor) {
            Ok(_) => return Ok(desk.settings()?.settings),
            Err(fault @ Fault::Changed(_)) => last = fault,
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(last.into())
}
