//! `auth:login`, `auth:refresh`, `auth:logout`: tokens for clients that know MikoPBX. The gate judges the password, counts the
//! attempts and keeps the tokens.

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use event::limit;
use gate::{Gate, Reader, Tokens, Visitor};
use serde_json::{Value, json};

use crate::action::Action;
use crate::admitted::Admitted;
use crate::envelope::{Answer, Envelope};
use crate::fields::Fields;
use crate::refusal::Refusal;

/// `POST /auth:login`.
pub async fn login(State(gate): State<Gate>, visitor: Visitor, request: Request) -> Envelope {
    let answer = async {
        let mut fields = Fields::of_body(request).await?;
        let login = fields.text("login", limit::PASSWORD_BYTES);
        let password = fields.secret("password", limit::PASSWORD_BYTES);
        fields.judged()?;
        let (Some(login), Some(password)) = (login, password) else { return Err(Refusal::NoCredentials) };
        if login.is_empty() || password.is_empty() {
            return Err(Refusal::NoCredentials);
        }
        let issued = gate.issue_tokens(&visitor, &login, &password).await;
        let tokens = issued.map_err(Refusal::SignIn)?;
        let mut data = shown(&tokens);
        data["login"] = json!(login);
        Ok(Answer::of(data).with_headers(cookie(tokens.refresh_cookie)))
    };
    Envelope::of(Action::Login, answer.await)
}

/// `POST /auth:refresh`. The refresh token comes in its cookie, is good once, and the answer sets the next.
pub async fn refresh(State(gate): State<Gate>, visitor: Visitor, headers: HeaderMap) -> Envelope {
    let refreshed = gate.refresh_tokens(&headers, &visitor).await;
    let answer = refreshed.map_err(Refusal::Refresh).map(|tokens| {
        let data = shown(&tokens);
        Answer::of(data).with_headers(cookie(tokens.refresh_cookie))
    });
    Envelope::of(Action::Refresh, answer)
}

/// `POST /auth:logout`.
pub async fn logout(
    State(gate): State<Gate>,
    Admitted(reader): Admitted<Reader>,
    headers: HeaderMap,
) -> Envelope {
    let answer = async {
        reader?;
        let taken_back = gate.end_tokens(&headers).await;
        Ok(Answer::of(json!({ "message": "signed out" })).with_headers(cookie(taken_back)))
    };
    Envelope::of(Action::Logout, answer.await)
}

fn shown(tokens: &Tokens) -> Value {
    json!({ "accessToken": tokens.access, "tokenType": "Bearer", "expiresIn": tokens.seconds })
}

fn cookie(value: HeaderValue) -> HeaderMap {
    HeaderMap::from_iter([(SET_COOKIE, value)])
}
