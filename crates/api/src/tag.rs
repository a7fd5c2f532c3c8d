//! `ETag` and `If-Match`: two administrators do not overwrite each other. A change must name the tag that its author saw.

use axum::extract::FromRequestParts;
use axum::http::HeaderName;
use axum::http::header::{ETAG, IF_MATCH};
use axum::http::request::Parts;
use gate::{Problem, Wrong};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which state of the settings a change is meant for. An extractor; without the header it answers 428.
pub(crate) struct IfMatch {
    /// `None` for whatever stands there (`*`).
    pub(crate) expected: Option<String>,
}

/// The header, for the document.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only the document reads it")]
pub(crate) struct IfMatchHeader {
    /// The `ETag` of the settings as you saw them, or `*` for whatever stands there.
    #[param(rename = "If-Match", pattern = "^([*]|\"[!#-~]{1,128}\")$", example = "\"1f3a\"")]
    if_match: String,
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Wrong;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Wrong> {
        let mut values = parts.headers.get_all(IF_MATCH).into_iter();
        let Some(value) = values.next() else {
            let expected = "the ETag of the settings that the change is made for, or *";
            return Err(Wrong::one(428, Problem::new("if-match", "the header is missing", expected)));
        };
        let expected = "one tag in quotes, or *";
        let wrong = || Wrong::unreadable("if-match", "this is no tag", expected);
        let text = value.to_str().map_err(|_| wrong())?.trim();
        if values.next().is_some() {
            return Err(Wrong::unreadable("if-match", "there are several", expected));
        }
        if text == "*" {
            return Ok(Self { expected: None });
        }
        let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).ok_or_else(wrong)?;
        if tag.is_empty() || tag.contains(['"', ' ']) {
            return Err(wrong());
        }
        Ok(Self { expected: Some(tag.to_owned()) })
    }
}

/// The header of an answer.
pub(crate) fn etag(tag: &str) -> [(HeaderName, String); 1] {
    [(ETAG, format!("\"{tag}\""))]
}
