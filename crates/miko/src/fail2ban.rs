//! `/fail2ban`: the limits, the whitelist and the SIP limit, as one thing that is shown and changed.

use axum::extract::{Request, State};
use gate::{Caller, Gate, Reader};
use serde_json::json;

use crate::action::Action;
use crate::admitted::Admitted;
use crate::amend::amend;
use crate::envelope::{Answer, Envelope};
use crate::fields::Fields;
use crate::protection;
use crate::refusal::Refusal;

/// `GET`.
pub async fn show(State(gate): State<Gate>, Admitted(reader): Admitted<Reader>) -> Envelope {
    Envelope::of(Action::Settings, shown(&gate, reader).await)
}

/// `PUT`.
pub async fn update(State(gate): State<Gate>, caller: Admitted<Caller>, request: Request) -> Envelope {
    Envelope::of(Action::UpdateSettings, change(&gate, caller, request).await)
}

/// `PATCH`.
pub async fn patch(State(gate): State<Gate>, caller: Admitted<Caller>, request: Request) -> Envelope {
    Envelope::of(Action::PatchSettings, change(&gate, caller, request).await)
}

async fn shown(gate: &Gate, reader: Result<Reader, Refusal>) -> Result<Answer, Refusal> {
    reader?;
    let written = gate.ask(|desk| desk.settings()).await?;
    let mut data = protection::shown(&written.settings);
    // How many telephones there are is the exchange's to know. Its page reads the field.
    data["extensionsCount"] = json!(0);
    Ok(Answer::of(data))
}

async fn change(gate: &Gate, caller: Admitted<Caller>, request: Request) -> Result<Answer, Refusal> {
    let caller = caller.0?;
    let fields = Fields::of_body(request).await?;
    let settings =
        amend(gate, caller.actor, move |settings| protection::edits(fields.clone(), settings)).await?;
    Ok(Answer::of(protection::shown(&settings)).with_info("the settings are saved".to_owned()))
}
