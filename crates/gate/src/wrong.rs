//! The one shape of the API's errors.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use control::Fault;
use control::desk::Complaint;
use serde::{Deserialize, Serialize};

/// An error as the API answers it: `{"status":422,"problems":[{"where":"max_retry","what":"…","expected":"…"}]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// The status of HTTP.
    pub status: u16,
    /// Everything that is wrong.
    pub problems: Vec<Problem>,
    /// After how many seconds to try again.
    #[serde(skip)]
    pub retry_after: Option<u64>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which field, header, path or part of the program.
    #[serde(rename = "where")]
    pub place: String,
    /// What is wrong.
    pub what: String,
    /// What was expected, or what to do.
    pub expected: String,
}

impl Problem {
    /// One thing that is wrong.
    pub fn new(place: impl Into<String>, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), expected: expected.into() }
    }
}

impl Wrong {
    /// One thing is wrong.
    pub fn one(status: u16, problem: Problem) -> Self {
        Self { status, problems: vec![problem], retry_after: None }
    }

    /// 400: the request cannot be read.
    pub fn unreadable(place: &str, what: impl Into<String>, expected: &str) -> Self {
        Self::one(400, Problem::new(place, what, expected))
    }

    /// 401: nobody is known by what the request brings.
    pub fn unknown(what: impl Into<String>, expected: &str) -> Self {
        Self::one(401, Problem::new("authorization", what, expected))
    }

    /// 403: known, but not allowed.
    pub fn forbidden(place: &str, what: impl Into<String>, expected: &str) -> Self {
        Self::one(403, Problem::new(place, what, expected))
    }

    /// 404: there is no such thing.
    pub fn missing(place: &str, what: impl Into<String>) -> Self {
        Self::one(404, Problem::new(place, what, "something that is there"))
    }

    /// 405: the path does not know this method.
    pub fn method(allowed: &str) -> Self {
        Self::one(405, Problem::new("method", "this path does not know the method", allowed))
    }

    /// 409: the answer is no.
    pub fn refused(what: impl Into<String>, expected: &str) -> Self {
        Self::one(409, Problem::new("request", what, expected))
    }

    /// 413: the body is too large.
    pub fn too_large(bytes: usize) -> Self {
        Self::one(413, Problem::new("body", "the body is too large", format!("at most {bytes} bytes")))
    }

    /// 415: the body is of another type.
    pub fn media(expected: &str) -> Self {
        Self::one(415, Problem::new("content-type", "the body is of another type", expected))
    }

    /// 422: this field is wrong.
    pub fn field(place: impl Into<String>, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::one(422, Problem::new(place, what, expected))
    }

    /// 422: these fields are wrong.
    pub fn fields(problems: Vec<Problem>) -> Self {
        Self { status: 422, problems, retry_after: None }
    }

    /// 429: too many, come back later.
    pub fn too_many(what: impl Into<String>, retry_after: u64) -> Self {
        let problem = Problem::new("request", what, format!("try again in {retry_after} seconds"));
        Self { retry_after: Some(retry_after), ..Self::one(429, problem) }
    }

    /// 500: it could not be done.
    pub fn broken(what: impl Into<String>) -> Self {
        Self::one(500, Problem::new("stockade", what, "see stockade's own log"))
    }
}

impl From<Complaint> for Problem {
    /// A complaint says what is wrong and then, behind a semicolon, what was expected or what to do.
    fn from(complaint: Complaint) -> Self {
        let Complaint { place, text } = complaint;
        match text.split_once("; ") {
            Some((what, expected)) => Self::new(place, what, expected),
            None => Self::new(place, text, ""),
        }
    }
}

impl From<Fault> for Wrong {
    fn from(fault: Fault) -> Self {
        let text = fault.to_string();
        match fault {
            Fault::Wrong(complaints) => Self::fields(complaints.into_iter().map(Problem::from).collect()),
            Fault::Refused(_) => Self::refused(text, ""),
            Fault::Missing(_) => Self::missing("path", text),
            Fault::Changed(tag) => {
                Self::one(412, Problem::new("if-match", text, format!("the tag \"{tag}\"")))
            }
            Fault::CutOff(_) => Self::refused(text, "ask for the change on trial, then confirm it"),
            Fault::ReadOnly(_) => {
                Self::forbidden("settings", text, "make the settings file writable for stockade")
            }
            Fault::Broken(_) => {
                tracing::error!("a request was not met: {text}");
                Self::broken(text)
            }
        }
    }
}

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(fault: Fault) -> u16 {
        Wrong::from(fault).status
    }

    #[test]
    fn each_fault_has_its_status() {
        let why = || "why".to_owned();
        assert_eq!(status(Fault::Wrong(Vec::new())), 422);
        assert_eq!(status(Fault::Refused(why())), 409);
        assert_eq!(status(Fault::Missing(why())), 404);
        assert_eq!(status(Fault::Changed(why())), 412);
        assert_eq!(status(Fault::CutOff(why())), 409);
        assert_eq!(status(Fault::ReadOnly(why())), 403);
        assert_eq!(status(Fault::Broken(why())), 500);
    }

    #[test]
    fn a_complaint_is_told_with_what_was_expected() {
        let text = "'10 fortnights' is not a duration; write e.g. '10m'".to_owned();
        let wrong = Wrong::from(Fault::Wrong(vec![Complaint { place: "find_time".to_owned(), text }]));
        let json = serde_json::to_string(&wrong).unwrap();
        assert_eq!(
            json,
            r#"{"status":422,"problems":[{"where":"find_time","what":"'10 fortnights' is not a duration","expected":"write e.g. '10m'"}]}"#
        );
    }
}
