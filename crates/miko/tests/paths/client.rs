//! A client of the paths: one request, one answer, and what holds for every answer.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use event::Moment;
use gate::Gate;
use quiet_desk::QuietDesk;
use serde_json::Value;
use tokio::sync::broadcast;
use tower::ServiceExt;

use crate::desk::{ADMIN_KEY, MemoryDesk};

/// A client, and the desk behind the paths.
pub struct Client {
    pub desk: Arc<QuietDesk<MemoryDesk>>,
    router: Router,
    /// Sent as a bearer; empty for none.
    pub secret: String,
    pub cookie: Option<String>,
    /// What a proxy in between adds.
    pub forwarded_for: Option<&'static str>,
    /// The other end of the connection.
    pub peer: SocketAddr,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    pub fn data(&self) -> &Value {
        &self.body["data"]
    }

    pub fn errors(&self) -> Vec<String> {
        let errors = self.body["messages"]["error"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error.as_str().unwrap().to_owned()).collect()
    }
}

impl Client {
    pub fn new() -> Self {
        let desk = Arc::new(QuietDesk(MemoryDesk::default()));
        let (events, _) = broadcast::channel(1);
        let clock = || Moment::from_seconds(1_700_000_000);
        let http = config::Http::default();
        let gate = Gate::new(gate::Parts { desk: desk.clone(), events, clock, http });
        let router = miko::enveloped(gate::layers(miko::router(), gate));
        Self {
            desk,
            router,
            secret: ADMIN_KEY.to_owned(),
            cookie: None,
            forwarded_for: None,
            peer: SocketAddr::from(([127, 0, 0, 1], 9)),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", String::new()).await
    }

    pub async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        self.send(method, path, "application/json", body.to_string()).await
    }

    pub async fn form(&self, method: &str, path: &str, body: &str) -> Answer {
        self.send(method, path, "application/x-www-form-urlencoded; charset=UTF-8", body.to_owned()).await
    }

    pub async fn send(&self, method: &str, path: &str, kind: &str, body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/pbxcore/api/v3/{path}"));
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        if !self.secret.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.secret));
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(address) = self.forwarded_for {
            request = request.header("x-forwarded-for", address);
        }
        let request = request.extension(ConnectInfo(self.peer)).body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|cause| panic!("{method} {path}: {cause}: {}", String::from_utf8_lossy(&bytes)));
        check_envelope(parts.status, &parts.headers, &body);
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}

/// What holds for every answer, whatever it says.
fn check_envelope(status: StatusCode, headers: &HeaderMap, body: &Value) {
    assert_eq!(headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(body["result"], status.is_success(), "{status}: {body}");
    assert_eq!(body["pid"], std::process::id());
    assert!(body["function"].is_string() && body["processor"].is_string() && !body["data"].is_null());
    let errors = body["messages"]["error"].as_array();
    assert_eq!(errors.is_some_and(|errors| !errors.is_empty()), !status.is_success(), "{status}: {body}");
}
