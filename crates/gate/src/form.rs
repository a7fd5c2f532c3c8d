//! Forms of the pages: who sends them, from which page, and what they hold. A form that is not ours is never read further.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use event::limit;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::admin::Admin;
use crate::gate::Gate;
use crate::origin;
use crate::plain::{self, Plain};

/// A form of a page behind the sign-in: its field `csrf` is the session's token. Several fields of one name go into a `Vec`.
#[derive(Clone, Debug)]
pub struct Form<T> {
    /// Who sends it.
    pub admin: Admin,
    /// What it holds.
    pub data: T,
}

/// A form that is sent without a session: signing in, setting the first password. It comes from our own pages.
#[derive(Clone, Debug)]
pub struct OpenForm<T>(pub T);

#[derive(Deserialize)]
struct Token {
    csrf: Option<String>,
}

impl<T: DeserializeOwned> FromRequest<Gate> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, gate: &Gate) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let admin = gate.admin(&parts).await?;
        let body = read(Request::from_parts(parts, body), limit::HTTP_BODY_BYTES).await?;
        let token = serde_html_form::from_bytes(&body).ok().and_then(|token: Token| token.csrf);
        if !token.is_some_and(|token| admin.owns(&token)) {
            return Err(plain::forged().into_response());
        }
        Ok(Self { admin, data: parse(&body).map_err(Plain::into_response)? })
    }
}

impl<T: DeserializeOwned> FromRequest<Gate> for OpenForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, gate: &Gate) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        if !origin::is_ours(gate, &parts) {
            return Err(origin::refused().into_response());
        }
        let body = read(Request::from_parts(parts, body), limit::HTTP_OPEN_FORM_BYTES).await?;
        Ok(Self(parse(&body).map_err(Plain::into_response)?))
    }
}

async fn read(request: Request, bytes_max: usize) -> Result<Bytes, Response> {
    if !is_urlencoded(request.headers()) {
        let text = "A form was expected, application/x-www-form-urlencoded.";
        return Err(Plain::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into_response());
    }
    let body = axum::body::to_bytes(request.into_body(), bytes_max).await;
    body.map_err(|_| {
        let text = "The form is too large or did not arrive.";
        Plain::new(StatusCode::PAYLOAD_TOO_LARGE, text).into_response()
    })
}

fn is_urlencoded(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default();
    media.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Plain> {
    serde_html_form::from_bytes(body).map_err(|cause| {
        let text = format!("The form cannot be read: {cause}.");
        Plain::new(StatusCode::UNPROCESSABLE_ENTITY, text)
    })
}
