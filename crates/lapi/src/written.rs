//! Decisions as CrowdSec writes them in JSON, piece by piece, so that an answer takes no memory beyond the table that is there
//! already.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use event::{JailName, Moment};
use futures_util::stream;

use crate::number::uuid;
use crate::query::scope;
use crate::table::{Decision, Table};
use crate::words::Words;

/// Decisions in one piece of an answer.
const PIECE: usize = 256;

/// The least that is told, in milliseconds: some bouncers cut off what is behind the dot, and `ipset` takes 0 for ever.
const LEAST_MILLIS: i64 = 1000;

/// What is the same for all decisions of an answer.
#[derive(Clone)]
pub struct Writer {
    origin: String,
    /// As JSON, by the jail's place.
    scenarios: Arc<Vec<String>>,
    /// For a jail that is not known any more.
    manual: String,
    now: Moment,
}

/// Decisions to be written.
pub enum List {
    /// All of a table.
    All(Arc<Table>),
    /// These.
    Some(Vec<Decision>),
}

impl List {
    fn decisions(&self) -> &[Decision] {
        match self {
            Self::All(table) => &table.decisions,
            Self::Some(decisions) => decisions,
        }
    }
}

impl Writer {
    /// For a table, at a moment.
    pub fn new(table: &Table, words: &Words, now: Moment) -> Self {
        let json = |text: &str| serde_json::Value::from(text).to_string();
        let scenarios = table.jails.iter().map(|jail| json(&words.scenario(jail))).collect();
        let manual = json(&words.scenario(&JailName::new(JailName::MANUAL)));
        Self { origin: json(&words.origin), scenarios: Arc::new(scenarios), manual, now }
    }

    /// The decisions of a list in JSON, without brackets, in pieces.
    pub fn pieces(self, list: List) -> impl Iterator<Item = String> + Send + 'static {
        let count = list.decisions().len().div_ceil(PIECE);
        (0..count).map(move |piece| {
            let decisions = list.decisions().iter().skip(piece * PIECE).take(PIECE);
            let mut text = String::with_capacity(PIECE * 200);
            for (at, decision) in decisions.enumerate() {
                if piece + at > 0 {
                    text.push(',');
                }
                self.write(decision, &mut text);
            }
            text
        })
    }

    fn write(&self, decision: &Decision, text: &mut String) {
        let Decision { subject, jail, number, end } = decision;
        let left = (i64::from(*end) * 1000).saturating_sub(self.now.millis());
        let scenario = self.scenarios.get(usize::from(*jail)).unwrap_or(&self.manual);
        // Writing to a text cannot fail.
        let _ = write!(
            text,
            "{{\"duration\":\"{}\",\"id\":{number},\"origin\":{},\"scenario\":{scenario},\"scope\":\"{}\",\
             \"type\":\"ban\",\"uuid\":\"{}\",\"value\":\"{subject}\"}}",
            duration(left.max(LEAST_MILLIS)),
            self.origin,
            scope(subject),
            uuid(subject),
        );
    }
}

/// An answer of JSON, sent piece by piece.
pub fn answer(pieces: impl Iterator<Item = String> + Send + 'static) -> Response {
    let body = Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>)));
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], body).into_response()
}

/// As Go writes a duration: `3h59m58.123s`, `1m0s`, `1.5s`.
fn duration(millis: i64) -> String {
    let (seconds, fraction) = (millis / 1000, millis % 1000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut text = String::with_capacity(16);
    if hours > 0 {
        let _ = write!(text, "{hours}h");
    }
    if hours > 0 || minutes > 0 {
        let _ = write!(text, "{minutes}m");
    }
    let _ = write!(text, "{seconds}");
    if fraction > 0 {
        let digits = format!("{fraction:03}");
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
    text.push('s');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_go_writes_them() {
        for (millis, text) in [
            (1000, "1s"),
            (1500, "1.5s"),
            (59_040, "59.04s"),
            (60_000, "1m0s"),
            (14_398_123, "3h59m58.123s"),
            (14_400_000, "4h0m0s"),
            (86_400_001, "24h0m0.001s"),
        ] {
            assert_eq!(duration(millis), text);
        }
    }
}
