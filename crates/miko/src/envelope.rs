//! The one shape of every answer:
//! `{"result":bool,"data":…,"messages":{"error":[…]},"function":"…","processor":"…","pid":N}`.

use std::process;

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::action::Action;
use crate::refusal::Refusal;

/// What was found or done.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    data: Value,
    /// For people, in MikoPBX's `messages.info`.
    info: Vec<String>,
    headers: HeaderMap,
}

impl Answer {
    /// With data.
    pub fn of(data: Value) -> Self {
        Self { status: StatusCode::OK, data, info: Vec::new(), headers: HeaderMap::new() }
    }

    /// Something was created.
    pub fn created(data: Value) -> Self {
        Self { status: StatusCode::CREATED, ..Self::of(data) }
    }

    /// And a word about it.
    pub fn with_info(mut self, info: String) -> Self {
        self.info.push(info);
        self
    }

    /// What the client is told.
    #[cfg(test)]
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// And headers: cookies.
    pub fn with_headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }
}

/// The answer to one action, as it goes out.
#[derive(Debug)]
pub struct Envelope {
    action: Action,
    outcome: Result<Answer, Refusal>,
}

impl Envelope {
    /// What became of an action.
    pub fn of(action: Action, outcome: Result<Answer, Refusal>) -> Self {
        Self { action, outcome }
    }
}

#[derive(Serialize)]
struct Written {
    result: bool,
    data: Value,
    messages: Messages,
    function: &'static str,
    processor: String,
    pid: u32,
}

#[derive(Serialize)]
struct Messages {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    error: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    info: Vec<String>,
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        let Self { action, outcome } = self;
        let result = outcome.is_ok();
        let (status, headers, data, messages) = match outcome {
            Ok(Answer { status, data, info, headers }) => {
                (status, headers, data, Messages { error: Vec::new(), info })
            }
            Err(refusal) => {
                let messages = Messages { error: refusal.messages(), info: Vec::new() };
                (refusal.status(), refusal.headers(), Value::Object(Map::new()), messages)
            }
        };
        let (function, processor, pid) = (action.function(), action.processor(), process::id());
        let body = Json(Written { result, data, messages, function, processor, pid });
        (status, headers, body).into_response()
    }
}
