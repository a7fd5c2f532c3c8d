//! A page without anything, for requests that reach no page: it looks like nothing and needs no language.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};

/// A status and a sentence.
pub(crate) struct Plain {
    pub status: StatusCode,
    pub text: String,
}

impl Plain {
    pub fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into() }
    }
}

/// The token of a form is missing or another session's.
pub(crate) fn forged() -> Plain {
    let text = "This form is no longer good. Go back, load the page again and repeat what you did.";
    Plain::new(StatusCode::FORBIDDEN, text)
}

impl IntoResponse for Plain {
    fn into_response(self) -> Response {
        let title = escape(self.status.canonical_reason().unwrap_or("Error"));
        let text = escape(&self.text);
        let html = format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>{title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n<p><a href=\"/\">Stockade</a></p>\n</html>\n"
        );
        let html_type = HeaderValue::from_static("text/html; charset=utf-8");
        (self.status, [(CONTENT_TYPE, html_type)], html).into_response()
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
