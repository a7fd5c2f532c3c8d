//! `system:checkClientIpVisibility`: whether the client's address arrives. What it means is the gate's to say; the fields are MikoPBX's.

use axum::extract::State;
use axum::http::HeaderMap;
use gate::{Approach, Gate, Reader};
use serde_json::json;

use crate::action::Action;
use crate::admitted::Admitted;
use crate::envelope::{Answer, Envelope};
use crate::refusal::Refusal;

/// `GET` and `POST /system:checkClientIpVisibility`: MikoPBX has had both.
pub async fn check(
    State(gate): State<Gate>,
    reader: Admitted<Reader>,
    approach: Approach,
    headers: HeaderMap,
) -> Envelope {
    Envelope::of(Action::ClientIpVisibility, checked(&gate, reader, &approach, &headers))
}

fn checked(
    gate: &Gate,
    reader: Admitted<Reader>,
    approach: &Approach,
    headers: &HeaderMap,
) -> Result<Answer, Refusal> {
    reader.0?;
    let here = gate.surroundings();
    let is_docker = here.container.as_deref() == Some("docker");
    let mode = match here.container {
        None => "native",
        Some(_) if here.is_bridged => "bridge",
        Some(_) => "host",
    };
    let answer = Answer::of(json!({
        "remote_addr": approach.address.to_string(),
        "x_forwarded_for": first(headers, "x-forwarded-for"),
        "x_real_ip": first(headers, "x-real-ip"),
        "container_mode": mode,
        "is_docker": is_docker,
        "verdict": approach.arrival.as_str(),
    }));
    Ok(match approach.advice() {
        Some(advice) => answer.with_info(advice),
        None => answer,
    })
}

/// The first entry of a header: the client, if nobody made it up.
fn first<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let entry = headers.get(name)?.to_str().ok()?.split(',').next()?.trim();
    (!entry.is_empty()).then_some(entry)
}
