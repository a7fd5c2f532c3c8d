//! A site behind the gate: a few paths, one for each extractor.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use config::Http;
use event::Moment;
use gate::{
    Admin, Caller, Form, Gate, Json, NewSession, OpenForm, Parts, Reader, Running, Server, SetUpRefused,
    SignInRefused, Tokens, Visitor,
};
use quiet_desk::QuietDesk;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::sync::broadcast;

use crate::desk::Memory;

pub const PASSWORD: &str = "correct horse";

pub struct Site {
    pub desk: Arc<QuietDesk<Memory>>,
    pub gate: Gate,
    pub address: SocketAddr,
    pub base_url: String,
    pub state_dir: TempDir,
    running: Option<Running>,
}

/// A password's hash takes a while, so one is made for all tests.
fn hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| gate::password::hash(PASSWORD).unwrap()).clone()
}

impl Site {
    /// On loopback, with the password set.
    pub fn new() -> Self {
        let site = Self::with(|_| {});
        *site.desk.password.lock().unwrap() = Some(hash());
        site
    }

    /// With other settings, and no password.
    pub fn with(change: impl FnOnce(&mut Http)) -> Self {
        let state_dir = tempfile::tempdir().unwrap();
        let mut http = Http { listen: Some("127.0.0.1:0".parse().unwrap()), ..Http::default() };
        change(&mut http);
        let server = Server::bind(&http, state_dir.path()).unwrap();
        let (address, base_url) = (server.address(), server.base_url());
        let desk = Arc::new(QuietDesk(Memory::default()));
        let gate = Gate::new(Parts {
            desk: desk.clone(),
            events: broadcast::Sender::new(1),
            clock: || Moment::from_seconds(1_800_000_000),
            http,
        });
        let running = server.start(gate::layers(router(), gate.clone())).unwrap();
        Self { desk, gate, address, base_url, state_dir, running: Some(running) }
    }

    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.stop();
    }
}

fn router() -> Router<Gate> {
    Router::new()
        .route("/", get(async |admin: Admin| admin.csrf).post(async |_: Admin| "changed"))
        .route("/form", post(async |Form { data, .. }: Form<Boxes>| data.box_.join("+")))
        .route("/sign-in", post(sign_in))
        .route("/setup", post(set_up))
        .route("/password", post(change_password))
        .route("/sign-out", post(sign_out))
        .route("/whoami", get(async |visitor: Visitor| format!("{} {}", visitor.address, visitor.is_secure)))
        .route("/api/v1/read", get(async |Reader(caller): Reader| caller.actor.name))
        .route("/api/v1/write", post(async |caller: Caller| caller.actor.name))
        .route("/api/v1/echo", post(async |Json(value): Json<Numbers>| Json(value.numbers)))
        .route("/pbxcore/api/v3/auth:login", post(login))
        .route("/pbxcore/api/v3/auth:refresh", post(refresh))
}

#[derive(Deserialize)]
struct Boxes {
    #[serde(default, rename = "box")]
    box_: Vec<String>,
}

#[derive(Deserialize)]
struct Numbers {
    numbers: Vec<u32>,
}

#[derive(Deserialize)]
struct Credentials {
    account: String,
    password: String,
    #[serde(default)]
    then: String,
}

async fn sign_in(
    State(gate): State<Gate>,
    visitor: Visitor,
    OpenForm(form): OpenForm<Credentials>,
) -> Response {
    match gate.sign_in(&visitor, &form.account, &form.password).await {
        Ok(session) => begun(&session, &form.then),
        Err(refused) => refusal(&refused),
    }
}

fn begun(session: &NewSession, then: &str) -> Response {
    let cookie = AppendHeaders([(SET_COOKIE, session.cookie.clone())]);
    (cookie, Redirect::to(gate::return_path(then))).into_response()
}

fn refusal(refused: &SignInRefused) -> Response {
    let status = match refused {
        SignInRefused::Wrong => StatusCode::UNAUTHORIZED,
        SignInRefused::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        SignInRefused::Banned => StatusCode::FORBIDDEN,
        SignInRefused::NotSetUp => StatusCode::CONFLICT,
        SignInRefused::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, format!("{refused:?}")).into_response()
}

#[derive(Deserialize)]
struct First {
    token: String,
    password: String,
}

async fn set_up(State(gate): State<Gate>, visitor: Visitor, OpenForm(form): OpenForm<First>) -> Response {
    match gate.set_up(&visitor, &form.token, &form.password).await {
        Ok(session) => begun(&session, "/"),
        Err(SetUpRefused::Link) => StatusCode::FORBIDDEN.into_response(),
        Err(refused) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{refused:?}")).into_response(),
    }
}

#[derive(Deserialize)]
struct Passwords {
    old: String,
    new: String,
}

async fn change_password(State(gate): State<Gate>, Form { admin, data }: Form<Passwords>) -> Response {
    match gate.change_password(&admin, &data.old, &data.new).await {
        Ok(()) => "changed".into_response(),
        Err(refused) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{refused:?}")).into_response(),
    }
}

async fn sign_out(State(gate): State<Gate>, headers: HeaderMap, _: Form<Boxes>) -> Response {
    let cookie = gate.sign_out(&headers).await;
    (AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to("/sign-in")).into_response()
}

async fn login(
    State(gate): State<Gate>,
    visitor: Visitor,
    OpenForm(form): OpenForm<Credentials>,
) -> Response {
    given(gate.issue_tokens(&visitor, &form.account, &form.password).await)
}

async fn refresh(State(gate): State<Gate>, visitor: Visitor, headers: HeaderMap) -> Response {
    given(gate.refresh_tokens(&headers, &visitor).await)
}

fn given(tokens: Result<Tokens, SignInRefused>) -> Response {
    match tokens {
        Ok(tokens) => (AppendHeaders([(SET_COOKIE, tokens.refresh_cookie)]), tokens.access).into_response(),
        Err(refused) => refusal(&refused),
    }
}
