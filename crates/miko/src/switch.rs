//! `firewall:enable` and `firewall:disable`: the one switch. MikoPBX has two settings and always turns both.

use axum::extract::State;
use config::Edit;
use gate::{Caller, Gate};
use serde_json::json;

use crate::action::Action;
use crate::admitted::Admitted;
use crate::amend::amend;
use crate::envelope::{Answer, Envelope};
use crate::refusal::Refusal;

/// `POST /firewall:enable`.
pub async fn enable(State(gate): State<Gate>, caller: Admitted<Caller>) -> Envelope {
    Envelope::of(Action::Enable, turn(&gate, caller, true).await)
}

/// `POST /firewall:disable`.
pub async fn disable(State(gate): State<Gate>, caller: Admitted<Caller>) -> Envelope {
    Envelope::of(Action::Disable, turn(&gate, caller, false).await)
}

async fn turn(gate: &Gate, caller: Admitted<Caller>, on: bool) -> Result<Answer, Refusal> {
    let actor = caller.0?.actor;
    let edits = move |enabled: bool| if enabled == on { Vec::new() } else { vec![Edit::Enabled(on)] };
    amend(gate, actor, move |settings| Ok(edits(settings.enabled))).await?;
    let (switch, word) = if on { ("1", "on") } else { ("0", "off") };
    let data = json!({ "firewallEnabled": switch, "fail2banEnabled": switch });
    Ok(Answer::of(data).with_info(format!("firewall and anti-hacking protection are {word}")))
}
